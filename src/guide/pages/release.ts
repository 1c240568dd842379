import { GuideError } from '../errors.ts';
import { isBefore, isInstalling, releaseName, standingOf, type Known } from '../known.ts';
import { goOn, never, next, once, type Leaf } from '../leaf.ts';
import type { Block } from '../page.ts';
import type { Release, Standing } from '../site.ts';
import { count, moment, short, size, span } from '../../words.ts';

/** What the release is, what changes against what is installed, and every script with its text. */
export const release: Leaf = {
  id: 'release',
  keys: (known) => (isInstalling(known) && isBefore(known) && standingOf(known) !== undefined ? once : never),
  async enter({ site, known, learn }) {
    const standing = standingOf(known)!;
    if (standing.inTheWay !== null) throw inTheWay(known, standing.inTheWay);
    if (known.signatures === null) learn({ signatures: await site.judgeSignatures() });
  },
  show: (known) => {
    const [standing, what, signatures] = [standingOf(known)!, known.release!, known.signatures];
    if (signatures === null) return { title: releaseName(known), blocks: [judging], actions: [] };
    return {
      title: releaseName(known),
      blocks: [
        { kind: 'facts', facts: factsOf(what, known.maker ?? what.author, standing) },
        ...(what.notes === null ? [] : [{ kind: 'verbatim', title: 'Notes', text: what.notes } as const]),
        { kind: 'heading', text: 'What changes' },
        ...changes(standing),
        { kind: 'heading', text: 'Packages' },
        {
          kind: 'list',
          items: what.packages.map(
            ({ id, version, sizeBytes, signer }) =>
              `${id} ${version}, ${size(sizeBytes)}, signed by ${signer}: the signature is good`,
          ),
        },
        ...signatures.map(({ id, version, steps }): Block => ({
          kind: 'verbatim',
          title: `How the signature of ${id} ${version} was judged`,
          text: steps.join('\n'),
        })),
        { kind: 'heading', text: 'Steps' },
        {
          kind: 'list',
          items: standing.steps.map(({ name, kind, skippedBecause }, at) =>
            skippedBecause === null
              ? `${at + 1}. ${name} (${kind})`
              : `${at + 1}. ${name} (${kind}): skipped, ${skippedBecause}`,
          ),
        },
        ...scripts(standing),
      ],
      actions: standing.inTheWay === null ? [goOn] : [],
    };
  },
  take: async () => next,
};

const judging: Block = { kind: 'text', text: 'The signature of each package is being judged.' };

function inTheWay(known: Known, { why, hint }: NonNullable<Standing['inTheWay']>): GuideError {
  return new GuideError(
    'RELEASE_IN_THE_WAY',
    `Cannot install ${releaseName(known)}: ${why.replace(/\.$/, '')}`,
    {
      hint:
        known.facts.carried === null ? hint : 'Speak with its maker; nothing was changed on this machine.',
      details: { release: known.release?.digest, environment: known.environment },
    },
  );
}

function factsOf(what: Release, made: Release['author'], standing: Standing): (readonly [string, string])[] {
  const { installed, expectedMs } = standing;
  return [
    ['Product', what.process],
    ['Release', `${what.number} (${short(what.digest)})`],
    ['Environment', standing.environment],
    [
      'Installed now',
      installed === null ? 'nothing' : `${installed.number}, since ${moment(installed.since)}`,
    ],
    ['Made by', `${made.name}, ${made.company}`],
    ['Made', moment(made.madeAt)],
    ...(expectedMs === null ? [] : ([['Takes about', span(Math.ceil(expectedMs / 1000))]] as const)),
  ];
}

function changes({ installed, changes: lines }: Standing): Block[] {
  if (installed === null) return [{ kind: 'text', text: 'It is installed here for the first time.' }];
  return lines.length === 0
    ? [{ kind: 'text', text: `Nothing but its number, against ${installed.number}.` }]
    : [
        { kind: 'text', text: `Against ${installed.number}:` },
        { kind: 'list', items: lines },
      ];
}

function scripts({ scripts: all }: Standing): Block[] {
  if (all.length === 0) return [];
  const fresh = all.filter(({ isNew }) => isNew).length;
  return [
    { kind: 'heading', text: 'Scripts' },
    {
      kind: 'text',
      text: `${count(all.length, 'script')}, ${fresh === 0 ? 'none of them new since the last release that ran here' : `${fresh} new or changed since the last release that ran here`}.`,
    },
    ...all.map(({ where, language, text, isNew }): Block => ({
      kind: 'verbatim',
      title: `${where} (${language}, ${isNew ? 'new or changed' : 'as before'})`,
      text,
    })),
  ];
}
