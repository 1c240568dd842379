/*
 * `npm run bench` measures everything in the table below at its own sizes; `npm run bench -- NAME…` these alone, and
 * `--size 10k` or `--size 5000,1M` at other sizes; `--list` tells what each is, without measuring; `--at-most 10` ends it
 * after so many minutes, with all that it started. The result is a table in Markdown, as docs/performance.md holds it. Each
 * measurement is prepared in one process and made in another.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchFolder } from './instances.ts';
import type { Figure, Measured, Measurement } from './measurement.ts';

/** A file a measurement, loaded only where it is needed, so that none has the memory of another. */
const measurements: Readonly<Record<string, () => Promise<{ readonly measurement: Measurement }>>> = {
  append: () => import('./append.ts'),
  receive: () => import('./receive.ts'),
  rebuild: () => import('./rebuild.ts'),
  'nats-latency': () => import('./nats-latency.ts'),
  'nats-entries': () => import('./nats-entries.ts'),
  'nats-package': () => import('./nats-package.ts'),
  'nats-catch-up': () => import('./nats-catch-up.ts'),
  bundle: () => import('./bundle-carry.ts'),
  installer: () => import('./installer.ts'),
  'scale-publish': () => import('./scale-publish.ts'),
  'scale-fleet': () => import('./scale-fleet.ts'),
  'scale-log': () => import('./scale-log.ts'),
  substitution: () => import('./substitution.ts'),
  transform: () => import('./transform.ts'),
  'config-variables': () => import('./config-variables.ts'),
  structured: () => import('./structured.ts'),
  extract: () => import('./extract.ts'),
  'extract-large': () => import('./extract-large.ts'),
  'package-sign': () => import('./package-sign.ts'),
  'package-verify': () => import('./package-verify.ts'),
  deployment: () => import('./deployment.ts'),
  'nuget-feed': () => import('./nuget-feed.ts'),
};

const [task, name, size, folder] = process.argv.slice(2);
if (task === 'prepare' || task === 'measure') {
  // What it has started ends with it.
  process.once('SIGTERM', () => process.exit(143));
  const { prepare, measure } = await measurementNamed(name!);
  if (task === 'prepare') await prepare?.(folder!, Number(size));
  else console.log(JSON.stringify(await measure(folder!, Number(size))));
} else {
  const { values, positionals } = parseArgs({
    options: { size: { type: 'string' }, list: { type: 'boolean' }, 'at-most': { type: 'string' } },
    allowPositionals: true,
  });
  const names = positionals.length > 0 ? positionals : Object.keys(measurements);
  const sizes = values.size?.split(',').map(sizeNamed);
  const endAt = values['at-most'] === undefined ? Infinity : Date.now() + minutesNamed(values['at-most']);
  if (values.list) await list(names);
  else await measureAll(names, sizes, endAt);
}

async function list(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { what, baseline, how, unit, sizes } = await measurementNamed(name);
    console.log(`${name}: ${what}${baseline === undefined ? '' : `, against ${baseline}`}`);
    console.log(`  ${how}\n  Sizes: ${sizes.join(', ')} ${unit}\n`);
  }
}

async function measureAll(
  names: readonly string[],
  sizes: readonly number[] | undefined,
  endAt: number,
): Promise<void> {
  const chosen = await Promise.all(names.map(async (name) => [name, await measurementNamed(name)] as const));
  console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}\n`);
  console.log('| what | size | ours | baseline | ratio | goal | peak memory | load |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  const spent: string[] = [];
  for (const [name, measurement] of chosen) {
    for (const size of sizes ?? measurement.sizes) {
      const { figures, peakMiB, timeIn } = measureApart(name, size, endAt);
      const peaks = Object.entries(peakMiB).map(([whose, mib]) => `${whose} ${Math.round(mib)} MiB`.trim());
      const load = loadavg()[0]!.toFixed(1);
      for (const [index, figure] of figures.entries()) {
        const told = [
          figure.name === undefined ? name : `${name}: ${figure.name}`,
          size.toLocaleString('en'),
        ];
        const once = index === 0 ? [peaks.join(', '), load] : ['', ''];
        console.log(`| ${[...told, ...columns(figure), ...once].join(' | ')} |`);
      }
      if (timeIn.length > 0) spent.push(`- ${name}, ${size} ${measurement.unit}: ${timeIn.join(', ')}`);
    }
  }
  console.log(`\nWhere the time goes (samples of a profiler, ours only):\n\n${spent.join('\n')}`);
}

function columns({ unit, ours, baseline, goal = '' }: Figure): readonly string[] {
  const amount = (number: number): string =>
    `${number.toLocaleString('en', { maximumFractionDigits: number < 100 ? 2 : 0 })} ${unit}`;
  if (baseline === undefined) return [amount(ours), '', '', goal];
  return [amount(ours), amount(baseline), (ours / baseline).toFixed(2), goal];
}

function measureApart(name: string, size: number, endAt: number): Measured {
  const folder = benchFolder();
  const run = (task: 'prepare' | 'measure'): string =>
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), task, name, String(size), folder], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      ...(endAt !== Infinity && { timeout: Math.max(1, endAt - Date.now()) }),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  run('prepare');
  const measured = JSON.parse(run('measure')) as Measured;
  rmSync(folder, { recursive: true, force: true });
  return measured;
}

async function measurementNamed(name: string): Promise<Measurement> {
  const load = Object.hasOwn(measurements, name) ? measurements[name] : undefined;
  if (load) return (await load()).measurement;
  return giveUp(`Nothing is measured under ${name}. There are ${Object.keys(measurements).join(', ')}.`);
}

/** A whole number as a person writes it: `800`, `10k`, `1.5M`, `1G`. */
function sizeNamed(text: string): number {
  const [, digits, thousands] = /^(\d+(?:\.\d+)?)([kMG]?)$/.exec(text) ?? [];
  const size = Math.round(Number(digits) * 1000 ** ['', 'k', 'M', 'G'].indexOf(thousands ?? ''));
  if (size > 0) return size;
  return giveUp(`${text} is not a size. Write, for example, --size 10k or --size 5000,1M.`);
}

/** Whole minutes, in milliseconds. */
function minutesNamed(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return 60_000 * Number(text);
  return giveUp(`${text} are no minutes. Write, for example, --at-most 10.`);
}

function giveUp(message: string): never {
  console.error(message);
  process.exit(2);
}
