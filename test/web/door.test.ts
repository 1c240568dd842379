import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { hostName, isPlainTarget, refusalOf } from '../../src/web/door.ts';
import { answeredNames } from '../../src/http/listen.ts';

const names = answeredNames({ host: '127.0.0.1', port: 7420, names: ['status.acme.example'] }, '127.0.0.1');

function status(headers: Readonly<Record<string, string>>, method = 'GET', url = '/'): number | undefined {
  const message = new IncomingMessage(new Socket());
  Object.assign(message, {
    method,
    url,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    rawHeaders: Object.entries(headers).flat(),
  });
  return refusalOf(message, names)?.status;
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
