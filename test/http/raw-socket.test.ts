import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StatusServer } from '../../src/http/index.ts';
import { contoso } from './example-views.ts';
import { exampleSource } from './example-source.ts';
import { connected, raw, received, request, statusOf } from './raw-client.ts';
import { serve } from './serve.ts';

let server: StatusServer;
let host: string;
beforeAll(async () => {
  server = await serve(exampleSource(contoso), { names: ['status.contoso.example'] });
  ({ host } = new URL(server.address));
});
afterAll(async () => {
  await server.close();
});

const ask = async (
  target: string,
  facts: { method?: string; host?: string; more?: readonly string[] } = {},
) => raw(server.address, request(target, { host, ...facts }));

const climbs = [
  '..',
  '%2e%2e',
  '%2E%2e',
  '.%2e',
  '%2e.',
  '..%00',
  '%252e%252e',
  '..;',
  '%c0%ae%c0%ae',
  '%u002e%u002e',
];
const joints = ['/', '%2f', '%5c', '\\', '//', '/./'];
const targets = [
  ...climbs.flatMap((climb) => joints.map((joint) => `/${climb}${joint}etc${joint}passwd`)),
  ...climbs.flatMap((climb) => [
    `/assets/${climb}/keys`,
    `/links/${climb}`,
    `/deployments/${climb}`,
    `/api/${climb}.json`,
  ]),
  '//',
  '//evil.example/',
  '/\\evil.example',
  '/./',
  '/.',
  '/..',
  '/%00',
  '/links/acme%00',
  '/links/acme%0d%0aSet-Cookie:a=b',
  '/links/%zz',
  '/links/%',
  '/api/status.json%00.html',
  '/api/status.json/',
  '/api/STATUS.json',
  '/links/' + 'a'.repeat(1500),
  '/' + 'a'.repeat(4000),
  '/.git/config',
  '/crossgap.db',
  '/keys/instance',
  '/node_modules/fastify/package.json',
  '/;/api/status.json',
  '/api;x=1/status.json',
  '*',
  'api/status.json',
  'http://evil.example/',
  'http://127.0.0.1/api/status.json',
  'file:///etc/passwd',
  '/links/__proto__',
  '/deployments/constructor',
];

describe('T-78 odd targets', () => {
  test('none of the corpus reaches anything', async () => {
    expect(targets.length).toBeGreaterThan(100);
    const reached: string[] = [];
    for (let at = 0; at < targets.length; at += 32) {
      const some = targets.slice(at, at + 32);
      const answers = await Promise.all(some.map((target) => ask(target)));
      answers.forEach((answer, n) => {
        if (![400, 404].includes(statusOf(answer))) reached.push(`${some[n]} ${statusOf(answer)}`);
        if (/root:|crossgap-data|set-cookie/i.test(answer)) reached.push(`${some[n]} says too much`);
      });
    }
    expect(reached).toEqual([]);
    expect(statusOf(await ask('/api/status.json'))).toBe(200);
  });
});

describe('T-79 what could be read in two ways is not read', () => {
  const cases: readonly (readonly [string, string, readonly number[]])[] = [
    [
      'length and chunks',
      'GET / HTTP/1.1\r\nHost: H\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      [400],
    ],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: H\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n', [400]],
    ['a length that is none', 'GET / HTTP/1.1\r\nHost: H\r\nContent-Length: +5\r\n\r\n', [400]],
    ['an unknown coding', 'GET / HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: xchunked\r\n\r\n', [400, 413]],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : H\r\n\r\n', [400]],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: H\r\nX-A: b\r\n c\r\n\r\n', [400]],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: H\n\n', [400]],
    ['a bare carriage return', 'GET / HTTP/1.1\rHost: H\r\r', [400]],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: H\r\nX-A: b\0c\r\n\r\n', [400]],
    ['no version', 'GET /\r\n\r\n', [400]],
    ['an old version without a host', 'GET / HTTP/1.0\r\n\r\n', [400]],
    ['another version', 'GET / HTTP/3.7\r\nHost: H\r\n\r\n', [400]],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', [400]],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: H\r\nHost: evil.example\r\n\r\n', [400]],
    ['an unknown method', 'FETCH / HTTP/1.1\r\nHost: H\r\n\r\n', [400, 405]],
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400]],
    [
      'a request behind a refused body',
      'POST / HTTP/1.1\r\nHost: H\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: H\r\n\r\n',
      [405],
    ],
  ];

  test.each(cases)('%s', async (_, bytes, allowed) => {
    const answer = await raw(
      server.address,
      Buffer.from(bytes.replaceAll('Host: H', `Host: ${host}`), 'latin1'),
    );
    expect(allowed).toContain(statusOf(answer));
    expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
  });

  test('nothing of a request comes back in a header', async () => {
    for (const target of ['/links/zzz%E2%82%AC', '/?find=zzz', '/zzz', '/deployments/zzz?next=zzz']) {
      const answer = await ask(target, { more: ['X-Request-Id: zzz', 'Cookie: a=zzz', 'Accept: zzz'] });
      expect(answer.split('\r\n\r\n')[0]).not.toContain('zzz');
    }
  });

  test('a tunnel is not opened', async () => {
    const answer = await ask('evil.example:443', { method: 'CONNECT' });
    expect(statusOf(answer)).toBe(405);
    expect(answer).toContain('Allow: GET, HEAD');
  });

  test('another protocol is not switched to', async () => {
    const answer = await ask('/', {
      more: ['Upgrade: websocket', 'Sec-WebSocket-Key: x', 'Sec-WebSocket-Version: 13'],
    });
    expect(statusOf(answer)).toBe(200);
  });
});

