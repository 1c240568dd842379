import { demandTrust, distrust, removeTrust } from '../../commands/index.ts';
import { TrustDemand } from '../../events/index.ts';
import { certificateFacts } from '../../identity/index.ts';
import type { Instance } from '../../instance/index.ts';
import {
  linkNames,
  readDistrusted,
  readLinks,
  readRevocationLists,
  readTrustDemands,
  readTrusted,
  type DemandRow,
} from '../../projections/index.ts';
import { moment, span } from '../../words.ts';
import { command, flag, misuse, needed, text, type Outcome } from '../command.ts';
import { facts, section, table } from '../table.ts';
import {
  distrustsOver,
  distrustViews,
  knownCertificates,
  purposeInWords,
  trustViews,
  type DistrustOver,
  type DistrustView,
  type TrustView,
} from '../told/trust-views.ts';
import { addTrusted, importNugetConfig } from './trust-add.ts';
import { importCrl } from './trust-import-crl.ts';

const listAll = command({
  path: 'trust list',
  about: 'Whose packages are believed, for what and why; what packages need; what is known of revocation',
  example: 'crossgap trust list',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const instance = await context.open();
    const views = trustViews(instance);
    const demands = readTrustDemands(instance.db);
    const lists = revocationViews(instance);
    const rows = views.map((view) => [
      view.subject ?? view.name ?? '-',
      view.fingerprint.slice(0, 16),
      view.distrusted === null ? purposeInWords(view) : `nothing: distrusted (else ${purposeInWords(view)})`,
      view.notAfter === null ? '-' : view.notAfter.slice(0, 10),
      sourceInWords(view),
    ]);
    const distrusted = distrustViews(instance);
    const over = distrustsOver(instance);
    const heading = ['CERTIFICATE', 'FINGERPRINT', 'TRUSTED FOR', 'UNTIL', 'WHERE IT COMES FROM'];
    return {
      document: {
        certificates: views,
        distrusted,
        distrustsOver: over,
        demands: demands.map(demandView),
        revocationLists: lists,
      },
      text: [
        ...table([heading, ...rows], context.terminal.columns),
        ...section(
          'Distrusted: nothing is used that was signed by them, or under them',
          distrusted.map(distrustInWords),
        ),
        ...section('Distrusted before, until it was trusted again', over.map(overInWords)),
        ...section('What every package needs here before it is used', demands.map(demandInWords)),
        ...section('Revocation lists, the newest first', lists.map(listInWords)),
      ],
    };
  },
});

const show = command({
  path: 'trust show',
  about: 'All that is known of one certificate that is trusted here',
  example: 'crossgap trust show 3f9001ea83c560d7',
  args: { FINGERPRINT: needed('FINGERPRINT', 'the beginning of its fingerprint, as the list shows it') },
  options: {},
  async run(context, { FINGERPRINT }): Promise<Outcome> {
    const instance = await context.open();
    const wanted = FINGERPRINT.toLowerCase().replaceAll(':', '');
    const found = trustViews(instance).filter(({ fingerprint }) => fingerprint.startsWith(wanted));
    const [first] = found;
    if (first === undefined || wanted.length < 8)
      throw misuse(
        `Cannot show ${FINGERPRINT}: no certificate that is trusted here begins so`,
        'Name at least 8 digits as `crossgap trust list` shows them.',
      );
    const lists = revocationViews(instance).filter(({ issuer }) => issuer === first.issuer);
    const over = distrustsOver(instance);
    return {
      document: { certificates: found, revocationLists: lists },
      text: [
        ...found.flatMap((view, at) => [...(at === 0 ? [] : ['']), ...describe(view, over)]),
        ...section('Revocation lists of who issued it', lists.map(listInWords)),
      ],
    };
  },
});

