import type { Database } from '../db/index.ts';
import type { Head } from './head.ts';

/** The newest head each author signed, as far as one reached us; for own feeds, what came back. */
export type PeerHeads = {
  get(feed: Buffer): Head | undefined;
  keep(feed: Buffer, head: Head, bytes: Uint8Array, at: number): void;
  all(): (Head & { readonly receivedAt: number })[];
};

type HeadRow = {
  feed: Buffer;
  epoch: number;
  seq: number;
  hash: Buffer;
  issued_at: number;
  received_at: number;
};

export function peerHeads(db: Database): PeerHeads {
  const columns = 'feed, epoch, seq, hash, issued_at, received_at';
  const one = db.prepare<[Buffer], HeadRow>(`SELECT ${columns} FROM peer_head WHERE feed = ?`);
  const every = db.prepare<[], HeadRow>(`SELECT ${columns} FROM peer_head`);
  const keep = db.prepare(
    `INSERT INTO peer_head (${columns}, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (feed) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, hash = excluded.hash,
       issued_at = excluded.issued_at, received_at = excluded.received_at, bytes = excluded.bytes`,
  );
  const read = (row: HeadRow): Head & { receivedAt: number } => ({
    feed: row.feed.toString('hex'),
    epoch: row.epoch,
    seq: row.seq,
    hash: row.hash.toString('hex'),
    issuedAt: row.issued_at,
    receivedAt: row.received_at,
  });
  return {
    get: (feed) => {
      const row = one.get(feed);
      return row && read(row);
    },
    keep: (feed, head, bytes, at) =>
      void keep.run(feed, head.epoch, head.seq, Buffer.from(head.hash, 'hex'), head.issuedAt, at, bytes),
    all: () => every.all().map(read),
  };
}
