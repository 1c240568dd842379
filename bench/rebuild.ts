import { rebuildReadModels } from '../src/projections/index.ts';
import { benchFolder, benchPair } from './instances.ts';
import { milliseconds, profiled, type Measured } from './measured.ts';

/** Folding the whole log into empty read models, memory flat. */
export async function measureRebuild(count: number): Promise<Measured> {
  const { vendor, customer, feed } = await benchPair(benchFolder(), count);
  for (let from = 1; from <= count; from += 1000) {
    await vendor.log.receive(customer.log.readFeed(feed, { epoch: 1, seq: from }, 1000));
  }
  const rebuild = (): void => {
    const history = vendor.log.pages({ after: 0 });
    const { changed } = rebuildReadModels(vendor.db, vendor.identity.instanceId, history);
    if (changed.length > 0) throw new TypeError(`rebuilding changed ${changed.join(', ')}`);
  };
  rebuild();
  const ours = (1000 * vendor.log.entryCount()) / (await milliseconds(rebuild));
  return { ours, baseline: null, goal: '≥ 50,000 /s', timeIn: await profiled(rebuild) };
}
