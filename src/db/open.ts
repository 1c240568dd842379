import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../clock.ts';
import { faultPoint } from '../faults.ts';
import { asDatabaseError, DatabaseError, type DatabaseErrorCode } from './errors.ts';
import { migrate, migrationsFolder, newer, readMigrations } from './migrate.ts';
import { checkSchema } from './schema.ts';

export type Database = Database.Database;

/** "cgap": how our files are told from those of other programs. */
export const applicationId = 0x63676170;

/** Each pragma is set and read back; a file of another schema could not quietly run with fewer guarantees. */
const pragmas: readonly (readonly [name: string, value: string, readsAs: string | number])[] = [
  ['journal_mode', 'WAL', 'wal'],
  ['synchronous', 'FULL', 2],
  ['foreign_keys', 'ON', 1],
  ['recursive_triggers', 'ON', 1],
  ['trusted_schema', 'OFF', 0],
  ['cell_size_check', 'ON', 1],
  // In pages: what many commits write to the same places is carried over once for 16 MB of them instead of 4.
  ['wal_autocheckpoint', '4000', 4000],
  ['journal_size_limit', '67108864', 67_108_864],
];

/** Of a read-only connection, those that a writer does not need to have set. */
const writersOnly = new Set(['journal_mode', 'wal_autocheckpoint', 'journal_size_limit']);

export type DatabaseOptions = {
  readonly path: string;
  readonly clock: Clock;
  /** For a look only: nothing is migrated, and every write fails. */
  readonly readOnly?: boolean;
  /** Another folder than the program's own, for tests. */
  readonly migrations?: string;
};

/**
 * Makes a new database at `path`, complete or not at all.
 *
 * @throws {DatabaseError} DATABASE_EXISTS, DATABASE_READ_ONLY; {DiskError} DISK_FULL
 */