const remove = command({
  path: 'trust remove',
  about: 'Take a certificate off the list that was added to it; what a link pins goes with the link',
  example: 'crossgap trust remove 3f9001ea83c560d7',
  args: { FINGERPRINT: needed('FINGERPRINT', 'its fingerprint, or the beginning of it') },
  options: {},
  async run(context, { FINGERPRINT }): Promise<Outcome> {
    const instance = await context.open();
    const pinned = trustViews(instance)
      .filter(({ source }) => source !== 'added here')
      .map((view): [string, string] => [view.fingerprint, sourceInWords(view)]);
    const [entry] = instance.record((db) => removeTrust(readTrusted(db), FINGERPRINT, new Map(pinned)));
    const event = entry?.event;
    const fingerprint = event?.known && event.name === 'trust.removed' ? event.data.fingerprint : FINGERPRINT;
    return {
      document: { fingerprint, changed: true },
      text: `Certificate ${fingerprint} is no longer trusted here`,
    };
  },
});

const distrustOne = command({
  path: 'trust distrust',
  about:
    'Use nothing any more that a certificate signed, whoever pins it; the link stays, `trust add` undoes it',
  example: 'crossgap trust distrust 3f9001ea83c560d7 --reason "key stolen, told by telephone"',
  args: {
    FINGERPRINT: needed(
      'FINGERPRINT',
      'the beginning of that of one known here, or all 64 digits of its SHA-256',
    ),
  },
  options: { reason: text('TEXT', 'why, for those who read the list') },
  async run(context, { FINGERPRINT }, { reason = null }): Promise<Outcome> {
    const instance = await context.open();
    const known = knownCertificates(instance).map((certificate) => ({
      fingerprint: certificateFacts(certificate).fingerprint,
      certificate,
    }));
    const listed = trustViews(instance).map(({ fingerprint }) => ({ fingerprint, certificate: null }));
    const entries = instance.record((db) => {
      const there = readDistrusted(db).map(({ fingerprint }) => fingerprint);
      return distrust([...known, ...listed], there, { named: FINGERPRINT, reason });
    });
    const wanted = FINGERPRINT.toLowerCase().replaceAll(':', '');
    const view = distrustViews(instance).findLast(({ fingerprint }) => fingerprint.startsWith(wanted));
    if (view === undefined) throw new TypeError('what was distrusted is on the list');
    const changed = entries.length > 0;
    return {
      document: { ...view, changed },
      text: [
        `${view.subject ?? 'Certificate'} is distrusted${changed ? ' now' : ' already'}, SHA-256 ${view.fingerprint}`,
        'What it signed is not verified, deployed or served here; its link, if it has one, stays as it is.',
      ],
    };
  },
});

const requireDemand = command({
  path: 'trust require',
  about: 'What every package needs here before it is used, beyond a signature that is believed',
  example: 'crossgap trust require countersignature',
  args: { WHAT: needed('WHAT', 'timestamp, countersignature or revocation') },
  options: {
    days: text('N', 'for revocation: how many days old a list may be (else as long as it says itself)'),
    off: flag('it is needed no longer'),
  },
  async run(context, { WHAT }, { days, off }): Promise<Outcome> {
    const demand = TrustDemand.safeParse(WHAT);
    if (!demand.success)
      throw misuse(
        `Cannot require ${WHAT}: packages have no such thing`,
        'Name timestamp, countersignature or revocation.',
      );
    if (
      days !== undefined &&
      (demand.data !== 'revocation' || !/^[1-9]\d{0,3}$/.test(days) || Number(days) > 3650)
    )
      throw misuse(
        `Cannot require ${WHAT} with --days ${days}: only revocation has an age, of 1 to 3650 days`,
        'Write, for example, `trust require revocation --days 30`.',
      );
    const wanted = { demand: demand.data, on: !off, days: off || days === undefined ? null : Number(days) };
    const instance = await context.open();
    const changed = instance.record((db) => demandTrust(readTrustDemands(db), wanted)).length > 0;
    const is = off ? 'is not required' : 'is required';
    return {
      document: { ...wanted, changed },
      text: `${inWords[demand.data](wanted.days)} ${is}${changed ? '' : ', as before'}`,
    };
  },
});

export const trustCommands = [
  listAll,
  show,
  addTrusted,
  remove,
  distrustOne,
  requireDemand,
  importNugetConfig,
  importCrl,
];

