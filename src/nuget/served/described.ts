import { isSemVer2, isSemVer2Range, type Nuspec } from '../../packages/index.ts';
import type { ServedPackage } from './feed-shelf.ts';

/** A package and what it says of itself. */
export type DescribedPackage = ServedPackage & { readonly nuspec: Nuspec };

/** Finds out what a package says of itself; undefined where that can't be read. */
export type Describe = (each: ServedPackage) => Promise<Nuspec | undefined>;

/** Those of the packages that say something of themselves, in their order. */
export async function described(
  packages: readonly ServedPackage[],
  describe: Describe,
): Promise<DescribedPackage[]> {
  const found: DescribedPackage[] = [];
  for (const each of packages) {
    const nuspec = await describe(each);
    if (nuspec !== undefined) found.push({ ...each, nuspec });
  }
  return found;
}

/** Whether only clients that know SemVer 2 may hear of it: by its own version, or by one it depends on. */
export function isSemVer2Package({ version, nuspec }: DescribedPackage): boolean {
  return (
    isSemVer2(version) ||
    nuspec.dependencyGroups.some(({ dependencies }) =>
      dependencies.some(({ range }) => range !== undefined && isSemVer2Range(range)),
    )
  );
}