export function createDatabase({ path, clock, migrations = migrationsFolder }: DatabaseOptions): void {
  if (existsSync(path))
    throw refused('DATABASE_EXISTS', path, 'make', 'there is one already', 'Choose another data folder.');
  const temporary = `${path}.new`;
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${temporary}${suffix}`, { force: true });
  try {
    // For its owner alone; what SQLite puts beside it later has the rights of this one.
    closeSync(openSync(temporary, 'wx', 0o600));
    const db = new Database(temporary);
    try {
      db.pragma(`application_id = ${applicationId}`);
      migrate(db, readMigrations(migrations), clock.now());
      db.pragma('journal_mode = WAL');
    } finally {
      db.close();
    }
    faultPoint('db.create.written');
    syncFile(temporary);
    renameSync(temporary, path);
    syncFile(dirname(path));
  } catch (error) {
    throw asDatabaseError(error, `make the database ${path}`);
  }
}

/**
 * Opens an existing database: looks at the file before SQLite does, sets the pragmas and reads them back, applies
 * missing migrations, and compares the triggers and views with those of the migrations.
 *
 * A file that is not ours is left exactly as it is.
 *
 * @throws {DatabaseError} DATABASE_MISSING, DATABASE_NOT_A_FILE, DATABASE_EMPTY, DATABASE_FOREIGN, DATABASE_NEWER,
 * DATABASE_READ_ONLY, DATABASE_DAMAGED, DATABASE_PRAGMA_REFUSED, DATABASE_SCHEMA_CHANGED, DATABASE_WAL_FOREIGN,
 * MIGRATION_EDITED
 */
export function openDatabase(options: DatabaseOptions): Database {
  const { path, clock, readOnly = false } = options;
  const migrations = readMigrations(options.migrations ?? migrationsFolder);
  refuseUnfit(path, readOnly, migrations.length);
  let db: Database | undefined;
  try {
    db = new Database(path, { readonly: readOnly, fileMustExist: true, timeout: 5000 });
    setPragmas(db, readOnly, path);
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > migrations.length) throw newer(path, version, migrations.length);
    if (!readOnly) migrate(db, migrations, clock.now());
    checkSchema(db, readOnly ? migrations.slice(0, version) : migrations);
    return db;
  } catch (error) {
    db?.close();
    throw asDatabaseError(error, `open the database ${path}`);
  }
}

/** What SQLite finds wrong with the file's structure; empty where nothing is. It does not see changed content. */
export function quickCheck(db: Database): string[] {
  const rows = db.pragma('quick_check') as { quick_check: string }[];
  return rows.map((row) => row.quick_check).filter((line) => line !== 'ok');
}

function refuseUnfit(path: string, readOnly: boolean, known: number): void {
  const facts = lstatSync(path, { throwIfNoEntry: false });
  if (facts === undefined)
    throw refused(
      'DATABASE_MISSING',
      path,
      'open',
      'it is not there',
      'Check --data, or make an instance: `crossgap init --name NAME --new-certificate FILE.pfx`.',
    );
  if (!facts.isFile())
    throw refused(
      'DATABASE_NOT_A_FILE',
      path,
      'open',
      `it is a ${facts.isDirectory() ? 'folder' : facts.isSymbolicLink() ? 'link' : 'device'}, not a file`,
      'Check --data; the database must lie in the data folder itself.',
    );
  if (facts.size === 0)
    throw refused(
      'DATABASE_EMPTY',
      path,
      'open',
      'it is empty',
      'Restore the last backup; an empty file is not one of ours.',
    );
  if (!readOnly) refuseReadOnly(path);
  const header = Buffer.alloc(100);
  const file = openForReading(path);
  try {
    readSync(file, header, 0, 100, 0);
  } finally {
    closeSync(file);
  }
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0' || header.readUInt32BE(68) !== applicationId)
    throw refused(
      'DATABASE_FOREIGN',
      path,
      'open',
      'it belongs to another program',
      'Check --data; the file was left as it is.',
    );
  const version = header.readUInt32BE(60);
  if (version > known) throw newer(path, version, known);
  refuseForeignWal(path, header);
}

/** A database that was copied into place is not in WAL mode yet; a log beside it is of another one, and would be played in. */
function refuseForeignWal(path: string, header: Buffer): void {
  const usesWal = header.readUInt8(18) === 2;
  if (usesWal || (lstatSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  throw refused(
    'DATABASE_WAL_FOREIGN',
    path,
    'open',
    `${path}-wal lies beside it and belongs to another database`,
    'Move that -wal and the -shm away, or put the backup in place with: crossgap restore FILE.',
  );
}

function refuseReadOnly(path: string): void {
  for (const place of [path, dirname(path)])
    try {
      accessSync(place, constants.W_OK);
    } catch (cause) {
      throw new DatabaseError(
        'DATABASE_READ_ONLY',
        `Cannot open the database ${path}: ${place} is not writable`,
        {
          hint: 'Run crossgap as the account that owns the data folder, and check that its disk is mounted for writing.',
          details: { path, place },
          cause,
        },
      );
    }
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new DatabaseError(
      'DATABASE_IO_FAILED',
      `Cannot open the database ${path}: the system refuses to read it`,
      {
        hint: 'Run crossgap as the account that owns the data folder.',
        details: { path },
        cause,
      },
    );
  }
}

function setPragmas(db: Database, readOnly: boolean, path: string): void {
  for (const [name, value, readsAs] of pragmas) {
    if (readOnly && writersOnly.has(name)) continue;
    db.pragma(`${name} = ${value}`);
    const found: unknown = db.pragma(name, { simple: true });
    if (found !== readsAs)
      throw new DatabaseError(
        'DATABASE_PRAGMA_REFUSED',
        `Cannot open the database ${path}: its ${name} stays ${String(found)}`,
        {
          hint: 'Keep the data folder on a local disk; network shares often cannot do what the log needs.',
          details: { name, wanted: readsAs, found },
        },
      );
  }
}

function refused(
  code: DatabaseErrorCode,
  path: string,
  verb: string,
  why: string,
  hint: string,
): DatabaseError {
  return new DatabaseError(code, `Cannot ${verb} the database ${path}: ${why}`, { hint, details: { path } });
}

function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
