import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blobGate, replicateOnce } from '../../src/sync/index.ts';
import { heldClock } from '../support/instances.ts';
import { folderLink, never, small } from './link-support.ts';
import { someBlob } from './transport-contract.ts';

const at = (hour: number, minute = 0, second = 0): number =>
  new Date(2026, 2, 2, hour, minute, second).getTime();
const night = { from: 20 * 60, to: 6 * 60 };

describe('the window in which blobs move', () => {
  test.each([
    ['opens at its first minute', at(20), undefined],
    ['is open over midnight', at(0, 1), undefined],
    ['is open in its last minute', at(5, 59, 59), undefined],
    ['is closed from its end on', at(6), 14 * 3600_000],
    ['is closed before it begins', at(19, 59, 30), 30_000],
  ])('%s', (_, now, opensInMs) => {
    const gate = blobGate({ clock: heldClock(now), window: night });
    expect(gate.closed()).toEqual(opensInMs && { because: 'window', opensInMs });
    expect(gate.allowance() > 0).toBe(opensInMs === undefined);
  });

  test('of a day is open on that day only, and one without length is always open', () => {
    const day = { from: 8 * 60, to: 18 * 60 };
    expect(blobGate({ clock: heldClock(at(12)), window: day }).closed()).toBeUndefined();
    expect(blobGate({ clock: heldClock(at(7, 30)), window: day }).closed()?.opensInMs).toBe(30 * 60_000);
    expect(blobGate({ clock: heldClock(at(18)), window: day }).closed()?.opensInMs).toBe(14 * 3600_000);
    expect(blobGate({ clock: heldClock(at(3)), window: { from: 60, to: 60 } }).closed()).toBeUndefined();
  });
});

describe('the rate at which blobs move', () => {
  test('is kept in the long run, whatever is moved when, and however the clock is set', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -5000, max: 5000 }), fc.nat(300_000)), {
          minLength: 1,
          maxLength: 60,
        }),
        (steps) => {
          const clock = heldClock(at(12));
          const gate = blobGate({ clock, bytesPerSecond: 100_000 });
          let [moved, passedMs, largest] = [0, 0, 0];
          for (const [ms, bytes] of steps) {
            clock.advance(ms);
            passedMs += Math.max(0, ms);
            if (gate.allowance() <= 0) continue;
            gate.moved(bytes);
            moved += bytes;
            largest = Math.max(largest, bytes);
          }
          // A second's worth may be saved up, and the last parcel may go beyond.
          expect(moved).toBeLessThanOrEqual(passedMs * 100 + 100_000 + largest);
        },
      ),
    );
  });

  test('says when it goes on, and goes on then', () => {
    const clock = heldClock(at(12));
    const gate = blobGate({ clock, bytesPerSecond: 1000 });
    gate.moved(6000);
    const { because, opensInMs } = gate.closed()!;
    expect(because).toBe('rate');
    clock.advance(opensInMs);
    expect(gate.closed()).toBeUndefined();
  });
});

describe('an exchange', () => {
  const { bytes } = someBlob(60_000, 8192);

  test('carries entries at once and blobs as slowly as it must, and waits for no longer', async () => {
    await using link = folderLink();
    const clock = heldClock(at(12));
    const gate = blobGate({ clock, bytesPerSecond: 10_000 });
    const digest = link.vendor.offer(bytes);
    let waitedMs = 0;
    let entriesFirst = false;
    const wait = (timeMs: number): Promise<void> => {
      entriesFirst ||= waitedMs === 0 && link.here.name === 'folder';
      waitedMs += timeMs;
      clock.advance(timeMs);
      return Promise.resolve();
    };
    const sent = await replicateOnce({ ...link.vendor, gate }, link.here, {
      signal: never,
      limits: small,
      wait,
    });
    expect(sent).toMatchObject({ entriesOut: 1, blobBytesOut: 60_000, paused: undefined });
    expect(waitedMs).toBeGreaterThan(4000);
    expect(waitedMs).toBeLessThan(7000);
    const came = await replicateOnce({ ...link.customer, gate }, link.there, {
      signal: never,
      limits: small,
      wait,
    });
    expect(came).toMatchObject({ entriesIn: 1, blobBytesIn: 60_000, blobsHeld: [digest] });
    expect(waitedMs).toBeGreaterThan(9000);
    expect(entriesFirst).toBe(true);
  });

  test('carries entries and no blobs outside of the window, says so, and does not wait for it', async () => {
    await using link = folderLink();
    const clock = heldClock(at(12));
    const gate = blobGate({ clock, window: night });
    const digest = link.vendor.offer(bytes);
    const wait = (): Promise<void> => Promise.reject(new Error('waited'));
    const options = { signal: never, limits: small, wait };
    const paused = { because: 'window', opensInMs: 8 * 3600_000 };
    const held = { ...link.vendor, gate };
    expect(await replicateOnce(held, link.here, options)).toMatchObject({
      entriesOut: 1,
      blobBytesOut: 0,
      paused,
    });
    await replicateOnce(link.vendor, link.here, options);
    const closed = await replicateOnce({ ...link.customer, gate }, link.there, options);
    expect(closed).toMatchObject({ entriesIn: 1, blobBytesIn: 0, paused });
    clock.advance(8 * 3600_000);
    const open = await replicateOnce({ ...link.customer, gate }, link.there, options);
    expect(open).toMatchObject({ blobsHeld: [digest], paused: undefined });
  });
});
