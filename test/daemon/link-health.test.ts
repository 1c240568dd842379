import { expect, test, vi } from 'vitest';
import { linkHealth } from '../../src/daemon/link-health.ts';
import { SyncError, type HubState } from '../../src/sync/index.ts';
import { heldClock } from '../support/instances.ts';

const missing = (folder = '/mnt/x') =>
  new SyncError('FOLDER_MISSING', `Cannot use the folder ${folder}: it is not there`, {
    hint: 'Plug it in.',
  });
const noHub = { stateOf: () => undefined };
const iso = (at: number): string => new Date(at).toISOString();

test('a link that went through says when, and nothing is wrong with it', () => {
  const clock = heldClock();
  using health = linkHealth(noHub, clock);
  expect(health.of('a')).toBeUndefined();
  health.exchanged('a', { refusals: [], failures: [] });
  expect(health.of('a')).toEqual({
    connection: null,
    exchangedAt: iso(clock.now()),
    lastError: null,
    refused: null,
  });
});

test('a failure is told since when and when last, and stays to be read when it is over', () => {
  const clock = heldClock();
  using health = linkHealth(noHub, clock);
  const [told, since] = [vi.fn(), clock.now()];
  health.onChange(told);
  health.exchanged('a', { refusals: [], failures: [missing()] });
  clock.advance(60_000);
  health.exchanged('a', { refusals: [], failures: [missing()] });
  const lasting = { code: 'FOLDER_MISSING', since: iso(since), at: iso(since + 60_000), over: false };
  expect(health.of('a')?.lastError).toMatchObject(lasting);
  expect(told).toHaveBeenCalledTimes(1);
  health.exchanged('a', { refusals: [], failures: [] });
  expect(health.of('a')?.lastError).toMatchObject({ ...lasting, over: true });
  health.exchanged('a', { refusals: [], failures: [] });
  expect(told).toHaveBeenCalledTimes(2);
  clock.advance(1000);
  health.exchanged('a', { refusals: [], failures: [missing()] });
  expect(health.of('a')?.lastError).toMatchObject({ since: iso(clock.now()), over: false });
});

test('a connection tells its own state, and what it failed with counts until it is up again', () => {
  const clock = heldClock();
  const lost: HubState = {
    connected: false,
    since: clock.now(),
    url: 'tls://hub.example:4222',
    serverVersion: '2.12.7',
    encrypted: true,
    lastError: { code: 'HUB_UNREACHABLE', message: 'Cannot connect', hint: 'Look.', at: clock.now() },
  };
  let state = lost;
  using health = linkHealth({ stateOf: () => state }, clock);
  health.exchanged('a', { refusals: [], failures: [] });
  expect(health.of('a')).toMatchObject({
    connection: { connected: false, since: iso(clock.now()), serverVersion: '2.12.7' },
    lastError: { code: 'HUB_UNREACHABLE', over: false },
  });
  state = { ...lost, connected: true };
  expect(health.all().get('a')).toMatchObject({ connection: { connected: true }, lastError: { over: true } });
});

test('T-51 a flood is shown with its link alone, and told soon once', () => {
  const clock = heldClock();
  using health = linkHealth(noHub, clock);
  const flood = (from: number) =>
    Array.from({ length: 1000 }, (_, at) => ({
      what: `7/${from + at}`,
      code: 'FEED_UNKNOWN',
      message: 'Cannot take it',
    }));
  for (const link of ['flood', 'quiet']) health.exchanged(link, { failures: [], refusals: [] });
  const told = vi.fn();
  health.onChange(told);
  for (let round = 0; round < 5; round++) {
    health.exchanged('flood', { failures: [], refusals: flood(1000 * round) });
    health.exchanged('quiet', { failures: [], refusals: [] });
  }
  expect(health.of('flood')?.refused).toMatchObject({
    count: 5000,
    reasons: [{ code: 'FEED_UNKNOWN', count: 5000 }],
  });
  expect(health.of('quiet')?.refused).toBeNull();
  expect(told).toHaveBeenCalledTimes(1);
});

test('an error without words of ours is called unexpected, and none is of any length', () => {
  using health = linkHealth(noHub, heldClock());
  health.failed('a', new TypeError('x'.repeat(100_000)));
  expect(health.of('a')?.lastError).toMatchObject({ code: 'UNEXPECTED', hint: null });
  expect(health.of('a')!.lastError!.message).toHaveLength(2000);
});
