import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.long.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // The runner would leave one core to itself, which is every second one of a small machine.
    maxWorkers: '100%',
    globalSetup: 'test/support/build-first.ts',
    reporters: process.env['CI'] === 'true' ? ['default', 'json'] : ['default'],
    outputFile: { json: '.ci/results.json' },
  },
});
