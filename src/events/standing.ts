import type { Database } from '../db/index.ts';
import type { FeedPoint } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import { EventError } from './errors.ts';
import type { FeedTable } from './feed-table.ts';
import { readSideFile, writeSideFile, type VerifiedPosition } from './side-file.ts';

/** An own feed whose newest entries the database lacks, although they were written once. */
export type LostEntries = {
  readonly feed: string;
  readonly sideFile: FeedPoint;
  readonly database: FeedPoint | undefined;
};

/** Whether this instance may sign: only if its database holds all it ever wrote. */
export type Standing =
  | { readonly state: 'good' }
  | { readonly state: 'ROLLED_BACK'; readonly lost: readonly LostEntries[] }
  | { readonly state: 'SIDE_FILE_MISSING' | 'SIDE_FILE_DAMAGED' };

/** Compares the database with the side file, and writes the side file. */
export type StandingKeeper = {
  standing(): Standing;
  /** @throws {EventError} ROLLED_BACK, SIDE_FILE_MISSING, SIDE_FILE_DAMAGED */
  mustBeGood(): void;
  /** Own entries came back: look again. */
  lookAgain(): void;
  /**
   * Brings the side file up to the database. Does nothing while the standing is not good, since the file is the
   * evidence then, nor where the file says it all already.
   */
  save(): void;
  /**
   * A person vouches for the database, or a new epoch began: the side file follows the database from here on. It keeps
   * up to where feeds were signed that can't go on without what they lost.
   */
  accept(givenUp?: ReadonlyMap<string, FeedPoint>): void;
  /** Own feeds of which entries were given up without a new epoch, and up to where they had been signed. */
  givenUp(): ReadonlyMap<string, FeedPoint>;
  verified(): VerifiedPosition | undefined;
};

type Parts = {
  readonly db: Database;
  readonly path: string;
  readonly entries: EntryTable;
  readonly feeds: FeedTable;
  readonly readVerified: () => VerifiedPosition | undefined;
};

/**
 * The side file is read before the database, so that another process that appends meanwhile only makes the
 * database newer than the file, which is as it should be.
 */
export function standingKeeper({ db, path, entries, feeds, readVerified }: Parts): StandingKeeper {
  let current: Standing = { state: 'good' };
  let givenUp: ReadonlyMap<string, FeedPoint> = new Map();
  let saved: { pos: number; heads: Map<string, FeedPoint>; verified: number } | undefined;

  const ownHeads = (): Map<string, FeedPoint> => {
    const heads = entries.heads();
    for (const { feed, own } of feeds.all()) if (!own) heads.delete(feed);
    return heads;
  };

  const isLacking = (feed: string, { epoch, seq, hash }: FeedPoint): boolean => {
    const blob = Buffer.from(feed, 'hex');
    if (entries.hashAt(blob, { epoch, seq })?.toString('hex') === hash) return false;
    const head = entries.head(blob);
    return head === undefined || head.epoch <= epoch;
  };

  const look = (): Standing => {
    const file = readSideFile(path);
    if (typeof file !== 'string') ({ givenUp } = file);
    if (file === 'missing' || file === 'damaged') {
      if (file === 'missing' && ownHeads().size === 0) return { state: 'good' };
      return { state: file === 'missing' ? 'SIDE_FILE_MISSING' : 'SIDE_FILE_DAMAGED' };
    }
    const lost: LostEntries[] = [];
    for (const [feed, sideFile] of file.heads)
      if (isLacking(feed, sideFile))
        lost.push({ feed, sideFile, database: entries.head(Buffer.from(feed, 'hex')) });
    return lost.length === 0 ? { state: 'good' } : { state: 'ROLLED_BACK', lost };
  };

  const write = (pos: number, heads: Map<string, FeedPoint>): void => {
    const verified = readVerified();
    // What another process gave up meanwhile stands in the file only.
    const file = readSideFile(path);
    const known = [...givenUp, ...(typeof file === 'string' ? [] : file.givenUp)];
    givenUp = new Map(known.filter(([feed, point]) => isLacking(feed, point)));
    writeSideFile(path, { heads, givenUp, verified });
    saved = { pos, heads, verified: verified?.pos ?? 0 };
  };

  /** Holding the write lock, so that of two processes the later one never writes the older heads. */
  const locked = db.transaction((work: () => void) => work());

  const isSaved = (): boolean =>
    saved?.pos === entries.lastPosition() && saved.verified === (readVerified()?.pos ?? 0);

  const writeNewHeads = (): void => {
    const pos = entries.lastPosition();
    if (saved === undefined) return write(pos, ownHeads());
    if (isSaved()) return;
    const { heads } = saved;
    let changed = saved.verified !== (readVerified()?.pos ?? 0);
    for (const row of entries.points(saved.pos)) {
      const feed = row.feed.toString('hex');
      if (feeds.get(feed)?.own !== true) continue;
      const before = heads.get(feed);
      if (
        before !== undefined &&
        (before.epoch > row.epoch || (before.epoch === row.epoch && before.seq > row.seq))
      )
        continue;
      heads.set(feed, { epoch: row.epoch, seq: row.seq, hash: row.hash.toString('hex') });
      changed = true;
    }
    if (changed) write(pos, heads);
    else saved.pos = pos;
  };

  current = look();
  // From the first entry on there is a side file to miss.
  if (current.state === 'good' && !db.readonly && readSideFile(path) === 'missing')
    locked.immediate(() => {
      if (readSideFile(path) === 'missing') writeNewHeads();
    });

  return {
    standing: () => current,
    mustBeGood: () => {
      if (current.state !== 'good') current = look();
      if (current.state !== 'good') throw notGood(current, path);
    },
    lookAgain: () => {
      current = look();
    },
    save: () => {
      // Asked before anything leaves: mostly there is nothing to write, and nobody is to be kept from writing for it.
      if (current.state === 'good' && !db.readonly && !isSaved()) locked.immediate(writeNewHeads);
    },
    accept: (more = new Map()) => {
      givenUp = new Map([...givenUp, ...more]);
      locked.immediate(() => write(entries.lastPosition(), ownHeads()));
      current = { state: 'good' };
    },
    givenUp: () => givenUp,
    verified: () => {
      const file = readSideFile(path);
      return typeof file === 'string' ? undefined : file.verified;
    },
  };
}

function notGood(standing: Exclude<Standing, { state: 'good' }>, path: string): EventError {
  if (standing.state === 'ROLLED_BACK')
    return new EventError(
      'ROLLED_BACK',
      'Cannot write to the log: the database is older than what this instance has already signed',
      {
        hint: 'Sync with the peers so that they give the missing entries back; if nobody has them, start a new epoch.',
        details: { lost: standing.lost, sideFile: path },
      },
    );
  const missing = standing.state === 'SIDE_FILE_MISSING';
  return new EventError(
    standing.state,
    `Cannot write to the log: the side file ${path} is ${missing ? 'missing' : 'damaged'}, so nothing tells whether the database is the newest`,
    {
      hint: 'If this database was never put back from a backup, confirm it; otherwise sync with the peers, then start a new epoch.',
      details: { sideFile: path },
    },
  );
}
