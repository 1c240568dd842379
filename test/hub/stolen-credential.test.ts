import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyHub, natsConnection } from '../../src/sync/over-nats.ts';
import { patienceMs } from '../support/patience.ts';
import { requires } from '../support/requires.ts';
import { party, signIn, startHub, type RunningHub } from './running-hub.ts';
import { memory } from '../support/in-memory.ts';

const mine = '1'.repeat(32);
const mineToo = '2'.repeat(32);
const theirs = '3'.repeat(32);
const thief = party(mine, mineToo);
const victim = party(theirs);
const down = (link: string): string => `cg-${link}-down`;
const up = (link: string): string => `cg-${link}-up`;

/** Whatever else JetStream has: asked for one's own link and for another's. */
const questions = [mine, theirs].flatMap((link) =>
  [down(link), up(link)].flatMap((stream) => [
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.STREAM.UPDATE.${stream}`,
    `$JS.API.STREAM.DELETE.${stream}`,
    `$JS.API.STREAM.PURGE.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.STREAM.MSG.DELETE.${stream}`,
    `$JS.API.STREAM.SNAPSHOT.${stream}`,
    `$JS.API.STREAM.RESTORE.${stream}`,
    `$JS.API.STREAM.PEER.REMOVE.${stream}`,
    `$JS.API.STREAM.LEADER.STEPDOWN.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.cg.${link}.down.e.head`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.mine`,
    `$JS.API.CONSUMER.CREATE.${stream}.mine.cg.${link}.>`,
    `$JS.API.CONSUMER.CREATE.${stream}.entries`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.mine`,
    `$JS.API.CONSUMER.NAMES.${stream}`,
    `$JS.API.CONSUMER.LIST.${stream}`,
    `$JS.API.CONSUMER.DELETE.${stream}.entries`,
    `$JS.API.CONSUMER.LEADER.STEPDOWN.${stream}.entries`,
    `$JS.API.CONSUMER.INFO.${stream}.another`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.another`,
  ]),
);
const onlyOthers = [
  `$JS.API.STREAM.INFO.${up(mine)}`,
  `$JS.API.CONSUMER.INFO.${up(mine)}.entries`,
  `$JS.API.CONSUMER.MSG.NEXT.${up(mine)}.entries`,
  `$JS.ACK.${up(mine)}.entries.1.1.1.1.0`,
  `$JS.API.STREAM.INFO.${down(theirs)}`,
  `$JS.API.STREAM.INFO.${up(theirs)}`,
  `$JS.API.CONSUMER.INFO.${down(theirs)}.entries`,
  `$JS.API.CONSUMER.INFO.${down(theirs)}.blobs`,
  `$JS.API.CONSUMER.MSG.NEXT.${down(theirs)}.entries`,
  `$JS.API.CONSUMER.MSG.NEXT.${down(theirs)}.blobs`,
  `hub.API.CONSUMER.MSG.NEXT.${down(theirs)}.entries`,
  `hub.API.STREAM.DELETE.${down(mine)}`,
  `$JS.ACK.${down(theirs)}.entries.1.1.1.1.0`,
  `cg.${theirs}.up.e.1.1.1`,
  `cg.${theirs}.down.e.1.1.1`,
  `cg.${mine}.down.e.1.1.1`,
  `cg.${mine}.down.e.head`,
];
const anywhere = [
  '$JS.API.INFO',
  '$JS.API.STREAM.NAMES',
  '$JS.API.STREAM.LIST',
  '$JS.API.STREAM.CREATE.loot',
  '$JS.API.STREAM.TEMPLATE.CREATE.loot',
  '$JS.API.META.LEADER.STEPDOWN',
  '$JS.API.SERVER.REMOVE',
  '$JS.API.ACCOUNT.PURGE.crossgap',
  '$JS.API.>',
  '$JS.API.CONSUMER.MSG.NEXT.*.entries',
  '$SYS.REQ.SERVER.PING',
  '$SYS.REQ.SERVER.PING.VARZ',
  '$SYS.REQ.ACCOUNT.crossgap.CONNZ',
  '$SYS.REQ.ACCOUNT.PING.CONNZ',
  '$SYS.REQ.USER.INFO',
  '$SYS.ACCOUNT.crossgap.CONNECT',
  '$KV.loot.key',
  '$O.loot.C.1',
  '_INBOX.x',
  '_INBOX_hub.x',
  `_INBOX_${theirs}.x`,
  '_R_.x',
  'loot',
];
const listened = [
  '>',
  '*',
  'cg.>',
  `cg.${mine}.>`,
  `cg.${theirs}.up.>`,
  '$JS.>',
  '$JS.API.>',
  '$JS.ACK.>',
  '$JS.EVENT.ADVISORY.>',
  '$SYS.>',
  'hub.API.>',
  '_INBOX.>',
  '_INBOX_hub.>',
  `_INBOX_${theirs}.>`,
  '_R_.>',
];
/** Where answers could be sent so that the server does with them what the thief may not. */
const repliesTo = [
  ...questions,
  ...onlyOthers,
  ...anywhere.filter((subject) => !subject.includes('*') && !subject.includes('>')),
];

