import { createHash } from 'node:crypto';
import { feedId, type EntryHeader, type LoggedEntry } from '../events/index.ts';
import type { Database } from '../db/index.ts';
import { applicationBoard } from './application-board.ts';
import { chunkBoard } from './chunk-board.ts';
import { customerBoard } from './customer-board.ts';
import { deploymentQueue } from './deployment-queue.ts';
import { expectedDurations } from './expected-duration.ts';
import { fleetBoard } from './fleet-board.ts';
import { inputBoard } from './input-board.ts';
import { linkBoard } from './link-board.ts';
import { packageShelf } from './package-shelf.ts';
import { placeBoard } from './place-board.ts';
import { processCatalog } from './process-catalog.ts';
import type { Fold, Place, Projection } from './projection.ts';
import { toldReports } from './told-reports.ts';
import { releaseBoard } from './release-board.ts';
import { repositoryBoard } from './repository-board.ts';
import { mayDecide } from './told-events.ts';
import { scriptApprovals } from './script-approvals.ts';
import { trustBoard } from './trust-board.ts';
import { prepareUnknownEntry } from './unknown-entries.ts';

const projections: readonly Projection[] = [
  linkBoard,
  placeBoard,
  processCatalog,
  packageShelf,
  releaseBoard,
  chunkBoard,
  inputBoard,
  deploymentQueue,
  applicationBoard,
  fleetBoard,
  toldReports,
  expectedDurations,
  repositoryBoard,
  trustBoard,
  scriptApprovals,
  customerBoard,
];

const tables = [...projections.flatMap((projection) => projection.tables), 'unknown_entry'];

/** Folds entries into every read model, in the order given; call it in the transaction that stores them. */
export type Project = (entries: readonly LoggedEntry[]) => void;

/** The fold of all projections over this database. */
export function projector(db: Database, instanceId: string): Project {
  const prepare = (): Fold[] => projections.map((projection) => projection.prepare(db));
  let folds = prepare();
  const keepUnknown = prepareUnknownEntry(db);
  const places = new Map<string, Place>();
  const placeOf = ({ audience, feed }: EntryHeader): Place => {
    let place = places.get(feed);
    if (place === undefined) places.set(feed, (place = placeBy(instanceId, audience, feed)));
    return place;
  };
  const projectAll: Project = (entries) => {
    for (const { pos, hash, header, event } of entries) {
      const place = placeOf(header);
      if (event.known && mayDecide(event.name, place)) {
        const entry = { pos, hash, header, place, event };
        for (const { apply } of folds) apply(entry);
        continue;
      }
      keepUnknown(pos, header);
      const entry = { pos, hash, header, place };
      for (const { pass } of folds) pass?.(entry);
    }
    for (const { save } of folds) save?.();
  };
  return (entries) => {
    try {
      projectAll(entries);
    } catch (error) {
      // What was gathered of a batch that failed must not be saved with the next one.
      folds = prepare();
      throw error;
    }
  };
}

function placeBy(instanceId: string, audience: string, feed: string): Place {
  if (audience === instanceId) return { kind: 'self' };
  return { kind: feed === feedId(instanceId, audience) ? 'outward' : 'inward', link: audience };
}

/** SHA-256 of each read model's content, rows in the order of their key: equal digests are equal tables. */
export function digestReadModels(db: Database): Record<string, string> {
  return Object.fromEntries(tables.map((table) => [table, digestTable(db, table)]));
}

function digestTable(db: Database, table: string): string {
  const columns = db.prepare(`SELECT name, pk FROM pragma_table_info(?)`).all(table) as {
    name: string;
    pk: number;
  }[];
  const key = columns.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
  // quote() writes every value in its own form: NULL, numbers, 'text' and X'bytes' can't be mistaken.
  const row = columns.map(({ name }) => `quote("${name}")`).join(` || ',' || `);
  const select = `SELECT ${row} FROM "${table}" ORDER BY ${key.map(({ name }) => `"${name}"`).join(', ')}`;
  const hash = createHash('sha256');
  // Hashed in pieces: a call for each row costs more than the hash itself.
  let piece = '';
  for (const line of db.prepare(select).pluck().iterate() as IterableIterator<string>) {
    piece += `${line}\n`;
    if (piece.length < 65_536) continue;
    hash.update(piece);
    piece = '';
  }
  return hash.update(piece).digest('hex');
}

/**
 * Empties every read model and folds `history` into them again, all in one transaction. Returns the tables whose
 * content is not what it was before: an empty list proves that they follow from the log.
 */
export function rebuildReadModels(
  db: Database,
  instanceId: string,
  history: Iterable<readonly LoggedEntry[]>,
): { changed: string[]; entries: number } {
  return db
    .transaction(() => {
      const before = digestReadModels(db);
      for (const table of tables) db.prepare(`DELETE FROM "${table}"`).run();
      const fold = projector(db, instanceId);
      let entries = 0;
      for (const batch of history) {
        fold(batch);
        entries += batch.length;
      }
      const after = digestReadModels(db);
      return { changed: tables.filter((table) => before[table] !== after[table]), entries };
    })
    .immediate();
}
