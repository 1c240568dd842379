import { randomBytes } from 'node:crypto';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  doorbell,
  encodeParcelFile,
  replicate,
  streamName,
  waySubject,
  type Exchange,
  type HubClient,
  type SyncError,
  type Transport,
  type EntriesParcel,
} from '../../src/sync/index.ts';
import { applyHub, jetstreamTransport } from '../../src/sync/over-nats.ts';
import { silentLog } from '../../src/log.ts';
import { requires } from '../support/requires.ts';
import { fakeReplica, type FakeReplica } from './fake-replica.ts';
import { acme, contoso, scratch } from './folder-support.ts';
import { newLink, startHub, tcpDoor, type Hub } from './jetstream-support.ts';
import { exchange, expectEqual, never } from './link-support.ts';
import { entriesParcel, someBlob, takeAll, textsOf } from './transport-contract.ts';

let hub: Hub;
let link: string;
const links = Array.from({ length: 40 }, newLink);
let vendor: FakeReplica;
let customer: FakeReplica;
let here: Transport;
let there: Transport;
let losses: SyncError[];
let dir: ReturnType<typeof scratch>;

const manager = async (): Promise<HubClient['manager']> => (await hub.connection.client(never)).manager;
const down = (): string => streamName(link, 'down');
const notes = (count: number, of = vendor): void => {
  for (let index = 0; index < count; index++) of.append({ note: `note ${index} of ${of.name}` });
};

/** Both sides exchange in turn until both logs are the same and nothing moves; what fails on the way is tried again. */
async function settleDown(roundsMax = 60): Promise<readonly string[]> {
  const failures: string[] = [];
  for (let round = 0; round < roundsMax; round++) {
    const done: Exchange[] = [await exchange(vendor, here), await exchange(customer, there)];
    for (const one of done) failures.push(...one.failures.map(({ message }) => message));
    const moved = done.some((one) => one.entriesIn + one.entriesOut + one.blobBytesIn + one.blobBytesOut > 0);
    if (!moved && done.every((one) => one.failures.length === 0)) {
      expectEqual({ vendor, customer } as Parameters<typeof expectEqual>[0]);
      return failures;
    }
    await hub.connected();
  }
  throw new Error(`no end after ${roundsMax} rounds: ${failures.slice(-3).join('; ')}`);
}

