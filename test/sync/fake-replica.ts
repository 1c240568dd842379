import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { SealedEntry } from '../../src/events/index.ts';
import type { NamedBlob, PlacedEntry, Replica, Verdict } from '../../src/sync/index.ts';

const sha256 = (...parts: (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

type Body =
  | { readonly note: string }
  | { readonly blob: string; readonly sizeBytes: number }
  | { readonly receipt: { readonly epoch: number; readonly seq: number; readonly held: readonly string[] } }
  | { readonly refusedBlob: string };
type FakeEntry = {
  readonly epoch: number;
  readonly seq: number;
  readonly previous: string;
  readonly body: Body;
};
type Row = { epoch: number; seq: number; hash: string; bytes: Buffer; signature: Buffer };

/**
 * The far end of `sync`: a log and a blob store with the rules that matter here (signature, order, chain, one entry a
 * place, receipts) on a format of its own. Lives in one directory, so that a process may be killed and another go on.
 */
export type FakeReplica = Replica &
  Disposable & {
    readonly name: string;
    append(body: Body): void;
    /** Stores a blob and appends the entry that names it. */
    offer(bytes: Uint8Array): string;
    store(digest: string, bytes: Uint8Array): void;
    blob(digest: string): Buffer;
    /** Both feeds, entry by entry, and the blobs held; equal states have held the same things. */
    state(): {
      readonly own: readonly string[];
      readonly theirs: readonly string[];
      readonly blobs: readonly string[];
    };
    /** How often it did what should be done rarely. */
    readonly did: { acknowledge: number; adopt: number; receive: number };
    readonly heads: string[];
    leftovers(): readonly string[];
  };

export function fakeReplica(name: string, peer: string, dir: string): FakeReplica {
  const blobs = join(dir, 'blobs');
  const incoming = join(dir, 'incoming');
  for (const path of [blobs, incoming]) mkdirSync(path, { recursive: true });
  const db = new Database(join(dir, 'log.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = OFF');
  db.exec(`CREATE TABLE IF NOT EXISTS entry (author TEXT, epoch INTEGER, seq INTEGER, hash TEXT UNIQUE, bytes BLOB,
    signature BLOB, PRIMARY KEY (author, epoch, seq)) STRICT`);
  const did = { acknowledge: 0, adopt: 0, receive: 0 };
  const heads: string[] = [];

  const inOrder = db.prepare<[string], Row>('SELECT * FROM entry WHERE author = ? ORDER BY epoch, seq');
  const at = db.prepare<[string, number, number], Row>(
    'SELECT * FROM entry WHERE author = ? AND epoch = ? AND seq = ?',
  );
  const after = db.prepare<[string, number, number, number], Row>(
    'SELECT * FROM entry WHERE author = ? AND (epoch, seq) > (?, ?) ORDER BY epoch, seq LIMIT ?',
  );
  const feed = (author: string): Row[] => inOrder.all(author);
  const last = (author: string): Row | undefined =>
    db
      .prepare<[string], Row>('SELECT * FROM entry WHERE author = ? ORDER BY epoch DESC, seq DESC LIMIT 1')
      .get(author);
  const read = new Map<string, Body>();
  const bodyOf = (row: Row): Body => {
    const body = read.get(row.hash) ?? (JSON.parse(row.bytes.toString()) as FakeEntry).body;
    read.set(row.hash, body);
    return body;
  };
  const bodies = (author: string): Body[] => feed(author).map(bodyOf);
  const insert = (author: string, entry: FakeEntry, { bytes, signature }: SealedEntry): void => {
    db.prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)').run(
      author,
      entry.epoch,
      entry.seq,
      sha256(bytes),
      Buffer.from(bytes),
      Buffer.from(signature),
    );
  };
  const sign = (author: string, bytes: Uint8Array): Buffer =>
    Buffer.from(sha256('key of ', author, bytes), 'hex');

  function append(body: Body): void {
    const before = last(name);
    const entry: FakeEntry = { epoch: 1, seq: (before?.seq ?? 0) + 1, previous: before?.hash ?? '', body };
    const bytes = Buffer.from(JSON.stringify(entry));
    insert(name, entry, { bytes, signature: sign(name, bytes) });
  }

  function receiveOne({ bytes, signature }: SealedEntry): Verdict {
    const refused = (code: string): Verdict => ({
      outcome: 'refused',
      code,
      message: 'Cannot receive an entry',
    });
    if (!sign(peer, bytes).equals(signature)) return refused('BAD_SIGNATURE');
    const entry = JSON.parse(Buffer.from(bytes).toString()) as FakeEntry;
    const held = at.get(peer, entry.epoch, entry.seq);
    if (held) return held.hash === sha256(bytes) ? { outcome: 'known' } : refused('FORKED');
    const before = last(peer);
    if (entry.seq !== (before?.seq ?? 0) + 1) return { outcome: 'parked' };
    if (entry.previous !== (before?.hash ?? '')) return refused('BROKEN_CHAIN');
    insert(peer, entry, { bytes, signature });
    return { outcome: 'appended' };
  }

  const named = (author: string): { digest: string; sizeBytes: number }[] =>
    bodies(author).flatMap((body) =>
      'blob' in body ? [{ digest: body.blob, sizeBytes: body.sizeBytes }] : [],
    );
  const refusals = (author: string, digest: string): number =>
    bodies(author).filter((body) => 'refusedBlob' in body && body.refusedBlob === digest).length;
  const newestReceipt = (author: string) =>
    bodies(author)
      .flatMap((body) => ('receipt' in body ? [body.receipt] : []))
      .at(-1);
  const heldNamed = (): string[] =>
    [...new Set(named(peer).map(({ digest }) => digest))]
      .filter((digest) => existsSync(join(blobs, digest)))
      .toSorted();

  return {
    name,
    did,
    heads,
    append,
    store: (digest, bytes) => writeFileSync(join(blobs, digest), bytes),
    blob: (digest) => readFileSync(join(blobs, digest)),
    offer(bytes) {
      const digest = sha256(bytes);
      writeFileSync(join(blobs, digest), bytes);
      append({ blob: digest, sizeBytes: bytes.length });
      return digest;
    },
    outgoing: ({ epoch, seq }, limit): readonly PlacedEntry[] => after.all(name, epoch, seq, limit),
    outgoingHead() {
      const row = last(name);
      return row && Buffer.from(JSON.stringify({ of: name, seq: row.seq, hash: row.hash }));
    },
    confirmed: () => newestReceipt(peer) ?? { epoch: 0, seq: 0 },
    blobsOwed(): readonly NamedBlob[] {
      const held = new Set(newestReceipt(peer)?.held);
      return named(name)
        .filter(({ digest }) => !held.has(digest))
        .map((blob) => ({ ...blob, attempt: refusals(peer, blob.digest) }));
    },
    async openBlob(digest, offset, length) {
      await using file = await open(join(blobs, digest));
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    incomingBlobs: () =>
      named(peer)
        .filter(({ digest }) => !existsSync(join(blobs, digest)))
        .map((blob) => ({ ...blob, attempt: refusals(name, blob.digest) })),
    holdsBlob: (digest) => existsSync(join(blobs, digest)),
    receiveEntries(entries) {
      did.receive += 1;
      return Promise.resolve(db.transaction(() => entries.map(receiveOne)).immediate());
    },
    receiveHead(bytes) {
      heads.push(Buffer.from(bytes).toString());
      return Promise.resolve({ outcome: 'known' });
    },
    incomingFile: (digest) => join(incoming, digest),
    adoptBlob(digest, path) {
      did.adopt += 1;
      renameSync(path, join(blobs, digest));
      return Promise.resolve('held' as const);
    },
    refuseBlob(digest, path) {
      const sizeBytes = readFileSync(path).length;
      append({ refusedBlob: digest });
      return Promise.resolve([`a part of ${sizeBytes} bytes`]);
    },
    acknowledge() {
      did.acknowledge += 1;
      const worthy = feed(peer).filter((row) => !('receipt' in bodyOf(row)));
      const upTo = worthy.at(-1);
      const receipt = { epoch: 1, seq: last(peer)?.seq ?? 0, held: heldNamed() };
      const before = newestReceipt(name);
      const due =
        (upTo?.seq ?? 0) > (before?.seq ?? 0) || receipt.held.join() !== (before?.held ?? []).join();
      if (due) append({ receipt });
      return Promise.resolve();
    },
    state: () => ({
      own: feed(name).map(({ hash }) => hash),
      theirs: feed(peer).map(({ hash }) => hash),
      blobs: readdirSync(blobs).toSorted(),
    }),
    leftovers: () => readdirSync(incoming),
    [Symbol.dispose]: () => db.close(),
  };
}
