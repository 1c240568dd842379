import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseHubAddress, type HubConnection, type HubConnectionOptions } from '../../src/sync/index.ts';
import { applyHub, jetstreamTransport, natsConnection } from '../../src/sync/over-nats.ts';
import { freePort, newUserKey, startNatsServer, type NatsServer } from '../support/nats-server.ts';
import { requires } from '../support/requires.ts';
import { newLink, swift } from './jetstream-support.ts';
import { authority } from './jetstream-tls.ts';
import { never } from './link-support.ts';
import { entriesParcel, takeAll, textsOf } from './transport-contract.ts';

const inbox = { inboxPrefix: '_INBOX_test', name: 'a test', ...swift } as const;
const open = (options: Partial<HubConnectionOptions> & { urls: readonly string[] }): HubConnection =>
  natsConnection({ ...inbox, ...options });

describe('the address of a hub', () => {
  test('is read with its scheme, its port and whether it is encrypted', () => {
    expect(parseHubAddress('tls://hub.example.com')).toMatchObject({
      kind: 'tcp',
      host: 'hub.example.com',
      port: 4222,
      encrypted: true,
    });
    expect(parseHubAddress('nats://127.0.0.1:4333')).toMatchObject({ port: 4333, encrypted: false });
    expect(parseHubAddress('wss://hub.example.com/nats')).toMatchObject({ port: 443, path: '/nats' });
    expect(parseHubAddress('ws://[::1]:8080')).toMatchObject({ host: '::1', encrypted: false });
  });

  test('T-50 off this machine is encrypted whatever its scheme says', () => {
    expect(parseHubAddress('nats://hub.example.com').encrypted).toBe(true);
    expect(parseHubAddress('nats://127.0.0.1.example.com').encrypted).toBe(true);
    expect(() => parseHubAddress('ws://hub.example.com')).toThrow(/clear text/);
  });

  test.each([
    '',
    'hub.example.com',
    'http://hub.example.com',
    'tls://user:secret@hub.example.com',
    'nats://',
  ])('%j is refused, and says no secret', (url) => {
    let message = '';
    try {
      parseHubAddress(url);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^Cannot dial/);
    expect(message).not.toContain('secret');
  });
});

describe('a connection to a hub that is none', () => {
  test('is not dialled before somebody needs it', async () => {
    await using hub = open({ urls: ['nats://127.0.0.1:1'] });
    expect(hub.state()).toMatchObject({ connected: false, since: undefined, lastError: undefined });
  });

  test('says that nobody listens there, at once and again while it waits for the next try', async () => {
    const urls = [`nats://127.0.0.1:${await freePort()}`];
    const slow = { firstMs: 3_600_000, mostMs: 3_600_000 };
    await using hub = open({ urls, retry: slow });
    for (const _ of [1, 2])
      await expect(hub.client(never)).rejects.toMatchObject({ code: 'HUB_UNREACHABLE' });
    expect(hub.state().lastError?.message).toContain('nobody listens there');
  });

  test('says that a name is not known', async () => {
    await using hub = open({ urls: ['tls://no-such-hub.invalid:4222'] });
    await expect(hub.client(never)).rejects.toMatchObject({ code: 'HUB_UNREACHABLE' });
  });

  test('what speaks another protocol is named, and is no end', async () => {
    await using fake = await fakeServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    await using hub = open({ urls: [`nats://127.0.0.1:${fake.port}`] });
    await expect(hub.client(never)).rejects.toMatchObject({ code: 'HUB_UNREACHABLE' });
  });

  test('what accepts and says nothing is given up', async () => {
    await using fake = await fakeServer(() => {});
    await using hub = open({ urls: [`nats://127.0.0.1:${fake.port}`], dialMs: 50 });
    await expect(hub.client(never)).rejects.toMatchObject({ code: 'HUB_UNREACHABLE' });
  });

  test('T-50 a server off this machine that offers no TLS gets nothing from us', async () => {
    let heard = '';
    const info = {
      server_id: 'x',
      version: '2.9.10',
      proto: 1,
      headers: true,
      max_payload: 1048576,
      nonce: 'abc',
    };
    await using fake = await fakeServer((socket) => {
      socket.on('data', (piece) => (heard += piece.toString()));
      socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    });
    for (const scheme of ['nats', 'tls']) {
      // An address that no name tells to be this machine's, and that leads here all the same.
      await using hub = open({ urls: [`${scheme}://0.0.0.0:${fake.port}`], seed: newUserKey().seed });
      await expect(hub.client(never)).rejects.toMatchObject({ code: 'HUB_CLEAR_TEXT' });
    }
    expect(heard).toBe('');
    await using overHttp = open({ urls: [`ws://0.0.0.0:${fake.port}`] });
    await expect(overHttp.client(never)).rejects.toMatchObject({ code: 'HUB_CLEAR_TEXT' });
  });
});

