/*
 * A process that runs one command line after another of a built program, so that the program is read once and not with
 * each of them:
 *
 *     node counter-process.ts PROGRAM/dist/cli/main.js
 *
 * What is asked comes as messages, and so does what came of it. For the program it is as if it had just been started:
 * its words, streams, exit code and listeners are each command's own; only what it keeps in memory stays.
 */
import { enableCompileCache } from 'node:module';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

type Asked = { readonly words: readonly string[]; readonly input: string };

enableCompileCache();
const [, , main] = process.argv as [string, string, string];
let count = 0;

process.on('message', ({ words, input }: Asked) => {
  void run(words, input).then((answer) => process.send!(answer));
});
process.once('disconnect', () => process.exit());

async function run(words: readonly string[], input: string): Promise<object> {
  const told = { stdout: '', stderr: '' };
  process.argv = [process.execPath, main, ...words];
  put('stdin', Readable.from(input === '' ? [] : [Buffer.from(input)]));
  for (const name of ['stdout', 'stderr'] as const) {
    put(
      name,
      new Writable({
        write(piece: Buffer, _encoding, done) {
          told[name] += piece.toString();
          done();
        },
      }),
    );
  }
  process.exitCode = undefined;
  await import(`${pathToFileURL(main).href}?${(count += 1)}`);
  const exitCode = process.exitCode ?? 0;
  process.exitCode = undefined;
  for (const event of ['uncaughtException', 'SIGHUP', 'SIGINT', 'SIGTERM']) process.removeAllListeners(event);
  return { exitCode, signal: null, ...told };
}

function put(name: 'stdin' | 'stdout' | 'stderr', stream: Readable | Writable): void {
  Object.defineProperty(process, name, { value: stream, configurable: true });
}
