import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect, nkeyAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureHubAuthority } from '../../src/hub/index.ts';
import { natsConnection } from '../../src/sync/over-nats.ts';
import { patienceMs } from '../support/patience.ts';
import { requires } from '../support/requires.ts';
import { freePort } from '../support/nats-server.ts';
import { party, startHub, type RunningHub } from './running-hub.ts';
import { memory } from '../support/in-memory.ts';

const customer = party('a'.repeat(32));

describe.skipIf(!requires('nats-server', 'TLS of a hub'))('T-50 a hub', () => {
  let root: string;
  let hub: RunningHub;
  let otherAuthority: string;
  let websocket: number;
  beforeAll(async () => {
    root = mkdtempSync(join(memory, 'crossgap-hub-'));
    websocket = await freePort();
    hub = await startHub({ root, customers: [customer], settings: { websocket, listen: '0.0.0.0' } });
    const elsewhere = join(root, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    otherAuthority = ensureHubAuthority(elsewhere, { name: 'acme', now: Date.now() }).pem;
  });
  afterAll(async () => {
    await hub?.[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  });

  const dial = (servers: string, tls: { ca: string }): Promise<NatsConnection> =>
    connect({
      servers,
      tls,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(customer.seed)),
      reconnect: false,
      timeout: patienceMs,
    });
  const crossgap = (url: string, ca: string) =>
    natsConnection({
      urls: [url],
      ca,
      seed: customer.seed,
      inboxPrefix: `_INBOX_${customer.links[0]}`,
      name: 'contoso',
    });

  test('takes who pins its authority, by TCP and by WebSocket', async () => {
    for (const url of [hub.urls[0]!, `wss://localhost:${websocket}`]) {
      await using connection = crossgap(url, hub.ca);
      await connection.client(AbortSignal.timeout(patienceMs));
      expect(connection.state()).toMatchObject({ connected: true, encrypted: true, url });
    }
  });

  test('is refused by who pins another authority of the same name', async () => {
    await expect(dial(hub.urls[0]!, { ca: otherAuthority })).rejects.toThrow(/certificate/);
    for (const url of [hub.urls[0]!, `wss://localhost:${websocket}`]) {
      await using connection = crossgap(url, otherAuthority);
      await expect(connection.client(AbortSignal.timeout(patienceMs))).rejects.toMatchObject({
        code: 'HUB_CERTIFICATE_REFUSED',
      });
    }
  });

  test('is refused under an address that its certificate does not carry', async () => {
    const port = Number(new URL(hub.urls[0]!).port);
    await using connection = crossgap(`tls://127.0.0.2:${port}`, hub.ca);
    await expect(connection.client(AbortSignal.timeout(patienceMs))).rejects.toMatchObject({
      code: 'HUB_CERTIFICATE_REFUSED',
    });
  });

  test('hears nothing in clear text', async () => {
    const port = Number(new URL(hub.urls[0]!).port);
    const socket = connectTcp(port, '127.0.0.1');
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', () => undefined);
    await once(socket, 'data');
    socket.write('CONNECT {"verbose":false}\r\nPING\r\n');
    await once(socket, 'close');
    const said = Buffer.concat(pieces).toString();
    expect(said).toContain('"tls_required":true');
    expect(said).not.toContain('PONG');
  });
});