describe.runIf(requires('nats-server', 'connections to a hub'))('a connection to a hub', () => {
  const [trusted, stranger] = [authority('the hub authority'), authority('another authority')];
  const [hubKey, unknown] = [newUserKey(), newUserKey()];
  const config = `authorization { users: [ { nkey: ${hubKey.publicKey} } ] }`;
  const { seed } = hubKey;
  const dir = mkdtempSync(join(tmpdir(), 'crossgap-tls-'));
  let server: NatsServer;

  beforeAll(async () => {
    server = await startNatsServer({ config, tls: trusted.server(dir) });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });
  const tls = (): string => `tls://127.0.0.1:${server.port}`;
  const ways = (): string[] => [tls(), server.webSocketUrl];

  test('is encrypted, over TCP and over WebSocket, and knows its server', async () => {
    for (const url of ways()) {
      await using hub = open({ urls: [url], ca: trusted.ca, seed });
      await hub.client(never);
      expect(hub.state()).toMatchObject({ connected: true, url, encrypted: true });
      expect(hub.state().serverVersion).toMatch(/^\d+\.\d+\.\d+/);
    }
  });

  test('T-50 of another authority, or of none that is known, is refused', async () => {
    for (const url of ways())
      for (const ca of [stranger.ca, undefined]) {
        await using hub = open({ urls: [url], seed, ...(ca !== undefined && { ca }) });
        await expect(hub.client(never)).rejects.toMatchObject({ code: 'HUB_CERTIFICATE_REFUSED' });
      }
  });

  test.each([
    ['of another name', ['hub.example.com'], 30],
    ['that has expired', ['127.0.0.1'], -1],
  ])('T-50 with a certificate %s is refused', async (_name, names, days) => {
    const other = mkdtempSync(join(tmpdir(), 'crossgap-tls-'));
    await using wrong = await startNatsServer({ config, tls: trusted.server(other, names, days) });
    for (const url of [`tls://127.0.0.1:${wrong.port}`, wrong.webSocketUrl]) {
      await using hub = open({ urls: [url], ca: trusted.ca, seed });
      await expect(hub.client(never)).rejects.toMatchObject({ code: 'HUB_CERTIFICATE_REFUSED' });
    }
    rmSync(other, { recursive: true });
  });

  test('T-46 with a refused credential is named, tried again, and live when it is let in', async () => {
    for (const url of ways()) {
      await using hub = open({ urls: [url], ca: trusted.ca, seed: unknown.seed });
      for (const _ of [1, 2, 3])
        await expect(hub.client(never)).rejects.toMatchObject({ code: 'HUB_CREDENTIAL_REFUSED' });
      await server.reload(
        `authorization { users: [ { nkey: ${unknown.publicKey} }, { nkey: ${hubKey.publicKey} } ] }`,
      );
      await hub.newer(0, never);
      expect(hub.state()).toMatchObject({ connected: true, lastError: { code: 'HUB_CREDENTIAL_REFUSED' } });
      await server.reload(config);
    }
  });

  test('T-46 to a server that comes later, and comes and goes, is made and made again', async () => {
    await using late = await startNatsServer({ config });
    await late.kill();
    await using hub = open({ urls: [late.url], seed });
    await expect(hub.client(never)).rejects.toMatchObject({ code: 'HUB_UNREACHABLE' });
    let known = 0;
    for (const _ of [1, 2, 3]) {
      await late.start();
      await hub.newer(known, never);
      const { generation, nats } = await hub.client(never);
      known = generation;
      await late.kill();
      await nats.closed();
    }
    await expect(hub.client(never)).rejects.toMatchObject({ code: 'HUB_UNREACHABLE' });
    expect(hub.state().connected).toBe(false);
    expect(known).toBe(3);
  });

  test('T-46 that hears nothing any more is made anew', async () => {
    let deaf = false;
    await using half = await fakeServer((near) => {
      const far = connect(server.port, '127.0.0.1');
      near.pipe(far);
      far.on('data', (piece: Buffer) => void (deaf || near.write(piece)));
      for (const one of [near, far]) one.on('error', () => one.destroy()).on('close', () => far.destroy());
    });
    const urls = [`tls://127.0.0.1:${half.port}`];
    await using hub = open({ urls, ca: trusted.ca, seed, requestMs: 100 });
    const client = await hub.client(never);
    deaf = true;
    const asked = client.manage('ask', (manager) => manager.getAccountInfo());
    await expect(asked).rejects.toMatchObject({ code: 'HUB_SILENT' });
    deaf = false;
    await hub.newer(client.generation, never);
    expect((await hub.client(never)).generation).toBe(client.generation + 1);
  });

  test('T-50 addresses that the server gossips are never dialled', async () => {
    let dialled = 0;
    await using trap = await fakeServer((socket) => {
      dialled += 1;
      socket.destroy();
    });
    await using plain = await startNatsServer({ config, jetstream: false });
    await using gossip = await fakeServer((near) => {
      const far = connect(plain.port, '127.0.0.1');
      near.pipe(far);
      const urls = `{"connect_urls":["127.0.0.1:${trap.port}"],`;
      far.on(
        'data',
        (piece: Buffer) => void near.write(piece.toString('latin1').replace('{', urls), 'latin1'),
      );
      for (const one of [near, far]) one.on('error', () => one.destroy()).on('close', () => near.destroy());
    });
    await using hub = open({ urls: [`nats://127.0.0.1:${gossip.port}`], seed });
    const first = await hub.client(never);
    expect(first.nats.info?.connect_urls).toEqual([`127.0.0.1:${trap.port}`]);
    await plain.kill();
    await plain.start();
    await hub.newer(first.generation, never);
    expect(dialled).toBe(0);
  });

  test('uses the next address where one does not answer', async () => {
    const urls = [`tls://127.0.0.1:${await freePort()}`, tls()];
    await using hub = open({ urls, ca: trusted.ca, seed, retry: { firstMs: 3_600_000, mostMs: 3_600_000 } });
    await hub.newer(0, never);
    expect(hub.state().url).toBe(urls[1]);
  });

  test('TCP and WebSocket go on side by side, however they are dialled', async () => {
    const hubs = [...ways(), ...ways(), ...ways()].map((url) => open({ urls: [url], ca: trusted.ca, seed }));
    await Promise.all(hubs.map((hub) => hub.client(never)));
    expect(hubs.map((hub) => hub.state().url)).toEqual([...ways(), ...ways(), ...ways()]);
    for (const hub of hubs) await hub[Symbol.asyncDispose]();
  });

  test('is one for all links that share it, and over when the last is disposed of', async () => {
    let connections = 0;
    await using door = await fakeServer((near) => {
      connections += 1;
      const far = connect(server.port, '127.0.0.1');
      near.pipe(far).pipe(near);
      for (const one of [near, far]) one.on('error', () => one.destroy());
    });
    const hub = open({ urls: [`tls://127.0.0.1:${door.port}`], ca: trusted.ca, seed });
    const links = [newLink(), newLink(), newLink()];
    await applyHub(hub, links, { signal: never });
    const transports = links.map((link) => jetstreamTransport({ connection: hub, link, side: 'hub' }));
    for (const transport of transports) await transport.send(entriesParcel(1, 1), never);
    const { nats } = await hub.client(never);
    await hub[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
    for (const transport of transports) {
      expect(nats.isClosed()).toBe(false);
      await transport[Symbol.asyncDispose]();
    }
    expect(nats.isClosed()).toBe(true);
    expect(connections).toBe(1);
  });

  test('is shared by all who hold it, and is over when the last of them has done with it', async () => {
    const way = { ...inbox, urls: [tls()], ca: trusted.ca, seed };
    const one = natsConnection(way);
    const two = one.share();
    await using other = natsConnection({ ...way, seed: unknown.seed });
    const client = await one.client(never);
    expect(await two.client(never)).toBe(client);
    await expect(other.client(never)).rejects.toMatchObject({ code: 'HUB_CREDENTIAL_REFUSED' });
    await one.share()[Symbol.asyncDispose]();
    await one[Symbol.asyncDispose]();
    expect(two.live()).toBe(client);
    await two[Symbol.asyncDispose]();
    expect(client.nats.isClosed()).toBe(true);
    await using again = natsConnection(way);
    expect(await again.client(never)).not.toBe(client);
  });

  describe('through a proxy', () => {
    test('is encrypted all the way to the hub, over TCP and over WebSocket', async () => {
      const link = newLink();
      for (const url of ways()) {
        await using proxy = await connectProxy();
        const way = { urls: [url], ca: trusted.ca, seed, proxy: `http://127.0.0.1:${proxy.port}` };
        await using hub = open(way);
        await applyHub(hub, [link], { signal: never });
        await using here = jetstreamTransport({ connection: hub, link, side: 'hub' });
        await using there = jetstreamTransport({ connection: hub, link, side: 'customer' });
        await here.send({ ...entriesParcel(1, 1) }, never);
        await here.settle({ epoch: 0, seq: 0, owed: new Set() });
        expect(textsOf((await takeAll(there)).parcels)).toEqual(['entry 1/1']);
        expect(proxy.asked).toEqual([`CONNECT ${new URL(url).host} HTTP/1.1`]);
        expect(proxy.seen().includes('entry 1/1')).toBe(false);
        expect(hub.state().encrypted).toBe(true);
        await applyHub(hub, [], { signal: never, removed: [link] });
      }
    });

    test('that answers for the hub with a certificate of its own is refused', async () => {
      const other = mkdtempSync(join(tmpdir(), 'crossgap-tls-'));
      await using between = await startNatsServer({ config, tls: stranger.server(other) });
      for (const [url, port] of [
        [tls(), between.port],
        [server.webSocketUrl, between.webSocketPort],
      ] as const) {
        await using proxy = await connectProxy({ leadsTo: port });
        await using hub = open({
          urls: [url],
          ca: trusted.ca,
          seed,
          proxy: `http://127.0.0.1:${proxy.port}`,
        });
        await expect(hub.client(never)).rejects.toMatchObject({ code: 'HUB_CERTIFICATE_REFUSED' });
      }
      rmSync(other, { recursive: true });
    });

    test.each([
      ['refuses', 'HTTP/1.1 403 Forbidden\r\n\r\n', '403 Forbidden'],
      ['wants a password', 'HTTP/1.0 407 Proxy Authentication Required\r\n\r\n', '407'],
      ['is none', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'SSH'],
      ['never ends its answer', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}`, 'has no end'],
    ])('that %s is named with its words', async (_name, answer, words) => {
      await using proxy = await fakeServer((socket) => socket.once('data', () => socket.end(answer)));
      await using hub = open({
        urls: [tls()],
        ca: trusted.ca,
        seed,
        proxy: `http://127.0.0.1:${proxy.port}`,
      });
      const failure = hub.client(never);
      await expect(failure).rejects.toMatchObject({ code: 'HUB_PROXY_REFUSED' });
      await expect(failure).rejects.toThrow(words);
    });

    test('that never answers is given up', async () => {
      await using proxy = await fakeServer(() => {});
      const way = {
        urls: [tls()],
        ca: trusted.ca,
        seed,
        proxy: `http://127.0.0.1:${proxy.port}`,
        dialMs: 50,
      };
      await using hub = open(way);
      await expect(hub.client(never)).rejects.toThrow(/does not answer/);
    });

    test('that is not there is named', async () => {
      const proxy = `http://127.0.0.1:${await freePort()}`;
      await using hub = open({ urls: [tls()], ca: trusted.ca, seed, proxy });
      await expect(hub.client(never)).rejects.toThrow(/through the proxy .*ECONNREFUSED/);
    });
  });
});

type Fake = AsyncDisposable & { readonly port: number };

/** A TCP server of a few lines. */
async function fakeServer(onSocket: (socket: Socket) => void): Promise<Fake> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An HTTP proxy that knows CONNECT and remembers what it could see. */
async function connectProxy({ leadsTo }: { readonly leadsTo?: number } = {}): Promise<
  Fake & { readonly asked: readonly string[]; seen(): Buffer }
> {
  const asked: string[] = [];
  const seen: Buffer[] = [];
  const server = await fakeServer((near) => {
    near.once('data', (request) => {
      const line = request.toString().split('\r\n')[0] ?? '';
      asked.push(line);
      const port = leadsTo ?? Number(/:(\d+) HTTP/.exec(line)?.[1]);
      const far = connect(port, '127.0.0.1', () => {
        near.write('HTTP/1.1 200 Connection established\r\n\r\n');
        near.on('data', (piece: Buffer) => seen.push(piece)).pipe(far);
        far.on('data', (piece: Buffer) => seen.push(piece)).pipe(near);
      });
      far.on('error', () => near.destroy());
      near.on('close', () => far.destroy());
    });
  });
  return { ...server, asked, seen: () => Buffer.concat(seen) };
}
