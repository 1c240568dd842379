import type { Database } from '../db/index.ts';
import { feedId } from '../events/index.ts';
import { ago, amount, lastingFor } from '../words.ts';
import { ageOf } from './fleet-view.ts';
import { describeTransport, type LinkRow } from './link-board.ts';
import type { HinderedView, LinkFigures, LinkLive, LinkView, OutstandingView, PlaceView } from './views.ts';

/** The newest head that an author signed, as far as one reached us. */
export type PeerHead = PlaceView & { readonly feed: string; readonly issuedAt: number };

/** How each link is at this moment, asked for one by one, and those of them that something hinders. */
export type LinksLive = {
  get(link: string): LinkLive | undefined;
  hindered(): Iterable<readonly [link: string, LinkLive]>;
  /** How many have a connection to a NATS server that is up. */
  readonly connected: number;
};

/** The same of links whose states are all at hand. */
export function linksLiveOf(states: ReadonlyMap<string, LinkLive>): LinksLive {
  return {
    get: (link) => states.get(link),
    hindered: () => [...states].filter(([, { lastError }]) => lastError?.over === false),
    get connected() {
      return [...states.values()].filter(({ connection }) => connection?.connected === true).length;
    },
  };
}

/** What is shown of links and stands in no read model. */
export type LinkFacts = {
  readonly now: number;
  /** Whether a blob is whole in the store. */
  readonly holds: (digest: string) => boolean;
  /** The six words of the company certificate in an introduction. */
  readonly wordsOf: (introduction: Uint8Array) => string;
  /** The newest head of a feed that its author signed and that reached us. */
  readonly peerHead: (feed: string) => PeerHead | undefined;
  /** How links are at this moment, by their ids; undefined where no daemon runs. */
  readonly live: LinksLive | undefined;
  /** Of links by hand: the bundle made last. */
  readonly lastBundle: (link: Pick<LinkRow, 'link'>) => LastBundle | undefined;
};

/** A bundle, up to which entry it goes and how far it came; and those that were made before it, oldest first. */
export type LastBundle = {
  readonly number: number;
  readonly at: string;
  readonly last: PlaceView;
  readonly earlier: readonly { readonly number: number; readonly last: PlaceView }[];
  readonly hop: NonNullable<LinkView['lastBundle']>['hop'];
};

/** Links as they are shown. */
export function linkViews(db: Database, links: readonly LinkRow[], facts: LinkFacts): LinkView[] {
  const figuresOf = prepareLinkFigures(db, facts);
  return links.map((link) => {
    const bundle = link.transport.kind === 'hand' ? facts.lastBundle(link) : undefined;
    const { link: id, name, state, peer, ...figures } = figuresOf(link);
    return {
      link: id,
      name,
      state,
      peer,
      fingerprint: link.introduction === null ? null : facts.wordsOf(link.introduction),
      ...figures,
      lastBundle: bundle === undefined ? null : bundleView(link, bundle),
    };
  });
}

/** What of a link is told in figures: how far both feeds are, what is on its way, how it is at this moment. */
export function prepareLinkFigures(
  db: Database,
  facts: Pick<LinkFacts, 'now' | 'holds' | 'peerHead' | 'live'>,
): (link: LinkRow) => LinkFigures {
  const [owed, wanted] = [prepareBlobsOwed(db), prepareBlobsWanted(db, facts.holds)];
  return (link) => {
    const told = link.peer === null ? undefined : facts.peerHead(feedId(link.peer, link.link));
    const heardAt = newest(link.heardAt, told?.issuedAt ?? null);
    const unconfirmedEntries = entriesUnconfirmed(link);
    const isOver = link.state === 'removed';
    const outstanding = (entries: number, blobs: (link: string) => Blobs): OutstandingView =>
      isOver ? nothing : { entries, ...blobs(link.link) };
    return {
      link: link.link,
      name: link.name,
      state: link.state,
      peer: link.peer,
      transport: describeTransport(link.transport),
      heardAt: heardAt === null ? null : new Date(heardAt).toISOString(),
      heardAgeSeconds: heardAt === null ? null : ageOf(heardAt, facts.now),
      unconfirmedEntries,
      kind: link.transport.kind,
      heads: { ours: place(link.outward), theirs: place(link.inward) },
      outstanding: {
        toThem: outstanding(unconfirmedEntries, owed),
        toUs: outstanding(told === undefined ? 0 : entriesBehind(link.inward, told), wanted),
      },
      live: facts.live?.get(link.link) ?? null,
    };
  };
}

/** What hinders links for longer than a moment, each cause once: where our server is down, none of its links works. */
export function hinderedViews(
  { live, now }: Pick<LinkFacts, 'live' | 'now'>,
  nameOf: (link: string) => string | undefined,
): HinderedView[] {
  const causes = new Map<string, { count: number; name: string; error: HinderedView['error'] }>();
  for (const [link, { lastError: error }] of live?.hindered() ?? []) {
    if (error === null || error.over || now - Date.parse(error.since) < lastingMs) continue;
    const known = causes.get(error.message);
    if (known !== undefined) {
      known.count += 1;
      continue;
    }
    const name = nameOf(link);
    if (name !== undefined) causes.set(error.message, { count: 1, name, error });
  }
  return [...causes.values()];
}

/** What heals by itself at the next try is not worth a person's time. */
const lastingMs = 60_000;

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

function prepareBlobsOwed(db: Database): (link: string) => Blobs {
  const owed = db.prepare<[string], Blobs>(
    `SELECT count(*) AS blobs, coalesce(sum(size_bytes), 0) AS blobBytes FROM blob_owed
      WHERE link = ? AND held = 0 AND final = 0`,
  );
  return (link) => owed.get(link)!;
}

function prepareBlobsWanted(db: Database, holds: (digest: string) => boolean): (link: string) => Blobs {
  const wanted = db.prepare<[string], { digest: string; sizeBytes: number }>(
    `SELECT digest, size_bytes AS sizeBytes FROM blob_wanted WHERE link = ? AND reported = 0 AND final = 0`,
  );
  return (link) => {
    const missing = wanted.all(link).filter(({ digest }) => !holds(digest));
    return { blobs: missing.length, blobBytes: missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  };
}

function place({ epoch, seq }: PlaceView): PlaceView {
  return { epoch, seq };
}

function newest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
