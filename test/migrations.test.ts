import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import {
  createDatabase,
  migrationsFolder,
  openDatabase,
  readMigrations,
  type Database,
} from '../src/db/index.ts';
import { eventCatalog, openLog, ProcessPublished } from '../src/events/index.ts';
import { digestReadModels, projector, rebuildReadModels } from '../src/projections/index.ts';
import { temporaryFolder } from './support/build-nupkg.ts';
import { heldClock } from './support/instances.ts';

const clock = heldClock();
const left = join(import.meta.dirname, 'fixtures', 'databases');
const older = readdirSync(left).filter((name) => name.endsWith('.db'));
const migrations = readMigrations(migrationsFolder);

/** All that a database consists of, in one text that does not depend on the order in which it was made. */
function schemaOf(db: Database): string {
  const rows = db
    .prepare(`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name`)
    .all() as { sql: string }[];
  return `${rows.map(({ sql }) => `${sql.replaceAll('"', '')};`).join('\n\n')}\n`;
}

function freshSchema(): string {
  using folder = temporaryFolder();
  const path = folder.file('crossgap.db');
  createDatabase({ path, clock });
  const db = openDatabase({ path, clock });
  try {
    return schemaOf(db);
  } finally {
    db.close();
  }
}

test('a new database has the schema that is written down', async () => {
  await expect(freshSchema()).toMatchFileSnapshot('./fixtures/schema.sql');
});

describe('a database that an older version left', () => {
  test('is there for each release', () => {
    expect(older).not.toEqual([]);
  });

  test.each(older)('is migrated to the schema of a new one, with every entry in it: %s', async (name) => {
    using folder = temporaryFolder();
    const path = folder.file(basename(name));
    copyFileSync(join(left, name), path);
    const db = openDatabase({ path, clock });
    try {
      expect(schemaOf(db)).toBe(freshSchema());
      const instanceId = 'ee'.repeat(16);
      const log = openLog({
        db,
        clock,
        catalog: eventCatalog,
        instanceId,
        sideFile: folder.file('head'),
        fold: projector(db, instanceId),
        pinFor: () => undefined,
      });
      expect(log.entryCount()).toBeGreaterThan(10);
      const report = await log.verify({ full: true });
      expect(report).toMatchObject({ ok: true, entries: log.entryCount(), verified: log.entryCount() });
      rebuildReadModels(db, instanceId, log.pages({ after: 0 }));
      const rebuilt = digestReadModels(db);
      expect(rebuildReadModels(db, instanceId, log.pages({ after: 0 })).changed).toEqual([]);
      expect(digestReadModels(db)).toEqual(rebuilt);
    } finally {
      db.close();
    }
  });

  test.each(migrations.slice(0, -1).map(({ name }) => name))('is migrated from %s on', (last) => {
    using folder = temporaryFolder();
    const until = join(folder.path, 'migrations');
    mkdirSync(until);
    for (const { name } of migrations.filter(({ name: one }) => one <= last))
      copyFileSync(join(migrationsFolder, name), join(until, name));
    const path = folder.file('crossgap.db');
    createDatabase({ path, clock, migrations: until });
    const db = openDatabase({ path, clock });
    try {
      expect(schemaOf(db)).toBe(freshSchema());
      expect(db.pragma('user_version', { simple: true })).toBe(migrations.length);
    } finally {
      db.close();
    }
  });

  test('has the gates of its revisions as reading their entries anew gives them', () => {
    using folder = temporaryFolder();
    const until = join(folder.path, 'migrations');
    mkdirSync(until);
    for (const { name } of migrations.filter(({ name: one }) => one < '0009'))
      copyFileSync(join(migrationsFolder, name), join(until, name));
    const path = folder.file('crossgap.db');
    createDatabase({ path, clock, migrations: until });
    const local = {
      publishWhen: { deployedTo: ['qa'], testsPassed: true, verdictOk: false },
      variables: [{ name: 'Ä', value: '"#{x}"/\n', environments: [], tags: [] }],
    };
    const published = { process: 'P', revision: 1, digest: 'aa'.repeat(32), sizeBytes: 1 };
    const old = new Sqlite(path);
    old
      .prepare(
        `INSERT INTO process_revision (process, revision, digest, size_bytes, local_json, published_at, actor)
         VALUES ('P', 1, ?, 1, ?, 0, 'ann')`,
      )
      .run(published.digest, JSON.stringify(local));
    old.close();
    const db = openDatabase({ path, clock });
    try {
      const migrated = db.prepare(`SELECT local_json FROM process_revision`).pluck().get();
      expect(migrated).toBe(JSON.stringify(ProcessPublished.read(1, { ...published, local }).local));
    } finally {
      db.close();
    }
  });
});
