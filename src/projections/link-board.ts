import { prepared, type Database } from '../db/index.ts';
import { FeedOpened, type LinkTransport } from '../events/index.ts';
import type { Fold, Projection, UnreadEntry } from './projection.ts';

/** How far a feed came in a batch, `at` its newest date (0: none); `news` is its newest entry there that wants a receipt. */
type Farthest = { epoch: number; seq: number; hash: string; at: number; news: number | null };

/**
 * One row a link: who is at the other end, how far each side holds the other's feed. How far our own has come is asked of
 * the log, so that what leaves writes nothing here.
 */
export const linkBoard: Projection = {
  name: 'link-board',
  tables: ['link'],
  prepare(db) {
    const insert = db.prepare(
      `INSERT INTO link (link, name, state, transport, introduction, peer) VALUES (?, ?, ?, ?, ?, ?)`,
    );
    const answer = db.prepare(
      `UPDATE link SET introduction = ?, peer = ?, nkey = ?, state = 'pending' WHERE link = ?`,
    );
    const confirm = db.prepare(`UPDATE link SET state = 'confirmed', fingerprint = ? WHERE link = ?`);
    const introduce = db.prepare(`UPDATE link SET introduction = ? WHERE link = ?`);
    const remove = db.prepare(`UPDATE link SET state = 'removed' WHERE link = ?`);
    // The newest word counts, also where it says less: a receiver that was put back wants the rest again.
    const receipt = db.prepare(`UPDATE link SET receipt_epoch = ?, receipt_seq = ? WHERE link = ?`);
    const heard = db.prepare(
      `UPDATE link SET inward_epoch = ?, inward_seq = ?, inward_hash = ?,
              heard_at = nullif(max(?, coalesce(heard_at, 0)), 0),
              inward_news = coalesce(?, inward_news) WHERE link = ?`,
    );
    const opened = db.prepare(`UPDATE link SET outward_feed = ? WHERE link = ?`);
    // Receipts that follow each other keep which entry before them wanted one.
    const receipted = db.prepare(
      `UPDATE link SET receipted_epoch = :epoch, receipted_seq = :seq,
              outward_receipt_news = iif(outward_receipt_epoch = :ownEpoch AND outward_receipt_seq = :ownSeq - 1,
                                         outward_receipt_news, :ownSeq - 1),
              outward_receipt_epoch = :ownEpoch, outward_receipt_seq = :ownSeq WHERE link = :link`,
    );
    // How far a feed has come changes with every entry: only the last of a batch is written.
    const heardOf = new Map<string, Farthest>();
    const note = ({ header, hash, place }: UnreadEntry, isNews: boolean): void => {
      if (place.kind !== 'inward') return;
      let farthest = heardOf.get(place.link);
      if (farthest === undefined)
        heardOf.set(place.link, (farthest = { epoch: 0, seq: 0, hash, at: 0, news: null }));
      farthest.epoch = header.epoch;
      farthest.seq = header.seq;
      farthest.hash = hash;
      // The first entry bears the date of the introduction in it, whenever it was written.
      if (header.type !== FeedOpened.name && header.at > farthest.at) farthest.at = header.at;
      if (isNews) farthest.news = header.seq;
    };
    const save = (): void => {
      for (const [link, { epoch, seq, hash, at, news }] of heardOf)
        heard.run(epoch, seq, hash, at, news, link);
      heardOf.clear();
    };
    const apply: Fold['apply'] = (entry) => {
      const { event, header, place } = entry;
      note(entry, event.name !== 'receipt.given');
      switch (event.name) {
        case 'feed.opened':
          if (place.kind === 'outward') opened.run(Buffer.from(header.feed, 'hex'), place.link);
          return;
        case 'link.invited': {
          const { link, name, transport } = event.data;
          insert.run(link, name, 'invited', JSON.stringify(transport), null, null);
          return;
        }
        case 'link.accepted': {
          const { link, name, transport, introduction, peer } = event.data;
          insert.run(link, name, 'pending', JSON.stringify(transport), introduction, peer);
          return;
        }
        case 'link.answered': {
          const { link, introduction, peer, nkey } = event.data;
          answer.run(introduction, peer, nkey ?? null, link);
          return;
        }
        case 'key.rotated':
        case 'key.replaced':
          if (place.kind === 'inward') introduce.run(event.data.introduction, place.link);
          return;
        case 'link.confirmed':
          confirm.run(event.data.fingerprint, event.data.link);
          return;
        case 'link.removed':
          remove.run(event.data.link);
          return;
        case 'receipt.given': {
          const { epoch, seq } = event.data;
          if (place.kind === 'inward') receipt.run(epoch, seq, place.link);
          else if (place.kind === 'outward')
            receipted.run({ epoch, seq, ownEpoch: header.epoch, ownSeq: header.seq, link: place.link });
          return;
        }
        default:
      }
    };
    return { apply, pass: (entry) => note(entry, true), save };
  },
};

