/*
 * Measures append, receive and rebuild as ratios to named baselines in the same run, each at several sizes and in a
 * process of its own that opens instances prepared by another, so that its peak memory is its own. `npm run bench --
 * 10000 100000`; the result is a table in Markdown, as docs/performance.md holds it.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { measureAppend } from './append.ts';
import { benchFolder, preparePair } from './instances.ts';
import type { Measured } from './measured.ts';
import { measureReceive } from './receive.ts';
import { measureRebuild } from './rebuild.ts';

/** What is measured, and what a pair must hold for `count` entries of it; what is profiled afterwards comes on top. */
const subjects = {
  append: { measure: measureAppend, prepare: (folder: string) => preparePair(folder, 0, false) },
  receive: {
    measure: measureReceive,
    prepare: (folder: string, count: number) => preparePair(folder, count + Math.min(count, 5000), false),
  },
  rebuild: {
    measure: measureRebuild,
    prepare: (folder: string, count: number) => preparePair(folder, count, true),
  },
};
type Subject = keyof typeof subjects;

const [task, subject, size, folder] = process.argv.slice(2);
if (task === 'prepare') {
  await subjects[subject as Subject].prepare(folder!, Number(size));
} else if (task === 'measure') {
  console.log(JSON.stringify(await subjects[subject as Subject].measure(folder!, Number(size))));
} else {
  const sizes = process.argv.slice(2).map(Number);
  measureAll(sizes.length > 0 ? sizes : [10_000, 100_000]);
}

function measureAll(sizes: readonly number[]): void {
  console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}\n`);
  console.log('| what | entries | ours, per s | baseline, per s | ratio | goal | peak memory | load |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  const spent: string[] = [];
  for (const name of Object.keys(subjects)) {
    for (const entries of sizes) {
      const { ours, baseline, goal, peakMiB, timeIn } = measureApart(name, entries);
      const ratio = baseline === null ? '' : (ours / baseline).toFixed(2);
      const bare = baseline === null ? '' : Math.round(baseline);
      const load = loadavg()[0]!.toFixed(1);
      const row = [name, entries, Math.round(ours), bare, ratio, goal, `${peakMiB} MiB`, load];
      console.log(`| ${row.join(' | ')} |`);
      spent.push(`- ${name}, ${entries} entries: ${timeIn.join(', ')}`);
    }
  }
  console.log(`\nWhere the time goes (samples of a profiler, ours only):\n\n${spent.join('\n')}`);
}

function measureApart(name: string, entries: number): Measured {
  const folder = benchFolder();
  const run = (task: string): string =>
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), task, name, String(entries), folder], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
  run('prepare');
  const measured = JSON.parse(run('measure')) as Measured;
  rmSync(folder, { recursive: true, force: true });
  return measured;
}
