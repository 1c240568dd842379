import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyHub, natsConnection } from '../../src/sync/over-nats.ts';
import { patienceMs } from '../support/patience.ts';
import { requires } from '../support/requires.ts';
import { party, signIn, startHub, type RunningHub } from './running-hub.ts';
import { memory } from '../support/in-memory.ts';

const first = party('a'.repeat(32));
const second = party('b'.repeat(32));
const links = [...first.links, ...second.links];

describe.skipIf(!requires('nats-server', 'reloading a hub'))('a hub that is reloaded', () => {
  let root: string;
  let hub: RunningHub;
  beforeEach(async () => {
    root = mkdtempSync(join(memory, 'crossgap-hub-'));
    hub = await startHub({ root, customers: [first] });
    await using connection = natsConnection({
      urls: hub.urls,
      ca: hub.ca,
      seed: hub.own.seed,
      inboxPrefix: '_INBOX_hub',
      name: 'acme',
    });
    await applyHub(connection, links, { signal: AbortSignal.timeout(patienceMs) });
  });
  afterEach(async () => {
    await hub[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  });

  test('lets a new customer in, and neither drops the others nor loses what they wait for', async () => {
    const old = await signIn(hub, first);
    const owner = await signIn(hub, hub.own);
    const entries = await jetstream(old).consumers.get(`cg-${first.links[0]}-down`, 'entries');
    const waiting = entries.next({ expires: patienceMs });
    await old.flush();
    await expect(signIn(hub, second)).rejects.toThrow(/authorization/i);

    const written = await hub.admit([first, second]);
    expect(written.needs).toBe('reload');
    const young = await signIn(hub, second);
    const ack = await jetstream(young).publish(`cg.${second.links[0]}.up.e.1.1.1`, 'hello');
    expect(ack.stream).toBe(`cg-${second.links[0]}-up`);
    await jetstream(owner).publish(`cg.${first.links[0]}.down.e.1.1.1`, 'behind the reload');
    const came = await waiting;
    expect(came?.string()).toBe('behind the reload');
    expect(await came?.ackAck()).toBe(true);
    expect([old.isClosed(), owner.isClosed()]).toEqual([false, false]);
    for (const one of [old, young, owner]) await one.close();
  });

  test('lets a customer whose link ended no longer in, and ends its connection', async () => {
    const old = await signIn(hub, first);
    const closed = old.closed();
    await hub.admit([second]);
    await closed;
    await expect(signIn(hub, first)).rejects.toThrow(/authorization/i);
  });

  test('gives a customer its second link', async () => {
    const grown = { ...first, links: links };
    const before = await signIn(hub, first);
    const asked = await jetstreamManager(before, { checkAPI: false, timeout: 1000 });
    await expect(asked.consumers.info(`cg-${links[1]}-down`, 'entries')).rejects.toThrow();
    await hub.admit([grown]);
    const after = await signIn(hub, grown);
    for (const link of links) await jetstream(after).publish(`cg.${link}.up.e.1.1.1`, 'hello');
    for (const one of [before, after]) await one.close();
  });

  test('that has nothing new changes no file', async () => {
    const read = (): string[] =>
      ['hub.conf', 'hub-links.conf', 'hub.pem', 'ca.pem'].map((name) =>
        readFileSync(join(hub.folder, name), 'utf8'),
      );
    const before = read();
    const written = await hub.admit([first]);
    expect(written.needs).toBe('nothing');
    expect(written.files.filter(({ changed }) => changed)).toEqual([]);
    expect(read()).toEqual(before);
  });
});
