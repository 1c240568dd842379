import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationOfRuns, type MeasuredRun } from '../../src/projections/index.ts';

/** A run of steps by the second each began and ended; `waited` are positions of those a person was asked in. */
const run = (
  steps: readonly (readonly [from: number | null, to: number | null])[],
  waited: readonly number[] = [],
): MeasuredRun => ({
  steps: steps.map(([from, to], at) => ({
    position: at + 1,
    id: `step-${at + 1}`,
    startedAt: from === null ? null : from * 1000,
    endedAt: to === null ? null : to * 1000,
  })),
  waited: new Set(waited),
});
const lasting = (seconds: number): MeasuredRun => run([[10, 10 + seconds]]);

describe('how long runs took', () => {
  test('is the median: of an odd number the middle one, of an even number what lies between the two', () => {
    expect(durationOfRuns([lasting(900), lasting(4), lasting(6)])).toMatchObject({ ms: 6000, runs: 3 });
    expect(durationOfRuns([lasting(4), lasting(7)])).toMatchObject({ ms: 5500, runs: 2 });
  });

  test('counts what runs beside each other once, and nothing between steps', () => {
    const together = run([
      [0, 10],
      [2, 6],
      [8, 12],
      [100, 103],
    ]);
    expect(durationOfRuns([together])).toEqual({
      ms: 15_000,
      runs: 1,
      steps: [
        { id: 'step-1', ms: 10_000 },
        { id: 'step-2', ms: 4000 },
        { id: 'step-3', ms: 4000 },
        { id: 'step-4', ms: 3000 },
      ],
    });
  });

  test('leaves out steps in which a person was waited for', () => {
    const slow = run(
      [
        [0, 5],
        [5, 90_000],
      ],
      [2],
    );
    expect(durationOfRuns([slow])).toEqual({ ms: 5000, runs: 1, steps: [{ id: 'step-1', ms: 5000 }] });
  });

  test('is told from no run of which no step was measured', () => {
    const unmeasured = run([
      [null, null],
      [3, null],
    ]);
    expect(durationOfRuns([unmeasured, run([]), run([[0, 1]], [1])])).toBeUndefined();
    expect(durationOfRuns([])).toBeUndefined();
    expect(durationOfRuns([unmeasured, lasting(2)])).toMatchObject({ ms: 2000, runs: 1 });
  });

  test('is never below nothing where a clock was put back', () => {
    expect(durationOfRuns([run([[9, 3]])])).toEqual({
      ms: 0,
      runs: 1,
      steps: [{ id: 'step-1', ms: 0 }],
    });
  });

  test('does not depend on the order of the runs, and lies between the shortest and the longest', () => {
    const seconds = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(seconds, (all) => {
        const one = durationOfRuns(all.map(lasting))!;
        expect(durationOfRuns(all.toReversed().map(lasting))).toEqual(one);
        expect(one.ms).toBeGreaterThanOrEqual(Math.min(...all) * 1000);
        expect(one.ms).toBeLessThanOrEqual(Math.max(...all) * 1000);
      }),
    );
  });
});