/** A link as this side knows it. */
export type LinkRow = {
  readonly link: string;
  readonly name: string;
  readonly state: 'invited' | 'pending' | 'confirmed' | 'removed';
  readonly transport: LinkTransport;
  readonly peer: string | null;
  readonly introduction: Uint8Array | null;
  /** With what the other side signs in to our NATS server, where the link goes through it. */
  readonly nkey: string | null;
  readonly fingerprint: string | null;
  readonly heardAt: number | null;
  /** The other side's feed: as far as this side holds it, its newest entry that wants a receipt, what was receipted. */
  readonly inward: {
    readonly epoch: number;
    readonly seq: number;
    readonly hash: string | null;
    readonly news: number;
  };
  readonly receipted: { readonly epoch: number; readonly seq: number };
  /** Our feed: how long it is, its newest entry that wants a receipt, and what the other side said it holds. */
  readonly outward: { readonly epoch: number; readonly seq: number; readonly news: number };
  readonly confirmed: { readonly epoch: number; readonly seq: number };
};

/** Of our feed for a link, what an index tells of its newest entry. */
const newestOutward = (what: 'epoch' | 'seq' | 'pos'): string =>
  `(SELECT ${what} FROM entry WHERE feed = outward_feed ORDER BY epoch DESC, seq DESC LIMIT 1)`;

const storedLink = `SELECT *, ${newestOutward('epoch')} AS outward_epoch, ${newestOutward('seq')} AS outward_seq FROM link`;

/** Every link there ever was, by name. */
export function readLinks(db: Database): LinkRow[] {
  const rows = db.prepare(`${storedLink} ORDER BY name, link`).all();
  return (rows as StoredLink[]).map(linkRow);
}

/** Links by state, without those that were removed. */
export function countLinks(db: Database): Record<'invited' | 'pending' | 'confirmed' | 'removed', number> {
  const rows = db.prepare(`SELECT state, count(*) AS links FROM link GROUP BY state`).all() as {
    state: LinkRow['state'];
    links: number;
  }[];
  const counts = { invited: 0, pending: 0, confirmed: 0, removed: 0 };
  for (const { state, links } of rows) counts[state] = links;
  return counts;
}

/** Names and ids of the first links in a state, by name. */
export function firstLinks(
  db: Database,
  state: LinkRow['state'],
  limit: number,
): { readonly link: string; readonly name: string }[] {
  return db
    .prepare(
      `SELECT link, name FROM link INDEXED BY link_by_state WHERE state = ? ORDER BY name, link LIMIT ?`,
    )
    .all(state, limit) as { link: string; name: string }[];
}

/** Ids and names of all links that were not removed, by name: of thousands the rest costs more than the fleet. */
export function livingNames(db: Database): { readonly link: string; readonly name: string }[] {
  return db
    .prepare<[], { link: string; name: string }>(
      `SELECT link, name FROM link INDEXED BY link_by_name WHERE state <> 'removed' ORDER BY name, link`,
    )
    .all();
}

/** A living link of which it is known who is at the other end, and how it is reached. */
export type AnsweredLink = Pick<LinkRow, 'link' | 'name' | 'transport' | 'nkey'> & { readonly peer: string };

/** All of them, by name. Those that are reached in the same way share the words for it. */
export function readAnsweredLinks(db: Database): AnsweredLink[] {
  const ways = new Map<string, LinkTransport>();
  const wayOf = (text: string): LinkTransport => {
    let way = ways.get(text);
    if (way === undefined) ways.set(text, (way = JSON.parse(text) as LinkTransport));
    return way;
  };
  return db
    .prepare<[], Omit<AnsweredLink, 'transport'> & { transport: string }>(
      `SELECT link, name, transport, nkey, peer FROM link WHERE state <> 'removed' AND peer IS NOT NULL
        ORDER BY name, link`,
    )
    .all()
    .map((row) => ({ ...row, transport: wayOf(row.transport) }));
}

/** All links there ever were, some at a time: by name, those that were removed behind the others. */
export function* allLinksInPieces(db: Database, size = 200): Generator<LinkRow[]> {
  for (const isRemoved of [0, 1]) {
    const piece = db.prepare<[string, string, number, number], { link: string; name: string }>(
      `SELECT link, name FROM link INDEXED BY link_by_name
        WHERE (name, link) > (?, ?) AND (state = 'removed') = ? ORDER BY name, link LIMIT ?`,
    );
    for (let last = { name: '', link: '' }; ;) {
      const found = piece.all(last.name, last.link, isRemoved, size);
      if (found.length > 0) yield found.flatMap(({ link }) => readLink(db, link) ?? []);
      if (found.length < size) break;
      last = found.at(-1)!;
    }
  }
}

/** The first links that were not removed, by name. */
export function firstLivingLinks(db: Database, limit: number): LinkRow[] {
  const ids = db
    .prepare<[number], string>(
      `SELECT link FROM link INDEXED BY link_by_name WHERE state <> 'removed' ORDER BY name, link LIMIT ?`,
    )
    .pluck();
  return ids.all(limit).flatMap((link) => readLink(db, link) ?? []);
}

