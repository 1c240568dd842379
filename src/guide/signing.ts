import { field } from './leaf.ts';
import type { Field, Said } from './page.ts';

const [nameLengthMax, noteLengthMax] = [200, 4000];

/** Who decides and why, to be kept with `what`; `by` is what stands there at first. */
export function signingFields(
  what: 'answer' | 'approval',
  { by, problems }: { readonly by: string | null; readonly problems: Readonly<Record<string, string>> },
): Field[] {
  return [
    field({
      name: 'by',
      label: 'Your name',
      help: `Kept with the ${what}.`,
      required: true,
      value: by,
      problem: problems['by'] ?? null,
    }),
    field({
      name: 'note',
      label: 'Note',
      help: `Kept with the ${what}, such as the number of a ticket; never a password.`,
      type: 'long-text',
      problem: problems['note'] ?? null,
    }),
  ];
}

/** Who signs, and the note; or what is wrong with them. */
export function signedIn(
  { values }: Said,
  account: string | null,
):
  | { readonly by: string; readonly note: string | null }
  | { readonly problems: Readonly<Record<string, string>> } {
  const [by, note] = [(values['by'] ?? account ?? '').trim(), (values['note'] ?? '').trim()];
  const problems = {
    ...(by === '' && { by: 'Your name is needed' }),
    ...(by.length > nameLengthMax && { by: `A name has at most ${nameLengthMax} characters` }),
    ...(note.length > noteLengthMax && { note: `A note has at most ${noteLengthMax} characters` }),
  };
  return Object.keys(problems).length > 0 ? { problems } : { by, note: note === '' ? null : note };
}
