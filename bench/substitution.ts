import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expand, VariableSet } from '../src/variables/index.ts';
import { milliseconds, peakMiB, profiled } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';

const variablesCount = 200;
/** So that a text of 10 MB has 5,000 references. */
const partLength = 2000;

export const measurement: Measurement = {
  what: 'substitution: a text with a reference every 2,000 characters, of 200 variables',
  baseline: 'one replacement by a regular expression over the same text, from a table of finished values',
  how: 'The text is in memory. One run is cold, then the fastest of five counts; the variables are bound anew in each.',
  unit: 'bytes',
  sizes: [1_000_000, 2_000_000, 4_000_000, 8_000_000, 10_000_000],
  prepare: async (folder, size) => {
    const parts: string[] = [];
    for (let n = 0; n * partLength < size; n += 1) {
      parts.push(
        `setting_${n} = #{Site.Part${n % variablesCount}}\n`.padEnd(partLength, 'some text of a file; '),
      );
    }
    writeFileSync(join(folder, 'text'), parts.join(''));
  },
  measure: async (folder, size) => {
    const text = readFileSync(join(folder, 'text'), 'utf8');
    const values = new Map<string, string>();
    for (let n = 0; n < variablesCount; n += 1) values.set(`Site.Part${n}`, `value ${n} of #{Host}`);
    const ours = (): unknown => expand(text, new VariableSet([...values, ['Host', 'h1']]), 'continue');
    const plain = (): unknown =>
      text.replaceAll(/#\{([^}]*)\}/g, (whole, name: string) => values.get(name) ?? whole);
    const speed = async (work: () => unknown): Promise<number> => size / 1000 / (await fastest(work));
    const figure = { unit: 'MB/s', ours: await speed(ours), goal: '≥ 20 MB/s' };
    const peak = peakMiB();
    const timeIn = await profiled(ours);
    return {
      figures: [{ ...figure, baseline: await speed(plain) }],
      peakMiB: { '': peak },
      timeIn,
    } satisfies Measured;
  },
};

async function fastest(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < 6; n += 1) times.push(await milliseconds(work));
  return Math.min(...times.slice(1));
}
