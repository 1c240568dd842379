import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { giveValue, invite, type Decided } from '../../src/commands/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { digestReadModels, rebuildReadModels } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { heldClock, makeInstance } from '../support/instances.ts';

let root: ReturnType<typeof memoryFolder>;
let vendor: Instance;
const links = Array.from({ length: 250 }, () => randomBytes(16).toString('hex'));
beforeAll(async () => {
  root = memoryFolder();
  vendor = await makeInstance(root.path, 'vendor', heldClock());
  vendor.record(() =>
    links.flatMap((link, n) => [...invite([], { link, name: `customer-${n}`, transport: { kind: 'hand' } })]),
  );
});
afterAll(() => {
  vendor.close();
  root[Symbol.dispose]();
});

/** A value for each link, and then what `end` does. */
function* values(value: string, end: () => void = () => {}): Generator<Decided> {
  for (const link of links) yield* giveValue([], { link, name: 'Title', value });
  end();
}

test('a decision about more than a piece is appended in its order, and read models follow as from one entry at a time', () => {
  const audiences: string[] = [];
  vendor.recordEach(
    () => values('A'),
    ({ header }) => audiences.push(header.audience),
  );
  expect(audiences).toEqual(links);
  const { db, log, identity } = vendor;
  const before = digestReadModels(db);
  expect(rebuildReadModels(db, identity.instanceId, log.history()).changed).toEqual([]);
  expect(digestReadModels(db)).toEqual(before);
});

test('where it fails at its end nothing of it is there, and the next one is taken', () => {
  const before = { entries: vendor.log.entryCount(), tables: digestReadModels(vendor.db) };
  const failing = () =>
    vendor.recordEach(
      () =>
        values('B', () => {
          throw new Error('the machine went down');
        }),
      () => {},
    );
  expect(failing).toThrow('went down');
  expect({ entries: vendor.log.entryCount(), tables: digestReadModels(vendor.db) }).toEqual(before);
  vendor.recordEach(
    () => values('C'),
    () => {},
  );
  expect(vendor.log.entryCount()).toBe(before.entries + links.length);
});

test('a secret in the last piece of it keeps all of it out', () => {
  const secret = 'correct horse battery';
  vendor.vault.keep({ name: 'Db.Password', environment: null, version: 1 }, secret);
  const before = vendor.log.entryCount();
  const leaking = function* (): Generator<Decided> {
    yield* values('D');
    yield* giveValue([], { link: links[0]!, name: 'Title', value: secret });
  };
  expect(() => vendor.recordEach(leaking, () => {})).toThrow("would carry a secret's value");
  expect(vendor.log.entryCount()).toBe(before);
});