describe.skipIf(!requires('nats-server', 'what a stolen credential can do at a hub'))(
  'T-48 T-49 a stolen credential',
  () => {
    let root: string;
    let hub: RunningHub;
    let owner: NatsConnection;
    let manager: JetStreamManager;
    let stolen: NatsConnection;
    beforeAll(async () => {
      root = mkdtempSync(join(memory, 'crossgap-hub-'));
      hub = await startHub({ root, customers: [thief, victim] });
      await using connection = natsConnection({
        urls: hub.urls,
        ca: hub.ca,
        seed: hub.own.seed,
        inboxPrefix: '_INBOX_hub',
        name: 'acme',
      });
      await applyHub(connection, [mine, mineToo, theirs], { signal: AbortSignal.timeout(patienceMs) });
      owner = await signIn(hub, hub.own);
      manager = await jetstreamManager(owner);
      stolen = await signIn(hub, thief);
      for (const link of [mine, mineToo, theirs]) {
        await jetstream(owner).publish(`cg.${link}.down.e.1.1.1`, `for ${link}`);
        await jetstream(owner).publish(`cg.${link}.up.e.1.1.1`, `from ${link}`);
      }
    });
    afterAll(async () => {
      await stolen?.close();
      await owner?.close();
      await hub?.[Symbol.asyncDispose]();
      rmSync(root, { recursive: true, force: true });
    });

    /** All there is at the hub but what waits in the thief's own way up. */
    async function everything(): Promise<unknown> {
      const streams = await manager.streams.list().next();
      const facts = [];
      for (const { config, created, state } of streams.toSorted((a, b) =>
        a.config.name < b.config.name ? -1 : 1,
      )) {
        const consumers = await manager.consumers.list(config.name).next();
        const untouched = config.name.includes(theirs) || config.name.endsWith('-down');
        facts.push({
          config,
          created,
          messages: untouched ? [state.messages, state.first_seq, state.last_seq] : undefined,
          consumers: consumers.map((one) => [
            one.config,
            one.created,
            config.name.includes(theirs) ? [one.delivered.stream_seq, one.ack_floor.stream_seq] : undefined,
          ]),
        });
      }
      return facts;
    }

    /** What the server says to a subject: undefined where it lets it pass. */
    async function refusalOf(subject: string): Promise<unknown> {
      return stolen.request(subject, '{}', { timeout: patienceMs }).then(
        () => undefined,
        (error: unknown) => error,
      );
    }

    test('pulls and acknowledges what waits for its own links, and publishes there', async () => {
      const own = jetstream(stolen);
      for (const link of thief.links) {
        const entries = await own.consumers.get(down(link), 'entries');
        const message = await entries.next({ expires: patienceMs });
        expect(message?.string()).toBe(`for ${link}`);
        expect(await message?.ackAck()).toBe(true);
        const ack = await own.publish(`cg.${link}.up.e.1.2.2`, 'more', {
          expect: { lastSubjectSequence: 0 },
        });
        expect(ack).toMatchObject({ stream: up(link), duplicate: false });
      }
    });

    test('is refused whatever else it asks or tells the server', async () => {
      const before = await everything();
      for (const subject of [...questions, ...onlyOthers, ...anywhere])
        expect(String(await refusalOf(subject)), subject).toContain('Permissions Violation for Publish to');
      expect(await everything()).toEqual(before);
    });

    test.each(listened)('hears nothing of %s', async (subject) => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const subscription = stolen.subscribe(subject, {
        callback: (error, message) => resolve(error ?? message),
      });
      await stolen.flush();
      await owner.flush();
      subscription.unsubscribe();
      expect(await promise).toBeInstanceOf(errors.PermissionViolationError);
    });

    test('has no answer of the server sent where it would do harm', async () => {
      const before = await everything();
      const nothingThere = JSON.stringify({ batch: 1, no_wait: true });
      for (const reply of repliesTo) {
        stolen.publish(`cg.${mine}.up.e.1.3.3`, 'x', { reply });
        stolen.publish(`$JS.API.CONSUMER.MSG.NEXT.${down(mine)}.entries`, nothingThere, { reply });
        stolen.publish(`$JS.API.CONSUMER.INFO.${down(mine)}.entries`, '', { reply });
        stolen.publish(`$JS.API.STREAM.INFO.${down(mine)}`, '', { reply });
      }
      // Behind all of these, in both streams: when they are answered, the others were.
      await stolen.request(`$JS.API.CONSUMER.MSG.NEXT.${down(mine)}.entries`, nothingThere, {
        timeout: patienceMs,
      });
      await jetstream(stolen, { timeout: patienceMs }).publish(`cg.${mine}.up.e.1.4.4`, 'last');
      expect(await everything()).toEqual(before);
    });

    test('without a private inbox gets no answers', async () => {
      const other = await signIn(hub, thief, { inboxPrefix: '_INBOX' });
      const manage = await jetstreamManager(other, { checkAPI: false, timeout: 500 });
      await expect(manage.consumers.info(down(mine), 'entries')).rejects.toThrow();
      await other.close();
    });
  },
);

describe.skipIf(!requires('nats-server', 'who may sign in at a hub'))('the hub', () => {
  test('lets nobody in who is not in its configuration, nor anybody without a key', async () => {
    const root = mkdtempSync(join(memory, 'crossgap-hub-'));
    try {
      await using hub = await startHub({ root, customers: [victim] });
      await expect(signIn(hub, thief)).rejects.toThrow(/authorization/i);
      const { connect } = await import('@nats-io/transport-node');
      await expect(connect({ servers: hub.urls[0]!, tls: { ca: hub.ca }, reconnect: false })).rejects.toThrow(
        /authorization/i,
      );
      const known = await signIn(hub, victim);
      await known.close();
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
