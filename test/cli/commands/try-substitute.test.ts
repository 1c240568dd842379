import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type } from '../typed.ts';

const folder = mkdtempSync(join(tmpdir(), 'crossgap-try-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const given = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('trying substitution on a file', () => {
  test('writes the result to stdout, every other byte as it was, and says what has no value', async () => {
    const file = given('a.txt', 'x=#{A | ToUpper}\r\n#{Lost} #{ and ##{A}');
    const variables = given('v.json', '{"A": "é#{B}", "B": 1.50}');
    const { stdout, stderr, exitCode } = await type(['try', 'substitute', file, '--variables', variables]);
    expect([exitCode, stdout]).toEqual([0, 'x=É1.5\r\n#{Lost} #{ and #{A}']);
    expect(stderr).toContain('no value for #{Lost}');
    expect(readFileSync(file, 'utf8')).toContain('#{A | ToUpper}');
  });

  test('keeps the encoding of the file, and takes variables as a list', async () => {
    const file = given('b.txt', Buffer.from('\ufeffv=#{A}', 'utf16le'));
    const variables = given('l.json', '[{"name": "A", "value": "ü", "sensitive": true}]');
    const out = join(folder, 'b.out');
    const { exitCode, json } = await type([
      '--json',
      'try',
      'substitute',
      file,
      '--variables',
      variables,
      '--out',
      out,
    ]);
    expect([exitCode, json]).toEqual([0, { out, missing: [] }]);
    expect(readFileSync(out)).toEqual(Buffer.from('\ufeffv=ü', 'utf16le'));
  });

  test('a text that can’t be evaluated is refused by its token, and nothing is written', async () => {
    const file = given('c.txt', '#{A | FromBase64}');
    const variables = given('c.json', '{"A": "!"}');
    const out = join(folder, 'c.out');
    const { exitCode, stderr } = await type([
      'try',
      'substitute',
      file,
      '--variables',
      variables,
      '--out',
      out,
    ]);
    expect([exitCode, stderr]).toEqual([6, expect.stringContaining('TEMPLATE_VALUE_UNFIT')]);
    expect(() => readFileSync(out)).toThrow(/ENOENT/);
  });

  test.each([
    ['no variables', ['a.txt'], 'a file and its variables are needed'],
    ['cases beside a file', ['a.txt', '--cases', 'v.json'], '--cases takes no file'],
    ['cases that are none', ['--cases', 'v.json'], 'Cannot read cases'],
    ['variables that are no JSON', ['a.txt', '--variables', 'a.txt'], 'it is not JSON'],
    ['variables that are a number', ['a.txt', '--variables', 'n.json'], 'neither an object nor an array'],
  ])('%s is a misuse', async (_what, words, said) => {
    given('n.json', '7');
    const paths = words.map((word) => (word.startsWith('--') ? word : join(folder, word)));
    const { exitCode, stderr } = await type(['try', 'substitute', ...paths]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(said)]);
  });
});
