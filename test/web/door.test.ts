import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { hostName, isPlainTarget, refusalOf } from '../../src/web/door.ts';
import { answeredNames } from '../../src/http/listen.ts';

const names = answeredNames({ host: '127.0.0.1', port: 7420, names: ['status.acme.example'] }, '127.0.0.1');

function status(
  headers: Readonly<Record<string, string>>,
  method = 'GET',
  url = '/',
  takes?: 'forms',
): number | undefined {
  const message = new IncomingMessage(new Socket());
  Object.assign(message, {
    method,
    url,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    rawHeaders: Object.entries(headers).flat(),
  });
  return refusalOf(message, names, takes)?.status;
}

describe('T-80 a host name that is not ours gets no answer', () => {
  test.each([
    '127.0.0.1:7420',
    'localhost:7420',
    'LOCALHOST',
    '[::1]:7420',
    '127.0.0.1',
    'status.acme.example',
  ])('%s enters', (host) => expect(status({ Host: host })).toBeUndefined());

  test.each([
    'evil.example',
    'evil.example:7420',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example#localhost',
    'localhost@evil.example',
    'localhost:7420:1',
    'localhost:port',
    '0.0.0.0:7420',
    '127.1',
    '[::]',
    '2130706433',
    'status.acme.example.evil.example',
    '',
    ' ',
  ])('%j is refused', (host) => expect(status({ Host: host })).toBe(403));

  test('a request that names no host, or two, is refused', () => {
    expect(status({})).toBe(400);
    expect(status({ Host: 'localhost', hOST: 'localhost' })).toBe(400);
  });

  test('the port may be that of a tunnel', () => {
    expect(hostName('localhost:8080')).toBe('localhost');
    expect(hostName('[::1]:8080')).toBe('[::1]');
  });
});

describe('T-80 a form enters where forms are taken, from a page of this server', () => {
  const form = {
    Host: 'localhost:7420',
    Origin: 'http://localhost:7420',
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': '12',
    'Sec-Fetch-Site': 'same-origin',
  };
  const statusOf = (headers: Readonly<Record<string, string>>, method = 'POST'): number | undefined =>
    status(headers, method, '/', 'forms');

  test('as a browser sends it', () => {
    expect(statusOf(form)).toBeUndefined();
    expect(status(form, 'POST')).toBe(405);
  });

  test.each([
    ['of another origin', { Origin: 'http://evil.example' }, 403],
    ['of an origin that is kept back', { Origin: 'null' }, 403],
    ['of two origins', { ORIGIN: 'http://localhost:7420' }, 403],
    [
      'of another site by its own word',
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' },
      403,
    ],
    ['opened by nobody', { 'Sec-Fetch-Site': 'none' }, 403],
    ['of another kind', { 'Content-Type': 'multipart/form-data' }, 415],
    ['with a second kind', { 'CONTENT-TYPE': 'text/plain' }, 415],
    ['of unknown length', { 'Transfer-Encoding': 'chunked' }, 411],
  ] as const)('not one %s', (_, more, expected) => expect(statusOf({ ...form, ...more })).toBe(expected));

  test('nor one that leaves out what it must say', () => {
    const without = (name: string) =>
      Object.fromEntries(Object.entries(form).filter(([one]) => one !== name));
    expect(['Origin', 'Content-Type', 'Content-Length'].map((name) => statusOf(without(name)))).toEqual([
      403, 415, 411,
    ]);
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused there too', (method) =>
    expect(statusOf(form, method)).toBe(405),
  );

  test('what is read has no body there either', () => expect(statusOf(form, 'GET')).toBe(413));
});

describe('T-80 a page of another origin gets no answer', () => {
  const host = { Host: 'localhost:7420' };

  test.each<Record<string, string>>([
    { Origin: 'http://localhost:7420' },
    { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors' },
    { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' },
    { 'Sec-Fetch-Mode': 'cors' },
  ])('%j enters', (headers) => expect(status({ ...host, ...headers })).toBeUndefined());

  test.each<Record<string, string>>([
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: 'http://localhost:3000' },
    { Origin: 'http://127.0.0.1:7420' },
    { Origin: '' },
    { Origin: 'file://' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' },
    { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'websocket' },
  ])('%j is refused', (headers) => expect(status({ ...host, ...headers })).toBe(403));
});

describe('only reading, and only what has an address', () => {
  const host = { Host: 'localhost' };

  test('HEAD enters, every other method does not', () => {
    expect(status(host, 'HEAD')).toBeUndefined();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get'])
      expect([method, status(host, method)]).toEqual([method, 405]);
  });

  test('a body is refused before it is read', () => {
    expect(status({ ...host, 'Content-Length': '0' })).toBeUndefined();
    expect(status({ ...host, 'Content-Length': '5' })).toBe(413);
    expect(status({ ...host, 'Transfer-Encoding': 'chunked' })).toBe(413);
  });

  test.each([
    '/',
    '/links/a%20b',
    '/links/%C3%A9t%C3%A9',
    '/?find=a%2Fb&page=2',
    '/api/deployments/0-1.json',
    '/a?b?c',
  ])('the target %j is plain', (target) => expect(isPlainTarget(target)).toBe(true));
});
