import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../../src/db/index.ts';
import { entryHash, readHead, readHeader, readSideFile, type SealedEntry } from '../../src/events/index.ts';
import { readWantedBlobs } from '../../src/projections/index.ts';
import type { Parcel } from '../../src/sync/index.ts';
import { canary } from './deeds.ts';
import type { Machine } from './machine.ts';

/** An invariant does not hold. */
export class Violation extends Error {
  readonly invariant: string;
  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

export function demand(holds: boolean, invariant: string, message: () => string): asserts holds {
  if (!holds) throw new Violation(invariant, message());
}

/** A log and a name for it. */
type Kept = Pick<Machine, 'name' | 'instance'>;

type Row = {
  pos: number;
  feed: Buffer;
  epoch: number;
  seq: number;
  hash: Buffer;
  bytes: Buffer;
  signature: Buffer;
};

const parkedMax = 1024;
const evidenceMax = 16;

/** Remembers all that was ever signed and sent in one world, and compares every machine with it. */
export class Ledger {
  /** Feeds whose author came back as an older self without any trace of it: they may part, and have to be noticed. */
  readonly mayPart = new Set<string>();
  /** Links on which one side came back as if it had never said a word: only a new pairing helps. */
  readonly parted = new Set<string>();
  readonly #issued = new Map<string, string>();
  /** The signatures of entries that left, by their hash. */
  readonly #sent = new Map<string, Uint8Array>();
  readonly #entries = new Map<string, SealedEntry>();
  /** Up to where each machine's log was looked at, and the newest hash of each of its feeds there. */
  readonly #looked = new Map<string, { pos: number; heads: Map<string, Row> }>();

  /** The machine's disk is not what it was: everything is looked at again. */
  lookAgain(machine: Machine): void {
    this.#looked.delete(machine.name);
  }

  /** A parcel leaves a machine: INV-3, and nothing leaves that the side file does not know. */
  leaves(machine: Machine, parcel: Parcel): void {
    if (parcel.kind === 'blob') return;
    if (parcel.kind === 'head') {
      const { feed, epoch, seq, hash } = readHead(parcel.bytes);
      // It only says that nothing is held any more.
      if (seq === 0) return;
      this.#issue(machine, feed, epoch, seq, hash);
      this.#mustBeInSideFile(machine, feed, epoch, seq);
      return;
    }
    for (const { bytes, signature } of parcel.entries) {
      const { feed, epoch, seq } = readHeader(bytes);
      const hash = entryHash(bytes);
      this.#issue(machine, feed, epoch, seq, hash);
      this.#sent.set(hash, signature);
    }
    const { feed, audience, epoch, seq } = readHeader(parcel.entries.at(-1)!.bytes);
    // What its author lost may be given back: that is not ours to sign.
    if (feed === machine.instance.log.feedTo(audience)) this.#mustBeInSideFile(machine, feed, epoch, seq);
  }

