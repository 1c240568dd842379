import { checkInput } from '../process/index.ts';
import { aimOf, isInstalling, standingOf, type Known } from './known.ts';
import type { InputStanding, Values } from './site.ts';

/** What is asked on the way that is gone: all that the release asks; of one that is gone back to only what is lacking. */
export function askedInputs(known: Known): readonly InputStanding[] {
  const standing = standingOf(known);
  if (standing === undefined) return [];
  if (aimOf(known) === 'roll-back') return standing.previous?.lacking ?? [];
  return isInstalling(known) ? standing.inputs : [];
}

/** Headings of inputs in the order of the process; those without one stand together under an empty heading. */
export function groupsOf(inputs: readonly InputStanding[]): readonly string[] {
  return [...new Set(inputs.map(groupOf))];
}

export const groupOf = ({ group }: InputStanding): string => group ?? '';

/** The value that counts as things stand: what was typed, else what is known, else the default. Null for a secret that is kept. */
export function valueOf(input: InputStanding, typed: Values): string | null {
  return typed[input.name] ?? (input.isKnown ? input.value : input.default);
}

/** Whether nothing is needed any more for this input, though something may be changed. */
export function isSettled(input: InputStanding, typed: Values): boolean {
  return input.name in typed || input.isKnown || input.wasAsked;
}

/** Why the input can't be left as it stands, as a sentence; undefined where it can. A secret's value is never in it. */
export function problemOf(input: InputStanding, typed: Values): string | undefined {
  const name = input.label ?? input.name;
  const value = valueOf(input, typed);
  if (value !== null) return checkInput({ name, type: input.type, choices: [...input.choices] }, value);
  return input.isKnown || !input.required ? undefined : `${name} is needed`;
}

/** An input that keeps the walk from going on. */
export type Lack = { readonly input: InputStanding; readonly isMissing: boolean; readonly why: string };

/** Every input that is still needed or unfit, in the order of the process. */
export function lackingInputs(known: Known): readonly Lack[] {
  return askedInputs(known).flatMap((input) => {
    const why = problemOf(input, known.typed);
    return why === undefined ? [] : [{ input, isMissing: valueOf(input, known.typed) === null, why }];
  });
}

/**
 * What is kept when it begins: what was typed, and the defaults that a person saw and left as they were. What nobody saw
 * is not kept: the next release may bring another default.
 */
export function valuesToKeep(known: Known): Values {
  if (known.options.isUnattended === true) return known.typed;
  const seen = askedInputs(known).flatMap((input) =>
    !input.isKnown && input.default !== null && known.answered.includes(groupOf(input))
      ? [[input.name, input.default] as const]
      : [],
  );
  return { ...Object.fromEntries(seen), ...known.typed };
}
