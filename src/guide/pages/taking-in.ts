import { never, once, stay, type Leaf } from '../leaf.ts';
import type { Standing } from '../site.ts';

/** The bundle is taken in, where there is one, and it is found out how the release stands here. Shown while that goes on, and where something is in its way. */
export const takingIn: Leaf = {
  id: 'taking-in',
  keys: ({ release }) => (release === null ? once : never),
  async enter({ site, known, learn, progress }) {
    const release = 'takeIn' in site ? await site.takeIn(progress) : await site.release();
    const { environment: asked, isNewEnvironment = false } = known.options;
    const isKnown =
      asked === null ||
      release.takesAnyEnvironment ||
      release.environments.includes(asked) ||
      isNewEnvironment;
    // One that is misspelt would drop the steps of the one that is meant, quietly: it is asked about.
    const environments = asked === null || !isKnown ? release.environments : [asked];
    const standings: Record<string, Standing> = {};
    for (const environment of environments) standings[environment] = await site.standing(environment);
    const only = isKnown && environments.length === 1 ? environments[0]! : null;
    learn({ release, standings, environment: only, strangeEnvironment: isKnown ? null : asked });
  },
  show: ({ facts }) => ({
    title: facts.carried === null ? 'How things stand here' : 'Taking the release in',
    blocks: [
      {
        kind: 'text',
        text:
          facts.carried === null
            ? 'It is being looked at what the release is, what is installed and what is known of its inputs. Nothing is changed by that.'
            : 'The release is copied to where this program keeps its things, each part checked once more. If this is cut off, the next start goes on where it was.',
      },
    ],
    actions: [{ id: 'again', label: 'Try again', about: null }],
  }),
  take: async () => stay,
};
