import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepLinkStates, readLinkStates } from '../../src/daemon/daemon-state.ts';
import { readLinkViews, runDaemon } from '../../src/daemon/index.ts';
import { acceptInvitation } from '../../src/commands/index.ts';
import { dataFolder, ensureNatsKey, type Instance } from '../../src/instance/index.ts';
import { tryLock } from '../../src/lock.ts';
import { silentLog } from '../../src/log.ts';
import { readLinks, type LinkLive } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { heldClock, makeInstance, makePair } from '../support/instances.ts';
import { patienceMs } from '../support/patience.ts';

let root: ReturnType<typeof memoryFolder>;
beforeEach(() => {
  root = memoryFolder();
});
afterEach(() => root[Symbol.dispose]());

const live: LinkLive = {
  connection: null,
  exchangedAt: '2026-03-02T12:00:00.000Z',
  lastError: null,
  refused: {
    count: 1,
    since: '2026-03-02T11:00:00.000Z',
    at: '2026-03-02T11:00:00.000Z',
    reasons: [{ code: 'FEED_UNKNOWN', count: 1, message: 'Cannot take it' }],
  },
};
const instance = () => ({ folder: dataFolder(root.path) });
const file = (): string => join(root.path, 'daemon-state.json');

async function kept(): Promise<AsyncDisposable> {
  const health = { all: () => new Map([['a', live]]), onChange: () => () => undefined };
  const states = keepLinkStates(instance(), health, silentLog());
  await vi.waitUntil(() => existsSync(file()));
  return states;
}

test('what a running daemon knows of its links is read by others, and gone with it', async () => {
  using _lock = tryLock(instance().folder.daemonLock, 'run');
  const states = await kept();
  expect(readLinkStates(instance())).toEqual(new Map([['a', live]]));
  await states[Symbol.asyncDispose]();
  expect(existsSync(file())).toBe(false);
  expect(readLinkStates(instance())).toBeUndefined();
});

test('what a daemon left that ended without a word is not believed', async () => {
  const lock = tryLock(instance().folder.daemonLock, 'run')!;
  await using _states = await kept();
  lock.release();
  expect(readLinkStates(instance())).toBeUndefined();
  using _next = tryLock(instance().folder.daemonLock, 'run');
  const text = readFileSync(file(), 'utf8');
  writeFileSync(file(), text.replace(`"pid":${process.pid}`, '"pid":1'));
  expect(readLinkStates(instance())).toBeUndefined();
});

test.each(['', '{', '[]', '{"format":1,"pid":1}', '{"format":2}'])('a file that says %j is none', (text) => {
  using _lock = tryLock(instance().folder.daemonLock, 'run');
  writeFileSync(file(), text);
  expect(readLinkStates(instance())).toBeUndefined();
});

/** Runs the daemon of an instance until `seen` gives something, and gives that. */
async function whileRunning<T>(instance: Instance, seen: () => Promise<T> | T): Promise<T> {
  const [ready, over] = [Promise.withResolvers<void>(), new AbortController()];
  const daemon = runDaemon(instance, {
    once: false,
    listen: { host: '127.0.0.1', port: 0 },
    log: silentLog(),
    signal: over.signal,
    onReady: () => ready.resolve(),
  });
  try {
    await Promise.race([ready.promise, daemon]);
    return await seen();
  } finally {
    over.abort();
    await daemon;
  }
}

const patience = { timeout: patienceMs };

test('how the links of a running daemon are is seen by commands, until it ends', async () => {
  using pair = await makePair(root.path);
  const { vendor } = pair;
  const live = (): LinkLive | null | undefined => readLinkViews(vendor)[0]?.live;
  await whileRunning(vendor, () => vi.waitUntil(() => live()?.exchangedAt, patience));
  expect(live()).toBeNull();
});

test('a link that has no line says why, and is tried again by itself', async () => {
  const [acme, contoso] = [
    await makeInstance(root.path, 'acme', heldClock()),
    await makeInstance(root.path, 'contoso', heldClock()),
  ];
  const transport = { kind: 'nats' as const, hub: false, urls: ['nats://127.0.0.1:9'] };
  const peer = { instanceId: acme.identity.instanceId, introduction: acme.identity.bytes };
  const link = 'ab'.repeat(16);
  contoso.record((db) => acceptInvitation(readLinks(db), { link, name: 'acme', transport, peer }));
  const says = (code: string): boolean => readLinkViews(contoso)[0]?.live?.lastError?.code === code;
  await whileRunning(contoso, async () => {
    await vi.waitUntil(() => says('KEY_FILE_MISSING'), patience);
    await ensureNatsKey(contoso.folder);
    await vi.waitUntil(() => says('HUB_UNREACHABLE'), patience);
  });
  acme.close();
  contoso.close();
});