const inWords: Record<TrustDemand, (days: number | null) => string> = {
  timestamp: () => 'A time stamp that is believed',
  countersignature: () => 'A countersignature that is believed',
  revocation: (days) =>
    days === null
      ? 'To know of revocation, by lists that are not overdue,'
      : `To know of revocation, by lists of at most ${days} days,`,
};

const demandView = ({ madeAt, ...row }: DemandRow): object => ({
  ...row,
  madeAt: new Date(madeAt).toISOString(),
});

const demandInWords = ({ demand, days, madeBy, madeAt }: DemandRow): string =>
  `${inWords[demand](days).replace(/,$/, '')} (since ${moment(madeAt)}, by ${madeBy})`;

function sourceInWords({ source, link, addedAt, addedBy, name, note }: TrustView): string {
  if (source === 'own company') return 'our company certificate';
  if (source === 'company of the link') return `the company certificate of ${link}`;
  const said = [name, note].filter((one) => one !== null).join(', ');
  return `added ${addedAt!.slice(0, 10)} by ${addedBy}${said === '' ? '' : `: ${said}`}`;
}

const distrustInWords = ({ subject, fingerprint, since, by, reason }: DistrustView): string =>
  `${subject ?? 'a certificate'}, SHA-256 ${fingerprint}: since ${moment(since)}, by ${by}${reason === null ? '' : `: ${reason}`}`;

const overInWords = (one: DistrustOver): string =>
  `${distrustInWords(one)}; over since ${moment(one.endedAt)}, by ${one.endedBy}`;

function describe(view: TrustView, over: readonly DistrustOver[]): string[] {
  return [
    `${view.subject ?? view.name ?? 'a certificate of which only the fingerprint is known'}: trusted for ${purposeInWords(view)}`,
    ...facts([
      ['fingerprint', view.fingerprint],
      ['issued by', view.issuer],
      ['valid', view.notBefore && `${moment(view.notBefore)} to ${moment(view.notAfter!)}`],
      ['stands for', view.issues ? 'itself and the certificates it issued' : 'itself alone'],
      ['repository', view.serviceIndex],
      ['from', sourceInWords(view)],
      ['distrusted', view.distrusted && `since ${moment(view.distrusted.since)}, by ${view.distrusted.by}`],
      ['because', view.distrusted?.reason ?? null],
    ]),
    ...over
      .filter(({ fingerprint }) => fingerprint === view.fingerprint)
      .map((one) => `was distrusted before: ${overInWords(one)}`),
  ];
}

type RevocationView = {
  readonly digest: string;
  readonly issuer: string;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  /** Null: imported by hand. */
  readonly link: string | null;
  readonly ageSeconds: number;
  readonly overdueSeconds: number;
  /** Whether its bytes are here. */
  readonly here: boolean;
};

function revocationViews(instance: Instance): RevocationView[] {
  const names = linkNames(readLinks(instance.db));
  const now = instance.clock.now();
  return readRevocationLists(instance.db).map(({ digest, issuer, thisUpdate, nextUpdate, link }) => ({
    digest,
    issuer,
    thisUpdate: new Date(thisUpdate).toISOString(),
    nextUpdate: new Date(nextUpdate).toISOString(),
    link: link === '' ? null : (names.get(link) ?? link),
    ageSeconds: Math.floor((now - thisUpdate) / 1000),
    overdueSeconds: Math.max(0, Math.floor((now - nextUpdate) / 1000)),
    here: instance.holds(digest),
  }));
}

function listInWords({ issuer, ageSeconds, overdueSeconds, link, here }: RevocationView): string {
  const age = ageSeconds < 0 ? 'of a time that is still to come' : `${span(ageSeconds)} old`;
  const overdue = overdueSeconds > 0 ? `, the next one was due ${span(overdueSeconds)} ago` : '';
  const from = link === null ? 'imported here' : `told by ${link}, believed for its chain only`;
  return `${issuer}: ${age}${overdue}; ${from}${here ? '' : ', not here yet'}`;
}
