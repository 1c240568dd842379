import { copyFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/index.ts';
import { openLog } from '../../src/events/index.ts';
import { goldenFeed, makeGolden } from './golden.ts';
import { tempFolder } from './instance.ts';
import { testCatalog } from './known.ts';

const fixtures = resolve(import.meta.dirname, '../fixtures/databases');

for (const name of readdirSync(fixtures).filter((file) => file.endsWith('.db')))
  test(`the database left by ${name} opens, and holds the golden feed byte for byte`, async () => {
    const folder = tempFolder();
    const path = join(folder, 'crossgap.db');
    copyFileSync(join(fixtures, name), path);
    const clock = { now: () => 0 };
    const db = openDatabase({ path, clock });
    try {
      const instanceId = 'ee'.repeat(16);
      const sideFile = join(folder, 'head');
      const log = openLog({ db, clock, catalog: testCatalog, instanceId, sideFile, pinFor: () => undefined });
      const golden = makeGolden();
      expect(await log.verify({ full: true })).toMatchObject({ ok: true, entries: golden.length });
      const entries = log.readFeed(goldenFeed, { epoch: 1, seq: 1 }, 1000);
      expect(entries.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).toEqual(
        golden.map(({ hex }) => hex),
      );
      expect(log.read({ after: 1, limit: 1 })[0]!.event).toMatchObject({
        known: true,
        data: { text: 'hello' },
      });
    } finally {
      db.close();
    }
  });
