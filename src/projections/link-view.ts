import type { Database } from '../db/index.ts';
import { feedId } from '../events/index.ts';
import { ago, amount, lastingFor } from '../words.ts';
import { ageOf } from './fleet-view.ts';
import { describeTransport, type LinkRow } from './link-board.ts';
import type { LinkLive, LinkView, OutstandingView, PlaceView } from './views.ts';

/** The newest head that an author signed, as far as one reached us. */
export type PeerHead = PlaceView & { readonly feed: string; readonly issuedAt: number };

/** What is shown of links and stands in no read model. */
export type LinkFacts = {
  readonly now: number;
  /** Whether a blob is whole in the store. */
  readonly holds: (digest: string) => boolean;
  /** The six words of the company certificate in an introduction. */
  readonly wordsOf: (introduction: Uint8Array) => string;
  readonly peerHeads: readonly PeerHead[];
  /** How links are at this moment, by their ids; undefined where no daemon runs. */
  readonly live: ReadonlyMap<string, LinkLive> | undefined;
  /** Of links by hand: the bundle made last. */
  readonly lastBundle: (link: LinkRow) => LastBundle | undefined;
};

/** A bundle, up to which entry it goes and how far it came; and those that were made before it, oldest first. */
export type LastBundle = {
  readonly number: number;
  readonly at: string;
  readonly last: PlaceView;
  readonly earlier: readonly { readonly number: number; readonly last: PlaceView }[];
  readonly hop: NonNullable<LinkView['lastBundle']>['hop'];
};

/** Links as they are shown; what is the same for all of them is read once. */
export function linkViews(db: Database, links: readonly LinkRow[], facts: LinkFacts): LinkView[] {
  const heads = new Map(facts.peerHeads.map((head) => [head.feed, head]));
  const [owed, wanted] = [blobsOwed(db), blobsWanted(db, facts.holds)];
  return links.map((link) => {
    const told = link.peer === null ? undefined : heads.get(feedId(link.peer, link.link));
    const heardAt = newest(link.heardAt, told?.issuedAt ?? null);
    const bundle = link.transport.kind === 'hand' ? facts.lastBundle(link) : undefined;
    const unconfirmedEntries = entriesUnconfirmed(link);
    const isOver = link.state === 'removed';
    const outstanding = (entries: number, blobs: Blobs | undefined): OutstandingView =>
      isOver ? nothing : { entries, blobs: blobs?.blobs ?? 0, blobBytes: blobs?.blobBytes ?? 0 };
    return {
      link: link.link,
      name: link.name,
      state: link.state,
      peer: link.peer,
      fingerprint: link.introduction === null ? null : facts.wordsOf(link.introduction),
      transport: describeTransport(link.transport),
      heardAt: heardAt === null ? null : new Date(heardAt).toISOString(),
      heardAgeSeconds: heardAt === null ? null : ageOf(heardAt, facts.now),
      unconfirmedEntries,
      kind: link.transport.kind,
      heads: { ours: place(link.outward), theirs: place(link.inward) },
      outstanding: {
        toThem: outstanding(unconfirmedEntries, owed.get(link.link)),
        toUs: outstanding(told === undefined ? 0 : entriesBehind(link.inward, told), wanted.get(link.link)),
      },
      live: facts.live?.get(link.link) ?? null,
      lastBundle: bundle === undefined ? null : bundleView(link, bundle),
    };
  });
}

/** What went to the other side by courier, and as far as which bundle it gave a receipt. */
export function bundleView(
  link: LinkRow,
  { number, at, last, earlier, hop }: LastBundle,
): NonNullable<LinkView['lastBundle']> {
  const { confirmed } = link;
  // Receipts themselves get none, so that what follows the newest entry that wants one is as good as told.
  const unconfirmedEntries = entriesUnconfirmed(link) === 0 ? 0 : entriesBehind(confirmed, last);
  const receipted = unconfirmedEntries === 0;
  const before = earlier.findLast((one) => one.last.seq > 0 && entriesBehind(confirmed, one.last) === 0);
  const receiptedNumber = receipted ? number : (before?.number ?? null);
  return { number, at, receipted, unconfirmedEntries, receiptedNumber, hop };
}

