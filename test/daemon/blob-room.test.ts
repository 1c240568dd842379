import { statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { linkReplica } from '../../src/daemon/link-replica.ts';
import { openInstance } from '../../src/instance/index.ts';
import { readReleases } from '../../src/projections/index.ts';
import { replicateOnce, type Exchange } from '../../src/sync/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { linkOf, makePair, type Pair } from '../support/instances.ts';
import { endOf, noise, publishListed, settleBlobs, shelve } from './listed-support.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
beforeEach(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
});
afterEach(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

/** The customer as its next process sees it, with these settings. */
async function customerWith(settings: string): Promise<Pair> {
  const { root: data } = pair.customer.folder;
  pair.customer.close();
  writeFileSync(join(data, 'crossgap.toml'), `[sync]\n${settings}\n`);
  const customer = await openInstance(data, { clock: pair.clock });
  pair = { ...pair, customer };
  return pair;
}

async function exchangeAt(side: 'vendor' | 'customer'): Promise<Exchange> {
  const signal = new AbortController().signal;
  return replicateOnce(linkReplica(pair[side], pair.link), endOf(pair, pair[side]), { signal });
}

/** Others use the disk as well: what is free now is not what will be. */
const free = (): number => {
  const { bavail, bsize } = statfsSync(root.path);
  return bavail * bsize;
};

describe('T-33 where there is no room', () => {
  test.each([
    ['under the quota', () => 'blob-quota = "150 kB"', 'BLOB_QUOTA', /150 kB that blob-quota allows/],
    ['on the disk', () => `disk-reserve = "${2 * free()} B"`, 'DISK_RESERVE', /stay in reserve/],
  ])(
    '%s blobs wait and are named, entries and the receipt go on, and they come when there is',
    async (_, settings, code, words) => {
      const pin = await shelve(pair.vendor, '1.0.0', { 'a.bin': noise('a', 200_000) });
      await publishListed(pair, '1.0.0', [pin]);
      await exchangeAt('vendor');
      await customerWith(settings());
      const full = await exchangeAt('customer');
      expect(full.noRoom.find(({ digest }) => digest === pin.sha256)).toMatchObject({
        code,
        sizeBytes: pin.sizeBytes,
        message: expect.stringMatching(words),
      });
      expect(full.entriesIn).toBeGreaterThan(1);
      expect(full.failures).toEqual([]);
      expect(readReleases(pair.customer.db, '1.0.0')).toHaveLength(1);
      expect(pair.customer.holds(pin.sha256)).toBe(false);
      await exchangeAt('vendor');
      const { confirmed, outward } = linkOf(pair.vendor, pair.link);
      expect(confirmed.seq).toBe(outward.news);
      await customerWith('blob-quota = "10 MB"\ndisk-reserve = "0 B"');
      await settleBlobs(pair, { vendor: endOf(pair, pair.vendor), customer: endOf(pair, pair.customer) });
      expect(pair.customer.holds(pin.sha256)).toBe(true);
    },
  );

  test('for one blob there may be for a smaller one', async () => {
    await customerWith('blob-quota = "60 kB"');
    const large = await shelve(pair.vendor, '1.0.0', { 'a.bin': noise('a', 100_000) });
    const small = await shelve(pair.vendor, '1.1.0', { 'a.bin': noise('b', 20_000) });
    await publishListed(pair, '1.0.0', [large]);
    await publishListed(pair, '1.1.0', [small]);
    await settleBlobs(pair, { vendor: endOf(pair, pair.vendor), customer: endOf(pair, pair.customer) });
    expect([large, small].map(({ sha256 }) => pair.customer.holds(sha256))).toEqual([false, true]);
  });
});
