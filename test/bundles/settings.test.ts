import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openInstance, type Instance } from '../../src/instance/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { heldClock, makePair, type Pair } from '../support/instances.ts';
import { codeOf } from '../support/refusal.ts';
import { exportTo, importFrom, offerFile, stick } from './support.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
let out: string;
let digest: string;
beforeEach(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
  out = stick(root.path);
  digest = await offerFile(pair, '1.0.0', root.file('notes', Buffer.alloc(300_000, 7)));
  await exportTo(pair.vendor, pair.link, out);
});
afterEach(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

/** The customer as its next process sees it, with these settings. */
async function customerWith(settings: string, clock = pair.clock): Promise<Instance> {
  const data = pair.customer.folder.root;
  pair.customer.close();
  writeFileSync(join(data, 'crossgap.toml'), `[sync]\n${settings}\n`);
  const customer = await openInstance(data, { clock });
  pair = { ...pair, customer };
  return customer;
}

test('T-33 a bundle whose content has no room is taken in as far as that goes, and says what has none', async () => {
  const [partly] = await importFrom(await customerWith('blob-quota = "150 kB"'), out);
  expect(partly!.entries).toBeGreaterThan(0);
  expect(codeOf(partly!.failure!)).toBe('BUNDLE_NO_ROOM refused');
  expect(partly!.failure!.message).toContain('blob-quota');
  const customer = await customerWith('blob-quota = "1 MB"');
  expect((await importFrom(customer, out))[0]!.failure).toBeUndefined();
  expect(customer.holds(digest)).toBe(true);
});

test('the hours of a line are not those of a courier: what was carried here is taken in at once', async () => {
  const clock = heldClock(new Date(2026, 2, 2, 12).getTime());
  const customer = await customerWith('blob-window = "22:00-23:00"', clock);
  expect((await importFrom(customer, out))[0]!.failure).toBeUndefined();
  expect(customer.holds(digest)).toBe(true);
});
