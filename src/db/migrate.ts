import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { faultPoint } from '../faults.ts';
import { installationFolder } from '../installation.ts';
import { asDatabaseError, DatabaseError } from './errors.ts';

/** One numbered file of SQL; once released it never changes. */
export type Migration = {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
};

/** The migrations that come with this program. */
export const migrationsFolder = join(installationFolder, 'migrations');

const ledger = `CREATE TABLE migration (
  number     INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL,
  sha256     TEXT NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT`;

/** The files `0001_name.sql` … of a folder in order; numbers without a hole. */
export function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted();
  return names.map((name, at) => {
    if (!/^\d{4}_[a-z0-9_]+\.sql$/.test(name) || Number(name.slice(0, 4)) !== at + 1)
      throw new DatabaseError('MIGRATION_FAILED', `Cannot use the migrations: ${name} is out of order`, {
        hint: 'Install crossgap again; its migrations folder is not as it was delivered.',
        details: { folder, name },
      });
    // Line ends differ where git was told to change them; the meaning does not.
    const sql = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n');
    return { number: at + 1, name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
  });
}

/**
 * Brings a database to the newest schema: all missing migrations in one transaction. Returns how many were applied.
 *
 * @throws {DatabaseError} MIGRATION_EDITED where an applied migration is not the one at hand, DATABASE_NEWER,
 * MIGRATION_FAILED, and what SQLite itself may meet
 */
export function migrate(db: Database.Database, migrations: readonly Migration[], now: number): number {
  const apply = db.transaction(() => {
    const applied = appliedMigrations(db);
    refuseEdited(db.name, applied, migrations);
    const missing = migrations.slice(applied.length);
    if (missing.length === 0) return 0;
    if (applied.length === 0) db.exec(ledger);
    const note = db.prepare('INSERT INTO migration (number, name, sha256, applied_at) VALUES (?, ?, ?, ?)');
    for (const { number, name, sql, sha256 } of missing) {
      applyOne(db, name, sql);
      note.run(number, name, sha256, now);
      faultPoint('migrate.applied');
    }
    db.pragma(`user_version = ${migrations.length}`);
    return missing.length;
  });
  try {
    return apply.immediate();
  } catch (error) {
    throw asDatabaseError(error, 'bring the database to this version');
  }
}

function applyOne(db: Database.Database, name: string, sql: string): void {
  try {
    db.exec(sql);
  } catch (cause) {
    if (!(cause instanceof Database.SqliteError) || cause.code !== 'SQLITE_ERROR') throw cause;
    throw new DatabaseError('MIGRATION_FAILED', `Cannot apply the migration ${name}: ${cause.message}`, {
      hint: 'The database is as it was before; report this with the versions you came from and went to.',
      details: { name },
      cause,
    });
  }
}

type Applied = Pick<Migration, 'number' | 'name' | 'sha256'>;

function appliedMigrations(db: Database.Database): Applied[] {
  const there = db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration'`).get();
  if (there === undefined) return [];
  return db.prepare('SELECT number, name, sha256 FROM migration ORDER BY number').all() as Applied[];
}

function refuseEdited(path: string, applied: readonly Applied[], migrations: readonly Migration[]): void {
  if (applied.length > migrations.length) throw newer(path, applied.length, migrations.length);
  for (const [at, { name, sha256 }] of applied.entries()) {
    const ours = migrations[at]!;
    if (ours.sha256 === sha256) continue;
    throw new DatabaseError(
      'MIGRATION_EDITED',
      `Cannot use the database ${path}: it was made with another content of the migration ${name}`,
      {
        hint: 'Install the crossgap version that made this database, or restore its migrations folder.',
        details: { applied: sha256, atHand: ours.sha256, name: ours.name },
      },
    );
  }
}

export function newer(path: string, found: number, known: number): DatabaseError {
  return new DatabaseError(
    'DATABASE_NEWER',
    `Cannot use the database ${path}: its schema is number ${found}, and this crossgap knows up to ${known}`,
    {
      hint: 'Update crossgap on this machine; the database was left as it is.',
      details: { found, known },
    },
  );
}
