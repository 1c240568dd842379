import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { requires } from './support/requires.ts';

const program = fileURLToPath(new URL('../bench/bench.ts', import.meta.url));
const bench = (...args: readonly string[]) => promisify(execFile)(process.execPath, [program, ...args]);

/** At a size at which it ends soon: that it works, not how fast. */
async function expectMeasured(name: string, size: string): Promise<void> {
  const { stdout } = await bench(name, '--size', size);
  const rows = stdout.split('\n').filter((line) => line.startsWith(`| ${name}`));
  expect(rows).not.toEqual([]);
  for (const row of rows) expect(row).not.toMatch(/NaN|∞/);
}

test.each(['append', 'receive', 'rebuild'])('%s is measured', async (name) => {
  await expectMeasured(name, '200');
});

describe.skipIf(!requires('nats-server', 'what is measured over NATS'))('over NATS', () => {
  test.each([
    ['nats-latency', '5'],
    ['nats-entries', '200'],
    ['nats-catch-up', '200'],
    ['nats-package', '3M'],
  ])('%s is measured', async (name, size) => {
    await expectMeasured(name, size);
  });
});

test('what is not measured, and what is no size, is refused by name', async () => {
  await expect(bench('apend')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('apend') });
  await expect(bench('append', '--size', 'much')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('much is not a size'),
  });
});

test('what is measured is told without measuring', async () => {
  const { stdout } = await bench('--list', 'append');
  expect(stdout).toMatch(/^append: .*, against a bare insert/);
});
