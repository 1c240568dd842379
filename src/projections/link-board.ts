import type { Database } from '../db/index.ts';
import { FeedOpened, type LinkTransport } from '../events/index.ts';
import type { Fold, Projection, UnreadEntry } from './projection.ts';

/** How far a feed came in a batch, `at` its newest date (0: none); `news` is its newest entry there that wants a receipt. */
type Farthest = { epoch: number; seq: number; hash: string; at: number; news: number | null };

/** One row a link: who is at the other end, how far each side holds the other's feed. */
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
    const told = db.prepare(
      `UPDATE link SET outward_epoch = ?, outward_seq = ?, outward_news = coalesce(?, outward_news) WHERE link = ?`,
    );
    const receipted = db.prepare(`UPDATE link SET receipted_epoch = ?, receipted_seq = ? WHERE link = ?`);
    // How far a feed has come changes with every entry: only the last of a batch is written.
    const heardOf = new Map<string, Farthest>();
    const toldTo = new Map<string, Farthest>();
    const note = ({ header, hash, place }: UnreadEntry, isNews: boolean): void => {
      if (place.kind === 'self') return;
      const feeds = place.kind === 'inward' ? heardOf : toldTo;
      let farthest = feeds.get(place.link);
      if (farthest === undefined)
        feeds.set(place.link, (farthest = { epoch: 0, seq: 0, hash, at: 0, news: null }));
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
      for (const [link, { epoch, seq, news }] of toldTo) told.run(epoch, seq, news, link);
      heardOf.clear();
      toldTo.clear();
    };
    const apply: Fold['apply'] = (entry) => {
      const { event, place } = entry;
      note(entry, event.name !== 'receipt.given');
      switch (event.name) {
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
          else if (place.kind === 'outward') receipted.run(epoch, seq, place.link);
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

/** Every link there ever was, by name. */
export function readLinks(db: Database): LinkRow[] {
  const rows = db.prepare(`SELECT * FROM link ORDER BY name, link`).all();
  return (rows as StoredLink[]).map(linkRow);
}

/** Of every link only how it is called and how it stands, by name: of thousands the rest costs more than the fleet. */
export function readNamedLinks(db: Database): Pick<LinkRow, 'link' | 'name' | 'state' | 'heardAt'>[] {
  return db
    .prepare(`SELECT link, name, state, heard_at AS heardAt FROM link ORDER BY name, link`)
    .all() as Pick<LinkRow, 'link' | 'name' | 'state' | 'heardAt'>[];
}

/** One link by its id: what is done for each of thousands reads no more than its own. */
export function readLink(db: Database, link: string): LinkRow | undefined {
  const row = db.prepare(`SELECT * FROM link WHERE link = ?`).get(link) as StoredLink | undefined;
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
    outward: { epoch: row['outward_epoch']!, seq: row['outward_seq']!, news: row['outward_news']! },
    confirmed: { epoch: row['receipt_epoch']!, seq: row['receipt_seq']! },
  };
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
