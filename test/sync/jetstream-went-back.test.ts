import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { streamName, waySubject, type Transport } from '../../src/sync/index.ts';
import { applyHub } from '../../src/sync/over-nats.ts';
import { requires } from '../support/requires.ts';
import { newLink, startHub, type Hub } from './jetstream-support.ts';
import { never } from './link-support.ts';
import { entriesParcel, takeAll, textsOf } from './transport-contract.ts';

let hub: Hub;
let link: string;
const links = Array.from({ length: 20 }, newLink);
const ways = ['down', 'up'] as const;
type Way = (typeof ways)[number];
const senderOf = { down: 'hub', up: 'customer' } as const;
const readerOf = { down: 'customer', up: 'hub' } as const;

const manager = async () => (await hub.connection.client(never)).manager;

/** Where the end of the stream is, and how far the durable for entries has delivered. */
async function standing(way: Way): Promise<{ readonly last: number; readonly delivered: number }> {
  const { streams, consumers } = await manager();
  const { state } = await streams.info(streamName(link, way));
  const { delivered } = await consumers.info(streamName(link, way), 'entries');
  return { last: state.last_seq, delivered: delivered.stream_seq };
}

/** Where the server keeps a stream and its durables. */
const storeOf = (way: Way): string =>
  join(hub.server.storeDir, 'jetstream', '$G', 'streams', streamName(link, way));

/** A server that lost what lay in a stream, and knows how far its durables were. */
async function loseMessages(way: Way): Promise<void> {
  await hub.server.stop();
  rmSync(join(storeOf(way), 'msgs'), { recursive: true });
  await hub.server.start();
  await hub.connected();
  const { last, delivered } = await standing(way);
  expect({ last, isAhead: delivered > last }).toEqual({ last: 0, isAhead: true });
}

/** One entry after the other, each a message of its own. */
async function sendEach(by: Transport, from: number, to: number): Promise<void> {
  for (let seq = from; seq <= to; seq++) await by.send(entriesParcel(seq, 1), never);
}

const nothingSettled = { epoch: 0, seq: 0, owed: new Set<string>() };
const texts = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `entry 1/${from + at}`);

