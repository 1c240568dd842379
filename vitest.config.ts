import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { patienceMs } from './test/support/patience.ts';

const all = globSync('test/**/*.test.ts', { cwd: import.meta.dirname }).filter(
  (file) => !file.endsWith('.long.test.ts'),
);
/** Files that put something else in the place of what all share: modules, the environment, the process itself. */
const alone = all.filter((file) =>
  /\bvi\.(mock|doMock|stub|spyOn|useFakeTimers)|process\.(env\b|chdir|umask|on\()|syncBuiltinESMExports/.test(
    readFileSync(`${import.meta.dirname}/${file}`, 'utf8'),
  ),
);

export default defineConfig({
  test: {
    // Against hanging, not against slowness: no test has a number of its own below these.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: patienceMs } },
    pool: 'forks',
    // Tests wait a quarter of their time, for a disk or another process: half as many more than there are cores.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    globalSetup: 'test/support/build-first.ts',
    reporters: process.env['CI'] === 'true' ? ['default', 'json'] : ['default'],
    outputFile: { json: '.ci/results.json' },
    projects: [
      { extends: true, test: { name: 'alone', include: alone } },
      // The others share processes: each reads the program once instead of two hundred times.
      { extends: true, test: { name: 'together', include: all, exclude: alone, isolate: false } },
    ],
  },
});
