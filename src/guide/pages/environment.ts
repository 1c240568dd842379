import { isBefore, releaseName, type Known } from '../known.ts';
import { field, goOn, never, next, once, type Leaf } from '../leaf.ts';

/** Where to, where there are several. */
export const environment: Leaf = {
  id: 'environment',
  keys: (known) => (known.deployment === null && isBefore(known) && isChoice(known) ? once : never),
  show: (known, _key, { problems }) => ({
    title: `Where ${releaseName(known)} goes`,
    blocks: [{ kind: 'text', text: 'Values, steps and what is installed are told apart by environment.' }],
    fields: [
      field({
        name: 'environment',
        label: 'Environment',
        type: 'choice',
        required: true,
        choices: Object.values(known.standings).map(({ environment: name, installed }) => ({
          value: name,
          label:
            installed === null ? `${name} (nothing installed)` : `${name} (${installed.number} installed)`,
        })),
        value: known.environment ?? known.release?.environments[0] ?? null,
        problem: problems['environment'] ?? null,
      }),
    ],
    actions: [goOn],
  }),
  async take({ known, learn }, _key, { values }) {
    const chosen = values['environment'] ?? known.environment ?? known.release?.environments[0] ?? '';
    if (!(chosen in known.standings)) {
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

const isChoice = ({ standings }: Known): boolean => Object.keys(standings).length > 1;
