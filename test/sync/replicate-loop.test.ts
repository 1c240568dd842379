import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/log.ts';
import {
  doorbell,
  replicate,
  type Exchange,
  type ReplicateOptions,
  type Transport,
} from '../../src/sync/index.ts';
import { folderLink, small, type Link } from './link-support.ts';

let link: Link;
let ending: AbortController;
beforeEach(() => {
  link = folderLink();
  ending = new AbortController();
});
afterEach(async () => {
  ending.abort();
  await link[Symbol.asyncDispose]();
});

/** The exchanges of a loop, and a promise for the first that is as somebody wants it. */
function watchExchanges() {
  const seen: Exchange[] = [];
  const waiting: { wanted: (exchange: Exchange) => boolean; resolve: (exchange: Exchange) => void }[] = [];
  return {
    seen,
    onExchange: (exchange: Exchange): void => {
      seen.push(exchange);
      for (const one of waiting) if (one.wanted(exchange)) one.resolve(exchange);
    },
    next: (wanted: (exchange: Exchange) => boolean): Promise<Exchange> =>
      new Promise((resolve) => waiting.push({ wanted, resolve })),
  };
}

function options(overrides: Partial<ReplicateOptions> = {}): ReplicateOptions {
  return { signal: ending.signal, log: silentLog(), changes: doorbell(), limits: small, ...overrides };
}

describe('two loops on one folder', () => {
  test('carry what is appended at one side to the other, and the receipt back', async () => {
    const [vendorSaw, customerSaw] = [watchExchanges(), watchExchanges()];
    const changes = doorbell();
    const receipted = vendorSaw.next(
      () => link.vendor.confirmed().seq === 2 && link.vendor.blobsOwed().length === 0,
    );
    const running = [
      replicate(link.vendor, link.here, options({ changes, onExchange: vendorSaw.onExchange })),
      replicate(link.customer, link.there, options({ onExchange: customerSaw.onExchange })),
    ];
    const digest = link.vendor.offer(randomBytes(30_000));
    link.vendor.append({ note: 'hello' });
    changes.ring();
    await receipted;
    expect(link.customer.holdsBlob(digest)).toBe(true);
    ending.abort();
    await Promise.all(running);
  });
});

