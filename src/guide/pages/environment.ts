import { nearest } from '../../process/index.ts';
import { isBefore, releaseName, type Known } from '../known.ts';
import { field, goOn, never, next, once, type Leaf } from '../leaf.ts';
import type { Field } from '../page.ts';

/** Where to, where there are several. */
export const environment: Leaf = {
  id: 'environment',
  keys: (known) => (known.deployment === null && isBefore(known) && isChoice(known) ? once : never),
  show: (known, _key, { problems }) => ({
    title: `Where ${releaseName(known)} goes`,
    blocks: [
      ...(known.strangeEnvironment === null
        ? []
        : [{ kind: 'notice', tone: 'warning', text: strange(known.strangeEnvironment) } as const]),
      { kind: 'text', text: 'Values, steps and what is installed are told apart by environment.' },
    ],
    fields: [
      field({
        name: 'environment',
        label: 'Environment',
        type: 'choice',
        required: true,
        choices: choicesOf(known),
        value: usual(known),
        problem: problems['environment'] ?? null,
      }),
    ],
    actions: [goOn],
  }),
  async take({ site, known, learn }, _key, { values }) {
    const chosen = values['environment'] ?? usual(known) ?? '';
    if (chosen !== '' && chosen === known.strangeEnvironment && !(chosen in known.standings))
      learn({ standings: { ...known.standings, [chosen]: await site.standing(chosen) } });
    else if (!(chosen in known.standings)) {
      const names = Object.keys(known.standings).join(', ');
      return {
        go: 'stay',
        problems: { environment: `There is no environment of that name; there are ${names}` },
      };
    }
    // What was found out for another environment says nothing of this one.
    if (chosen !== known.environment) learn({ checks: null, tried: {}, answered: [], way: null });
    learn({ environment: chosen });
    return next;
  },
};

const isChoice = ({ standings, strangeEnvironment }: Known): boolean =>
  strangeEnvironment !== null || Object.keys(standings).length > 1;

/** Those that are known, and the one that would be made. */
function choicesOf({ standings, strangeEnvironment }: Known): Field['choices'] {
  const known = Object.values(standings).map(({ environment: name, installed }) => ({
    value: name,
    label: installed === null ? `${name} (nothing installed)` : `${name} (${installed.number} installed)`,
  }));
  return strangeEnvironment === null || strangeEnvironment in standings
    ? known
    : [...known, { value: strangeEnvironment, label: `${strangeEnvironment} (a new one)` }];
}

/** What was chosen, or is meant: the one that a misspelt name is nearest to, else the first. */
function usual({ environment: chosen, release, strangeEnvironment }: Known): string | null {
  const names = release?.environments ?? [];
  const meant = strangeEnvironment === null ? undefined : nearest(strangeEnvironment, names);
  return chosen ?? meant ?? names[0] ?? null;
}

const strange = (name: string): string =>
  `Neither this site nor the process has an environment ${name}. In a new one, steps that are for others are left out.`;
