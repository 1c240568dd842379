import { releaseName, standingOf, wayOf, type Known } from '../known.ts';
import { never, once, stay, type Leaf } from '../leaf.ts';

/** The work itself, told as it goes. It is over when it came to an end or needs a person. */
export const running: Leaf = {
  id: 'running',
  keys: ({ work, outcome }) => (work !== null && outcome === null ? once : never),
  async enter({ site, known, learn, tell, progress, signal }) {
    const work = known.work!;
    const outcome = await site.run(work, { signal, tell, progress });
    learn({ outcome });
    // What is installed now, and what there is to go back to, is another.
    learn({ standings: { ...known.standings, [work.environment]: await site.standing(work.environment) } });
  },
  show: (known) => ({
    title: titleOf(known),
    blocks: [
      {
        kind: 'text',
        text: 'Each step is written down before it does anything: if the power fails, the next start says where it stopped.',
      },
    ],
    actions: [{ id: 'again', label: 'Try again', about: null }],
  }),
  take: async () => stay,
};

function titleOf(known: Known): string {
  switch (wayOf(known)) {
    case 'roll-back':
      return `Going back to ${standingOf(known)?.previous?.number ?? 'the release before'}`;
    case 'uninstall':
      return `Uninstalling ${known.release?.process ?? ''}`;
    case 'resume':
    case 'decide':
      return 'Going on where it stopped';
    default:
      return `Installing ${releaseName(known)}`;
  }
}
