import { describe, expect, test } from 'vitest';
import { parseHubUrl, parseHubUrls } from '../../src/hub/index.ts';
import { codeOf, refusal } from '../support/refusal.ts';

describe('where a NATS server is reached', () => {
  test.each([
    ['tls://hub.acme.example', 'tls://hub.acme.example:4222'],
    ['TLS://Hub.Acme.Example:4443', 'tls://hub.acme.example:4443'],
    ['wss://hub.acme.example', 'wss://hub.acme.example:443'],
    ['wss://hub.acme.example/nats/', 'wss://hub.acme.example:443/nats'],
    ['tls://10.1.2.3', 'tls://10.1.2.3:4222'],
    ['tls://[2001:db8::1]:4222', 'tls://[2001:db8::1]:4222'],
    ['nats://localhost', 'nats://localhost:4222'],
    ['nats://127.0.0.1:14222', 'nats://127.0.0.1:14222'],
    ['ws://[::1]', 'ws://[::1]:80'],
  ])('%s is %s', (given, text) => {
    expect(parseHubUrl(given).text).toBe(text);
    expect(parseHubUrl(text).text).toBe(text);
  });

  test.each([
    'nats://hub.acme.example',
    'ws://hub.acme.example:80',
    'nats://10.1.2.3',
    'nats://0.0.0.0',
    'nats://127.0.0.1.acme.example',
    'nats://[::ffff:127.0.0.1]',
    'ws://localhost.acme.example',
  ])('T-50 %s is refused: off this machine it goes by TLS or not at all', (given) => {
    const error = refusal(() => parseHubUrl(given));
    expect(codeOf(error)).toBe('HUB_URL_UNFIT misused');
    expect(error.message).toContain('without TLS only this machine itself');
    expect(error.hint).toMatch(/^Use (tls|wss):\/\//);
  });

  test.each([
    ['', 'no server is named'],
    [' , ', 'no server is named'],
    ['hub.acme.example:4222', 'not of the form'],
    ['https://hub.acme.example', 'not of the form'],
    ['tls://user:secret@hub.acme.example', 'not of the form'],
    ['tls://hub.acme.example:4222?x=1', 'not of the form'],
    ['tls://hub acme', 'not of the form'],
    ['tls://hub.acmé.example', 'not of the form'],
    ['tls://hub.acme.example/path', 'it has a path'],
    ['tls://hub.acme.example:0', 'no port 0'],
    ['tls://hub.acme.example:70000', 'no port 70000'],
    ['tls://-hub.acme', 'neither a host name'],
    ['tls://127.0.0', 'neither a host name'],
    ['tls://[1:2]', 'neither a host name'],
    [Array.from({ length: 17 }, (_one, at) => `tls://h${at}`).join(','), 'more than 16'],
  ])('%j is refused: %s', (given, why) => {
    const error = refusal(() => parseHubUrls(given));
    expect(codeOf(error)).toBe('HUB_URL_UNFIT misused');
    expect(error.message).toContain(why);
  });

  test('several are divided by commas', () => {
    const urls = parseHubUrls('tls://n1.acme.example, tls://n2.acme.example:4223,wss://acme.example');
    expect(urls.map(({ text }) => text)).toEqual([
      'tls://n1.acme.example:4222',
      'tls://n2.acme.example:4223',
      'wss://acme.example:443',
    ]);
  });
});
