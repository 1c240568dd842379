import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setConfigVariables } from '../src/config-files/index.ts';
import { VariableSet } from '../src/variables/index.ts';
import { milliseconds, peakMiB, profiled } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';

const variablesCount = 2000;
/** So that a document of 10 MB has 20,000 settings. */
const settingLength = 500;

export const measurement: Measurement = {
  what: 'configuration variables: 2,000 of them set in one document of appSettings',
  baseline: 'one replacement by a regular expression over the same text, which knows no XML',
  how: 'A Web.config of the given size, a setting every 500 bytes, is read and every named setting is set, several times; the fastest counts, and the memory of the first.',
  unit: 'bytes',
  sizes: [1_000_000, 2_000_000, 4_000_000, 8_000_000, 10_000_000],
  prepare: async (folder, size) => {
    writeFileSync(join(folder, 'Web.config'), document(size));
  },
  measure: async (folder, size) => {
    const bytes = readFileSync(join(folder, 'Web.config'));
    const every = Math.max(1, Math.floor(size / settingLength / variablesCount));
    const variables = new VariableSet();
    for (let n = 0; n < variablesCount; n += 1) variables.set(`SETTING.${n * every}`, `value ${n} & more`);
    const cold = await milliseconds(() => setConfigVariables(bytes, variables));
    // What a deployment needs, which does it once.
    const peak = peakMiB();
    const ours = Math.min(cold, await fastest(() => setConfigVariables(bytes, variables)));
    const baseline = await fastest(() => replaced(bytes, variables));
    const timeIn = await profiled(() => setConfigVariables(bytes, variables));
    return measured(ours, baseline, peak, timeIn);
  },
};

function measured(ours: number, baseline: number, peak: number, timeIn: string[]): Measured {
  return {
    figures: [{ unit: 'ms', ours, baseline, goal: '≤ 1,000 ms for 10 MB' }],
    peakMiB: { '': peak },
    timeIn,
  };
}

function document(size: number): string {
  const settings: string[] = [];
  for (let n = 0; n * settingLength < size; n += 1) {
    const start = `    <add key="Setting.${n}" value="`;
    settings.push(`${start}${'old value '.repeat(60)}`.slice(0, settingLength - 5), '" />\n');
  }
  return `<?xml version="1.0" encoding="utf-8"?>\n<configuration>\n  <appSettings>\n${settings.join('')}  </appSettings>\n</configuration>\n`;
}

function replaced(bytes: Buffer, variables: VariableSet): Buffer {
  const text = bytes
    .toString('utf8')
    .replaceAll(/(<add key="([^"]*)" value=")([^"]*)"/g, (whole, start: string, name: string) =>
      variables.has(name) ? `${start}${variables.get(name)?.replaceAll('&', '&amp;')}"` : whole,
    );
  return Buffer.from(text, 'utf8');
}

async function fastest(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < 6; n += 1) times.push(await milliseconds(work));
  return Math.min(...times);
}
