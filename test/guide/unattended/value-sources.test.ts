import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Source } from '../../../src/guide/unattended/answers.ts';
import { fetchValue } from '../../../src/guide/unattended/value-sources.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-sources-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const environment = { SECRET: 'from here', EMPTY: '', PATH: process.env['PATH'] };
const { signal } = new AbortController();
const fetch = (source: Source) => fetchValue(source, { environment, signal });
const file = (name: string, content?: string | Buffer): Source => {
  const path = join(root, name);
  if (content !== undefined) writeFileSync(path, content);
  return { kind: 'file', path };
};
const command = (script: string): Source => ({ kind: 'command', command: [process.execPath, '-e', script] });
const tooLong = 'x'.repeat(64 * 1024 + 1);

test.each<[string, Source, string]>([
  ['text, as it stands', { kind: 'text', text: ' as\nit is\n' }, ' as\nit is\n'],
  ['the environment', { kind: 'env', name: 'SECRET' }, 'from here'],
  ['a file', file('plain', ' Gräßlich\n\nviele'), ' Gräßlich\n\nviele'],
  ['a file without the line end behind it', file('line', 'secret \r\n'), 'secret '],
  ['a file without more than one line end', file('lines', 'secret\n\n'), 'secret\n'],
  ['a file without the mark that some editors begin with', file('mark', '\ufeffsecret\r\n'), 'secret'],
  ['a command', command('console.log("of", process.env.SECRET)'), 'of from here'],
  [
    'a command that reads what nobody types',
    command('process.stdin.resume().on("end", () => console.log("on"))'),
    'on',
  ],
])('a value comes from %s', async (_what, source, value) => {
  await expect(fetch(source)).resolves.toEqual({ value });
});

describe('no value comes from', () => {
  test.each<[string, Source, RegExp]>([
    ['what is not in the environment', { kind: 'env', name: 'NOWHERE' }, /^there is no NOWHERE in the env/],
    ['what is empty there', { kind: 'env', name: 'EMPTY' }, /^EMPTY in the environment is empty$/],
    ['a file that is not there', file('none'), /^there is no file .*none$/],
    ['a file with nothing in it', file('empty', '\n'), /empty gives nothing$/],
    ['a file that is no text', file('bytes', Buffer.from([0xff, 0xfe, 0x41])), /bytes gives no UTF-8 text$/],
    ['a file that is too long', file('long', tooLong), /long gives more than 65536 bytes$/],
    ['a device without an end', { kind: 'file', path: '/dev/zero' }, /zero is not a file$/],
    [
      'a program that is not there',
      { kind: 'command', command: [join(root, 'no-such')] },
      /^there is no program .*no-such$/,
    ],
    [
      'a command that fails',
      command('console.log("Gerheim"); console.error("Gerheim"); process.exit(3)'),
      /ended with 3$/,
    ],
    ['a command that was killed', command('process.kill(process.pid, "SIGKILL")'), /ended with SIGKILL$/],
    ['a command that says nothing', command(''), /gives nothing$/],
    [
      'a command that says too much',
      command('for (;;) console.log("x".repeat(9999))'),
      /gives more than 65536/,
    ],
  ])('%s', async (_what, source, why) => {
    const fetched = await fetch(source);
    expect(fetched).toEqual({ why: expect.stringMatching(why) as string });
    expect(JSON.stringify(fetched)).not.toContain('Gerheim');
  });

  test('a folder, or a file that may not be read', async () => {
    mkdirSync(join(root, 'folder'));
    await expect(fetch(file('folder'))).resolves.toEqual({ why: `${join(root, 'folder')} is not a file` });
    const below = { kind: 'file', path: join(root, 'plain', 'below') } as const;
    await expect(fetch(below)).resolves.toEqual({ why: `${below.path} can't be read (ENOTDIR)` });
  });

  test('a command that somebody ends', async () => {
    const by = new AbortController();
    const fetched = fetchValue(command('setInterval(() => {}, 1000)'), { environment, signal: by.signal });
    by.abort();
    await expect(fetched).resolves.toEqual({ why: `${process.execPath} was ended` });
  });
});
