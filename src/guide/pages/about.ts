import { basename } from 'node:path';
import { size } from '../../words.ts';
import { carriedTo, goOn, never, next, once, type Leaf } from '../leaf.ts';
import type { SiteFacts } from '../site.ts';

/** What the file is and where it keeps things. Nothing of the bundle is shown before every byte of it was checked. */
export const about: Leaf = {
  id: 'about',
  keys: ({ facts }) => (facts.carried === null ? never : once),
  async enter({ site, known, learn, progress }) {
    if (known.maker !== null) return;
    const file = carriedTo(site);
    const maker = await file.verify(progress);
    const { words } = known.options;
    // Words that are given are compared, also where nobody has to be asked for them any more.
    if (words !== null && maker.believed) await file.believe({ words });
    learn({ maker, isBelieved: maker.believed });
  },
  show: ({ facts, maker }) => ({
    title: 'What this is',
    blocks: [
      {
        kind: 'text',
        text: 'This program installs a product on this machine, updates it, or goes back. It needs no network. It asks what only you know, looks at the machine first, and begins when you say so on the summary page.',
      },
      {
        kind: 'facts',
        facts: [
          ...fileFacts(facts),
          ['Program', `crossgap ${facts.programVersion} for ${facts.platform}`],
          ['Started by', facts.account],
          ['Keeps its things in', facts.dataFolder],
        ],
      },
      {
        kind: 'text',
        text: 'You can leave on every page; until it begins, nothing is changed outside that folder. Passwords that you type are kept in it, encrypted for this machine, and go nowhere else.',
      },
      maker === null
        ? {
            kind: 'text',
            text: 'Every byte of the file is being checked now. Nothing in it is shown before that is done.',
          }
        : { kind: 'text', text: 'Every byte of the file was checked, and is as its maker signed it.' },
    ],
    actions: [goOn],
  }),
  take: async () => next,
};

function fileFacts({ carried }: SiteFacts): (readonly [string, string])[] {
  if (carried === null) return [];
  return [
    ['File', basename(carried.path)],
    ['Size', size(carried.sizeBytes)],
  ];
}
