import type { Writable } from 'node:stream';
import { foldLines } from '../../fold-lines.ts';
import { printable } from '../../printable.ts';
import type { Field } from '../page.ts';
import type { Questions } from './questions.ts';
import { typedLines, type Keys } from './typed-lines.ts';

const [columnsMin, columnsUsual] = [40, 80];

type Screenful = Writable & { readonly columns?: number };

/**
 * Questions as plain lines: numbered choices, one question a line, no cursor is moved and nothing is coloured, so that a
 * serial console, a screen reader and a log of the session read what a person reads.
 */
export function plainQuestions(input: Keys, output: Screenful): Questions {
  const lines = typedLines(input);
  const say = (text: string): void =>
    void output.write(foldLines(text, Math.max(columnsMin, output.columns ?? columnsUsual)));
  const choose = async (
    asked: readonly { readonly label: string; readonly about?: string | null }[],
    usual: number | undefined,
    signal: AbortSignal,
  ): Promise<number> => {
    for (const [at, { label, about }] of asked.entries()) {
      say(`  ${at + 1}  ${printable(label)}${about ? `: ${printable(about)}` : ''}\n`);
    }
    for (;;) {
      const typed = await ask(`Number${usual === undefined ? '' : ` [${usual + 1}]`}: `, signal);
      if (typed === '' && usual !== undefined) return usual;
      const number = /^\d{1,3}$/.test(typed.trim()) ? Number(typed) - 1 : -1;
      if (number >= 0 && number < asked.length) return number;
      say(`Type a number from 1 to ${asked.length}.\n`);
    }
  };
  const ask = async (question: string, signal: AbortSignal, hidden = false): Promise<string> => {
    try {
      return await lines.next({ hidden, ask: () => say(question) }, signal);
    } finally {
      if (hidden) say('\n');
    }
  };
  return {
    async field(field, signal) {
      for (const line of aboutField(field)) say(`${line}\n`);
      const label = printable(field.label);
      const options = optionsOf(field);
      if (options !== undefined) {
        say(`${label}:\n`);
        const usual = options.findIndex(
          ({ value }) => value === (field.value ?? '').toLowerCase() || value === field.value,
        );
        const at = await choose(options, usual < 0 ? undefined : usual, signal);
        return options[at]!.value;
      }
      const typed = await ask(`${label}${usualOf(field)}: `, signal, field.secret);
      if (typed.trim() === emptied && canBeEmptied(field)) return '';
      return typed === '' ? undefined : typed;
    },
    async action({ actions, mustChoose }, signal) {
      say('\n');
      const at = await choose(actions, mustChoose ? undefined : 0, signal);
      return actions[at]!.id;
    },
    async more(signal) {
      return (await ask('-- more: Enter, or q and Enter to pass over the rest -- ', signal)).trim() !== 'q';
    },
    [Symbol.dispose]: () => lines[Symbol.dispose](),
  };
}

/** What is chosen rather than typed; a choice that is not needed can be none. */
export function optionsOf({
  type,
  choices,
  required,
}: Field): readonly { value: string; label: string }[] | undefined {
  if (type === 'boolean')
    return [
      { value: 'true', label: 'yes' },
      { value: 'false', label: 'no' },
    ];
  if (type !== 'choice') return undefined;
  return required ? choices : [...choices, { value: '', label: 'none' }];
}

/** What is typed where a line can't be edited, so that nothing stands in a field any more. */
const emptied = '-';

/** Whether something stands in a field that need not stand there. */
export function canBeEmptied({ value, required, secret, staysFilled = false }: Field): boolean {
  return !secret && !required && !staysFilled && value !== null && value !== '';
}

/** What stands beside a field: help, and what is wrong with what was typed before. */
export function aboutField({ help, problem }: Field): string[] {
  return [
    '',
    ...(help === null ? [] : [printable(help)]),
    ...(problem === null ? [] : [`Problem: ${printable(problem)}`]),
  ];
}

export function usualOf(field: Field): string {
  const { value, isKept, required, secret } = field;
  if (isKept) return ' [kept; Enter leaves it]';
  if (canBeEmptied(field)) return ` [${printable(value!)}; ${emptied} empties it]`;
  if (value !== null && value !== '' && !secret) return ` [${printable(value)}]`;
  const shown = secret ? ', not shown while typed' : '';
  return required ? ` (needed${shown})` : ` (may be left empty${shown})`;
}
