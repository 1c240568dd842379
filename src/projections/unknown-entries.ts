import type { EntryHeader } from '../events/index.ts';
import type { Database } from '../db/index.ts';

/** An entry of a type or version this program does not know: kept, forwarded, shown, not read. */
export type UnknownEntry = {
  readonly pos: number;
  readonly feed: string;
  readonly seq: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly at: number;
};

/** Writes down that an entry could not be read by this version. */
export function prepareUnknownEntry(db: Database): (pos: number, header: EntryHeader) => void {
  const add = db.prepare(
    `INSERT INTO unknown_entry (pos, feed, seq, type, schema_version, at) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  return (pos, header) => add.run(pos, header.feed, header.seq, header.type, header.schemaVersion, header.at);
}

/** All of them, oldest first. */
export function readUnknownEntries(db: Database): UnknownEntry[] {
  return db
    .prepare(
      `SELECT pos, feed, seq, type, schema_version AS schemaVersion, at FROM unknown_entry ORDER BY pos`,
    )
    .all() as UnknownEntry[];
}
