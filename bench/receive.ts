import { verify } from 'node:crypto';
import { join } from 'node:path';
import { entryType, type SealedEntry } from '../src/events/index.ts';
import { preAuthEncoding, verifyingKey } from '../src/identity/index.ts';
import { bareTable, openPrepared, preparePair } from './instances.ts';
import { milliseconds, peakMiB, profiled } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';

/** About what one parcel of the folder holds. */
const batchEntries = 800;
const inFlight = 64;

export const measurement: Measurement = {
  what: 'receiving: verify, append and fold in batches',
  baseline: 'the same bytes verified on all cores and inserted bare',
  how: `Deliveries of ${batchEntries} entries, about what a parcel holds, go to the log and to the bare table turn about.`,
  unit: 'entries',
  sizes: [10_000, 100_000],
  // What is profiled afterwards comes on top.
  prepare: (folder, count) => preparePair(folder, count + Math.min(count, 5000), false),
  measure: measureReceive,
};

async function measureReceive(folder: string, count: number): Promise<Measured> {
  const { vendor, customer, feed } = await openPrepared(folder);
  const key = verifyingKey(customer.keys.signing.publicKey);
  const bare = bareTable(join(folder, 'bare.db'));
  const insertAll = bare.db.transaction((entries: readonly SealedEntry[]) => {
    for (const { bytes, signature } of entries) bare.insert(bytes, signature);
  });
  const receiveBare = async (entries: readonly SealedEntry[]): Promise<void> => {
    for (let from = 0; from < entries.length; from += inFlight) {
      const some = entries.slice(from, from + inFlight);
      const good = await Promise.all(
        some.map(({ bytes, signature }) => verified(preAuthEncoding(entryType, bytes), key, signature)),
      );
      if (good.includes(false)) throw new TypeError('a signature does not hold');
    }
    insertAll.immediate(entries);
  };

  let from = 1;
  const next = (): readonly SealedEntry[] => {
    const batch = customer.log.readFeed(feed, { epoch: 1, seq: from }, batchEntries);
    from += batch.length;
    return batch;
  };
  let [oursMs, bareMs] = [0, 0];
  while (from <= count) {
    const batch = next();
    oursMs += await milliseconds(() => vendor.log.receive(batch));
    bareMs += await milliseconds(() => receiveBare(batch));
  }
  const received = from - 1;
  const peak = peakMiB();
  const timeIn = await profiled(async () => {
    for (let batch = next(); batch.length > 0; batch = next()) await vendor.log.receive(batch);
  });
  const [ours, baseline] = [(1000 * received) / oursMs, (1000 * received) / bareMs];
  return { figures: [{ unit: '/s', ours, baseline, goal: '≥ 0.8 ×' }], peakMiB: { '': peak }, timeIn };
}

function verified(
  signed: Uint8Array,
  key: Parameters<typeof verify>[2],
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify(null, signed, key, signature, (error, good) => (error === null ? resolve(good) : reject(error)));
  });
}
