import type { Field, Page, Said } from '../page.ts';

export const tokenName = 'form';
export const actionName = 'action';
/** Fields go by their place: a name may have characters that a page does not carry unchanged. */
export const fieldName = (at: number): string => `field-${at}`;

/**
 * What a posted form says on `page`; undefined for what no form of that page could send: an action or field that it
 * does not have, or one twice. A secret left empty is left out, so that what is kept of it stays.
 */
export function saidOn(page: Page, form: URLSearchParams): Said | undefined {
  const names = [...form.keys()];
  const known = new Set([tokenName, actionName, ...page.fields.map((_, at) => fieldName(at))]);
  if (new Set(names).size !== names.length || names.some((name) => !known.has(name))) return undefined;
  const action = form.get(actionName);
  if (action === null || page.actions.every(({ id }) => id !== action)) return undefined;
  const values = page.fields.flatMap((field, at): [string, string][] => {
    const typed = form.get(fieldName(at));
    if (typed === null || (field.secret && typed === '')) return [];
    return [[field.name, asTyped(field, typed)]];
  });
  return { action, values: Object.fromEntries(values) };
}

/** Forms carry line ends as CR LF; people type them as one. */
function asTyped({ type }: Field, text: string): string {
  return type === 'long-text' ? text.replaceAll('\r\n', '\n') : text;
}