describe('a loop', () => {
  test('does nothing until something arrives, something changes here, or it is time', async () => {
    const wakers = { arrival: () => {}, time: () => {} };
    const asleep = { next: Promise.withResolvers<void>() };
    const until = (signal: AbortSignal, name: 'arrival' | 'time'): Promise<void> =>
      new Promise((resolve) => {
        wakers[name] = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
        // The time is the last thing a loop begins to wait for.
        if (name === 'arrival') return;
        const { next } = asleep;
        asleep.next = Promise.withResolvers();
        next.resolve();
      });
    const heads: string[] = [];
    const transport: Transport = {
      ...link.here,
      send: (parcel) => Promise.resolve(void heads.push(parcel.kind)),
      arrival: (signal) => until(signal, 'arrival'),
    };
    let time = 0;
    const saw = watchExchanges();
    const changes = doorbell();
    link.vendor.append({ note: 'hello' });
    await link.here.send(
      { kind: 'entries', epoch: 1, firstSeq: 1, entries: link.vendor.outgoing({ epoch: 0, seq: 0 }, 9) },
      ending.signal,
    );
    let sleeping = asleep.next.promise;
    const running = replicate(
      link.vendor,
      transport,
      options({
        changes,
        onExchange: saw.onExchange,
        now: () => time,
        wait: (_, signal) => until(signal, 'time'),
        headEveryMs: 1000,
      }),
    );
    for (const [index, wake] of [
      () => wakers.arrival(),
      () => changes.ring(),
      () => {
        time = 1000;
        wakers.time();
      },
    ].entries()) {
      await sleeping;
      expect(saw.seen).toHaveLength(index + 1);
      sleeping = asleep.next.promise;
      wake();
    }
    await sleeping;
    expect(saw.seen).toHaveLength(4);
    // The head went out at the start and when its time came, and not for every reason to look.
    expect(heads).toEqual(['head', 'head']);
    ending.abort();
    await running;
  });

  test('ends at once when its signal has fired', async () => {
    ending.abort();
    await replicate(link.vendor, link.here, options());
    expect(link.vendor.did.receive).toBe(0);
  });

  test('tries again after a failure, each time later, and goes on when the folder is back', async () => {
    const away = `${link.root} away`;
    renameSync(link.root, away);
    link.vendor.append({ note: 'hello' });
    const delays: number[] = [];
    const saw = watchExchanges();
    const sent = saw.next(({ entriesOut }) => entriesOut === 1);
    const wait: ReplicateOptions['wait'] = async (timeMs, signal) => {
      delays.push(timeMs);
      if (delays.length === 5) renameSync(away, link.root);
      if (delays.length > 5)
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
    };
    const retry = { firstMs: 100, mostMs: 700 };
    const running = replicate(
      link.vendor,
      link.here,
      options({ wait, retry, random: () => 1, onExchange: saw.onExchange }),
    );
    await sent;
    ending.abort();
    await running;
    expect(delays.slice(0, 5)).toEqual([100, 200, 400, 700, 700]);
    expect(saw.seen[0]!.failures).toEqual([expect.objectContaining({ code: 'FOLDER_MISSING' })]);
  });

  test('tries nothing while there is no line, and goes on when it is back', async () => {
    const away = `${link.root}-away`;
    renameSync(link.root, away);
    link.vendor.append({ note: 'hello' });
    const saw = watchExchanges();
    const sent = saw.next(({ entriesOut }) => entriesOut === 1);
    const asked = Promise.withResolvers<void>();
    const back = Promise.withResolvers<void>();
    const { here } = link;
    const line: Transport = {
      name: here.name,
      send: here.send.bind(here),
      carriedTo: here.carriedTo.bind(here),
      carriesChunk: here.carriesChunk.bind(here),
      receive: here.receive.bind(here),
      arrival: here.arrival.bind(here),
      settle: here.settle.bind(here),
      lineIsThere() {
        asked.resolve();
        return back.promise;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    let waits = 0;
    const wait: ReplicateOptions['wait'] = async (_timeMs, signal) => {
      waits += 1;
      if (waits > 1)
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
    };
    const running = replicate(link.vendor, line, options({ wait, onExchange: saw.onExchange }));
    await asked.promise;
    expect(saw.seen).toHaveLength(1);
    renameSync(away, link.root);
    back.resolve();
    await sent;
    ending.abort();
    await running;
    expect(saw.seen).toHaveLength(2);
  });

  test('makes a replica for each exchange where it is told how, and gives its turn back where none can be made', async () => {
    const saw = watchExchanges();
    const changes = doorbell();
    let [made, turnsOver] = [0, 0];
    const sent = saw.next(({ entriesOut }) => entriesOut === 1);
    const first = saw.next(() => true);
    const replica = (): typeof link.vendor => {
      made += 1;
      if (made === 3) throw new Error('none can be made');
      return link.vendor;
    };
    const turn = (): Promise<() => void> => Promise.resolve(() => void (turnsOver += 1));
    const running = replicate(replica, link.here, options({ changes, turn, onExchange: saw.onExchange }));
    await first;
    link.vendor.append({ note: 'hello' });
    changes.ring();
    await sent;
    changes.ring();
    await expect(running).rejects.toThrow('none can be made');
    expect([made, turnsOver]).toEqual([3, 3]);
  });

  test('asks anew how long the pace of its heads is', async () => {
    const paces = [1000, 5000];
    const waits: number[] = [];
    let time = 0;
    const done = Promise.withResolvers<void>();
    const running = replicate(
      link.vendor,
      {
        ...link.here,
        arrival: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
      },
      options({
        now: () => time,
        headEveryMs: () => paces.shift()!,
        wait(timeMs, signal) {
          waits.push(timeMs);
          time += timeMs;
          if (waits.length < 2) return Promise.resolve();
          done.resolve();
          return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
        },
      }),
    );
    await done.promise;
    ending.abort();
    await running;
    expect(waits).toEqual([1000, 5000]);
  });

  test('has each exchange in its turn, and ends the turn with it', async () => {
    const told: string[] = [];
    const saw = watchExchanges();
    const sent = saw.next(({ entriesOut }) => entriesOut === 1);
    link.vendor.append({ note: 'hello' });
    const turn = (): Promise<() => void> => {
      told.push('begun');
      return Promise.resolve(() => void told.push('over'));
    };
    const onExchange = (exchange: Exchange): void => {
      told.push('exchanged');
      saw.onExchange(exchange);
    };
    const running = replicate(link.vendor, link.here, options({ turn, onExchange }));
    await sent;
    ending.abort();
    await running;
    expect(told.slice(0, 3)).toEqual(['begun', 'over', 'exchanged']);
  });

  test('outlives a log that throws, and takes the same entries afterwards', async () => {
    link.vendor.append({ note: 'hello' });
    await link.here.send(
      { kind: 'entries', epoch: 1, firstSeq: 1, entries: link.vendor.outgoing({ epoch: 0, seq: 0 }, 9) },
      ending.signal,
    );
    const saw = watchExchanges();
    const took = saw.next(({ entriesIn }) => entriesIn === 1);
    let broken = true;
    const customer = {
      ...link.customer,
      receiveEntries: (...given: Parameters<typeof link.customer.receiveEntries>) => {
        if (!broken) return link.customer.receiveEntries(...given);
        broken = false;
        return Promise.reject(new Error('disk I/O error'));
      },
    };
    const running = replicate(
      customer,
      link.there,
      options({ wait: () => Promise.resolve(), onExchange: saw.onExchange }),
    );
    await took;
    ending.abort();
    await running;
    expect(saw.seen[0]!.failures).toEqual([expect.objectContaining({ message: 'disk I/O error' })]);
  });

  test('T-09 tells of a blob of which nothing comes any more', async () => {
    const digest = link.vendor.offer(randomBytes(30_000));
    const vendorEntries = link.vendor.outgoing({ epoch: 0, seq: 0 }, 9);
    await link.here.send({ kind: 'entries', epoch: 1, firstSeq: 1, entries: vendorEntries }, ending.signal);
    let time = 0;
    const saw = watchExchanges();
    const stalled = saw.next(({ waiting }) => waiting.some(({ stalledMs }) => stalledMs >= 600_000));
    const running = replicate(
      link.customer,
      link.there,
      options({
        onExchange: saw.onExchange,
        now: () => time,
        wait: (timeMs) => {
          time += timeMs;
          return Promise.resolve();
        },
      }),
    );
    const { waiting } = await stalled;
    expect(waiting).toEqual([expect.objectContaining({ digest, heldBytes: 0, sizeBytes: 30_000 })]);
    ending.abort();
    await running;
  });
});

describe('a doorbell', () => {
  test('keeps a ring for who comes later, and many rings are one', async () => {
    const bell = doorbell();
    bell.ring();
    bell.ring();
    await bell.rung(ending.signal);
    let woken = false;
    const second = bell.rung(ending.signal).then(() => (woken = true));
    await Promise.resolve();
    expect(woken).toBe(false);
    bell.ring();
    await second;
  });

  test('lets who waits go when the signal fires, and keeps no ring from it', async () => {
    const bell = doorbell();
    const waiting = bell.rung(ending.signal);
    ending.abort();
    await waiting;
    await bell.rung(ending.signal);
  });
});
