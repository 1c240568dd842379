/**
 * The words a schema of the process file is written in. Every scalar of the file arrives as text; the mark `yaml` says
 * which kind of scalar a person writes there.
 */
import { z } from 'zod';

type Kind = 'text' | 'boolean' | 'integer' | 'when';

const listLengthMax = 500;

export const mark = (yaml: Kind, description: string) => ({ yaml, description });
export const text = (description: string, lengthMax = 10_000) =>
  z
    .string({ error: 'text is expected here' })
    .max(lengthMax, { error: `this text is longer than ${lengthMax} characters` })
    .meta(mark('text', description));
export const word = (description: string) =>
  z
    .string({ error: 'text is expected here' })
    .min(1, { error: 'this must not be empty' })
    .max(200, { error: 'this is longer than 200 characters' })
    .refine(isTidy, { error: 'this has blanks at its ends, a line break, a control character or #{' })
    .meta(mark('text', description));
export const truth = (description: string) =>
  z
    .enum(['true', 'True', 'TRUE', 'false', 'False', 'FALSE'], { error: 'true or false is expected here' })
    .meta(mark('boolean', description));
export const list = <Item extends z.ZodType>(item: Item, description: string) =>
  z
    .array(item, { error: 'a list is expected here' })
    .max(listLengthMax, { error: `this list has more than ${listLengthMax} items` })
    .meta({ description });
export const mapping = 'a mapping (key: value) is expected here';
export const record = <Value extends z.ZodType>(value: Value, description: string) =>
  z.record(z.string(), value, { error: mapping }).meta({ description });
/** Text on one line. */
export const line = (description: string) =>
  text(description).refine((value) => !/[\r\n]/.test(value), { error: 'this has a line break' });

/** One of a few words; a value that is only known later stands for any of them. */
export const choice = (words: readonly string[], description: string) =>
  z
    .string({ error: 'text is expected here' })
    .refine(
      (value) => value.includes('#{') || words.some((one) => one.toLowerCase() === value.toLowerCase()),
      {
        error: `one of ${words.join(', ')} is expected here`,
      },
    )
    .meta(mark('text', `${description}: ${words.join(', ')}`));

function isTidy(name: string): boolean {
  return name.trim() === name && !/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|#\{/u.test(name);
}