/** A living link and when its other side wrote last, by its clock. */
export type HeardLink = { readonly link: string; readonly name: string; readonly heardAt: number };

/** Links whose other side wrote later than a moment, by its clock. */
export function heardAfter(db: Database, moment: number): HeardLink[] {
  return db
    .prepare<[number], HeardLink>(
      `SELECT link, name, heard_at AS heardAt FROM link INDEXED BY link_by_name
        WHERE state <> 'removed' AND heard_at > ? ORDER BY name, link`,
    )
    .all(moment);
}

/** Links whose other side was silent the longest, from before a moment on, and gave a receipt for something of ours. */
export function silentLongest(
  db: Database,
  before: number,
  limit: number,
): (HeardLink & Pick<LinkRow, 'confirmed'>)[] {
  const silent = db.prepare<[number], HeardLink>(
    `SELECT link, name, heard_at AS heardAt FROM link INDEXED BY link_by_name
      WHERE state <> 'removed' AND heard_at < ? ORDER BY heard_at, name`,
  );
  const receipt = db.prepare<[string], LinkRow['confirmed']>(
    `SELECT receipt_epoch AS epoch, receipt_seq AS seq FROM link WHERE link = ?`,
  );
  const found: (HeardLink & Pick<LinkRow, 'confirmed'>)[] = [];
  for (const heard of silent.iterate(before)) {
    const confirmed = receipt.get(heard.link)!;
    if (confirmed.seq > 0) found.push({ ...heard, confirmed });
    if (found.length === limit) break;
  }
  return found;
}

/** The link of this name or id: the living one, where several had the name. */
export function prepareFindLink(
  db: Database,
): (named: string) => Pick<LinkRow, 'link' | 'name' | 'state'> | undefined {
  const find = db.prepare<[string, string], Pick<LinkRow, 'link' | 'name' | 'state'>>(
    // A name goes before an id that reads the same.
    `SELECT link, name, state FROM (
       SELECT link, name, state, 0 AS byId FROM link INDEXED BY link_by_name WHERE name = ?
       UNION ALL SELECT link, name, state, 1 AS byId FROM link WHERE link = ?)
      ORDER BY state = 'removed', byId, link LIMIT 1`,
  );
  return (named) => find.get(named, named);
}

/** The links that were told something last, those with the newest entry first. */
export function* toldLast(db: Database): Generator<{ readonly link: string; readonly name: string }> {
  const piece = db.prepare<[number], { link: string; name: string; state: string; pos: number }>(
    `SELECT link, name, state, ${newestOutward('pos')} AS pos FROM link INDEXED BY link_by_outward_feed
      WHERE outward_feed IS NOT NULL AND pos < ? ORDER BY pos DESC LIMIT 1000`,
  );
  for (let below = Number.MAX_SAFE_INTEGER; ;) {
    const links = piece.all(below);
    for (const { link, name, state } of links) if (state !== 'removed') yield { link, name };
    const last = links.at(-1);
    if (last === undefined) return;
    below = last.pos;
  }
}

/** One link by its id: what is done for each of thousands reads no more than its own. */
export function readLink(db: Database, link: string): LinkRow | undefined {
  const row = prepared(db, `${storedLink} WHERE link = ?`).get(link) as StoredLink | undefined;
  return row && linkRow(row);
}

type StoredLink = Record<string, never>;

function linkRow(row: StoredLink): LinkRow {
  return {
    link: row['link']!,
    name: row['name']!,
    state: row['state']!,
    transport: JSON.parse(row['transport']!) as LinkTransport,
    peer: row['peer']!,
    introduction: row['introduction']!,
    nkey: row['nkey']!,
    fingerprint: row['fingerprint']!,
    heardAt: row['heard_at']!,
    inward: {
      epoch: row['inward_epoch']!,
      seq: row['inward_seq']!,
      hash: row['inward_hash']!,
      news: row['inward_news']!,
    },
    receipted: { epoch: row['receipted_epoch']!, seq: row['receipted_seq']! },
    outward: outwardOf(row),
    confirmed: { epoch: row['receipt_epoch']!, seq: row['receipt_seq']! },
  };
}

/** A receipt wants none: where our newest entry is one, what came before it is the news. */
function outwardOf(row: StoredLink): LinkRow['outward'] {
  const [epoch, seq]: number[] = [row['outward_epoch'] ?? 0, row['outward_seq'] ?? 0];
  const isReceipt = epoch === row['outward_receipt_epoch'] && seq === row['outward_receipt_seq'];
  return { epoch: epoch!, seq: seq!, news: isReceipt ? row['outward_receipt_news']! : seq! };
}

/** How this side reaches the other, for people: `folder /mnt/exchange`. */
export function describeTransport(transport: LinkTransport): string {
  switch (transport.kind) {
    case 'folder':
      return `folder ${transport.folder}`;
    case 'nats':
      return `${transport.hub ? 'our server' : 'server'} ${transport.urls.join(', ')}`;
    case 'hand':
      return 'bundles by hand';
  }
}
