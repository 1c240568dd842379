import { exitCodes } from '../errors.ts';
import { reportUncaught, runCommandLine } from './run.ts';

// Who reads our output may stop before we do (`crossgap log show | head`); that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? exitCodes.done);
    throw error;
  });
}

const argv = process.argv.slice(2);
const { stdin, stdout, stderr, env } = process;
process.on('uncaughtException', (error) =>
  process.exit(reportUncaught(error, argv, { stdin, stdout, stderr, env })),
);

let asked = 0;
process.exitCode = await runCommandLine(argv, {
  stdin,
  stdout,
  stderr,
  env,
  onEnd(callback) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        asked += 1;
        if (asked > 1) process.exit(128 + (signal === 'SIGINT' ? 2 : 15));
        callback();
      });
    }
  },
});
