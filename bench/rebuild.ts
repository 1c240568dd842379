import { rebuildReadModels } from '../src/projections/index.ts';
import { openPrepared } from './instances.ts';
import { milliseconds, peakMiB, profiled, type Measured } from './measured.ts';

/** Every read model emptied, folded again from the whole log and compared. */
export async function measureRebuild(folder: string): Promise<Measured> {
  const { vendor } = await openPrepared(folder);
  const rebuild = (): void => {
    const history = vendor.log.pages({ after: 0 });
    const { changed } = rebuildReadModels(vendor.db, vendor.identity.instanceId, history);
    if (changed.length > 0) throw new TypeError(`rebuilding changed ${changed.join(', ')}`);
  };
  const entries = vendor.log.entryCount();
  rebuild();
  const ours = (1000 * entries) / (await milliseconds(rebuild));
  const peak = peakMiB();
  return { ours, baseline: null, goal: '≥ 50,000 /s', peakMiB: peak, timeIn: await profiled(rebuild) };
}
