import { join } from 'node:path';
import { bareTable, openPrepared, preparePair, report } from './instances.ts';
import { peakMiB, profiled, timeOf } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';

export const measurement: Measurement = {
  what: 'appending, one entry a transaction',
  baseline: 'a bare insert of the same bytes under the same pragmas plus one Ed25519 signature',
  how: 'Reports of one step are appended to a feed, and their bytes inserted bare, turn about.',
  unit: 'entries',
  sizes: [10_000, 100_000],
  prepare: (folder) => preparePair(folder, 0, false),
  measure: measureAppend,
};

async function measureAppend(folder: string, count: number): Promise<Measured> {
  const { customer, feed } = await openPrepared(folder);
  const { log, actor, keys } = customer;
  let n = 0;
  const appendOne = (): void => {
    n += 1;
    const event = report(n);
    log.write((tx) => tx.append(feed, event, { actor }));
  };
  repeat(500, appendOne);

  const bare = bareTable(join(folder, 'bare.db'));
  const bytes = log.readFeed(feed, { epoch: 1, seq: 2 }, 1)[0]!.bytes;
  const bareOne = (): void => bare.insert(bytes, keys.signing.sign(bytes));
  // Turn about, so that what the machine does meanwhile meets both alike.
  const slice = Math.ceil(count / 20);
  const spent = { ours: { ms: 0, busyMs: 0 }, bare: { ms: 0, busyMs: 0 } };
  let done = 0;
  for (; done < count; done += slice)
    for (const [whose, one] of [
      ['ours', appendOne],
      ['bare', bareOne],
    ] as const) {
      const { ms, busyMs } = await timeOf(() => repeat(slice, one));
      spent[whose].ms += ms;
      spent[whose].busyMs += busyMs;
    }
  const peak = peakMiB();
  const timeIn = await profiled(() => repeat(Math.min(count, 5000), appendOne));
  const [ours, baseline] = [(1000 * done) / spent.ours.ms, (1000 * done) / spent.bare.ms];
  const busy = (ms: number): number => (1000 * ms) / done;
  return {
    figures: [
      { unit: '/s', ours, baseline, goal: '≥ 0.7 ×' },
      {
        name: 'processor time of one',
        unit: 'µs',
        ours: busy(spent.ours.busyMs),
        baseline: busy(spent.bare.busyMs),
      },
    ],
    peakMiB: { '': peak },
    timeIn,
  };
}

function repeat(times: number, work: () => void): void {
  for (let done = 0; done < times; done++) work();
}
