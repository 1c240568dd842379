import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SaxesParser } from 'saxes';
import { transformXml } from '../src/config-files/index.ts';
import { milliseconds, peakMiB, profiled } from './measured.ts';
import type { Figure, Measured, Measurement } from './measurement.ts';

/** Bytes of one setting: 20,000 of them make 10 MB. */
const settingBytes = 500;
const counts = [100, 200, 400];

export const measurement: Measurement = {
  what: 'an XML transform of many settings by their keys',
  baseline: 'saxes reading the same bytes once, namespaces and positions included, and keeping nothing',
  how: 'A configuration file of 500 bytes a setting; SetAttributes with Match(key) on 100, 200 and 400 of them, spread over the file.',
  unit: 'bytes',
  sizes: [1_000_000, 2_000_000, 4_000_000, 8_000_000, 10_000_000],
  prepare,
  measure,
};

async function prepare(folder: string, size: number): Promise<void> {
  const settings = Math.floor(size / settingBytes);
  const lines = Array.from({ length: settings }, (_, n) => {
    const start = `    <add key="Setting${n}" value="`;
    return `${start}${'value &amp; more '.repeat(40).slice(0, settingBytes - start.length - 5)}" />\n`;
  });
  writeFileSync(
    join(folder, 'source.config'),
    `<?xml version="1.0"?>\n<configuration>\n  <appSettings>\n${lines.join('')}  </appSettings>\n</configuration>\n`,
  );
  for (const count of counts) writeFileSync(join(folder, `${count}.config`), transformOf(count, settings));
}

function transformOf(count: number, settings: number): string {
  const lines = Array.from({ length: count }, (_, n) => {
    const key = Math.floor((n * settings) / count);
    return `<add key="Setting${key}" value="new" xdt:Transform="SetAttributes" xdt:Locator="Match(key)"/>\n`;
  });
  const namespace = 'xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"';
  return `<configuration ${namespace}><appSettings>${lines.join('')}</appSettings></configuration>`;
}

async function measure(folder: string, size: number): Promise<Measured> {
  const bytesOf = (name: string) => ({ name, bytes: readFileSync(join(folder, name)) });
  const source = bytesOf('source.config');
  const run = (count: number) => () => transformXml({ source, transform: bytesOf(`${count}.config`) });
  const before = process.memoryUsage().rss;
  const figures: Figure[] = [];
  // The first run is what a deployment sees: nothing is warm.
  for (const count of counts) {
    const ours = await milliseconds(run(count));
    const isGoal = count === 100 && size === 10_000_000;
    figures.push({ name: `${count} transforms`, unit: 'ms', ours, ...(isGoal && { goal: '≤ 1500 ms' }) });
    if (isGoal)
      figures.push({ name: 'memory by the file', unit: '×', ours: memoryBy(before, size), goal: '≤ 12 ×' });
  }
  const peak = peakMiB();
  const baseline = await milliseconds(() => readOnly(source.bytes));
  return {
    figures: figures.map((one) => (one.unit === 'ms' ? { ...one, baseline } : one)),
    peakMiB: { transform: peak },
    timeIn: await profiled(run(100)),
  };
}

/** What this process had at most beyond what it had with the file read, as a multiple of the file, which counts too. */
function memoryBy(before: number, size: number): number {
  return (peakMiB() * 1024 * 1024 - before) / size + 1;
}

function readOnly(bytes: Uint8Array): void {
  const parser = new SaxesParser({ xmlns: true, position: true });
  let elements = 0;
  parser.on('opentag', () => {
    elements += 1;
  });
  parser.write(Buffer.from(bytes).toString('utf8')).close();
}
