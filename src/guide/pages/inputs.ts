import { askedInputs, groupOf, groupsOf, isSettled, problemOf, valueOf } from '../inputs.ts';
import { aimOf, goneBackTo, isBefore, releaseName, standingOf, type Known } from '../known.ts';
import { field, goOn, never, next, stay, type Leaf } from '../leaf.ts';
import type { Block, Field, Said } from '../page.ts';
import type { InputStanding, Values } from '../site.ts';

const testing = 'test:';

/** What only this site knows: a page for each group of inputs, in the order of the process. */
export const inputs: Leaf = {
  id: 'inputs',
  keys: (known) => (isBefore(known) ? groupsOf(askedInputs(known)) : never),
  isAsked: (known, group) =>
    inGroup(known, group).some(
      (input) => problemOf(input, known.typed) !== undefined || !isSettled(input, known.typed),
    ) && !known.answered.includes(group),
  show: (known, group, { problems }) => {
    const asked = inGroup(known, group);
    return {
      title: group === '' ? `What ${nameAsking(known)} needs to know` : group,
      blocks: tests(known, asked),
      fields: asked.map((input) => fieldOf(input, known.typed, problems[input.name])),
      actions: [goOn, ...asked.filter(({ hasTest }) => hasTest).map(testOf)],
    };
  },
  keep: (known, group, said) => {
    const typed = typedAfter(inGroup(known, group), known.typed, said);
    const isSame = JSON.stringify(typed) === JSON.stringify(known.typed);
    return isSame ? {} : { typed, tried: {}, checks: null };
  },
  async take({ site, known, learn, signal }, group, said) {
    const problems = problemsOf(inGroup(known, group), known.typed, said);
    if (Object.keys(problems).length > 0) return { go: 'stay', problems };
    if (said.action.startsWith(testing)) {
      const name = said.action.slice(testing.length);
      const { environment } = standingOf(known)!;
      const look = { signal, approvedSet: known.options.approvedSet ?? null };
      const check = await site.tryInput(environment, name, known.typed, look);
      learn({ tried: { ...known.tried, [name]: check } });
      return stay;
    }
    learn({ answered: [...new Set([...known.answered, group])] });
    return next;
  },
};

function nameAsking(known: Known): string {
  return aimOf(known) === 'roll-back'
    ? `${known.release?.process ?? ''} ${goneBackTo(known)}`
    : releaseName(known);
}

function inGroup(known: Known, group: string): readonly InputStanding[] {
  return askedInputs(known).filter((input) => groupOf(input) === group);
}

function fieldOf(input: InputStanding, typed: Values, problem: string | undefined): Field {
  const { name, label, help, type, choices, secret, mayBeShown, required, isKnown } = input;
  return field({
    name,
    label: label ?? name,
    help,
    type,
    choices: choices.map((value) => ({ value, label: value })),
    secret,
    mayBeShown,
    required: required && input.default === null,
    staysFilled: input.default !== null || isKnown,
    value: secret ? null : valueOf(input, typed),
    isKept: secret && (name in typed || isKnown),
    problem: problem ?? null,
  });
}

const testOf = ({ name, label }: InputStanding) => ({
  id: `${testing}${name}`,
  label: `Try ${label ?? name}`,
  about: 'Runs the test that the maker wrote for it, with what is typed so far.',
});

/** What connection tests found, for those that were run with the values as they are. */
function tests(known: Known, asked: readonly InputStanding[]): Block[] {
  const found = asked.flatMap(({ name }) => known.tried[name] ?? []);
  return found.length === 0 ? [] : [{ kind: 'checks', checks: found }];
}

/** Nothing typed keeps what there is; what was typed in this start and is cleared again is forgotten. */
function typedAfter(asked: readonly InputStanding[], typed: Values, { values }: Said): Values {
  const after: Record<string, string> = { ...typed };
  for (const { name, secret, isKnown, value } of asked) {
    const said = values[name];
    if (said === undefined || (said === '' && secret)) continue;
    if (said === '') delete after[name];
    else if (isKnown && said === value) delete after[name];
    else after[name] = said;
  }
  return after;
}

function problemsOf(
  asked: readonly InputStanding[],
  typed: Values,
  { values }: Said,
): Record<string, string> {
  const found = asked.flatMap((input): [string, string][] => {
    const { name, label, secret, isKnown } = input;
    if (isKnown && !secret && values[name] === '' && input.value !== '') {
      return [[name, `${label ?? name} was given before and can't be made empty; type another value`]];
    }
    const why = problemOf(input, typed);
    return why === undefined ? [] : [[name, why]];
  });
  return Object.fromEntries(found);
}
