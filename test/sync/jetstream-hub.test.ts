import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { streamName, waySubject, type HubClient, type HubConnection } from '../../src/sync/index.ts';
import { applyHub, checkHub, natsConnection } from '../../src/sync/over-nats.ts';
import { differences } from '../../src/sync/jetstream-hub.ts';
import { versionFinding } from '../../src/sync/server-version.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { patienceMs } from '../support/patience.ts';
import { requires } from '../support/requires.ts';
import { newLink, startHub, swift, tcpDoor, type Hub } from './jetstream-support.ts';
import { never } from './link-support.ts';
import { entriesParcel, someBlob, takeAll } from './transport-contract.ts';

const signal = never;

describe.runIf(requires('nats-server', 'preparing a hub'))('a hub', () => {
  const [mine, neighbour] = [newLink(), newLink()];
  let hub: Hub;
  let manager: HubClient['manager'];
  beforeAll(async () => {
    hub = await startHub([mine]);
    ({ manager } = await hub.connection.client(never));
  });
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await applyHub(hub.connection, [mine, neighbour], { signal });
  });

  test('is prepared for its links, and stays as it is when that is done again', async () => {
    const links = [newLink(), newLink()];
    const first = await applyHub(hub.connection, links, { signal });
    expect(first.made.toSorted()).toEqual(
      links
        .flatMap((link) => ['down', 'up'].map((way) => `cg-${link}-${way}`))
        .flatMap((stream) => [stream, `${stream}/blobs`, `${stream}/entries`])
        .toSorted(),
    );
    const nothing = { made: [], changed: [], removed: [] };
    expect(await applyHub(hub.connection, links, { signal })).toEqual(nothing);
    const { config } = await manager.streams.info(streamName(links[0]!, 'down'));
    expect(config).toMatchObject({
      subjects: [`cg.${links[0]}.down.>`],
      discard: 'old',
      deny_delete: true,
      retention: 'limits',
      max_msgs_per_subject: 1,
    });
    await applyHub(hub.connection, [], { signal, removed: links });
  });

  test('T-52 that leaves out what it was told is not taken for prepared', async () => {
    const forgetful = (piece: Buffer): Buffer =>
      Buffer.from(piece.toString('latin1').replaceAll('"deny_delete":true', '"deny_delete":null'), 'latin1');
    await using door = await tcpDoor(hub.server.port, forgetful);
    await using through = natsConnection({
      urls: [`nats://127.0.0.1:${door.port}`],
      seed: hub.hubSeed,
      inboxPrefix: '_INBOX_hub',
      name: 'a test',
      ...swift,
    });
    const link = newLink();
    await expect(applyHub(through, [link], { signal })).rejects.toMatchObject({
      code: 'HUB_DIFFERS',
      details: { name: streamName(link, 'down'), differing: ['deny_delete'] },
    });
    await applyHub(hub.connection, [], { signal, removed: [link] });
  });

  test('takes new limits and keeps what lies there', async () => {
    const stream = streamName(mine, 'down');
    await using here = hub.open(mine, 'hub');
    await here.send(entriesParcel(1, 2), never);
    const limits = { downBytesMax: 10_000_000, ageMaxMs: 3_600_000 };
    const changes = await applyHub(hub.connection, [mine], { signal, limits });
    expect(changes).toMatchObject({ made: [], changed: [stream, streamName(mine, 'up')] });
    const { config, state } = await manager.streams.info(stream);
    expect(config).toMatchObject({ max_bytes: 10_000_000, max_age: 3_600_000_000_000 });
    expect(state.messages).toBe(1);
    await applyHub(hub.connection, [], { signal, removed: [mine] });
  });

  test('makes a durable again that delivers something else', async () => {
    const stream = streamName(mine, 'down');
    await manager.consumers.delete(stream, 'blobs');
    const wrong = {
      durable_name: 'blobs',
      ack_policy: 'explicit',
      filter_subject: `cg.${mine}.down.e.>`,
    } as const;
    await manager.consumers.add(stream, wrong);
    const changes = await applyHub(hub.connection, [mine], { signal });
    expect(changes).toMatchObject({ made: [], changed: [`${stream}/blobs`] });
    const { config } = await manager.consumers.info(stream, 'blobs');
    expect(config.filter_subject).toBe(`cg.${mine}.down.b.>`);
  });

  test('lets the streams of a link go when that is asked for, and no others', async () => {
    const [gone, kept] = [newLink(), newLink()];
    await applyHub(hub.connection, [gone, kept], { signal });
    await applyHub(hub.connection, [kept], { signal });
    await manager.streams.info(streamName(gone, 'up'));
    const { removed } = await applyHub(hub.connection, [kept], { signal, removed: [gone] });
    expect(removed).toEqual([streamName(gone, 'down'), streamName(gone, 'up')]);
    await expect(manager.streams.info(streamName(gone, 'up'))).rejects.toThrow('stream not found');
    await manager.streams.info(streamName(kept, 'up'));
    expect((await applyHub(hub.connection, [kept], { signal, removed: [gone] })).removed).toEqual([]);
    await applyHub(hub.connection, [], { signal, removed: [kept] });
  });

  test('says that it has not the space', async () => {
    const limits = { downBytesMax: 2 ** 52 };
    const prepared = applyHub(hub.connection, [newLink()], { signal, limits });
    await expect(prepared).rejects.toMatchObject({ code: 'HUB_FULL' });
  });

  test('says that a credential may not prepare it', async () => {
    await using customer = hub.customer();
    const prepared = applyHub(customer, [mine], { signal, limits: { ageMaxMs: 1 } });
    await expect(prepared).rejects.toMatchObject({ code: 'HUB_NOT_PERMITTED' });
  });

  test('T-49 a customer makes no stream, no durable and no copy, and removes nothing', async () => {
    await using customer = hub.customer();
    const client = await customer.client(never);
    const own = streamName(mine, 'down');
    for (const stream of [own, streamName(mine, 'up'), streamName(neighbour, 'down'), 'new']) {
      const consumer = { stream_name: stream, config: { deliver_subject: 'ctl.secret', ack_policy: 'none' } };
      const durable = { stream_name: stream, config: { durable_name: 'mine', ack_policy: 'explicit' } };
      for (const [verb, body] of [
        [`STREAM.CREATE.${stream}`, { name: stream, subjects: ['>'] }],
        [`STREAM.CREATE.${stream}`, { name: stream, mirror: { name: own } }],
        [`STREAM.UPDATE.${stream}`, { name: stream, republish: { src: '>', dest: 'ctl.>' } }],
        [`STREAM.DELETE.${stream}`, {}],
        [`STREAM.PURGE.${stream}`, {}],
        [`STREAM.RESTORE.${stream}`, {}],
        [`STREAM.SNAPSHOT.${stream}`, { deliver_subject: '_INBOX_x' }],
        [`STREAM.MSG.GET.${stream}`, { seq: 1 }],
        [`STREAM.MSG.DELETE.${stream}`, { seq: 1 }],
        [`CONSUMER.CREATE.${stream}`, consumer],
        [`CONSUMER.CREATE.${stream}.mine.>`, durable],
        [`CONSUMER.DURABLE.CREATE.${stream}.mine`, durable],
        [`CONSUMER.DELETE.${stream}.entries`, {}],
      ] as const) {
        const asked = client.manage(verb, () =>
          client.nats.request(`$JS.API.${verb}`, JSON.stringify(body), { timeout: patienceMs }),
        );
        await expect(asked, verb).rejects.toMatchObject({ code: 'HUB_NOT_PERMITTED' });
      }
    }
  });

  test("T-48 a customer's credential reaches nothing of its neighbour", async () => {
    await using customer = hub.customer();
    const client = await customer.client(never);
    const theirs = streamName(neighbour, 'down');
    for (const subject of [
      `$JS.API.STREAM.INFO.${theirs}`,
      `$JS.API.CONSUMER.INFO.${theirs}.entries`,
      `$JS.API.CONSUMER.MSG.NEXT.${theirs}.entries`,
      `$JS.ACK.${theirs}.entries.1.1.1.1.0`,
      `${waySubject(neighbour, 'up')}.e.1.1.1`,
      `${waySubject(mine, 'down')}.e.1.1.1`,
    ]) {
      const asked = client.manage(subject, () => client.nats.request(subject, '', { timeout: patienceMs }));
      await expect(asked, subject).rejects.toMatchObject({ code: 'HUB_NOT_PERMITTED' });
    }
  });

  test("a link of a neighbour is refused by name, and the customer's own goes on", async () => {
    await using wrong = hub.open(neighbour, 'customer');
    await expect(wrong.send(entriesParcel(1, 1), never)).rejects.toMatchObject({ code: 'HUB_NOT_PERMITTED' });
    await expect(takeAll(wrong)).rejects.toMatchObject({ code: 'HUB_NOT_PERMITTED' });
    await using right = hub.open(mine, 'customer');
    await right.send(entriesParcel(1, 1), never);
    await takeAll(right);
  });

  test('what a customer is permitted is enough for all that its side does', async () => {
    await applyHub(hub.connection, [], { signal, removed: [mine] });
    await applyHub(hub.connection, [mine], { signal });
    await using here = hub.open(mine, 'hub');
    await using there = hub.open(mine, 'customer');
    const [down, up] = [someBlob(9000, 9000), someBlob(9000, 9000)];
    for (const [end, blob] of [
      [here, down],
      [there, up],
    ] as const) {
      await end.settle({ epoch: 0, seq: 0, owed: new Set([blob.named.digest]) });
      for (const parcel of [entriesParcel(1, 2), ...blob.parcels]) await end.send(parcel, never);
      await end.send({ kind: 'head', bytes: Buffer.from('head') }, never);
    }
    expect((await takeAll(there, { wanted: [down.named] })).parcels).toHaveLength(3);
    expect((await takeAll(here, { wanted: [up.named] })).parcels).toHaveLength(3);
    await there.settle({ epoch: 1, seq: 2, owed: new Set() });
    const ending = new AbortController();
    const waiting = there.arrival(ending.signal);
    ending.abort();
    await waiting;
  });
});

