import { expect, test } from 'vitest';
import { busyLink, exchangeProcess } from './kill-support.ts';
import { converge, expectEqual } from './link-support.ts';

const seed = Number(process.env['CROSSGAP_SEED'] ?? Date.now() % 1_000_000);

test(`T-36 killed at any moment, again and again, both sides end equal (seed ${seed})`, async () => {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  let killed = 0;
  for (let story = 0; story < 25; story++) {
    await using link = busyLink();
    for (let kill = 0; kill < 20; kill++) {
      const side = random(2) === 0 ? 'vendor' : 'customer';
      if ((await exchangeProcess(link, side, { killAfterMs: random(60) })) === 'SIGKILL') killed += 1;
    }
    await converge(link);
    expectEqual(link);
  }
  expect(killed).toBeGreaterThan(100);
});
