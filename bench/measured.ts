import { existsSync, readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

/** The most memory this process ever had, in MiB. */
export function peakMiB(): number {
  // Where the system tells it: what `maxRSS` holds may be of the process that started this one.
  const own = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const peakKiB = Number(/^VmHWM:\s+(\d+) kB$/m.exec(own)?.[1] ?? process.resourceUsage().maxRSS);
  return Math.round(peakKiB / 1024);
}

/** How many milliseconds `work` takes. */
export async function milliseconds(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** How many milliseconds `work` takes, and how many of the processor: the figure to go by where others are at work. */
export async function timeOf(work: () => unknown): Promise<{ readonly ms: number; readonly busyMs: number }> {
  const before = process.cpuUsage();
  const ms = await milliseconds(work);
  const { user, system } = process.cpuUsage(before);
  return { ms, busyMs: (user + system) / 1000 };
}

/** Runs `work` under a sampling profiler and says which files it was in, most of the time first. */
export async function profiled(work: () => unknown): Promise<string[]> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const self = new Map<string, number>();
  for (const { callFrame, hitCount = 0 } of profile.nodes) {
    const name = placeOf(callFrame.url, callFrame.functionName);
    self.set(name, (self.get(name) ?? 0) + hitCount);
  }
  const total = [...self.values()].reduce((sum, hits) => sum + hits, 0);
  return [...self]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 7)
    .map(([name, hits]) => `${name} ${Math.round((100 * hits) / total)} %`);
}

/** A file of ours by its room, anything else by its package or as the runtime. */
function placeOf(url: string, functionName: string): string {
  const ours = /\/src\/(.+)\.ts$/.exec(url)?.[1];
  if (ours !== undefined) return ours;
  const dependency = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (dependency !== undefined) return dependency;
  return functionName.startsWith('(')
    ? functionName
    : `node ${url.replace('node:', '')} ${functionName}`.trim();
}