describe('T-80 over the wire', () => {
  test('only the names under which it is known are answered', async () => {
    const { port } = new URL(server.address);
    for (const own of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'status.contoso.example'])
      expect([own, statusOf(await ask('/', { host: own }))]).toEqual([own, 200]);
    for (const foreign of ['evil.example', `evil.example:${port}`, 'contoso.example'])
      expect([foreign, statusOf(await ask('/api/status.json', { host: foreign }))]).toEqual([foreign, 403]);
  });

  test('a page elsewhere neither reads nor posts', async () => {
    expect(statusOf(await ask('/api/status.json', { more: [`Origin: http://${host}`] }))).toBe(200);
    const read = await ask('/api/status.json', { more: ['Origin: https://evil.example'] });
    expect(statusOf(read)).toBe(403);
    expect(read.toLowerCase()).not.toContain('access-control');
    expect(read).not.toContain('contoso');
    const posted = await ask('/', {
      method: 'POST',
      more: ['Origin: https://evil.example', 'Content-Type: text/plain', 'Content-Length: 0'],
    });
    expect(statusOf(posted)).toBe(405);
    const stream = await ask('/events', { more: ['Origin: null'] });
    expect(statusOf(stream)).toBe(403);
  });
});

describe('T-81 one greedy client is not felt by the others', () => {
  test('a body of a gigabyte is refused by its announcement', async () => {
    const answer = await ask('/', { method: 'POST', more: ['Content-Length: 1073741824'] });
    expect(statusOf(answer)).toBe(405);
    expect(statusOf(await ask('/', { more: ['Content-Length: 1073741824'] }))).toBe(413);
  });

  test('ten thousand headers are too many', async () => {
    const answer = await ask('/', { more: Array.from({ length: 10_000 }, (_, n) => `X-${n}: y`) });
    expect(statusOf(answer)).toBe(431);
  });

  test('a request that never ends is ended, while others are answered', async () => {
    await using impatient = await serve(exampleSource(contoso), {
      limits: { headersTimeoutMs: 50, requestTimeoutMs: 60 },
    });
    const slow = await Promise.all(Array.from({ length: 50 }, () => connected(impatient.address)));
    for (const socket of slow) socket.write('GET / HTTP/1.1\r\nHost: loc');
    const answers = slow.map(received);
    expect((await fetch(`${impatient.address}/healthz`)).status).toBe(200);
    expect(new Set((await Promise.all(answers)).map(statusOf))).toEqual(new Set([408]));
  });

  test('a connection that says nothing is let go', async () => {
    await using impatient = await serve(exampleSource(contoso), {
      limits: { headersTimeoutMs: 50, requestTimeoutMs: 60, idleTimeoutMs: 60 },
    });
    expect(['', 'HTTP/1.1 408']).toContain((await raw(impatient.address, '')).slice(0, 12));
  });

  test('more connections than there may be are closed at once, and room comes back', async () => {
    await using small = await serve(exampleSource(contoso), { limits: { connectionsMax: 2 } });
    const kept = [await connected(small.address), await connected(small.address)];
    expect(await received(await connected(small.address))).toBe('');
    kept[0]!.destroy();
    await once(kept[0]!, 'close');
    const { host: own } = new URL(small.address);
    await expect
      .poll(async () => statusOf(await raw(small.address, request('/healthz', { host: own }))))
      .toBe(200);
    kept[1]!.destroy();
  });
});
