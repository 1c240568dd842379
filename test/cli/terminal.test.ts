import { PassThrough, Readable, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { terminal, type Streams, type Terminal } from '../../src/cli/terminal.ts';

type Seen = { stdout: string; stderr: string };

function at(streams: {
  input?: Buffer | string;
  tty?: PassThrough;
  colour?: boolean;
  env?: Streams['env'];
}): {
  terminal: Terminal;
  seen: Seen;
} {
  const seen: Seen = { stdout: '', stderr: '' };
  const sink = (name: keyof Seen) =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          seen[name] += chunk.toString();
          done();
        },
      }),
      { isTTY: streams.colour === true || streams.tty !== undefined },
    );
  const piped = Readable.from(streams.input === undefined ? [] : [Buffer.from(streams.input as string)]);
  const stdin = streams.tty === undefined ? piped : Object.assign(streams.tty, { isTTY: true });
  return {
    seen,
    terminal: terminal({ stdin, stdout: sink('stdout'), stderr: sink('stderr'), env: streams.env ?? {} }),
  };
}

test.each([
  ['secret', 'secret'],
  ['secret\n', 'secret'],
  ['secret\r\n', 'secret'],
  ['two\nlines\n\n', 'two\nlines\n'],
  ['  blanks stay ', '  blanks stay '],
  ['\n', ''],
  ['\ufeffbom', '\ufeffbom'],
])('%j on standard input is the value %j', async (input, value) => {
  expect(await at({ input }).terminal.readValue('Db', true)).toBe(value);
});

test('nothing on standard input is no value', async () => {
  await expect(at({}).terminal.readValue('Db', true)).rejects.toMatchObject({
    code: 'VALUE_MISSING',
    exitCode: 2,
  });
});

test.each([
  ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe, 0x41])],
  ['more than 64 KiB', 'x'.repeat(64 * 1024 + 1)],
])('%s are refused as a value', async (_what, input) => {
  await expect(at({ input }).terminal.readValue('Db', false)).rejects.toMatchObject({ code: 'VALUE_UNFIT' });
});

test('without a terminal nobody is asked', () => {
  expect(at({ input: 'x' }).terminal.asks).toBe(false);
});

test('at a terminal a hidden answer is asked for and never shown', async () => {
  const tty = new PassThrough();
  const { terminal: person, seen } = at({ tty });
  const answer = person.readValue('Db', true);
  tty.write('tiger\n');
  expect(await answer).toBe('tiger');
  expect(seen.stderr).toBe('Db: \n');
  expect(seen.stdout).toBe('');
});

test('an open answer is shown as it is typed', async () => {
  const tty = new PassThrough();
  const { terminal: person, seen } = at({ tty });
  const answer = person.readValue('Site.Port', false);
  tty.write('8080\n');
  expect(await answer).toBe('8080');
  // The line editor draws the line anew: what is left of it on the screen begins with the question.
  expect(seen.stderr.split('\r')[0]!.split('\u001b[0J').at(-1)).toMatch(/^Site\.Port: .*8080/s);
});

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('%s at a question is no value', async (_key, key) => {
  const tty = new PassThrough();
  const answer = at({ tty }).terminal.readValue('Db', true);
  tty.write(key);
  await expect(answer).rejects.toMatchObject({ code: 'VALUE_MISSING' });
});

test('colours are for terminals, and not where NO_COLOR or a dumb one is', () => {
  expect(at({ colour: true }).terminal.tone('bad', 'x')).toBe('\u001b[31mx\u001b[39m');
  expect(at({}).terminal.tone('bad', 'x')).toBe('x');
  expect(at({ colour: true, env: { NO_COLOR: '1' } }).terminal.tone('bad', 'x')).toBe('x');
  expect(at({ colour: true, env: { NO_COLOR: '' } }).terminal.tone('bad', 'x')).toBe('\u001b[31mx\u001b[39m');
  expect(at({ colour: true, env: { TERM: 'dumb' } }).terminal.talkTone('bad', 'x')).toBe('x');
});

test('results and talk go their own ways, each line with one end', () => {
  const { terminal: person, seen } = at({});
  person.result('a\n');
  person.talk('b');
  person.document({ a: '\u001b' });
  expect(seen).toEqual({ stdout: 'a\n{"a":"\\u001b"}\n', stderr: 'b\n' });
});

test('lines are folded for a terminal of known width, and for nothing else', () => {
  let shown = '';
  const screen = (facts: { isTTY?: boolean; columns?: number }) => {
    shown = '';
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        shown += chunk.toString();
        done();
      },
    });
    const stdout = Object.assign(sink, facts);
    return terminal({ stdin: Readable.from([]), stdout, stderr: stdout, env: {} });
  };
  const long = 'word '.repeat(20).trim();
  screen({ isTTY: true, columns: 60 }).result(long);
  expect(shown.split('\n')).toHaveLength(3);
  screen({ isTTY: true, columns: 60 }).document({ long });
  expect(shown).toBe(`{"long":"${long}"}\n`);
  for (const facts of [{ columns: 60 }, { isTTY: true }, { isTTY: true, columns: 8 }]) {
    screen(facts).result(long);
    expect(shown).toBe(`${long}\n`);
  }
});