describe.runIf(requires('nats-server', 'a server that goes back in time'))(
  'T-41 a stream that goes back',
  () => {
    beforeAll(async () => {
      hub = await startHub(links);
    });
    afterAll(async () => {
      await hub[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      link = links.pop()!;
      await applyHub(hub.connection, [link], { signal: never });
    });

    test('does not do so when nothing is left in it that is needed, and the server ends without warning', async () => {
      await using here = hub.open(link, 'hub');
      await using there = hub.open(link, 'customer');
      await sendEach(here, 1, 5);
      await takeAll(there);
      await here.settle({ epoch: 1, seq: 5, owed: new Set() });
      await hub.server.kill();
      await hub.server.start();
      await hub.connected();
      expect(await standing('down')).toMatchObject({ last: 5 });
    });

    test.each(ways)('is read from its beginning by those who were there before, %s', async (way) => {
      await using sender = hub.open(link, senderOf[way]);
      await using reader = hub.open(link, readerOf[way]);
      await sendEach(sender, 1, 5);
      expect(textsOf((await takeAll(reader)).parcels)).toEqual(texts(1, 5));
      await loseMessages(way);
      await sender.settle(nothingSettled);
      await sendEach(sender, 6, 8);
      expect(textsOf((await takeAll(reader)).parcels)).toEqual(expect.arrayContaining(texts(6, 8)));
      expect((await standing(way)).delivered).toBeLessThanOrEqual((await standing(way)).last);
    });

    test.each(ways)('is read from its beginning by processes that know nothing of it, %s', async (way) => {
      {
        await using sender = hub.open(link, senderOf[way]);
        await using reader = hub.open(link, readerOf[way]);
        await sendEach(sender, 1, 5);
        await takeAll(reader);
      }
      await loseMessages(way);
      await using sender = hub.open(link, senderOf[way]);
      await using reader = hub.open(link, readerOf[way]);
      await sender.settle(nothingSettled);
      await sendEach(sender, 6, 8);
      expect(textsOf((await takeAll(reader)).parcels)).toEqual(texts(6, 8));
    });

    test('and is beyond its old end again before the hub side looks, is read from its beginning by one that remembers', async () => {
      await using reader = hub.open(link, 'hub');
      {
        await using sender = hub.open(link, 'customer');
        await sendEach(sender, 1, 5);
        await takeAll(reader);
      }
      await loseMessages('up');
      await using sender = hub.open(link, 'customer');
      await sendEach(sender, 6, 15);
      expect((await standing('up')).last).toBe(10);
      expect(textsOf((await takeAll(reader)).parcels)).toEqual(texts(6, 15));
    });

    test('is named to a customer whose hub side was not there since', async () => {
      {
        await using sender = hub.open(link, 'hub');
        await using reader = hub.open(link, 'customer');
        await sendEach(sender, 1, 5);
        // Delivered and not acknowledged: the server would bring them again, and can't.
        await takeAll(reader, { done: false });
      }
      await loseMessages('down');
      await using reader = hub.open(link, 'customer');
      await expect(takeAll(reader)).rejects.toMatchObject({ code: 'HUB_LOST_MESSAGES' });
      await using sender = hub.open(link, 'hub');
      await sendEach(sender, 6, 8);
      expect(textsOf((await takeAll(reader)).parcels)).toEqual(texts(6, 8));
    });

    test.each(ways)('a durable that waits for what was purged is not silent, %s', async (way) => {
      const known = join(storeOf(way), 'obs', 'entries', 'o.dat');
      {
        await using sender = hub.open(link, senderOf[way]);
        await using reader = hub.open(link, readerOf[way]);
        await sendEach(sender, 1, 20);
        await takeAll(reader, { done: false });
        await hub.server.stop();
        copyFileSync(known, join(hub.server.dir, 'earlier'));
        await hub.server.start();
        await hub.connected();
        await takeAll(reader);
      }
      const { streams } = await manager();
      await streams.purge(streamName(link, way), { filter: `${waySubject(link, way)}.e.>`, seq: 20 });
      await hub.server.stop();
      copyFileSync(join(hub.server.dir, 'earlier'), known);
      await hub.server.start();
      await hub.connected();
      await using sender = hub.open(link, senderOf[way]);
      await using reader = hub.open(link, readerOf[way]);
      // It does not know any more that this came.
      expect(textsOf((await takeAll(reader)).parcels)).toEqual(texts(20, 20));
      await sendEach(sender, 21, 22);
      expect(textsOf((await takeAll(reader)).parcels)).toEqual(texts(21, 22));
    });

    test.each(ways)('nothing is purged while something is on its way to whoever reads, %s', async (way) => {
      await using here = hub.open(link, 'hub');
      await using there = hub.open(link, 'customer');
      const [sender, reader] = way === 'down' ? [here, there] : [there, here];
      await sendEach(sender, 1, 3);
      await takeAll(reader);
      await sendEach(sender, 4, 6);
      await takeAll(reader, { done: false });
      // What is known to have come may go, and what was taken is swept.
      await here.settle(way === 'down' ? { epoch: 1, seq: 4, owed: new Set() } : nothingSettled);
      const { consumers } = await manager();
      const onItsWay = async () => (await consumers.info(streamName(link, way), 'entries')).num_ack_pending;
      expect(await onItsWay()).toBe(3);
      await takeAll(reader);
      await here.settle(way === 'down' ? { epoch: 1, seq: 6, owed: new Set() } : nothingSettled);
      const { streams } = await manager();
      expect((await streams.info(streamName(link, way))).state.messages).toBe(1);
    });

    test.each(ways)('what was on its way when others were purged comes all the same, %s', async (way) => {
      {
        await using sender = hub.open(link, senderOf[way]);
        await using reader = hub.open(link, readerOf[way]);
        await sendEach(sender, 1, 20);
        await takeAll(reader, { done: false });
      }
      const { streams } = await manager();
      await streams.purge(streamName(link, way), { filter: `${waySubject(link, way)}.e.>`, seq: 15 });
      await hub.server.stop();
      await hub.server.start();
      await hub.connected();
      await using sender = hub.open(link, senderOf[way]);
      await using reader = hub.open(link, readerOf[way]);
      await sender.settle(nothingSettled);
      expect(textsOf((await takeAll(reader)).parcels)).toEqual(texts(15, 20));
      await sendEach(sender, 21, 22);
      expect(textsOf((await takeAll(reader)).parcels)).toEqual(texts(21, 22));
    });
  },
);
