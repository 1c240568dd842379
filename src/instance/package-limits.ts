import { defaultZipLimits, type ZipLimits } from '../packages/index.ts';
import type { Settings } from '../settings/index.ts';

/** What a package that is opened here may be at most, as `[packages]` has it. */
export function packageLimits({ packages }: Pick<Settings, 'packages'>): ZipLimits {
  return {
    ...defaultZipLimits,
    entriesMax: packages.entries,
    totalBytesMax: packages.unpacked,
    ratioMax: packages.ratio,
    depthMax: packages.depth,
    nameBytesMax: packages['name-length'],
  };
}
