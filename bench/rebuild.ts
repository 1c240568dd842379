import { rebuildReadModels } from '../src/projections/index.ts';
import { openPrepared, preparePair } from './instances.ts';
import { peakMiB, profiled, timeOf } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';

export const measurement: Measurement = {
  what: 'rebuilding: every read model emptied, folded again from the whole log and compared',
  how: 'A second rebuild is measured, of the log of an instance that received every entry.',
  unit: 'entries',
  sizes: [10_000, 100_000],
  prepare: (folder, count) => preparePair(folder, count, true),
  measure: measureRebuild,
};

async function measureRebuild(folder: string): Promise<Measured> {
  const { vendor } = await openPrepared(folder);
  const rebuild = (): void => {
    const { changed } = rebuildReadModels(vendor.db, vendor.identity.instanceId, vendor.log.history());
    if (changed.length > 0) throw new TypeError(`rebuilding changed ${changed.join(', ')}`);
  };
  const entries = vendor.log.entryCount();
  rebuild();
  const { ms, busyMs } = await timeOf(rebuild);
  const peak = peakMiB();
  return {
    figures: [
      { unit: '/s', ours: (1000 * entries) / ms, goal: '≥ 50,000 /s' },
      { name: 'processor time of one', unit: 'µs', ours: (1000 * busyMs) / entries },
    ],
    peakMiB: { '': peak },
    timeIn: await profiled(rebuild),
  };
}
