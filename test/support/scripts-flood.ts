import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { temporaryFolder } from './build-nupkg.ts';
import { planOf, run, runStep } from './scripts-run.ts';

const line = '0123456789'.repeat(9);
/** How much more memory the second half of the output may take than the first did. */
const growthMost = 64 * 1024 * 1024;

/** Lets a script write this many bytes of lines and holds that all of them arrive while memory stays as it is. */
export async function keepsMemoryFlat(bytes: number): Promise<void> {
  using folder = temporaryFolder();
  const secrets = Object.fromEntries(
    Array.from({ length: 10 }, (_, n) => [`Secret.${n}`, `correct horse "battery" ${n}`]),
  );
  const inputs = Object.keys(secrets).map((name) => ({ name, secret: true as const, version: 1 }));
  const count = Math.floor(bytes / (line.length + 1));
  const plan = planOf(folder.path, [runStep('One', `yes ${line} | head -n ${count}`)], { inputs });
  let lines = 0;
  const highest = { firstHalf: 0, secondHalf: 0 };
  const outcome = await run(folder.path, plan, {
    secrets,
    report(event) {
      if (event.kind !== 'log' || event.text !== line) return;
      lines += 1;
      if (lines % 20_000 !== 0) return;
      const { rss } = process.memoryUsage();
      const half = lines <= count / 2 ? 'firstHalf' : 'secondHalf';
      highest[half] = Math.max(highest[half], rss);
    },
  });
  expect(outcome.error).toBeUndefined();
  expect(lines).toBe(count);
  expect(statSync(join(folder.path, 'run/log.txt')).size).toBeGreaterThan(bytes);
  expect(highest.firstHalf).toBeGreaterThan(0);
  expect(highest.secondHalf - highest.firstHalf).toBeLessThan(growthMost);
}
