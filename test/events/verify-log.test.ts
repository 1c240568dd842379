import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { VerifyReport } from '../../src/events/index.ts';
import { allOf, appendNotes, by, deliver, makePair, type TestInstance } from './instance.ts';

/** What somebody with another tool could do: the triggers are no obstacle. */
function tamper(instance: TestInstance, sql: string, ...values: unknown[]): void {
  instance.close();
  const db = new Database(join(instance.folder, 'crossgap.db'));
  const triggers = db.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`).all() as {
    name: string;
    sql: string;
  }[];
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  db.prepare(sql).run(...values);
  for (const one of triggers) db.exec(one.sql);
  db.close();
  instance.reopen();
}

async function story(): Promise<{
  vendor: TestInstance;
  customer: TestInstance;
  feed: string;
  answers: string;
}> {
  const { vendor, customer, feed } = makePair();
  const introduction = customer.introduction;
  const answers = customer.log.openFeed({ audience: vendor.instanceId, introduction, ...by });
  appendNotes(vendor, feed, ['two', 'three', 'four', 'five']);
  await deliver(customer, allOf(vendor, feed));
  appendNotes(customer, answers, ['answer']);
  return { vendor, customer, feed, answers };
}

const verify = (instance: TestInstance): Promise<VerifyReport> => instance.log.verify({ full: true });

test('a good log is good, with a line for each feed', async () => {
  const { customer, feed, answers, vendor } = await story();
  const report = await verify(customer);
  expect(report).toMatchObject({ ok: true, entries: 7, verified: 7 });
  expect(report.firstBad).toBeUndefined();
  expect(report.feeds).toHaveLength(2);
  const head = customer.log.pointAt(feed)!.hash;
  expect(report.feeds).toContainEqual({ feed, author: vendor.instanceId, epoch: 1, seq: 5, head });
  expect(report.feeds.some((one) => one.feed === answers && one.seq === 2)).toBe(true);
});

for (const column of ['bytes', 'signature', 'hash'] as const)
  test(`T-26 T-29 one changed byte in the ${column} of any entry is found and located`, async () => {
    const { customer } = await story();
    for (const { pos, header } of customer.log.read({ after: 0, limit: 10 })) {
      const read = customer.db.prepare<[number], Buffer>(`SELECT ${column} FROM entry WHERE pos = ?`).pluck();
      const good = read.get(pos)!;
      const broken = Buffer.from(good);
      broken[(pos * 37) % broken.length]! ^= 1;
      tamper(customer, `UPDATE entry SET ${column} = ? WHERE pos = ?`, broken, pos);
      expect(await verify(customer)).toMatchObject({
        ok: false,
        firstBad: { feed: header.feed, seq: header.seq, pos, code: 'LOG_ENTRY_CHANGED' },
      });
      tamper(customer, `UPDATE entry SET ${column} = ? WHERE pos = ?`, good, pos);
      expect((await verify(customer)).ok).toBe(true);
    }
  });

test('T-26 a row removed from the middle, swapped rows and an added row are named', async () => {
  const removed = await story();
  tamper(removed.customer, 'DELETE FROM entry WHERE seq = 3');
  expect(await verify(removed.customer)).toMatchObject({
    firstBad: { feed: removed.feed, seq: 3, code: 'LOG_ENTRY_MISSING' },
  });
  const swapped = await story();
  tamper(
    swapped.customer,
    `WITH old AS (SELECT seq, bytes FROM entry WHERE feed = unhex(:feed))
     UPDATE entry SET bytes = (SELECT bytes FROM old WHERE old.seq = 7 - entry.seq)
      WHERE feed = unhex(:feed) AND seq IN (3, 4)`,
    { feed: swapped.feed },
  );
  expect(await verify(swapped.customer)).toMatchObject({
    firstBad: { feed: swapped.feed, seq: 3, code: 'LOG_ENTRY_CHANGED' },
  });
  const added = await story();
  tamper(
    added.customer,
    `INSERT INTO entry (feed, epoch, seq, hash, received_at, signature, bytes)
     SELECT feed, epoch, 6, hash, received_at, signature, bytes FROM entry WHERE seq = 5`,
  );
  expect(await verify(added.customer)).toMatchObject({
    firstBad: { feed: added.feed, seq: 6, code: 'LOG_ENTRY_CHANGED' },
  });
});

test('T-26 another key or author in the list of feeds is named', async () => {
  const { customer, feed, vendor } = await story();
  const setKey = (key: Uint8Array): void =>
    tamper(customer, 'UPDATE feed SET public_key = ? WHERE feed = unhex(?)', Buffer.from(key), feed);
  setKey(customer.signer.publicKey);
  expect(await verify(customer)).toMatchObject({ firstBad: { feed, seq: 1, code: 'LOG_FEED_CHANGED' } });
  setKey(vendor.signer.publicKey);
  expect((await verify(customer)).ok).toBe(true);
  tamper(customer, 'UPDATE feed SET author = audience WHERE feed = unhex(?)', feed);
  expect(await verify(customer)).toMatchObject({ firstBad: { feed, seq: 1, code: 'LOG_FEED_CHANGED' } });
});

test('T-26 when an entry came in is not signed, and changing it is not noticed', async () => {
  const { customer } = await story();
  tamper(customer, 'UPDATE entry SET received_at = 0');
  expect((await verify(customer)).ok).toBe(true);
});

test('a quick look continues behind the last verified entry', async () => {
  const { vendor, customer, feed } = await story();
  expect(await customer.log.verify({ full: false })).toMatchObject({ ok: true, verified: 7 });
  appendNotes(vendor, feed, ['six']);
  await deliver(customer, allOf(vendor, feed));
  customer.reopen();
  expect(await customer.log.verify({ full: false })).toMatchObject({ ok: true, entries: 8, verified: 1 });
  expect(await customer.log.verify({ full: false })).toMatchObject({ ok: true, verified: 0 });
});

test('a quick look looks at everything again where the last verified entry is another one', async () => {
  const { customer } = await story();
  await customer.log.verify({ full: false });
  tamper(customer, 'UPDATE verified_position SET hash = zeroblob(length(hash))');
  expect(await customer.log.verify({ full: false })).toMatchObject({ ok: true, verified: 7 });
});

test('reading a page at a time gives every entry once, in the order of the log', async () => {
  const { customer } = await story();
  const pages = [...customer.log.pages({ after: 0, size: 3 })];
  expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
  expect(pages.flat().map(({ pos }) => pos)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});
