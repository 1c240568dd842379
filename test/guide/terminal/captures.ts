/**
 * Takes what the guide looks like in a terminal of 80 by 24, as the documentation shows it: `node
 * test/guide/terminal/captures.ts`. It needs tmux.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { patienceMs } from '../../support/patience.ts';
import { theSecret, theWords } from '../support/fake-site.ts';

/** What is awaited on the screen, the capture that is taken then, and the keys that are pressed. */
type Turn = readonly [awaited: RegExp, capture: string | null, ...keys: string[]];

const images = resolve(import.meta.dirname, '../../../docs/images');
const program = join(import.meta.dirname, 'shown.ts');
const server = `crossgap-captures-${process.pid}`;
const tmux = (...words: string[]): string =>
  execFileSync('tmux', ['-L', server, ...words], { encoding: 'utf8' });

const toTheRelease: readonly Turn[] = [
  [/as its maker signed it[^]*❯ Go on/, 'about', 'Enter'],
  [/told by phone/, null, theWords, 'Enter'],
  [/certificate file/, null, 'Enter'],
  [/certificate file[^]*❯ Go on/, null, 'Enter'],
];
const toTheInputs: readonly Turn[] = [
  ...toTheRelease,
  [/Orders 3\.2\.0[^]*More: Enter/, 'release', 'q', 'Enter'],
  [/❯ Go on/, null, 'Enter'],
];
const toTheChecks: readonly Turn[] = [
  ...toTheInputs,
  [/Tab shows it/, null, theSecret],
  [/\*{8}/, 'input', 'Enter'],
  [/typed, not shown[^]*❯ Go on/, null, 'Enter'],
  [/Port of the site/, null, 'Enter'],
  [/How much is logged/, null, 'Enter'],
  [/Mail server/, null, 'Enter'],
  [/Mail server[^]*❯ Go on/, null, 'Enter'],
];
const toTheEnd: readonly Turn[] = [
  ...toTheChecks,
  [/Is this machine ready[^]*❯ Go on/, null, 'Enter'],
  [/More: Enter/, null, 'q', 'Enter'],
  [/❯ Install 3\.2\.0 now/, 'summary', 'Enter'],
];

await take([], [...toTheEnd, [/3\.2\.0 is installed[^]*❯ Make the result file/, 'result']]);
await take(['lacking'], [...toTheChecks, [/LACKING[^]*❯ Look again/, 'checks']]);
await take(
  ['waiting'],
  [
    ...toTheEnd,
    [/Check with the DBA[^]*❯ \(choose/, null, 'Down', 'Enter'],
    [/Your name/, null, 'Ann Smith', 'Enter'],
    [/Note \(may be left empty\):/, null, 'ticket 4711'],
    [/ticket 4711/, 'manual-step'],
  ],
);

async function take(words: readonly string[], turns: readonly Turn[]): Promise<void> {
  const env = 'TERM=screen NO_COLOR=1';
  const command = `${env} ${process.execPath} ${program} ${words.join(' ')} 2>&1; sleep 600`;
  tmux('new-session', '-d', '-x', '80', '-y', '24', command);
  try {
    for (const [awaited, capture, ...keys] of turns) {
      const screen = await seen(awaited);
      if (capture !== null)
        writeFileSync(join(images, `installer-terminal-${capture}.txt`), `${screen.trim()}\n`);
      if (keys.length > 0) tmux('send-keys', ...keys);
    }
  } finally {
    tmux('kill-server');
  }
}

async function seen(awaited: RegExp): Promise<string> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const screen = tmux('capture-pane', '-p');
    if (awaited.test(screen)) return screen;
    if (Date.now() > until) throw new Error(`${awaited} is not on the screen:\n${screen}`);
    await setTimeout(50);
  }
}
