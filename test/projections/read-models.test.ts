import { chmodSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import {
  array,
  assert as assertLaw,
  asyncProperty,
  constantFrom,
  nat,
  record,
  shuffledSubarray,
} from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { addEnvironment } from '../../src/commands/index.ts';
import { defineEvent, feedId, type MadeEvent, type SealedEntry } from '../../src/events/index.ts';
import { openInstance, type Instance } from '../../src/instance/index.ts';
import {
  digestReadModels,
  projector,
  readEnvironments,
  readReleases,
  readUnknownEntries,
  rebuildReadModels,
} from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { actions, type Action } from './actions.ts';
import { homeEvents } from './home-events.ts';
import {
  deliver,
  giveReceipt,
  linkOf,
  makePair,
  makeRelease,
  offer,
  outward,
  settle,
  type Pair,
} from '../support/instances.ts';

const rebuild = ({ db, identity, log }: Instance) =>
  rebuildReadModels(db, identity.instanceId, log.pages({ after: 0, size: 7 }));

/** Writes an entry that a later version of crossgap would write. */
function writeFuture(author: Instance, link: string, event: MadeEvent): void {
  author.log.write((tx) =>
    tx.append(feedId(author.identity.instanceId, link), event, { actor: author.actor }),
  );
}
const FutureThing = defineEvent('future.thing', z.strictObject({ text: z.string() }));
const newerWithdrawal = defineEvent('release.withdrawn', z.strictObject({ digest: z.string() })).next(
  z.strictObject({ digest: z.string(), severity: z.int() }),
  ({ digest }) => ({ digest, severity: 1 }),
);

describe('INV-6', () => {
  let root: ReturnType<typeof memoryFolder>;
  let pair: Pair;
  beforeAll(async () => {
    root = memoryFolder();
    pair = await makePair(root.path);
  });
  afterAll(() => {
    pair[Symbol.dispose]();
    root[Symbol.dispose]();
  });

  test('T-38 read models made anew from the log are what they were, whatever happened', async () => {
    const step = record({ what: constantFrom(...(Object.keys(actions) as Action[])), which: nat(7) });
    await assertLaw(
      asyncProperty(array(step, { minLength: 5, maxLength: 20 }), async (history) => {
        for (const { what, which } of history) await actions[what](pair, which);
        for (const side of [pair.vendor, pair.customer]) {
          const before = digestReadModels(side.db);
          expect(rebuild(side)).toEqual({ changed: [], entries: side.log.entryCount() });
          expect(digestReadModels(side.db)).toEqual(before);
        }
      }),
      // Each run goes on from where the one before stopped: histories get long, and can't be shrunk.
      { numRuns: 12, endOnFailure: true },
    );
    expect(pair.vendor.log.entryCount()).toBeGreaterThan(50);
    expect(pair.customer.log.entryCount()).toBeGreaterThan(50);
  });

  test('T-38 a row that was changed behind the back of the log is found, and put right', () => {
    const { vendor } = pair;
    const good = digestReadModels(vendor.db);
    vendor.db.prepare(`UPDATE release SET withdrawn = 'forged'`).run();
    vendor.db.prepare(`INSERT INTO environment VALUES ('forged', 99999, '[]', '[]')`).run();
    expect(rebuild(vendor).changed).toEqual(['environment', 'release']);
    expect(digestReadModels(vendor.db)).toEqual(good);
    expect(rebuild(vendor).changed).toEqual([]);
  });

  test('a rebuild that breaks off leaves everything as it was', () => {
    const { db, identity, log } = pair.vendor;
    const before = digestReadModels(db);
    const pages = function* () {
      yield log.read({ after: 0, limit: 20 });
      throw new Error('the machine went down');
    };
    expect(() => rebuildReadModels(db, identity.instanceId, pages())).toThrow('went down');
    expect(digestReadModels(db)).toEqual(before);
  });

  test('T-38 an entry whose view can not be written is not in the log either, and is taken when it can', async () => {
    const { vendor, customer, link } = pair;
    offer(vendor, makeRelease(vendor, '38.0.0'), [link]);
    const before = { entries: customer.log.entryCount(), tables: digestReadModels(customer.db) };
    customer.db.exec(
      `CREATE TEMP TRIGGER poison BEFORE INSERT ON release BEGIN SELECT raise(ABORT, 'a bug in a view'); END`,
    );
    await expect(deliver(vendor, customer, link)).rejects.toThrow('a bug in a view');
    expect(customer.log.entryCount()).toBe(before.entries);
    expect(digestReadModels(customer.db)).toEqual(before.tables);
    // What has nothing to do with it goes on meanwhile.
    const own = customer.log.lastPosition();
    customer.record((db) => addEnvironment(readEnvironments(db), { name: 'poisoned', after: [], tags: [] }));
    expect(customer.log.lastPosition()).toBeGreaterThan(own);
    customer.db.exec('DROP TRIGGER poison');
    expect((await deliver(vendor, customer, link)).map(({ outcome }) => outcome)).toContain('accepted');
    expect(rebuild(customer).changed).toEqual([]);
  });

  test('the digest of a table tells content apart that looks alike', () => {
    const { db } = pair.vendor;
    const digests = new Set<string>();
    for (const values of [`'1', '12', '3'`, `'11', '2', '3'`, `'1', '1', '23'`]) {
      db.exec(
        `BEGIN; INSERT INTO given_value SELECT a, 1, b, 'n', c FROM (SELECT ${values.replace(
          /^(.*), (.*), (.*)$/,
          '$1 AS a, $2 AS b, $3 AS c',
        )})`,
      );
      digests.add(digestReadModels(db)['given_value']!);
      db.exec('ROLLBACK');
    }
    expect(digests.size).toBe(3);
  });
});

describe('J1.F5', () => {
  /** The same customer in several folders, each as if it were the only one. */
  async function copies(pair: Pair, root: string, count: number): Promise<Instance[]> {
    pair.customer.close();
    return Promise.all(
      Array.from({ length: count }, async (_, at) => {
        const folder = join(root, `copy-${at}`);
        cpSync(pair.customer.folder.root, folder, { recursive: true });
        chmodSync(join(folder, 'keys'), 0o700);
        return openInstance(folder, { clock: pair.clock });
      }),
    );
  }

  test('entries that come twice or out of order lead to the same tables, byte for byte', async () => {
    using root = memoryFolder();
    using pair = await makePair(root.path);
    const { vendor, link } = pair;
    for (const number of ['1.0.0', '1.1.0', '1.2.0']) {
      const release = makeRelease(vendor, number, { inputs: [{ name: 'Port' }] });
      offer(vendor, release, [link]);
      pair.clock.advance(1000);
    }
    actions.withdraw(pair, 1);
    actions.giveValue(pair, 3);
    actions.giveValue(pair, 4);
    const entries = outward(vendor, link);
    const orders = shuffledSubarray([...entries, ...entries], { minLength: entries.length * 2 });
    const runs = 6;
    const [inOrder, ...others] = await copies(pair, root.path, runs + 1);
    await inOrder!.log.receive(entries);
    const expected = digestReadModels(inOrder!.db);
    await assertLaw(
      asyncProperty(orders, array(nat(4), { minLength: 1, maxLength: 20 }), async (order, sizes) => {
        const copy = others.pop()!;
        for (let at = 0, turn = 0; at < order.length; turn += 1) {
          const size = sizes[turn % sizes.length]! + 1;
          const verdicts = await copy.log.receive(order.slice(at, at + size));
          expect(verdicts.map(({ outcome }) => outcome)).not.toContain('refused');
          at += size;
        }
        expect(copy.log.gaps()).toEqual([]);
        expect(copy.log.pointAt(feedId(vendor.identity.instanceId, link))).toEqual(
          inOrder!.log.pointAt(feedId(vendor.identity.instanceId, link)),
        );
        expect(digestReadModels(copy.db)).toEqual(expected);
        copy.close();
      }),
      { numRuns: runs, endOnFailure: true },
    );
    inOrder!.close();
    for (const copy of others) copy.close();
  });

  test('one entry at a time leads to the same tables as all at once', async () => {
    using root = memoryFolder();
    using pair = await makePair(root.path);
    const { customer, vendor, clock } = pair;
    for (let which = 0; which < 30; which += 1) {
      const names = Object.keys(actions) as Action[];
      await actions[names[which % names.length]!](pair, which % 8);
      clock.advance(500);
    }
    for (const { db, identity, log } of [vendor, customer]) {
      const before = digestReadModels(db);
      const fold = projector(db, identity.instanceId);
      for (const table of Object.keys(before)) db.exec(`DELETE FROM "${table}"`);
      fold(log.read({ after: 0, limit: 10_000 }));
      expect(digestReadModels(db)).toEqual(before);
    }
  });
});

describe('an entry of a later version', () => {
  test('is kept, shown, told to be held, and changes nothing else', async () => {
    using root = memoryFolder();
    using pair = await makePair(root.path);
    const { vendor, customer, link } = pair;
    offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
    const { digest } = readReleases(vendor.db)[0]!;
    writeFuture(vendor, link, FutureThing.make({ text: 'hello' }));
    writeFuture(vendor, link, newerWithdrawal.make({ digest, severity: 9 }));
    const verdicts = await deliver(vendor, customer, link);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
    expect(readUnknownEntries(customer.db)).toMatchObject([
      { seq: 3, type: 'future.thing', schemaVersion: 1 },
      { seq: 4, type: 'release.withdrawn', schemaVersion: 2 },
    ]);
    expect(readReleases(customer.db)).toMatchObject([{ number: '1.0.0', withdrawn: null }]);
    expect(linkOf(customer, link).inward).toMatchObject({ seq: 4, news: 4 });
    expect(rebuild(customer).changed).toEqual([]);
    await settle(pair);
    expect(linkOf(vendor, link).confirmed.seq).toBe(4);
  });

  test('is handed on as the bytes that came', async () => {
    using root = memoryFolder();
    using pair = await makePair(root.path);
    const { vendor, customer, link } = pair;
    offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
    writeFuture(vendor, link, FutureThing.make({ text: 'hello' }));
    await deliver(vendor, customer, link);
    const feed = feedId(vendor.identity.instanceId, link);
    const bytesOf = (entries: SealedEntry[]): string[] =>
      entries.map(({ bytes }) => Buffer.from(bytes).toString('hex'));
    const held = customer.log.readFeed(feed, { epoch: 1, seq: 1 }, 100);
    expect(bytesOf(held)).toEqual(bytesOf(outward(vendor, link)));
  });
});

describe('what the other side writes decides nothing here', () => {
  test('its environments, inputs, deployments and confirmations are kept and shown, and nothing follows from them', async () => {
    using root = memoryFolder();
    using pair = await makePair(root.path, { confirmed: false });
    const { vendor, customer, link } = pair;
    offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
    const untouched = ['environment', 'input_value', 'deployment', 'deployment_step', 'package', 'evidence'];
    const digests = (): unknown[] => untouched.map((table) => digestReadModels(customer.db)[table]);
    const before = digests();
    const events = homeEvents(link, readReleases(vendor.db)[0]!.digest);
    for (const event of events) writeFuture(vendor, link, event);
    const verdicts = await deliver(vendor, customer, link);
    expect(verdicts.every(({ outcome }) => outcome === 'accepted')).toBe(true);
    expect(digests()).toEqual(before);
    expect(linkOf(customer, link)).toMatchObject({ state: 'pending', fingerprint: null, name: 'acme' });
    expect(readEnvironments(customer.db)).toEqual([]);
    expect(readReleases(customer.db)).toMatchObject([{ link, number: '1.0.0', answer: null, verdict: null }]);
    expect(readUnknownEntries(customer.db).map(({ type }) => type)).toEqual(events.map(({ name }) => name));
    expect(rebuild(customer).changed).toEqual([]);
    // And the feed goes on: what may be told is still heard.
    offer(vendor, makeRelease(vendor, '1.1.0'), [link]);
    await deliver(vendor, customer, link);
    expect(readReleases(customer.db)).toHaveLength(2);
    giveReceipt(customer, link);
    expect(linkOf(customer, link).receipted.seq).toBe(linkOf(customer, link).inward.seq);
  });
});
