import { fork } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openInstance } from '../src/instance/index.ts';
import { rebuildReadModels } from '../src/projections/index.ts';
import { preparePair } from './instances.ts';
import { milliseconds, peakMiB } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';
import { crossgap, startDaemon } from './scale-process.ts';

export const measurement: Measurement = {
  what: 'a log of many entries: a daemon starts, a command looks, read models are rebuilt',
  baseline: 'the bytes of all entries read out of the database in order, and no more',
  how: 'the log of one customer with reports to its vendor, 1.3 KiB each; start, command and rebuild are processes of their own',
  unit: 'entries',
  sizes: [100_000],
  prepare: (folder, entries) => preparePair(folder, entries, false),
  measure: measureLog,
};

async function measureLog(folder: string, entries: number): Promise<Measured> {
  const data = join(folder, 'customer');
  const command = await crossgap(data, 'link', 'list');
  const start = await startAndStop(data);
  const again = await startAndStop(data);
  const [bare, rebuilt] = await rebuildApart(data);
  const perSecond = (ms: number): number => (1000 * entries) / ms;
  return {
    figures: [
      { name: 'daemon ready, first', unit: 'ms', ours: start.readyMs },
      { name: 'daemon ready', unit: 'ms', ours: again.readyMs, goal: '< 1 s at 1,000,000' },
      { name: 'link list', unit: 'ms', ours: command.ms },
      {
        name: 'rebuild',
        unit: '/s',
        ours: perSecond(rebuilt.ms),
        baseline: perSecond(bare.ms),
        goal: '≥ 50,000 /s',
      },
      { name: 'database', unit: 'MB', ours: statSync(join(data, 'crossgap.db')).size / 1e6 },
    ],
    peakMiB: { daemon: again.peak, rebuild: rebuilt.peak, 'bare read': bare.peak, command: command.peakMiB },
    timeIn: [],
  };
}

async function startAndStop(data: string): Promise<{ readyMs: number; peak: number }> {
  await using daemon = await startDaemon(data);
  return { readyMs: daemon.readyMs, peak: daemon.peakMiB() };
}

type Told = { readonly ms: number; readonly peak: number };

/** Bare read, then rebuild, each in a process that does nothing else. */
async function rebuildApart(data: string): Promise<[bare: Told, rebuilt: Told]> {
  const apart = async (task: 'bare' | 'rebuild'): Promise<Told> => {
    const child = fork(fileURLToPath(import.meta.url), [task, data]);
    const [told] = (await once(child, 'message')) as [Told];
    return told;
  };
  return [await apart('bare'), await apart('rebuild')];
}

async function tellOf(task: string, data: string): Promise<Told> {
  using instance = await openInstance(data);
  const ms = await milliseconds(() => {
    if (task === 'bare') {
      let bytes = 0;
      const rows = instance.db.prepare('SELECT bytes FROM entry ORDER BY pos').pluck().iterate();
      for (const entry of rows) bytes += (entry as Uint8Array).byteLength;
      if (bytes === 0) throw new TypeError('nothing was read');
      return;
    }
    const { changed } = rebuildReadModels(instance.db, instance.identity.instanceId, instance.log.history());
    if (changed.length > 0) throw new TypeError(`rebuilding changed ${changed.join(', ')}`);
  });
  return { ms, peak: peakMiB() };
}

if (import.meta.main) {
  const [task, data] = process.argv.slice(2);
  process.send?.(await tellOf(task!, data!));
  process.disconnect();
}
