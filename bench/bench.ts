/*
 * Measures append, receive and rebuild as ratios to named baselines in the same run, each at several sizes and in a
 * process of its own, so that its peak memory is its own. `npm run bench -- 10000 100000`; the result is a table in
 * Markdown, as docs/performance.md holds it.
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { measureAppend } from './append.ts';
import type { Measured } from './measured.ts';
import { measureReceive } from './receive.ts';
import { measureRebuild } from './rebuild.ts';

const subjects = { append: measureAppend, receive: measureReceive, rebuild: measureRebuild };

const [subject, size] = process.argv.slice(2);
if (subject !== undefined && subject in subjects) {
  const measured = await subjects[subject as keyof typeof subjects](Number(size));
  const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ ...measured, peakMiB }));
} else {
  const sizes = process.argv.slice(2).map(Number);
  console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}\n`);
  console.log('| what | entries | ours, per s | baseline, per s | ratio | goal | peak memory |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  const spent: string[] = [];
  for (const name of Object.keys(subjects)) {
    for (const entries of sizes.length > 0 ? sizes : [10_000, 100_000]) {
      const answer = execFileSync(process.execPath, [fileURLToPath(import.meta.url), name, String(entries)], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      const { ours, baseline, goal, peakMiB, timeIn } = JSON.parse(answer) as Measured & { peakMiB: number };
      const ratio = baseline === null ? '' : (ours / baseline).toFixed(2);
      const bare = baseline === null ? '' : Math.round(baseline);
      console.log(
        `| ${[name, entries, Math.round(ours), bare, ratio, goal, `${peakMiB} MiB`].join(' | ')} |`,
      );
      spent.push(`- ${name}, ${entries} entries: ${timeIn.join(', ')}`);
    }
  }
  console.log(`\nWhere the time goes (samples of a profiler, ours only):\n\n${spent.join('\n')}`);
}
