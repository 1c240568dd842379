import { setTimeout as pause } from 'node:timers/promises';
import { appendReports } from './instances.ts';
import { encodeParcelFile } from '../src/sync/index.ts';
import type { Measured, Measurement } from './measurement.ts';
import { bareLine } from './nats-bare.ts';
import { natsPair } from './nats-pair.ts';
import { now } from './nats-told.ts';

export const measurement: Measurement = {
  what: 'from an append by a command to the entry being committed and folded by the daemon at the other side, over NATS',
  baseline: 'a bare JetStream publish of the same bytes until the consumer has them',
  how: 'Two daemons and a bare consumer in processes of their own; one entry, one bare message, turn about, with pauses of chance between.',
  unit: 'entries',
  sizes: [1000],
  measure,
};

async function measure(folder: string, count: number): Promise<Measured> {
  await using pair = await natsPair(folder);
  const { customer, feed } = pair;
  await using bare = await bareLine(pair.url);
  await using vendorDaemon = await pair.start('vendor');
  await using customerDaemon = await pair.start('customer');

  let appended = 0;
  const appendOne = async (): Promise<number> => {
    const began = now();
    appendReports(customer, feed, appended, (appended += 1));
    const { seq } = customer.log.pointAt(feed)!;
    const { at } = await vendorDaemon.told('entries', (told) => told.seq >= seq);
    return at - began;
  };
  let published = 0;
  const publishOne = async (payload: Uint8Array): Promise<number> => {
    const began = now();
    published += 1;
    const [{ at }] = await Promise.all([
      bare.taker.told('messages', (told) => told.count >= published),
      bare.publish(payload),
    ]);
    return at - began;
  };
  // So that appends do not fall into step with anything that looks from time to time.
  const breathe = (): Promise<void> => pause(20 + 60 * Math.random());

  for (let n = 0; n < Math.min(count, 50); n++) {
    await appendOne();
    await breathe();
  }
  const entries = customer.log.readFeed(feed, { epoch: 1, seq: 2 }, 1);
  const payload = encodeParcelFile({ kind: 'entries', epoch: 1, firstSeq: 2, entries });
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let n = 0; n < count; n++) {
    ours.push(await appendOne());
    await breathe();
    theirs.push(await publishOne(payload));
  }
  const peakMiB = {
    vendor: (await vendorDaemon.facts()).peakMiB,
    customer: (await customerDaemon.facts()).peakMiB,
    server: pair.serverPeakMiB(),
  };
  return {
    figures: [
      {
        name: 'p50',
        unit: 'ms',
        ours: quantile(ours, 0.5),
        baseline: quantile(theirs, 0.5),
        goal: '< 15 ms',
      },
      {
        name: 'p99',
        unit: 'ms',
        ours: quantile(ours, 0.99),
        baseline: quantile(theirs, 0.99),
        goal: '< 100 ms',
      },
    ],
    peakMiB,
    timeIn: [],
  };
}

/** The least value that so large a part of them does not exceed. */
function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(part * values.length) - 1]!;
}
