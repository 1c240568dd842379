import { defineConfig } from 'vitest/config';
import { patienceMs } from './test/support/patience.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.long.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: patienceMs } },
    pool: 'forks',
    // The runner would leave one core to itself, which is every second one of a small machine.
    maxWorkers: '100%',
    globalSetup: 'test/support/build-first.ts',
  },
});
