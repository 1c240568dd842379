import { CrossgapError, exitCodes } from '../../errors.ts';
import { moment } from '../../words.ts';
import { carriedTo, field, goOn, never, next, once, type Hand, type Leaf, type Step } from '../leaf.ts';
import type { Said } from '../page.ts';
import type { Maker } from '../site.ts';

/** Who made the file, and that a person says so: by words told by phone, or by a certificate that was pinned. */
export const maker: Leaf = {
  id: 'maker',
  keys: ({ maker: made }) => (made === null || made.believed ? never : once),
  isAsked: ({ isBelieved }) => !isBelieved,
  async enter({ site, known, learn }) {
    const { words } = known.options;
    if (words === null || known.isBelieved) return;
    await carriedTo(site).believe({ words });
    learn({ isBelieved: true });
  },
  show: ({ maker: made, isBelieved }, _key, { problems }) => ({
    title: 'Who made this file',
    blocks: [
      {
        kind: 'facts',
        facts: [
          ['Calls itself', made?.name ?? ''],
          ['Company', made?.company ?? ''],
          ['Made', made === null ? '' : moment(made.madeAt)],
          ...(made?.site.isNew === true ? [calledHere(made.site)] : []),
        ],
      },
      isBelieved
        ? { kind: 'text', text: 'You compared its words: it is who it says it is.' }
        : {
            kind: 'text',
            text: 'Anybody can write a name into a file. Call the maker on a number that you have from elsewhere and let it read out its six words; or take the certificate file that your security officer keeps of it. The words are not shown here, so that they are really asked for.',
          },
    ],
    fields: isBelieved
      ? []
      : [
          field({
            name: 'words',
            label: 'Six words, as told by phone',
            help: 'With blanks between them.',
            problem: problems['words'] ?? null,
          }),
          field({
            name: 'certificate',
            label: 'Or a certificate file',
            help: 'PEM; one of the two is enough.',
            problem: problems['certificate'] ?? null,
          }),
        ],
    actions: [goOn],
  }),
  take: async (hand, _key, said) => (hand.known.isBelieved ? next : compared(hand, said)),
};

/** The file is of one site: what that is called is told while another name can still be given. */
const calledHere = ({ name }: Maker['site']): readonly [string, string] => [
  'This site',
  `will be called ${name}; --name at the start names it otherwise`,
];

async function compared({ site, learn }: Hand, { values }: Said): Promise<Step> {
  const words = (values['words'] ?? '').trim().replace(/\s+/g, ' ');
  const certificateFile = (values['certificate'] ?? '').trim();
  if (words === '' && certificateFile === '') {
    return { go: 'stay', problems: { words: 'One of the two is needed' } };
  }
  if (words !== '' && certificateFile !== '') {
    return { go: 'stay', problems: { certificate: 'Give one of the two, not both' } };
  }
  try {
    await carriedTo(site).believe(words === '' ? { certificateFile } : { words });
  } catch (error) {
    const isHere = error instanceof CrossgapError && error.exitCode !== exitCodes.held;
    if (!isHere) throw error;
    const problem = `${error.message}. ${error.hint}`;
    return { go: 'stay', problems: { [words === '' ? 'certificate' : 'words']: problem } };
  }
  learn({ isBelieved: true });
  return next;
}
