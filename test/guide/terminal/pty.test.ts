import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { foldLines } from '../../../src/fold-lines.ts';
import { patienceMs } from '../../support/patience.ts';
import { requires } from '../../support/requires.ts';
import { theSecret, theWords } from '../support/fake-site.ts';
import { long } from './long-words.ts';

const program = join(import.meta.dirname, 'shown.ts');
const hasPty = requires('script', 'the guide in a terminal of its own');

/** What is awaited on the screen, and the keys that are then pressed. */
type Turn = readonly [awaited: string, keys: string];

/** A terminal of 80 by 24, and a person who presses keys when something is seen; all that was ever on it. */
async function atTerminal(turns: readonly Turn[], ...words: string[]): Promise<string> {
  const command = `stty cols 80 rows 24; exec '${process.execPath}' '${program}' ${words.join(' ')}`;
  const env = { ...process.env, TERM: 'xterm', NO_COLOR: '1' };
  const child = spawn('script', ['-qfec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  let [seen, from] = ['', 0];
  const rest = [...turns];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
    for (let turn = rest[0]; turn !== undefined; turn = rest[0]) {
      const at = seen.indexOf(turn[0], from);
      if (at < 0) return;
      from = at + turn[0].length;
      rest.shift();
      child.stdin.write(turn[1]);
    }
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  child.on('close', () => resolve());
  await promise;
  expect(rest, seen).toEqual([]);
  return seen;
}

const [enter, down] = ['\r', '\u001b[B'];

describe.runIf(hasPty)('in a terminal', () => {
  test('a whole installation is walked by arrow keys, and the secret is never on the screen', async () => {
    const seen = await atTerminal([
      ['What now?', enter],
      ['told by phone', `${theWords}${enter}`],
      ['certificate file', enter],
      ['What now?', enter],
      ['More:', `q${enter}`],
      ['What now?', enter],
      ['Tab shows it', `${theSecret}${enter}`],
      ['What now?', enter],
      ['Port of the site', `8443${enter}`],
      ['How much is logged', enter],
      ['Mail server', enter],
      ['What now?', enter],
      ['Is this machine ready', ''],
      ['What now?', enter],
      ['More:', `q${enter}`],
      ['What now?', enter],
      ['3.2.0 is installed', ''],
      ['What now?', enter],
      // Nobody rates by pressing Enter.
      ['How did it go', enter],
      ['How did it go: none', ''],
      ['Comment', '\u0003'],
    ]);
    expect(seen).toContain('ended with 0: Orders 3.2.0 is installed in production');
    expect(seen).not.toContain('geheim');
    expect(seen).toContain('(typed, not shown)');
  });

  test('a field that need not be filled is emptied by Backspace', async () => {
    const seen = await atTerminal([
      ['What now?', enter],
      ['told by phone', `${theWords}${enter}`],
      ['certificate file', `acme.pem${enter}`],
      ['What now?', enter],
      ['not both', ''],
      ['(acme.pem)', `\u007f${enter}`],
      ['What now?', enter],
      ['Orders 3.2.0 (page 1 of 5)', ''],
      ['More:', '\u0003'],
    ]);
    expect(seen).toContain('ended with 3');
  });

  test('what is wider than the terminal goes on below, broken between words', async () => {
    const seen = await atTerminal(
      [
        ['What now?', enter],
        ['told by phone', `${theWords}${enter}`],
        ['certificate file', enter],
        ['What now?', enter],
        ['More:', `q${enter}`],
        ['What now?', enter],
        ['put down (needed):', ''],
        ['?', 'O:\\orders'],
        ['O:\\orders', '\u0003'],
      ],
      'long',
    );
    for (const text of [long.help, `${long.label} (needed):`])
      for (const line of foldLines(text, 79).split('\n')) expect(seen).toContain(`${line.trim()}\r\n`);
  });

  test.each([
    ['moves its cursor', 'What now?', []],
    ['has plain lines', 'Number [1]: ', ['plain']],
  ])('that %s and is closed is left as by a person who leaves', async (_what, awaited, words) => {
    const ended = join(mkdtempSync(join(tmpdir(), 'crossgap-closed-')), 'ended');
    const command = `exec '${process.execPath}' '${program}' ${words.join(' ')}`;
    const env = { ...process.env, TERM: 'xterm', ENDED: ended };
    const child = spawn('script', ['-qfec', command, '/dev/null'], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let seen = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
      // Without the program that holds its other end a terminal is gone.
      if (seen.includes(awaited)) child.kill('SIGKILL');
    });
    await vi.waitFor(() => expect(readFileSync(ended, 'utf8')).toBe('3'), patienceMs);
  });

  test('where a person must decide Enter alone chooses nothing, and leaves no lines behind', async () => {
    const seen = await atTerminal(
      [
        ['What now?', enter],
        ['told by phone', `${theWords}${enter}`],
        ['certificate file', enter],
        ['What now?', enter],
        ['choose with the arrow keys', enter],
        ['choose with the arrow keys', `${down}${enter}`],
        ['What now? Go on where it stopped', ''],
        ['3.2.0 is installed', ''],
        ['What now?', '\u0003'],
      ],
      'open',
    );
    // The line that a choice leaves was taken away again before the question came once more.
    // oxlint-disable-next-line no-control-regex -- that is how a line is taken away
    expect(seen).toMatch(/What now\? \(choose with the arrow keys\)[^\n]*\u001b\[2K[^\n]*\? What now\?/);
    expect(seen).toContain('ended with 0');
  });

  test('a secret may be looked at while it is typed, and is gone from the line then', async () => {
    const seen = await atTerminal([
      ['What now?', enter],
      ['told by phone', `${theWords}${enter}`],
      ['certificate file', enter],
      ['What now?', enter],
      ['More:', `q${enter}`],
      ['What now?', enter],
      ['Tab shows it', 'hunter22'],
      ['********', '\t'],
      ['hunter22', '\t'],
      ['Tab shows it', enter],
      ['(typed, not shown)', ''],
      ['What now?', '\u0003'],
    ]);
    expect(seen.match(/hunter22/g)).toHaveLength(1);
    expect(seen).toContain('ended with 3: You left. Nothing was installed or changed.');
  });

  test('a hidden line is not written back to a terminal of plain lines; Ctrl-C there leaves', async () => {
    const seen = await atTerminal(
      [
        ['Number [1]: ', enter],
        ['told by phone', `${theWords}${enter}`],
        ['certificate file', enter],
        ['Number [1]: ', enter],
        ['-- more', `q${enter}`],
        ['Number [1]: ', enter],
        ['not shown while typed): ', `hunter22${enter}`],
        ['Number [1]: ', `3${enter}`],
        ['kept; Enter leaves it]: ', 'more\u0003'],
      ],
      'plain',
    );
    expect(seen).not.toContain('hunter22');
    expect(seen).toContain('ended with 3');
  });
});
