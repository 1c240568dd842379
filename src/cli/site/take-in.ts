import { importBundles } from '../../bundles/index.ts';
import type { Progress } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import { importerOf } from '../bundles/bundle-ends.ts';
import { holdBundles } from '../bundles/bundle-lock.ts';
import { hindrance, withWay } from '../bundles/bundle-blame.ts';
import type { Carried } from './carried.ts';

/**
 * Takes in what was carried here, the way every bundle is. What was taken in before is passed over, so that it may be
 * repeated whatever became of it the last time.
 *
 * @throws BundleError what keeps it from being taken in; what came before stays
 */
export async function takeBundlesIn(
  instance: Instance,
  { bundles, notes }: Carried,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (progress: Progress) => void },
): Promise<void> {
  using _held = holdBundles(instance, 'import');
  const what = 'Taking in';
  let done = 0;
  tell({ what, done, of: bundles.length });
  const imported = await importBundles(bundles, importerOf(instance), {
    signal,
    onDone() {
      done += 1;
      tell({ what, done, of: bundles.length });
    },
  });
  const all = await Promise.all(
    imported.map((one) =>
      withWay(
        instance,
        one,
        bundles.find(({ facts }) => facts === one.facts)!,
        notes,
      ),
    ),
  );
  const failure = hindrance(all, [], notes);
  if (failure !== undefined) throw failure;
}
