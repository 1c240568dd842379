import { join } from 'node:path';
import { encodeParcelFile } from '../src/sync/index.ts';
import { appendReports } from './instances.ts';
import type { Measured, Measurement } from './measurement.ts';
import { bareLine } from './nats-bare.ts';
import { natsPair, type NatsPair } from './nats-pair.ts';
import { now } from './nats-told.ts';

export const measurement: Measurement = {
  what: 'catching up over NATS: a receiver that has nothing takes in the whole feed of the other side',
  baseline:
    'bare publishes of the same entries in messages of 512 KiB, each inserted bare in one transaction by its consumer',
  how: 'The entries are written before; then both daemons start. Counted from the moment both are ready to the last entry being committed and folded.',
  unit: 'entries',
  sizes: [10_000, 100_000],
  measure,
};

async function measure(folder: string, count: number): Promise<Measured> {
  await using pair = await natsPair(folder);
  const { customer, feed } = pair;
  for (let from = 0; from < count; from += 1000)
    appendReports(customer, feed, from, Math.min(from + 1000, count));
  const last = customer.log.pointAt(feed)!.seq;

  const bareMs = await measureBare(pair, join(folder, 'bare.db'));
  await using vendorDaemon = await pair.start('vendor');
  await using customerDaemon = await pair.start('customer');
  const began = now();
  const { at } = await vendorDaemon.told('entries', (told) => told.seq >= last);
  const peakMiB = {
    receiver: (await vendorDaemon.facts()).peakMiB,
    sender: (await customerDaemon.facts()).peakMiB,
    server: pair.serverPeakMiB(),
  };

  vendorDaemon.profile();
  customerDaemon.profile();
  appendReports(customer, feed, count, count + Math.min(count, 5000));
  await vendorDaemon.told('entries', (told) => told.seq >= customer.log.pointAt(feed)!.seq);
  return {
    figures: [{ unit: '/s', ours: (1000 * last) / (at - began), baseline: (1000 * last) / bareMs }],
    peakMiB,
    timeIn: [
      'receiver:',
      ...(await vendorDaemon.facts()).timeIn,
      'sender:',
      ...(await customerDaemon.facts()).timeIn,
    ],
  };
}

const messageBytes = 512 * 1024;

/** The same entries from the same database to another one, by nothing but publishing and inserting; in milliseconds. */
async function measureBare({ url, customer, feed }: NatsPair, keepIn: string): Promise<number> {
  await using bare = await bareLine(url, { keepIn });
  const began = now();
  let published = 0;
  for (let firstSeq = 1; ;) {
    const entries = [];
    for (let sizeBytes = 0; sizeBytes < messageBytes;) {
      const page = customer.log.readFeed(feed, { epoch: 1, seq: firstSeq + entries.length }, 64);
      if (page.length === 0) break;
      entries.push(...page);
      for (const { bytes, signature } of page) sizeBytes += bytes.length + signature.length;
    }
    if (entries.length === 0) break;
    await bare.publish(encodeParcelFile({ kind: 'entries', epoch: 1, firstSeq, entries }));
    firstSeq += entries.length;
    published += 1;
  }
  const { at } = await bare.taker.told('messages', (told) => told.count >= published);
  return at - began;
}
