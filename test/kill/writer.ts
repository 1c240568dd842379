/* Appends to one feed until it is ended, and says of each entry when it is in the log: its hash, a line each. */
import { flushCompileCache } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { giveValue } from '../../src/commands/index.ts';
import { openInstance } from '../../src/instance/index.ts';

// Who is killed leaves to the next one what it has compiled before.
flushCompileCache();

const [data, link, from] = process.argv.slice(2) as [string, string, string];
const instance = await openInstance(data);
for (let at = 0; ; at++) {
  const value = `${from}.${at} ${'x'.repeat(at % 700)}`;
  const made = instance.record(() => giveValue([], { link, name: `Value${at % 7}`, value }));
  process.stdout.write(`${made.map(({ hash }) => hash).join(' ')}\n`);
  // A daemon has other things to do than to follow one writer.
  await pause(10);
}
