import { exitCodes } from '../errors.ts';
import { whenClosed } from './shell/closed-streams.ts';
import { reportUncaught, runCommandLine } from './run.ts';
import { startedFile } from './shell/started-file.ts';

/** Ends in good order what runs, once it has said how. */
let end: (() => void) | undefined;

// What is in the midst of something ends as if asked to.
whenClosed(process, () => {
  if (end === undefined) process.exit(process.exitCode ?? exitCodes.done);
  end();
});

const argv = process.argv.slice(2);
const { stdin, stdout, stderr, env } = process;
const file = startedFile(process);
process.on('uncaughtException', (error) =>
  process.exit(reportUncaught(error, argv, { stdin, stdout, stderr, env, file })),
);
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
