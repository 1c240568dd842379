import { AbortPromptError, ExitPromptError } from '@inquirer/core';
import input from '@inquirer/input';
import select from '@inquirer/select';
import type { Readable, Writable } from 'node:stream';
import { foldLines } from '../../fold-lines.ts';
import { printable } from '../../printable.ts';
import { widthOf } from '../../text-width.ts';
import { aboutField, canBeEmptied, optionsOf, usualOf } from './plain-questions.ts';
import { PersonEnded, type Questions } from './questions.ts';
import { secretPrompt } from './secret-prompt.ts';

/** What stands first where a person must decide: Enter alone chooses nothing. */
const undecided = '';

/** Questions for a terminal that can move its cursor: choices by the arrow keys, fields that can be edited. */
export function movingQuestions(
  stdin: Readable,
  stdout: Writable & { readonly columns?: number },
): Questions {
  const say = (text: string): void => void stdout.write(text);
  const columns = (): number => Math.max(40, stdout.columns ?? 80) - 1;
  const folded = (text: string): string =>
    foldLines(printable(text), columns())
      .split('\n')
      .map((line) => line.trim())
      .join('\n');
  /** What stands before what is typed; where that would leave little room it has lines of its own. */
  const asking = (label: string): string => {
    if (widthOf(label) <= columns() / 2) return label;
    say(`${folded(label)}\n`);
    return '';
  };
  const on = (signal: AbortSignal) => ({ input: stdin, output: stdout, signal });
  return {
    async field(field, signal) {
      for (const line of aboutField(field)) say(`${folded(line)}\n`);
      const ways = canBeEmptied(field) ? ' (Backspace empties it)' : usualOf({ ...field, value: null });
      const options = optionsOf(field);
      if (options !== undefined) {
        const usual = options.find(({ value }) => value === (field.value ?? ''))?.value;
        return await inOurWay(
          select(
            {
              message: asking(`${printable(field.label)}:`),
              choices: options.map((one) => ({ name: printable(one.label), value: one.value })),
              loop: false,
              ...(usual !== undefined && { default: usual }),
            },
            on(signal),
          ),
        );
      }
      const whole = `${printable(field.label)}${ways}:`;
      // A secret may be typed as soon as its label is there: by then nothing is written back.
      const label = field.secret ? whole : asking(whole);
      const { mayBeShown, value } = field;
      const usual = value === null || value === '' ? undefined : printable(value);
      const typed = await inOurWay(
        field.secret
          ? secretPrompt({ message: label, mayBeShown }, on(signal))
          : input({ message: label, ...(usual !== undefined && { default: usual }) }, on(signal)),
      );
      if (typed === '' && canBeEmptied(field)) return '';
      return typed === '' || typed === usual ? undefined : typed;
    },
    async action({ actions, mustChoose }, signal) {
      say('\n');
      const choices = actions.map(({ id, label, about }) => ({
        name: printable(label),
        value: id,
        ...(about !== null && { description: folded(about) }),
      }));
      const none = { name: '(choose with the arrow keys)', value: undecided };
      const message = 'What now?';
      if (!mustChoose) return await inOurWay(select({ message, choices, loop: false }, on(signal)));
      // Asked until something is chosen, on the same lines.
      let chosen = undecided;
      while (chosen === undecided) {
        chosen = await inOurWay(
          select(
            { message, choices: [none, ...choices], loop: false },
            { ...on(signal), clearPromptOnDone: true },
          ),
        );
      }
      say(`${message} ${choices.find(({ value }) => value === chosen)?.name ?? ''}\n`);
      return chosen;
    },
    async more(signal) {
      const typed = await inOurWay(
        input(
          { message: 'More: Enter, or q and Enter to pass over the rest' },
          { ...on(signal), clearPromptOnDone: true },
        ),
      );
      return typed.trim() !== 'q';
    },
    [Symbol.dispose]: () => undefined,
  };
}

async function inOurWay<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ExitPromptError || error instanceof AbortPromptError) {
      throw new PersonEnded('the person ended', { cause: error });
    }
    throw error;
  }
}