/** `58 sent, no receipt yet (bundle 3, 4 days ago)`; null for who is not reached by bundles. */
export function describeSent(
  { lastBundle: bundle }: Pick<LinkView, 'lastBundle'>,
  now: string,
): string | null {
  if (bundle === null) return null;
  const { number, at, receipted, unconfirmedEntries, receiptedNumber } = bundle;
  if (receipted) return `bundle ${number} receipted`;
  const before = receiptedNumber === null ? '' : `; newest receipt is for bundle ${receiptedNumber}`;
  return `${unconfirmedEntries} sent, no receipt yet (bundle ${number}, ${ago(at, now)})${before}`;
}

/** How a link is right now, in a few words for people. */
export function describeLive(link: LinkView, now: string): string {
  const { live, kind, lastBundle } = link;
  if (kind === 'hand') {
    if (lastBundle === null) return 'no bundle made yet';
    const { number, at, receipted, hop } = lastBundle;
    const made = `bundle ${number} made ${ago(at, now)}`;
    if (receipted) return `${made}, its receipt came`;
    const words = { came: 'came to', passed: 'passed', arrived: 'arrived at' };
    const way = hop === null ? '' : `, ${words[hop.way]} ${hop.name} ${ago(hop.at, now)}`;
    return `${made}${way}, no receipt yet`;
  }
  if (live === null) return '';
  const { connection, exchangedAt } = live;
  if (connection !== null) {
    const since = connection.since === null ? '' : ` ${lastingFor(connection.since, now)}`;
    return `${connection.connected ? 'connected' : 'not connected'}${since}`;
  }
  if (link.heardAt === null && kind === 'folder') return 'nothing of theirs is in the folder yet';
  return exchangedAt === null ? '' : `looked at ${ago(exchangedAt, now)}`;
}

/** What is wrong with a link now, in words; null where nothing is, or it is over. */
export function describeError({ live }: Pick<LinkView, 'live'>): string | null {
  const error = live?.lastError ?? null;
  return error === null || error.over ? null : `${error.message} [${error.code}]`;
}

/** `1,999 refused lately, just now: 1,990 FEED_UNKNOWN, 9 PARCEL_FOREIGN`; null where nothing was. */
export function describeRefused({ live }: Pick<LinkView, 'live'>, now: string): string | null {
  const refused = live?.refused ?? null;
  if (refused === null) return null;
  const reasons = refused.reasons.slice(0, 3).map((reason) => `${amount(reason.count)} ${reason.code}`);
  return `${amount(refused.count)} refused lately, ${ago(refused.at, now)}: ${reasons.join(', ')}`;
}

type Blobs = { readonly blobs: number; readonly blobBytes: number };

const nothing: OutstandingView = { entries: 0, blobs: 0, blobBytes: 0 };

/** How many entries that want a receipt have none. */
function entriesUnconfirmed({ confirmed, outward }: LinkRow): number {
  return entriesBehind(confirmed, { ...outward, seq: outward.news });
}

/** How many entries lie between a place and a later one of the same feed; of earlier epochs none are counted. */
function entriesBehind(from: PlaceView, to: PlaceView): number {
  if (from.epoch > to.epoch) return 0;
  return from.epoch === to.epoch ? Math.max(0, to.seq - from.seq) : to.seq;
}

function blobsOwed(db: Database): ReadonlyMap<string, Blobs> {
  const rows = db
    .prepare(
      `SELECT link, count(*) AS blobs, sum(size_bytes) AS blobBytes FROM blob_owed
        WHERE held = 0 AND final = 0 GROUP BY link`,
    )
    .all() as (Blobs & { readonly link: string })[];
  return new Map(rows.map(({ link, ...blobs }) => [link, blobs]));
}

function blobsWanted(db: Database, holds: (digest: string) => boolean): ReadonlyMap<string, Blobs> {
  const rows = db
    .prepare(`SELECT link, digest, size_bytes AS sizeBytes FROM blob_wanted WHERE reported = 0 AND final = 0`)
    .all() as { readonly link: string; readonly digest: string; readonly sizeBytes: number }[];
  const wanted = new Map<string, Blobs>();
  for (const { link, digest, sizeBytes } of rows) {
    if (holds(digest)) continue;
    const { blobs, blobBytes } = wanted.get(link) ?? { blobs: 0, blobBytes: 0 };
    wanted.set(link, { blobs: blobs + 1, blobBytes: blobBytes + sizeBytes });
  }
  return wanted;
}

function place({ epoch, seq }: PlaceView): PlaceView {
  return { epoch, seq };
}

function newest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
