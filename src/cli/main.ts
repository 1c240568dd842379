import { exitCodes } from '../errors.ts';
import { reportUncaught, runCommandLine } from './run.ts';
import { startedFile } from './started-file.ts';

/** Ends in good order what runs, once it has said how. */
let end: (() => void) | undefined;

// Who reads our output may stop before we do (`crossgap log show | head`), and a terminal may be closed; that is no
// failure. What is in the midst of something ends as if asked to.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    if (end === undefined) process.exit(process.exitCode ?? exitCodes.done);
    end();
  });
}

const argv = process.argv.slice(2);
const { stdin, stdout, stderr, env } = process;
process.on('uncaughtException', (error) =>
  process.exit(reportUncaught(error, argv, { stdin, stdout, stderr, env })),
);
const file = startedFile(process);

let asked = 0;
process.exitCode = await runCommandLine(argv, {
  stdin,
  stdout,
  stderr,
  env,
  file,
  onEnd(callback) {
    end = callback;
    // The system asks once more by SIGHUP where several lose one terminal: a second one means no impatience.
    process.on('SIGHUP', callback);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        asked += 1;
        if (asked > 1) process.exit(128 + (signal === 'SIGINT' ? 2 : 15));
        callback();
      });
    }
  },
});
