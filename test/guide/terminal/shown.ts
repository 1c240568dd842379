import { writeFileSync } from 'node:fs';
import { inTerminal, startGuide } from '../../../src/guide/index.ts';
import { aWait, anInput, fakeSite, portTaken } from '../support/fake-site.ts';
import { asked } from '../support/walking.ts';
import { long } from './long-words.ts';

// A guide over a site on paper, shown in the terminal this is started in: `node shown.ts [plain] [waiting] [long] [open] [lacking]`.
const cutOff = {
  deployment: 'd-0',
  kind: 'install',
  state: 'interrupted',
  number: '3.2.0',
  at: null,
  done: [],
  error: null,
  wait: null,
} as const;
const words = process.argv.slice(2);
const { showGuide } = await inTerminal();
const guide = startGuide(
  fakeSite({
    ...(words.includes('waiting') && { outcomes: [{ state: 'waiting', wait: aWait }] }),
    ...(words.includes('lacking') && { checks: [[portTaken]] }),
    ...(words.includes('open') && { standing: { open: cutOff } }),
    ...(words.includes('long') && { inputs: [anInput({ name: 'Share', ...long })] }),
  }),
  asked,
);
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => void guide.end());
// A terminal that is gone takes no more words.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
const ending = await showGuide(guide, {
  input: process.stdin,
  output: process.stderr,
  isPlain: words.includes('plain'),
  hasColour: false,
});
if (process.env['ENDED'] !== undefined) writeFileSync(process.env['ENDED'], String(ending.exitCode));
process.stdout.write(`\nended with ${ending.exitCode}: ${ending.text.join(' ')}\n`);
