import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test, vi } from 'vitest';
import { applyHub, checkHub, natsConnection } from '../../src/sync/over-nats.ts';
import { patienceMs } from '../support/patience.ts';
import { requires } from '../support/requires.ts';
import { party, signIn, startHub, type Party, type RunningHub } from './running-hub.ts';

const customer = party('a'.repeat(32));
const newcomer = party('b'.repeat(32));
const link = customer.links[0]!;
const signal = AbortSignal.timeout(patienceMs);

describe.skipIf(!requires('nats-server', 'a hub of three servers'))('a hub of three servers', () => {
  test('serves a customer at any of them, also while one is gone', async () => {
    const root = mkdtempSync(join(tmpdir(), 'crossgap-hub-'));
    try {
      await using hub = await startHub({ root, customers: [customer], servers: 3 });
      await using connection = natsConnection({
        urls: hub.urls,
        ca: hub.ca,
        seed: hub.own.seed,
        inboxPrefix: '_INBOX_hub',
        name: 'acme',
      });
      await until(async () => {
        const changes = await applyHub(connection, [link], { signal, limits: { replicas: 3 } });
        return changes.made.length === 0;
      });
      const check = await checkHub(connection, { signal, replicas: 3 });
      expect(check.findings.filter(({ level }) => level === 'wrong')).toEqual([]);

      for (const server of [0, 1, 2]) await crosses(hub, server, customer, `all three, at ${server}`);
      await liesAtAll(hub);
      await hub.stop(0);
      for (const server of [1, 2]) await crosses(hub, server, customer, `one gone, at ${server}`);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  test('admits a customer at each of them when they are reloaded', async () => {
    const root = mkdtempSync(join(tmpdir(), 'crossgap-hub-'));
    try {
      await using hub = await startHub({ root, customers: [customer], servers: 3 });
      await using connection = natsConnection({
        urls: hub.urls,
        ca: hub.ca,
        seed: hub.own.seed,
        inboxPrefix: '_INBOX_hub',
        name: 'acme',
      });
      await hub.admit([customer, newcomer]);
      const links = [link, newcomer.links[0]!];
      await until(async () => {
        const changes = await applyHub(connection, links, { signal, limits: { replicas: 3 } });
        return changes.made.length === 0;
      });
      for (const server of [0, 1, 2]) await crosses(hub, server, newcomer, `new, at ${server}`);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

/** A message each way over one server; elections may be under way, so each step is tried until it goes. */
async function crosses(hub: RunningHub, server: number, who: Party, words: string): Promise<void> {
  const [theirs] = who.links;
  const owner = await signIn(hub, hub.own, { server });
  const young = await signIn(hub, who, { server });
  const subject = (way: string): string => `cg.${theirs}.${way}.e.1.${Date.now()}.1`;
  await until(async () => {
    await jetstream(owner, { timeout: 2000 }).publish(subject('down'), words);
    return true;
  });
  await until(async () => {
    const entries = await jetstream(young, { timeout: 2000 }).consumers.get(`cg-${theirs}-down`, 'entries');
    const came = await entries.next({ expires: 2000 });
    return came !== null && (await came.ackAck()) && came.string() === words;
  });
  await until(async () => {
    const ack = await jetstream(young, { timeout: 2000 }).publish(subject('up'), words);
    return ack.stream === `cg-${theirs}-up`;
  });
  for (const one of [owner, young]) await one.close();
}

/** The streams of the link lie at all three. */
async function liesAtAll(hub: RunningHub): Promise<void> {
  const owner = await signIn(hub, hub.own, { server: 1 });
  const { config, cluster } = await (await jetstreamManager(owner)).streams.info(`cg-${link}-down`);
  expect(config.num_replicas).toBe(3);
  expect(cluster?.replicas).toHaveLength(2);
  await owner.close();
}

/** Tries again until it goes: servers that elect a leader answer nobody meanwhile. */
function until(done: () => Promise<boolean>): Promise<void> {
  const once = async (): Promise<void> => expect(await done()).toBe(true);
  return vi.waitFor(once, { timeout: patienceMs, interval: 250 });
}
