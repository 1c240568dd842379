import { join } from 'node:path';
import { encodeParcelFile } from '../src/sync/index.ts';
import { appendReports, bareTable } from './instances.ts';
import type { Measured, Measurement } from './measurement.ts';
import { bareLine } from './nats-bare.ts';
import { natsPair } from './nats-pair.ts';
import { now } from './nats-told.ts';

export const measurement: Measurement = {
  what: 'entries through the whole path over NATS: appended one a transaction by a command, sent, verified, committed and folded by the daemon at the other side',
  baseline:
    'the same bytes inserted bare one a transaction, published bare 64 at a time, and inserted bare by their consumer; nothing signed or verified',
  how: 'Counted from the first append to the last entry being folded at the other side, in ten rounds each, turn about.',
  unit: 'entries',
  sizes: [10_000],
  measure,
};

const rounds = 10;

async function measure(folder: string, count: number): Promise<Measured> {
  await using pair = await natsPair(folder);
  const { customer, feed } = pair;
  await using bare = await bareLine(pair.url, { keepIn: join(folder, 'bare-taken.db') });
  await using vendorDaemon = await pair.start('vendor');
  await using customerDaemon = await pair.start('customer');

  let appended = 0;
  const passOurs = async (entries: number): Promise<number> => {
    const began = now();
    for (const until = appended + entries; appended < until;)
      appendReports(customer, feed, appended, (appended += 1));
    const { seq } = customer.log.pointAt(feed)!;
    const { at } = await vendorDaemon.told('entries', (told) => told.seq >= seq);
    return at - began;
  };

  const written = bareTable(join(folder, 'bare-written.db'));
  let published = 0;
  const passBare = async (entries: number, firstSeq: number): Promise<number> => {
    const same = customer.log.readFeed(feed, { epoch: 1, seq: firstSeq }, entries);
    const publishing: Promise<void>[] = [];
    const began = now();
    for (let from = 0; from < entries; from += together) {
      const some = same.slice(from, from + together);
      for (const { bytes, signature } of some) written.insert(bytes, signature);
      const parcel = { kind: 'entries', epoch: 1, firstSeq: firstSeq + from, entries: some } as const;
      publishing.push(bare.publish(encodeParcelFile(parcel)));
      published += 1;
      // Lets what was published leave, as a program that appends does between its appends.
      await new Promise(setImmediate);
    }
    await Promise.all(publishing);
    const { at } = await bare.taker.told('messages', (told) => told.count >= published);
    return at - began;
  };

  await passOurs(100);
  const slice = Math.ceil(count / rounds);
  let [oursMs, bareMs] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const firstSeq = customer.log.pointAt(feed)!.seq + 1;
    oursMs += await passOurs(slice);
    bareMs += await passBare(slice, firstSeq);
  }
  const peakMiB = {
    receiver: (await vendorDaemon.facts()).peakMiB,
    sender: (await customerDaemon.facts()).peakMiB,
    server: pair.serverPeakMiB(),
  };

  vendorDaemon.profile();
  customerDaemon.profile();
  await passOurs(slice);
  const passed = 1000 * slice * rounds;
  return {
    figures: [{ unit: '/s', ours: passed / oursMs, baseline: passed / bareMs }],
    peakMiB,
    timeIn: [
      'receiver:',
      ...(await vendorDaemon.facts()).timeIn,
      'sender:',
      ...(await customerDaemon.facts()).timeIn,
    ],
  };
}

const together = 64;
