import {
  ConfigFileError,
  setStructuredVariables,
  type ListedValues,
} from '../../../src/config-files/index.ts';

export type Given = Readonly<Record<string, string | null>>;

/** Values as the executor hands them over, without evaluation. */
export function valuesOf(given: Given): ListedValues {
  const byName = new Map(Object.entries(given).map(([name, value]) => [name.toUpperCase(), value]));
  return {
    has: (name) => byName.has(name.toUpperCase()),
    get: (name) => byName.get(name.toUpperCase()) ?? undefined,
    names: () => Object.keys(given),
  };
}

/** What becomes of a file, as text. */
export function set(file: string, text: string, given: Given): string {
  return Buffer.from(setStructuredVariables(file, Buffer.from(text), valuesOf(given)).bytes).toString('utf8');
}

export function outcome(file: string, bytes: string | Uint8Array, given: Given) {
  return setStructuredVariables(file, Buffer.from(bytes as string), valuesOf(given));
}

/** The refusal of a file that can't be read. */
export function refusal(
  file: string,
  bytes: string | Uint8Array,
  given: Given = { a: 'x' },
): ConfigFileError {
  try {
    setStructuredVariables(file, Buffer.from(bytes as string), valuesOf(given));
  } catch (error) {
    if (error instanceof ConfigFileError) return error;
    throw error;
  }
  throw new Error('the file was taken');
}
