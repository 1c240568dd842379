import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { asDatabaseError, createDatabase, openDatabase, quickCheck } from '../../src/db/index.ts';
import { memory } from '../support/in-memory.ts';

const clock = { now: () => 1_700_000_000_000 };
const refusal = (code: string): unknown => expect.objectContaining({ code });

function tempFolder(): string {
  const made = mkdtempSync(join(memory, 'crossgap-db-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function created(): string {
  const path = join(tempFolder(), 'crossgap.db');
  createDatabase({ path, clock });
  return path;
}

function open(path: string, readOnly = false): Database.Database {
  const db = openDatabase({ path, clock, readOnly });
  onTestFinished(() => void db.close());
  return db;
}

function edit(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

/** Runs a write, and tells what its failure means. */
function named(work: () => void): () => void {
  return () => {
    try {
      work();
    } catch (error) {
      throw asDatabaseError(error, 'write the log');
    }
  };
}

test('a new database opens with every pragma in force', () => {
  const db = open(created());
  const value = (name: string): unknown => db.pragma(name, { simple: true });
  expect(value('journal_mode')).toBe('wal');
  expect(value('synchronous')).toBe(2);
  expect(value('foreign_keys')).toBe(1);
  expect(value('recursive_triggers')).toBe(1);
  expect(value('trusted_schema')).toBe(0);
  expect(value('cell_size_check')).toBe(1);
  expect(value('application_id')).toBe(0x63676170);
  expect(quickCheck(db)).toEqual([]);
});

test('a database is for its owner alone, and so is what lies beside it', () => {
  const path = created();
  const db = open(path);
  db.exec('CREATE TABLE theirs (a)');
  for (const suffix of ['', '-wal', '-shm']) expect(statSync(`${path}${suffix}`).mode & 0o777).toBe(0o600);
  db.close();
});

test('a database is made once, and what a power cut left of a first attempt is no obstacle', () => {
  const path = join(tempFolder(), 'crossgap.db');
  writeFileSync(`${path}.new`, 'half a file');
  createDatabase({ path, clock });
  expect(existsSync(`${path}.new`)).toBe(false);
  expect(() => createDatabase({ path, clock })).toThrow(refusal('DATABASE_EXISTS'));
});

test('T-32 a file of another program is refused and left as it is', () => {
  const path = join(tempFolder(), 'crossgap.db');
  edit(path, 'CREATE TABLE theirs (a); PRAGMA user_version = 7;');
  const before = readFileSync(path);
  expect(() => open(path)).toThrow(refusal('DATABASE_FOREIGN'));
  expect(readFileSync(path).equals(before)).toBe(true);
  writeFileSync(path, 'not a database, but a letter that is long enough to be one'.repeat(10));
  expect(() => open(path)).toThrow(refusal('DATABASE_FOREIGN'));
});

test('T-32 T-85 a database of a newer version is refused and left as it is', () => {
  const path = created();
  edit(path, 'PRAGMA user_version = 99;');
  const before = readFileSync(path);
  expect(() => open(path)).toThrow(refusal('DATABASE_NEWER'));
  expect(() => open(path, true)).toThrow(refusal('DATABASE_NEWER'));
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('T-32 what is no file, not there, or empty is refused by name', () => {
  const path = join(tempFolder(), 'crossgap.db');
  expect(() => open(path)).toThrow(refusal('DATABASE_MISSING'));
  mkdirSync(path);
  expect(() => open(path)).toThrow(refusal('DATABASE_NOT_A_FILE'));
  rmSync(path, { recursive: true });
  symlinkSync(created(), path);
  expect(() => open(path)).toThrow(refusal('DATABASE_NOT_A_FILE'));
  rmSync(path);
  writeFileSync(path, '');
  expect(() => open(path)).toThrow(refusal('DATABASE_EMPTY'));
});

const changes: Record<string, string> = {
  'an added trigger': 'CREATE TRIGGER copies AFTER INSERT ON entry BEGIN DELETE FROM parked_entry; END',
  'an added view': 'CREATE VIEW entries AS SELECT * FROM entry',
  'a missing trigger': 'DROP TRIGGER entry_keeps_its_rows',
  'a missing guard': 'DROP TRIGGER entry_is_not_written_over',
  'a missing table': 'DROP TABLE entry',
  'a view in the place of a table': 'DROP TABLE peer_head; CREATE VIEW peer_head AS SELECT 1 AS feed',
  'a changed trigger': `DROP TRIGGER entry_keeps_its_values;
     CREATE TRIGGER entry_keeps_its_values BEFORE UPDATE ON entry BEGIN SELECT 1; END`,
};

for (const [what, change] of Object.entries(changes))
  test(`T-32 a database with ${what} is refused`, () => {
    const path = created();
    edit(path, change);
    expect(() => open(path)).toThrow(refusal('DATABASE_SCHEMA_CHANGED'));
    expect(() => open(path, true)).toThrow(refusal('DATABASE_SCHEMA_CHANGED'));
  });

test('T-32 a damaged file is named as such', () => {
  const path = created();
  truncateSync(path, 4096);
  expect(() => open(path)).toThrow(refusal('DATABASE_DAMAGED'));
});

test('T-37 no statement changes or removes an entry or a feed', () => {
  const db = open(created());
  const blob = (length: number, fill: number): Buffer => Buffer.alloc(length, fill);
  const values = { feed: blob(16, 1), hash: blob(32, 2), signature: blob(64, 3), bytes: blob(9, 4) };
  const columns = '(feed, epoch, seq, hash, received_at, signature, bytes)';
  const row = '(:feed, 1, 1, :hash, 0, :signature, :bytes)';
  db.prepare(`INSERT INTO entry ${columns} VALUES ${row}`).run(values);
  const feedColumns = '(feed, author, audience, public_key, own)';
  db.prepare(`INSERT INTO feed ${feedColumns} VALUES (:feed, :feed, :feed, :hash, 1)`).run(values);
  const before = db.prepare('SELECT * FROM entry').all();
  const statements = [
    'UPDATE entry SET seq = 2',
    'UPDATE OR REPLACE entry SET seq = 2',
    'UPDATE OR IGNORE entry SET bytes = zeroblob(3)',
    'DELETE FROM entry',
    'DELETE FROM entry WHERE pos IN (SELECT pos FROM entry LIMIT 1)',
    `INSERT INTO entry ${columns} VALUES ${row}`,
    `INSERT OR REPLACE INTO entry ${columns} VALUES ${row}`,
    `REPLACE INTO entry ${columns} VALUES (:feed, 1, 1, zeroblob(32), 0, :signature, zeroblob(1))`,
    `INSERT OR REPLACE INTO entry (pos, feed, epoch, seq, hash, received_at, signature, bytes)
       VALUES (1, zeroblob(16), 9, 9, :hash, 0, :signature, :bytes)`,
    `INSERT INTO entry ${columns} VALUES ${row} ON CONFLICT (feed, epoch, seq) DO UPDATE SET hash = zeroblob(32)`,
    'UPDATE feed SET own = 0',
    'DELETE FROM feed',
    `INSERT OR REPLACE INTO feed ${feedColumns} VALUES (:feed, :feed, :feed, zeroblob(32), 0)`,
  ];
  for (const statement of statements)
    expect(() => db.prepare(statement).run(statement.includes(':') ? values : []), statement).toThrow(
      /append-only/,
    );
  expect(db.prepare('SELECT * FROM entry').all()).toEqual(before);
  expect(db.prepare('SELECT own FROM feed').pluck().get()).toBe(1);
});

test('T-33 a full disk is named, loses nothing, and the next write succeeds once there is room', () => {
  const db = open(created());
  db.exec('CREATE TABLE big (a BLOB)');
  const pages = db.pragma('page_count', { simple: true }) as number;
  db.pragma(`max_page_count = ${pages + 4}`);
  const insert = db.prepare('INSERT INTO big VALUES (zeroblob(3000))');
  let written = 0;
  const fill = named(() => {
    for (; written < 100; written += 1) insert.run();
  });
  expect(fill).toThrow(refusal('DISK_FULL'));
  expect(db.prepare('SELECT count(*) FROM big').pluck().get()).toBe(written);
  db.pragma('max_page_count = 1000000');
  fill();
  expect(db.prepare('SELECT count(*) FROM big').pluck().get()).toBe(100);
});

/** Root may write everywhere, so another account has to look. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

function openAsNobody(path: string): string {
  const program = `
    const { openDatabase } = await import(process.argv[1]);
    try { openDatabase({ path: process.argv[2], clock: { now: () => 0 } }).close(); console.log('opened'); }
    catch (error) { console.log(error.code ?? error); }`;
  const door = new URL('../../src/db/index.ts', import.meta.url).href;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', program, door, path], {
    encoding: 'utf8',
    ...nobody,
  });
  return `${run.stdout}${run.stderr}`.trim();
}

test('T-34 a read-only folder and a read-only file are named, and the database is as before', () => {
  const path = created();
  const place = dirname(path);
  if (nobody !== undefined) for (const one of [place, path]) chownSync(one, nobody.uid, nobody.gid);
  expect(openAsNobody(path)).toBe('opened');
  const before = readFileSync(path);
  chmodSync(place, 0o555);
  expect(openAsNobody(path)).toBe('DATABASE_READ_ONLY');
  chmodSync(place, 0o755);
  chmodSync(path, 0o444);
  expect(openAsNobody(path)).toBe('DATABASE_READ_ONLY');
  chmodSync(path, 0o644);
  expect(openAsNobody(path)).toBe('opened');
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('a read-only connection reads and does not write', () => {
  const path = created();
  open(path);
  const reader = open(path, true);
  expect(reader.prepare('SELECT count(*) FROM entry').pluck().get()).toBe(0);
  expect(named(() => reader.exec('DELETE FROM parked_entry'))).toThrow(refusal('DATABASE_READ_ONLY'));
});