describe.runIf(requires('nats-server', 'looking at a hub'))('a look at a hub', () => {
  const connectTo = (url: string): HubConnection =>
    natsConnection({ urls: [url], inboxPrefix: '_INBOX', name: 'a test', ...swift });

  test('tells its version, whether it is encrypted, and that all is there', async () => {
    await using server = await startNatsServer();
    await using connection = connectTo(server.url);
    const { findings, serverVersion } = await checkHub(connection, { signal });
    const levels = Object.fromEntries(findings.map(({ about, level }) => [about, level]));
    expect(levels).toMatchObject({ encryption: 'advice', jetstream: 'good', payload: 'good' });
    expect(findings).toContainEqual(versionFinding(serverVersion));
  });

  test('tells what is wrong, and what to do', async () => {
    await using server = await startNatsServer({ config: 'max_payload: 65536', jetstream: false });
    await using connection = connectTo(server.url);
    const { findings } = await checkHub(connection, { signal, replicas: 3 });
    const wrong = findings.filter(({ level }) => level === 'wrong');
    expect(wrong.map(({ about }) => about)).toEqual(['jetstream', 'payload', 'replicas']);
    for (const { hint } of wrong) expect(hint).toMatch(/\.$/);
  });
});

describe('the version of a server', () => {
  test.each([
    ['2.9.9', 'wrong', 'older than 2.9.10'],
    ['1.4.1', 'wrong', 'older than 2.9.10'],
    ['unknown', 'wrong', 'older than 2.9.10'],
    ['2.9.10', 'advice', 'CVE-2023-47090'],
    ['2.9.25', 'advice', 'CVE-2025-30215'],
    ['2.10.21', 'advice', 'streams erased'],
    ['2.11.15', 'advice', '2026-18'],
    ['2.12.6', 'advice', '2026-18'],
  ])('T-53 %s is said to be %s: %s', (version, level, words) => {
    const finding = versionFinding(version);
    expect(finding.level).toBe(level);
    expect(finding.message).toContain(words);
    expect(finding.hint).toContain('2.12.7');
  });

  test.each(['2.11.16', '2.12.7', '2.14.0', '3.0.0'])('T-53 %s is good', (version) => {
    expect(versionFinding(version)).toMatchObject({ level: 'good' });
  });

  test('T-53 a hole is not said of a release that had its fix before', () => {
    expect(versionFinding('2.9.23').message).not.toContain('CVE-2023-47090');
    expect(versionFinding('2.10.27').message).not.toContain('CVE-2025-30215');
    expect(versionFinding('2.10.19').message).not.toContain('streams erased');
  });
});

test('T-52 a setting that a server left out or changed is seen', () => {
  const wanted = { max_bytes: 5, deny_delete: true, subjects: ['a.>'] };
  expect(differences(wanted, { ...wanted, more: 1 })).toEqual([]);
  expect(differences(wanted, { max_bytes: 5, subjects: ['b.>'] })).toEqual(['deny_delete', 'subjects']);
});
