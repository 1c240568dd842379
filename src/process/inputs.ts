import type { InputDefinition, Revision } from './revision.ts';

/** Why `value` can't be taken for this input, as a sentence for the person who typed it; undefined where it can. */
export function checkInput(
  definition: Pick<InputDefinition, 'name' | 'type' | 'choices'>,
  value: string,
): string | undefined {
  const { name, choices } = definition;
  if (value.includes('\0')) return `${name} must not hold a NUL character`;
  switch (definition.type) {
    case 'text':
      return undefined;
    case 'integer':
      return /^-?\d{1,15}$/.test(value) ? undefined : `${name} must be a whole number`;
    case 'port': {
      const isPort = /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535;
      return isPort ? undefined : `${name} must be a port, 1 to 65535`;
    }
    case 'boolean':
      return /^(?:true|false)$/i.test(value) ? undefined : `${name} must be true or false`;
    case 'choice':
      return choices.includes(value) ? undefined : `${name} must be one of ${choices.join(', ')}`;
    case 'path':
      return isAbsolutePath(value) ? undefined : `${name} must be an absolute path on one line`;
    case 'url':
      return isUrl(value)
        ? undefined
        : `${name} must be a URL with a scheme and a host, such as https://host/`;
  }
}

/** What a release still needs: every input without a default that is not given, the required ones first. */
export function missingInputs(
  revision: Pick<Revision, 'inputs'>,
  given: (name: string) => boolean,
): InputDefinition[] {
  const missing = revision.inputs.filter((input) => input.default === null && !given(input.name));
  return [...missing.filter((input) => input.required), ...missing.filter((input) => !input.required)];
}

function isAbsolutePath(value: string): boolean {
  return /^(?:\/|[A-Za-z]:[\\/]|\\\\[^\\])/.test(value) && !/[\r\n]/.test(value);
}

function isUrl(value: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^\s/]/.test(value) && !/\s/.test(value) && URL.canParse(value);
}
