import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createDatabase, migrationsFolder, openDatabase, readMigrations } from '../../src/db/index.ts';
import { memory } from '../support/in-memory.ts';

const clock = { now: () => 1_700_000_000_000 };
const refusal = (code: string): unknown => expect.objectContaining({ code });
const last = readMigrations(migrationsFolder).length;
const numbered = (number: number, name: string): string => `${String(number).padStart(4, '0')}_${name}.sql`;
const more = 'CREATE TABLE more (a INTEGER) STRICT;';

type Copy = { path: string; migrations: string; add(name: string, sql: string): void };

/** A folder with a copy of the migrations and a database made from them. */
function copy(): Copy {
  const folder = mkdtempSync(join(memory, 'crossgap-migrate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const migrations = join(folder, 'migrations');
  cpSync(migrationsFolder, migrations, { recursive: true });
  const path = join(folder, 'crossgap.db');
  createDatabase({ path, clock, migrations });
  return { path, migrations, add: (name, sql) => writeFileSync(join(migrations, name), sql) };
}

const open = ({ path, migrations }: Copy): void => void openDatabase({ path, clock, migrations }).close();

function look<T>({ path }: Copy, sql: string): T {
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare(sql).pluck().get() as T;
  } finally {
    db.close();
  }
}

const tablesNamed = (at: Copy, name: string): number =>
  look(at, `SELECT count(*) FROM sqlite_schema WHERE name = '${name}'`);

test('a missing migration is applied once', () => {
  const at = copy();
  at.add(numbered(last + 1, 'more'), more);
  open(at);
  open(at);
  expect(look(at, `SELECT count(*) FROM migration WHERE number = ${last + 1}`)).toBe(1);
  expect(look(at, 'PRAGMA user_version')).toBe(last + 1);
});

test('an edited migration is refused, one with other line ends is not', () => {
  const at = copy();
  const text = readFileSync(join(at.migrations, '0001_event_log.sql'), 'utf8');
  at.add('0001_event_log.sql', text.replaceAll('\n', '\r\n'));
  open(at);
  at.add('0001_event_log.sql', `${text}-- harmless?\n`);
  expect(() => open(at)).toThrow(refusal('MIGRATION_EDITED'));
});

test('of several missing migrations all are applied or none', () => {
  const at = copy();
  at.add(numbered(last + 1, 'good'), more);
  at.add(numbered(last + 2, 'bad'), more);
  expect(() => open(at)).toThrow(refusal('MIGRATION_FAILED'));
  expect(tablesNamed(at, 'more')).toBe(0);
  expect(look(at, 'PRAGMA user_version')).toBe(last);
});

test('T-35 m1 a process killed inside a migration leaves the old schema, and the next start applies it', () => {
  const at = copy();
  at.add(numbered(last + 1, 'more'), more);
  const program = `
    const { openDatabase } = await import(process.argv[1]);
    openDatabase({ path: process.argv[2], migrations: process.argv[3], clock: { now: () => 0 } });`;
  const door = new URL('../../src/db/index.ts', import.meta.url).href;
  const run = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', program, door, at.path, at.migrations],
    { env: { ...process.env, CROSSGAP_FAULT: 'migrate.applied' } },
  );
  expect(run.signal).toBe('SIGKILL');
  expect(tablesNamed(at, 'more')).toBe(0);
  open(at);
  expect(tablesNamed(at, 'more')).toBe(1);
});

test('a hole in the numbers of the migrations is refused', () => {
  const at = copy();
  at.add('0099_far.sql', 'SELECT 1;');
  expect(() => open(at)).toThrow(refusal('MIGRATION_FAILED'));
});

test('the schema of the log is as it was when it was last looked at', async () => {
  const db = new Database(copy().path, { readonly: true });
  const tables = [
    'entry',
    'feed',
    'fork_evidence',
    'parked_entry',
    'peer_head',
    'epoch_start',
    'frozen_feed',
  ];
  const schema = db
    .prepare(
      `SELECT sql FROM sqlite_schema
        WHERE sql IS NOT NULL AND tbl_name IN (SELECT value FROM json_each(?)) ORDER BY type, name`,
    )
    .pluck()
    .all(JSON.stringify([...tables, 'verified_position', 'migration'])) as string[];
  db.close();
  await expect(`${schema.join(';\n\n')};\n`).toMatchFileSnapshot('log-schema.sql');
});
