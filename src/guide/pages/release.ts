import { GuideError } from '../errors.ts';
import { goneBackTo, isBefore, isInstalling, releaseName, standingOf, type Known } from '../known.ts';
import {
  goOn,
  never,
  next,
  once,
  type Hand,
  type Leaf,
  type Remarks,
  type Shown,
  type Step,
} from '../leaf.ts';
import type { Action, Block, Said } from '../page.ts';
import { isUnreadWayBack, isWayBack, numberToRead, scriptsToRead, unapproved } from '../scripts.ts';
import { signedIn, signingFields } from '../signing.ts';
import type { JudgedSignature, Release, ScriptsStanding, ScriptStanding, Standing } from '../site.ts';
import { count, moment, short, size, span } from '../../words.ts';

/**
 * What the release is, what changes against what is installed, and every script with its text. On the way back only the
 * scripts of the release that is gone back to, where a person has to approve them first.
 */
export const release: Leaf = {
  id: 'release',
  keys: (known) => {
    const isRead = isInstalling(known) || isUnreadWayBack(known);
    return isRead && isBefore(known) && standingOf(known) !== undefined ? once : never;
  },
  async enter({ site, known, learn }) {
    if (isWayBack(known)) return;
    const standing = standingOf(known)!;
    if (standing.inTheWay !== null) throw inTheWay(known, standing.inTheWay);
    if (known.signatures === null) learn({ signatures: await site.judgeSignatures() });
  },
  show: (known, _key, { problems }) => {
    if (isWayBack(known)) return wayBack(known, problems);
    const [standing, what, signatures] = [standingOf(known)!, known.release!, known.signatures];
    if (signatures === null) return { title: releaseName(known), blocks: [judging], actions: [] };
    return {
      title: releaseName(known),
      blocks: [
        { kind: 'facts', facts: factsOf(what, known.maker ?? what.author, standing) },
        ...(what.notes === null ? [] : [{ kind: 'verbatim', title: 'Notes', text: what.notes } as const]),
        { kind: 'heading', text: 'What changes' },
        ...changes(standing),
        ...scripts(standing, standing.installed),
        { kind: 'heading', text: 'Packages' },
        {
          kind: 'list',
          items: what.packages.map(
            ({ id, version, sizeBytes, signer }) =>
              `${id} ${version}, ${size(sizeBytes)}, signed by ${signer}: the signature is good`,
          ),
        },
        { kind: 'heading', text: 'Steps' },
        {
          kind: 'list',
          items: standing.steps.map(({ name, kind, skippedBecause }, at) =>
            skippedBecause === null
              ? `${at + 1}. ${name} (${does[kind] ?? kind})`
              : `${at + 1}. ${name}: skipped, ${skippedBecause}`,
          ),
        },
        ...asides(standing, signatures),
      ],
      ...signing(known, problems),
      actions: standing.inTheWay === null ? waysOn(known) : [],
    };
  },
  take: async (hand, _key, said) => (said.action === 'approve' ? await approved(hand, said) : next),
};

const does: Readonly<Record<string, string>> = {
  run: 'a script',
  package: 'a package',
};

function wayBack(known: Known, problems: Remarks['problems']): Shown {
  const { environment, installed } = standingOf(known)!;
  const asked = scriptsToRead(known);
  return {
    title: `Back to ${known.release!.process} ${goneBackTo(known)}`,
    blocks: [
      {
        kind: 'facts',
        facts: [
          ['Product', known.release!.process],
          ['Environment', environment],
          ['Installed now', installed?.number ?? 'nothing'],
          ['Installed then', goneBackTo(known)],
        ],
      },
      ...scripts(asked, installed),
      ...approvedBefore(asked).map(aside),
    ],
    ...signing(known, problems),
    actions: waysOn(known),
  };
}

/** Where who approves writes a name. */
function signing(known: Known, problems: Remarks['problems']): Partial<Shown> {
  return needsApproval(known)
    ? { fields: signingFields('approval', { by: approver(known), problems }), mustChoose: true }
    : {};
}

/** Who only looks changes nothing, and approves nothing. */
function needsApproval(known: Known): boolean {
  const isPossible = isWayBack(known) || standingOf(known)!.inTheWay === null;
  return known.options.until === 'end' && isPossible && unapproved(scriptsToRead(known)).length > 0;
}

/** Who approves where no name is typed; where approvals are asked for, one has to be. */
function approver(known: Known): string | null {
  return scriptsToRead(known).consent.isAsked ? null : known.facts.account;
}

