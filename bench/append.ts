import { join } from 'node:path';
import { bareTable, openPrepared, report } from './instances.ts';
import { milliseconds, peakMiB, profiled, type Measured } from './measured.ts';

/** One entry a transaction, against a bare insert of the same bytes plus one Ed25519 signature. */
export async function measureAppend(folder: string, count: number): Promise<Measured> {
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
  let [oursMs, bareMs, done] = [0, 0, 0];
  for (; done < count; done += slice) {
    oursMs += await milliseconds(() => repeat(slice, appendOne));
    bareMs += await milliseconds(() => repeat(slice, bareOne));
  }
  const peak = peakMiB();
  const timeIn = await profiled(() => repeat(Math.min(count, 5000), appendOne));
  return {
    ours: (1000 * done) / oursMs,
    baseline: (1000 * done) / bareMs,
    goal: '≥ 0.7',
    peakMiB: peak,
    timeIn,
  };
}

function repeat(times: number, work: () => void): void {
  for (let done = 0; done < times; done++) work();
}