  /** A machine says that it has a parcel: what its author really sent must be in its log. */
  acknowledged(machine: Machine, parcel: Parcel): void {
    if (parcel.kind !== 'entries') return;
    const held = machine.instance.db.prepare<[Buffer], number>('SELECT 1 FROM entry WHERE hash = ?').pluck();
    for (const entry of parcel.entries) {
      const hash = entryHash(entry.bytes);
      if (!this.#isGenuine(entry, hash)) continue;
      const { feed, audience, epoch, seq } = readHeader(entry.bytes);
      if (!machine.ends.some(({ link }) => link === audience)) continue;
      const point = machine.instance.log.pointAt(feed);
      const isFrozen = machine.instance.log
        .feeds()
        .some(
          (facts) => facts.feed === feed && (facts.frozen || facts.voidEntries > 0 || facts.epoch > epoch),
        );
      demand(
        held.get(Buffer.from(hash, 'hex')) === 1 || isFrozen,
        'ACK',
        () => `${machine.name} acknowledged entry ${epoch}/${seq} and holds ${point?.seq ?? 0}`,
      );
    }
  }

  /** What must hold after every step. */
  check(machine: Kept): void {
    const { db } = machine.instance;
    const looked = this.#looked.get(machine.name) ?? { pos: 0, heads: new Map<string, Row>() };
    this.#looked.set(machine.name, looked);
    const rows = db
      .prepare<[number], Row>(
        'SELECT pos, feed, epoch, seq, hash, bytes, signature FROM entry WHERE pos > ? ORDER BY pos',
      )
      .all(looked.pos);
    for (const row of rows) {
      this.#checkRow(machine, row, looked.heads);
      looked.pos = row.pos;
    }
    this.#checkSizes(machine);
  }

  /** After a restart: whatever was told to be done is there. */
  checkTold(machine: Machine): void {
    const there = new Set(hashesIn(machine.instance.db));
    for (const hash of machine.told)
      demand(there.has(hash), 'INV-1', () => `${machine.name} lost an entry that it had told was appended`);
  }

  /** No secret lies anywhere but in the vault, and there it lies sealed. */
  checkSecrets(machine: Machine, history: readonly Buffer[]): void {
    const { folder } = machine.instance;
    const files = ['', '-wal']
      .map((suffix) => `${folder.database}${suffix}`)
      .concat(folder.vault, folder.head);
    for (const file of files)
      demand(
        !existsSync(file) || !readFileSync(file).includes(canary),
        'INV-8',
        () => `a secret lies in ${file}`,
      );
    demand(!history.some((bytes) => bytes.includes(canary)), 'INV-8', () => 'a secret travelled');
  }

  #checkRow(machine: Kept, row: Row, heads: Map<string, Row>): void {
    const feed = row.feed.toString('hex');
    const place = `${machine.name} ${row.epoch}/${row.seq} of ${feed}`;
    const header = readHeader(row.bytes);
    const hash = row.hash.toString('hex');
    const before = heads.get(feed);
    demand(
      header.epoch === row.epoch && header.seq === row.seq && header.feed === feed,
      'INV-2',
      () => `${place} stands at another place than it was signed for`,
    );
    if (before?.epoch === row.epoch || before === undefined) {
      demand(row.seq === (before?.seq ?? 0) + 1, 'INV-2', () => `${place} follows ${before?.seq ?? 0}`);
      const previous = before?.hash.toString('hex') ?? '0'.repeat(64);
      demand(header.previous === previous, 'INV-2', () => `${place} names another one before it`);
    } else {
      demand(
        row.seq === 1 && row.epoch > before.epoch,
        'INV-2',
        () => `${place} follows epoch ${before.epoch}`,
      );
      const last = machine.instance.db
        .prepare<[Buffer, Buffer], number>('SELECT 1 FROM entry WHERE feed = ? AND hash = ?')
        .pluck();
      demand(
        last.get(row.feed, Buffer.from(header.previous, 'hex')) === 1,
        'INV-2',
        () => `${place} names an entry that is not there`,
      );
    }
    heads.set(feed, row);
    demand(entryHash(row.bytes) === hash, 'INV-7', () => `${place} is not what its hash says`);
    const first = this.#entries.get(hash);
    demand(
      first === undefined || (row.bytes.equals(first.bytes) && row.signature.equals(first.signature)),
      'INV-7',
      () => `${place} is kept with other bytes than elsewhere`,
    );
    if (first === undefined) this.#entries.set(hash, { bytes: row.bytes, signature: row.signature });
  }

  #checkSizes({ name, instance }: Kept): void {
    const { db, blobs } = instance;
    const most = (sql: string): number => db.prepare<[], number>(sql).pluck().get() ?? 0;
    const parked = most('SELECT max(n) FROM (SELECT count(*) AS n FROM parked_entry GROUP BY feed)');
    demand(parked <= parkedMax, 'INV-9', () => `${name} keeps ${parked} parked entries of one feed`);
    const evidence = most('SELECT max(n) FROM (SELECT count(*) AS n FROM fork_evidence GROUP BY feed)');
    demand(evidence <= evidenceMax, 'INV-9', () => `${name} keeps ${evidence} proofs of one fork`);
    const folder = join(blobs.folder, 'incoming');
    const incoming = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    if (incoming === 0) return;
    const wanted = readWantedBlobs(db).reduce((sum, { sizeBytes }) => sum + 2 * sizeBytes + 4096, 0);
    demand(incoming <= wanted, 'INV-9', () => `${name} keeps ${incoming} bytes of blobs that arrive`);
  }

  #issue({ name }: Machine, feed: string, epoch: number, seq: number, hash: string): void {
    const key = `${feed} ${epoch} ${seq}`;
    const before = this.#issued.get(key);
    demand(
      before === undefined || before === hash || this.mayPart.has(feed),
      'INV-3',
      () => `${name} signed two entries for ${epoch}/${seq} of ${feed}`,
    );
    this.#issued.set(key, hash);
  }

  /** Whether an author really sent this, signature and all. */
  #isGenuine({ signature }: SealedEntry, hash: string): boolean {
    const sent = this.#sent.get(hash);
    return sent !== undefined && Buffer.compare(sent, signature) === 0;
  }

  #mustBeInSideFile({ name, instance }: Machine, feed: string, epoch: number, seq: number): void {
    const file = readSideFile(instance.folder.head);
    const known = typeof file === 'string' ? undefined : file.heads.get(feed);
    const isKnown =
      known !== undefined && (known.epoch > epoch || (known.epoch === epoch && known.seq >= seq));
    demand(
      isKnown || instance.log.standing().state !== 'good',
      'SIDE FILE',
      () => `${name} sent ${epoch}/${seq} of ${feed} and its side file knows ${known?.seq ?? 'nothing'}`,
    );
  }
}

/** The hashes of all entries of a log. */
export function hashesIn(db: Database): string[] {
  return db.prepare<[], string>('SELECT lower(hex(hash)) FROM entry ORDER BY pos').pluck().all();
}