function waysOn(known: Known): Action[] {
  if (!needsApproval(known)) return [goOn];
  const asked = scriptsToRead(known);
  const open = unapproved(asked).length;
  const approve: Action = {
    id: 'approve',
    label: `Approve ${open === 1 ? 'this script' : `these ${open} scripts`} and go on`,
    about: `Kept with ${approver(known) === null ? 'your name' : `the name ${approver(known)}, if no other is typed`}; the same text in the same place is not asked about again.`,
    isSigned: true,
    isForReaders: true,
  };
  const bySignature: Action = {
    ...goOn,
    label: `Go on without approving the ${open === 1 ? 'script' : 'scripts'}`,
    about: "This site lets scripts run by their maker's signature; nothing is kept of it.",
  };
  return asked.consent.isAsked ? [approve] : [approve, bySignature];
}

async function approved({ site, known, learn }: Hand, said: Said): Promise<Step> {
  const { environment } = standingOf(known)!;
  const { consent } = scriptsToRead(known);
  const signed = signedIn(said, approver(known));
  if ('problems' in signed) return { go: 'stay', problems: signed.problems };
  const approval = { set: consent.set, ...signed };
  await site.approveScripts(environment, approval, isWayBack(known) ? 'before' : undefined);
  learn({ approved: [...known.approved, numberToRead(known)] });
  learn({ standings: { ...known.standings, [environment]: await site.standing(environment) } });
  return next;
}

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

function changes({ installed, changes: parts }: Standing): Block[] {
  if (installed === null) return [{ kind: 'text', text: 'It is installed here for the first time.' }];
  if (parts.length === 0)
    return [{ kind: 'text', text: `Nothing of what is deployed, against ${installed.number}.` }];
  return [
    { kind: 'text', text: `Against ${installed.number}:` },
    ...parts.map(({ title, lines }): Block => ({ kind: 'verbatim', title, text: lines.join('\n') })),
  ];
}

function scripts(standing: ScriptsStanding, installed: Standing['installed']): Block[] {
  const { scripts: all, consent } = standing;
  if (all.length === 0) return [];
  const open = unapproved(standing).length;
  const fresh = all.filter(({ isNew }) => isNew).length;
  const since =
    installed === null
      ? ''
      : `, ${fresh === 0 ? 'none' : fresh} of them new or changed since ${installed.number}`;
  const consented =
    open === 0
      ? 'All are approved here.'
      : open === all.length
        ? 'None is approved here yet.'
        : `${all.length - open} of them are approved here, ${open} not yet.`;
  return [
    { kind: 'heading', text: 'Scripts' },
    {
      kind: 'text',
      text: `${count(all.length, 'script')}${since}. ${consented}`,
    },
    ...(open > 0 && consent.isAsked
      ? [
          {
            kind: 'notice',
            tone: 'note',
            text: 'No script runs at this site before a person approved it.',
          } as const,
        ]
      : []),
    // What is new is read first.
    ...unapproved(standing)
      .toSorted((one, other) => Number(other.isNew) - Number(one.isNew))
      .flatMap(scriptBlocks),
  ];
}

/** What need not be read before anything is decided: scripts that were approved before, and how signatures were judged. */
function asides(standing: Standing, signatures: readonly JudgedSignature[]): Block[] {
  const judged = signatures.map(({ id, version, steps }): Block => ({
    kind: 'verbatim',
    title: `How the signature of ${id} ${version} was judged`,
    text: steps.join('\n'),
  }));
  return [...approvedBefore(standing), { kind: 'heading', text: 'Signatures' } as const, ...judged].map(
    aside,
  );
}

function approvedBefore({ scripts: all }: ScriptsStanding): Block[] {
  const approved = all.filter(({ approval }) => approval !== null).flatMap(scriptBlocks);
  return approved.length === 0 ? [] : [{ kind: 'heading', text: 'Scripts approved before' }, ...approved];
}

const aside = (block: Block): Block => (block.kind === 'verbatim' ? { ...block, isAside: true } : block);

function scriptBlocks(script: ScriptStanding): Block[] {
  const { where, language, from, text, remark, before, digest } = script;
  const whole: Block = {
    kind: 'verbatim',
    title: `${where} (${language}, from ${from}; ${standsIn(script)}; SHA-256 ${short(digest)})`,
    text: remark === null ? text : `${text}\n(${remark})`,
  };
  return before === null || before.lines === null || before.lines.length === 0
    ? [whole]
    : [
        whole,
        {
          kind: 'verbatim',
          title: `What changed in ${where}, against ${before.what}`,
          text: before.lines.join('\n'),
        },
      ];
}

function standsIn({ approval, before }: ScriptStanding): string {
  if (approval !== null) return `approved by ${approval.by}, ${moment(approval.at)}, for ${approval.release}`;
  if (before === null) return 'new, not approved';
  if (before.lines === null)
    return `not approved; not ${before.what}, of which the text is not here any more`;
  return `not approved; ${before.lines.length === 0 ? 'the same as' : 'not'} ${before.what}`;
}