describe.runIf(requires('nats-server', 'a broker that fails'))('a broker that fails', () => {
  beforeAll(async () => {
    hub = await startHub(links);
  });
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    link = links.pop()!;
    dir = scratch();
    losses = [];
    await applyHub(hub.connection, [link], { signal: never });
    vendor = fakeReplica(acme, contoso, join(dir.path, 'vendor'));
    customer = fakeReplica(contoso, acme, join(dir.path, 'customer'));
    here = hub.open(link, 'hub', { onLoss: (loss) => losses.push(loss) });
    there = hub.open(link, 'customer', { onLoss: (loss) => losses.push(loss) });
  });
  afterEach(async () => {
    await here[Symbol.asyncDispose]();
    await there[Symbol.asyncDispose]();
    vendor[Symbol.dispose]();
    customer[Symbol.dispose]();
    dir[Symbol.dispose]();
  });

  test('that does not fail brings entries, blobs and receipts both ways', async () => {
    notes(20);
    vendor.offer(randomBytes(50_000));
    notes(3, customer);
    customer.offer(randomBytes(20_000));
    expect(await settleDown()).toEqual([]);
  });

  test('is told what there is to send, and asked nothing while a pull stands open', async () => {
    await settleDown();
    await using calm = jetstreamTransport({ connection: hub.connection, link, side: 'hub' });
    await exchange(vendor, calm);
    const ending = new AbortController();
    const waiting = calm.arrival(ending.signal);
    const { nats } = await hub.connection.client(never);
    await nats.flush();
    const before = nats.stats().outMsgs;
    notes(1);
    await exchange(vendor, calm);
    // The entry and the head.
    expect(nats.stats().outMsgs - before).toBe(2);
    customer.append({ note: 'hello' });
    await exchange(customer, there);
    await waiting;
    // What the customer wrote, and its receipt.
    expect(await exchange(vendor, calm)).toMatchObject({ entriesIn: 2 });
    ending.abort();
  });

  test('what was receipted is let go of at the hub, both ways', async () => {
    notes(20);
    vendor.offer(randomBytes(50_000));
    customer.offer(randomBytes(20_000));
    await settleDown();
    await settleDown();
    const streams = (await manager()).streams;
    const left = await Promise.all(
      (['down', 'up'] as const).map(async (way) => {
        const { state } = await streams.info(streamName(link, way), { subjects_filter: '>' });
        return Object.keys(state.subjects ?? {}).filter((subject) => subject.includes('.b.'));
      }),
    );
    // The last one that was taken stays in the stream that the customer sends to.
    expect(left.map(({ length }) => length)).toEqual([0, 1]);
  });

  test('T-40 SIGKILL in the middle of everything loses nothing', async () => {
    notes(50);
    vendor.offer(randomBytes(200_000));
    for (let kill = 0; kill < 3; kill++) {
      notes(5);
      notes(2, customer);
      const busy = Promise.all([exchange(vendor, here), exchange(customer, there)]);
      await hub.server.kill();
      await hub.server.start();
      await busy;
    }
    await settleDown();
  });

  test('T-46 two sides that keep going meet again after each restart, and bring what was said meanwhile', async () => {
    const ending = new AbortController();
    const [ours, theirs] = [doorbell(), doorbell()];
    const equal = doorbell();
    const same = (): boolean => vendor.state().own.join() === customer.state().theirs.join();
    const shared = {
      signal: ending.signal,
      log: silentLog(),
      retry: { firstMs: 20, mostMs: 100 },
      onExchange: () => void (same() && equal.ring()),
    };
    const going = Promise.all([
      replicate(vendor, here, { ...shared, changes: ours }),
      replicate(customer, there, { ...shared, changes: theirs }),
    ]);
    for (let restart = 0; restart < 3; restart++) {
      notes(3);
      ours.ring();
      do await equal.rung(never);
      while (!same());
      await hub.server.kill();
      notes(2);
      ours.ring();
      await hub.server.start();
    }
    do await equal.rung(never);
    while (!same());
    ending.abort();
    await going;
    expect(customer.state().theirs.length).toBeGreaterThanOrEqual(15);
  });

  test('T-40 a store that went back to an earlier state is noticed and filled again', async () => {
    notes(10);
    notes(3, customer);
    await exchange(vendor, here);
    await exchange(customer, there);
    await hub.server.kill();
    const copy = join(dir.path, 'copy');
    cpSync(hub.server.storeDir, copy, { recursive: true });
    await hub.server.start();
    notes(10);
    notes(3, customer);
    await hub.connected();
    await exchange(vendor, here);
    await exchange(customer, there);
    await hub.server.kill();
    rmSync(hub.server.storeDir, { recursive: true });
    cpSync(copy, hub.server.storeDir, { recursive: true });
    await hub.server.start();
    await settleDown();
  });

  test.each([
    ['fewer messages than before', 0],
    ['more messages than before', 40],
  ])('T-41 a stream made again with %s is noticed and costs time only', async (_name, more) => {
    notes(20);
    await exchange(vendor, here);
    const { streams } = await manager();
    const lost = Object.keys((await streams.info(down(), { subjects_filter: '>' })).state.subjects ?? {});
    for (const way of ['down', 'up'] as const) await streams.delete(streamName(link, way));
    // Both ways, each by its name.
    const unprepared = expect.objectContaining({ code: 'HUB_NOT_PREPARED' });
    expect((await exchange(vendor, here)).failures).toEqual([unprepared, unprepared]);
    await applyHub(hub.connection, [link], { signal: never });
    const { jetstream } = await hub.connection.client(never);
    for (let seq = 0; seq < more; seq++)
      await jetstream.publish(`${waySubject(link, 'down')}.e.9.${seq + 1}.${seq + 1}`, 'invented');
    // Where a lost one lay, something else lies now.
    if (more > 0) for (const subject of lost) await jetstream.publish(subject, 'invented');
    await settleDown();
    expect(losses.map(({ code }) => code)).toContain('HUB_LOST_MESSAGES');
  });

  test('T-41 what is done with a message of a lost stream is not taken for one of the new stream', async () => {
    await here.send(entriesParcel(1, 1), never);
    const old: (() => Promise<void>)[] = [];
    for await (const received of there.receive(() => [], never))
      if ('parcel' in received) old.push(received.done);
    const { streams } = await manager();
    await streams.delete(down());
    await applyHub(hub.connection, [link], { signal: never });
    await here.settle({ epoch: 0, seq: 0, owed: new Set() });
    await here.send(entriesParcel(1, 2), never);
    expect(textsOf((await takeAll(there, { done: false })).parcels)).toEqual(entriesTexts(1, 2));
    for (const done of old) await done();
    await using next = hub.open(link, 'customer');
    expect(textsOf((await takeAll(next)).parcels)).toEqual(entriesTexts(1, 2));
  });

  test('T-41 a customer that sent to a stream which was made again sends everything again', async () => {
    for (let count = 0; count < 5; count++) {
      notes(1, customer);
      await exchange(customer, there);
    }
    const { streams } = await manager();
    await streams.delete(streamName(link, 'up'));
    await applyHub(hub.connection, [link], { signal: never });
    notes(1, customer);
    await settleDown();
    expect(losses.map(({ code }) => code)).toEqual(['HUB_LOST_MESSAGES']);
  });

  test('T-41 a store that was removed is made again by applyHub, and filled', async () => {
    notes(20);
    await exchange(vendor, here);
    await hub.server.kill();
    rmSync(hub.server.storeDir, { recursive: true });
    await hub.server.start();
    await hub.connected();
    await applyHub(hub.connection, [link], { signal: never });
    await settleDown();
  });

  test('T-45 a durable that was deleted is named, and goes on when it is there again', async () => {
    notes(5);
    await settleDown();
    await (await manager()).consumers.delete(down(), 'entries');
    const failed = await exchange(customer, there);
    expect(failed.failures).toEqual([expect.objectContaining({ code: 'HUB_NOT_PREPARED' })]);
    expect(failed.failures[0]?.message).toContain(down());
    const changes = await applyHub(hub.connection, [link], { signal: never });
    expect(changes.made).toEqual([`${down()}/entries`]);
    notes(5);
    await settleDown();
  });

  test('T-45 a reader that acknowledges nothing does not stall, and another one takes over at once', async () => {
    for (let seq = 1; seq <= 300; seq++) await here.send(entriesParcel(seq, 1), never);
    const small = { buffer: { messages: 16, bytes: 1024 * 1024 } };
    await using stuck = hub.open(link, 'customer', small);
    const offered = await takeAll(stuck, { done: false });
    expect(textsOf(offered.parcels)).toHaveLength(300);
    // Those that were let go of are sent again by who misses a receipt; the rest comes at once.
    await using next = hub.open(link, 'customer');
    expect(textsOf((await takeAll(next)).parcels).length).toBeGreaterThan(0);
  });

  test('T-43 messages lost, doubled, reordered, cut and invented change nothing but time', async () => {
    notes(30);
    const digest = vendor.offer(randomBytes(60_000));
    await exchange(vendor, here);
    const { jetstream, manager: managing } = await hub.connection.client(never);
    const below = waySubject(link, 'down');
    const info = await managing.streams.info(down(), { subjects_filter: '>' });
    for (const subject of Object.keys(info.state.subjects ?? {})) {
      const message = await managing.streams.getMessage(down(), { last_by_subj: subject });
      const data = Buffer.from(message?.data ?? []);
      await jetstream.publish(`${subject}.double`, data);
      await jetstream.publish(`${below}.e.1.7.${data.length}`, data.subarray(0, data.length / 2));
      const flipped = Buffer.from(data);
      flipped[20] = (flipped[20] ?? 0) ^ 1;
      await jetstream.publish(`${below}.b.${digest}.0.1.${data.length}`, flipped);
    }
    const strange = someBlob(9000, 9000).parcels[0]!;
    await jetstream.publish(`${below}.e.1.1.1`, encodeParcelFile(strange));
    await jetstream.publish(`${below}.b.x`, randomBytes(700));
    const forged = entriesParcel(1, 30);
    await jetstream.publish(`${below}.e.1.1.30`, encodeParcelFile(forged));
    await settleDown();
    const lost = notes;
    lost(20);
    await exchange(vendor, here);
    await managing.streams.purge(down(), { filter: `${below}.>` });
    await settleDown();
    expect(customer.holdsBlob(digest)).toBe(true);
  });

  test('T-42 a hub whose every answer may be garbled is no end of anything', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    let garbles = true;
    let pieces = 0;
    const flip = (piece: Buffer): Buffer => {
      pieces += 1;
      // Each third piece, at a place that moves on; the first of a connection are its greeting.
      if (garbles && pieces % 3 === 0) piece[(pieces * 7919) % piece.length]! ^= 1 << (pieces % 8);
      return piece;
    };
    await using between = await tcpDoor(hub.server.port, flip);
    await using garbled = hub.customer({
      urls: [`nats://127.0.0.1:${between.port}`],
      requestMs: 100,
      dialMs: 300,
    });
    await using through = jetstreamTransport({
      connection: garbled,
      link,
      side: 'customer',
      lookMs: 0,
      silentMs: 100,
    });
    notes(20);
    notes(5, customer);
    await exchange(vendor, here);
    for (let round = 0; round < 12; round++) {
      const { failures } = await exchange(customer, through);
      for (const failure of failures) expect(failure).toMatchObject({ code: expect.stringMatching(/^HUB_/) });
      await exchange(vendor, here);
      if (failures.length > 0) await garbled.newer(0, AbortSignal.timeout(300));
    }
    expect(pieces).toBeGreaterThan(20);
    garbles = false;
    await settleDown();
    vi.restoreAllMocks();
  });

  test('T-44 an id that somebody used before does not swallow the message', async () => {
    notes(3);
    await exchange(vendor, here);
    const { manager: managing, jetstream } = await hub.connection.client(never);
    const info = await managing.streams.info(down(), {
      subjects_filter: `${waySubject(link, 'down')}.e.1.>`,
    });
    const subject = Object.keys(info.state.subjects ?? {})[0]!;
    const id = (await managing.streams.getMessage(down(), { last_by_subj: subject }))?.header.get(
      'Nats-Msg-Id',
    );
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    await managing.streams.delete(down());
    await applyHub(hub.connection, [link], { signal: never });
    await jetstream.publish(`${waySubject(link, 'down')}.e.8.8.8`, 'junk', { msgID: id! });
    await settleDown();
  });

  test('T-44 junk that lies on the subject of a message is not taken for it', async () => {
    const { jetstream } = await hub.connection.client(never);
    await jetstream.publish(`${waySubject(link, 'down')}.e.1.1.3`, 'junk');
    await using fresh = hub.open(link, 'hub', { lookMs: 3_600_000 });
    await fresh.settle({ epoch: 0, seq: 0, owed: new Set() });
    await fresh.send(entriesParcel(5, 1), never);
    expect(await fresh.carriedTo({ epoch: 1, seq: 1 })).toBe(3);
    await fresh.settle({ epoch: 1, seq: 3, owed: new Set() });
    await fresh.send(entriesParcel(1, 3), never);
    expect(textsOf((await takeAll(there)).parcels)).toEqual(entriesTexts(1, 3).concat('entry 1/5'));
  });

  test('what lies at the hub is not sent again by the next run of the hub side', async () => {
    notes(200);
    vendor.offer(randomBytes(60_000));
    await exchange(vendor, here);
    await using again = hub.open(link, 'hub');
    expect(await exchange(vendor, again)).toMatchObject({ entriesOut: 0, blobBytesOut: 0, failures: [] });
    await settleDown();
  });

  test('what the next run of the customer side sends again is not doubled at the hub', async () => {
    notes(5, customer);
    await exchange(customer, there);
    const { streams } = await manager();
    const before = (await streams.info(streamName(link, 'up'))).state.last_seq;
    await using again = hub.open(link, 'customer');
    await again.send(upParcel(), never);
    await again.send(upParcel(), never);
    await using third = hub.open(link, 'customer');
    await third.send(upParcel(), never);
    expect((await streams.info(streamName(link, 'up'))).state.last_seq).toBe(before + 1);
  });

  test('what was taken and not receipted is sent again after a while, and later each time', async () => {
    let time = 0;
    const belief = { firstMs: 1000, mostMs: 60_000 };
    for (const side of ['hub', 'customer'] as const) {
      await using sender = hub.open(link, side, { now: () => time, belief });
      await using receiver = hub.open(link, side === 'hub' ? 'customer' : 'hub');
      const isCarried = async (): Promise<boolean> => {
        await sender.settle({ epoch: 0, seq: 0, owed: new Set() });
        return (await sender.carriedTo({ epoch: 5, seq: 1 })) === 2;
      };
      const parcel = entriesParcel(1, 2, 5);
      for (const patienceMs of [1000, 2000, 4000]) {
        await sender.send(parcel, never);
        expect(textsOf((await takeAll(receiver)).parcels)).toEqual(['entry 5/1', 'entry 5/2']);
        expect(await isCarried()).toBe(true);
        time += patienceMs - 1;
        expect(await isCarried()).toBe(true);
        time += 1;
        expect(await isCarried()).toBe(false);
      }
    }
  });

  test('entries that came and are never acknowledged are believed for a while only, also by the next run', async () => {
    let time = 0;
    const options = { now: () => time, belief: { firstMs: 1000, mostMs: 60_000 } };
    const nothing = { epoch: 0, seq: 0, owed: new Set<string>() };
    await using sender = hub.open(link, 'hub', options);
    await sender.send(entriesParcel(1, 2), never);
    await takeAll(there, { done: false });
    await using next = hub.open(link, 'hub', options);
    for (const one of [sender, next]) {
      await one.settle(nothing);
      expect(await one.carriedTo({ epoch: 1, seq: 1 })).toBe(2);
    }
    time += 1000;
    for (const one of [sender, next]) {
      await one.settle(nothing);
      expect(await one.carriedTo({ epoch: 1, seq: 1 })).toBe(0);
    }
  });

  test('what lies at the hub for months is believed to be on its way', async () => {
    let time = 0;
    await using sender = hub.open(link, 'hub', { now: () => time });
    await sender.send(entriesParcel(1, 2), never);
    time += 90 * 24 * 3_600_000;
    await sender.settle({ epoch: 0, seq: 0, owed: new Set() });
    expect(await sender.carriedTo({ epoch: 1, seq: 1 })).toBe(2);
  });

  test('T-51 of a flood only so much is held, and what we send has its turn', async () => {
    const { jetstream } = await hub.connection.client(never);
    const below = waySubject(link, 'down');
    for (let seq = 1; seq <= 2500; seq += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          jetstream.publish(`${below}.e.7.${seq + index}.${seq + index}`, 'junk'),
        ),
      );
    const { refusals, failures } = await exchange(customer, there);
    expect(failures).toEqual([]);
    expect(refusals.length).toBeGreaterThan(900);
    notes(3, customer);
    expect((await exchange(customer, there)).entriesOut).toBe(3);
    await settleDown();
  });

  test('blobs wait for room at the hub, entries do not, and all arrive', async () => {
    const blob = someBlob(500_000, 50_000);
    await using sender = hub.open(link, 'hub', { windowBytes: 200_000 });
    const chunks = blob.parcels.map((parcel) => ({ ...parcel, length: parcel.bytes.length }));
    let sent = 0;
    const sendOn = async (): Promise<void> => {
      for (const [index, chunk] of chunks.entries()) {
        if (await sender.carriesChunk(chunk)) continue;
        await sender.send(blob.parcels[index]!, never);
        sent += 1;
      }
    };
    await sendOn();
    expect(sent).toBe(4);
    await sender.send(entriesParcel(1, 1), never);
    await takeAll(sender);
    const room = sender.arrival(never);
    const first = await takeAll(there, { wanted: [blob.named] });
    expect(first.parcels.map(({ kind }) => kind)).toEqual(['entries', 'blob', 'blob', 'blob', 'blob']);
    await room;
    await sendOn();
    expect(sent).toBe(8);
    await takeAll(there, { wanted: [blob.named] });
    await sender.arrival(never);
    await sendOn();
    expect(sent).toBe(10);
  });

  test('blobs take no more than half of a small stream', async () => {
    await applyHub(hub.connection, [link], { signal: never, limits: { downBytesMax: 400_000 } });
    const blob = someBlob(500_000, 50_000);
    await here.settle({ epoch: 0, seq: 0, owed: new Set([blob.named.digest]) });
    let sent = 0;
    for (const parcel of blob.parcels) {
      if (await here.carriesChunk({ ...parcel, length: parcel.bytes.length })) break;
      await here.send(parcel, never);
      sent += 1;
    }
    expect(sent).toBe(4);
  });

  test('a customer that hears nothing from the hub side sends only so much of its blobs', async () => {
    const blob = someBlob(500_000, 50_000);
    await using sender = hub.open(link, 'customer', { windowBytes: 200_000 });
    const held = async (): Promise<number> => {
      let sent = 0;
      for (const parcel of blob.parcels) {
        if (await sender.carriesChunk({ ...parcel, length: parcel.bytes.length })) continue;
        await sender.send(parcel, never);
        sent += 1;
      }
      return sent;
    };
    expect(await held()).toBe(4);
    expect(await held()).toBe(0);
    await here.send({ kind: 'head', bytes: Buffer.from('a sign of life') }, never);
    await takeAll(sender);
    expect(await held()).toBe(4);
  });

  test.each(['hub', 'customer'] as const)(
    'entries that nobody takes fill no more than their window, from the %s side too; then the others follow',
    async (side) => {
      await using sender = hub.open(link, side, { windowBytes: 400_000 });
      await using receiver = hub.open(link, side === 'hub' ? 'customer' : 'hub', {});
      const parcelAt = (firstSeq: number): EntriesParcel => {
        const entries = [{ bytes: Buffer.alloc(50_000, firstSeq), signature: Buffer.alloc(64) }];
        return { kind: 'entries', epoch: 1, firstSeq, entries };
      };
      const sendOn = async (): Promise<number> => {
        let sent = 0;
        for (let seq = 1; seq <= 20; seq += 1) {
          const carriedTo = await sender.carriedTo({ epoch: 1, seq });
          if (carriedTo >= 20) break;
          if (carriedTo < seq) await sender.send(parcelAt(seq), never);
          sent = seq;
        }
        return sent;
      };
      expect(await sendOn()).toBe(4);
      expect(await sendOn()).toBe(4);
      await takeAll(sender);
      const room = sender.arrival(never);
      expect((await takeAll(receiver)).parcels).toHaveLength(4);
      // The hub's side sees what was taken; the customer's hears of the other side.
      if (side === 'customer')
        await receiver.send({ kind: 'head', bytes: Buffer.from('a sign of life') }, never);
      await room;
      if (side === 'customer') await takeAll(sender);
      expect(await sendOn()).toBe(8);
      expect((await takeAll(receiver)).parcels).toHaveLength(4);
    },
  );

  test('an entry larger than a message is cut at, and a parcel of many is spread over several', async () => {
    const entries = [400_000, 200_000, 200_000, 900_000].map((size, index) => ({
      bytes: Buffer.alloc(size, index),
      signature: Buffer.alloc(64),
    }));
    await here.send({ kind: 'entries', epoch: 1, firstSeq: 1, entries }, never);
    expect(await here.carriedTo({ epoch: 1, seq: 1 })).toBe(4);
    const { parcels } = await takeAll(there);
    expect(parcels.map((parcel) => (parcel.kind === 'entries' ? parcel.entries.length : 0))).toEqual([
      1, 2, 1,
    ]);
    const huge = [{ bytes: Buffer.alloc(1_100_000), signature: Buffer.alloc(64) }];
    await expect(
      here.send({ kind: 'entries', epoch: 1, firstSeq: 5, entries: huge }, never),
    ).rejects.toMatchObject({ code: 'HUB_MESSAGE_TOO_LARGE' });
  });
});

const entriesTexts = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `entry 1/${from + index}`);

const upParcel = () => entriesParcel(100, 3);
