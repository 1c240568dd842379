import type { Database } from '../db/index.ts';
import type { ReleaseInput } from '../events/index.ts';
import { nameKey, readReleases, type ReleaseRow } from '../projections/index.ts';

/** An input as a release defines it, and which release. */
export type Definition = { readonly input: ReleaseInput; readonly release: ReleaseRow };

/** How the newest living release of each process and link defines the input of this name. */
export function definitionsOf(db: Database, name: string): Definition[] {
  return newestReleases(db).flatMap((release) => {
    const input = release.document.inputs.find((one) => nameKey(one.name) === nameKey(name));
    return input === undefined ? [] : [{ input, release }];
  });
}

/** Every name of an input that some living release asks for. */
export function inputNames(db: Database): string[] {
  const names = newestReleases(db).flatMap(({ document }) => document.inputs.map(({ name }) => name));
  return [...new Set(names)];
}

/** Whether any release there ever was called it a secret: once secret, a value is treated as one. */
export function isSecretSomewhere(db: Database, name: string): boolean {
  return readReleases(db).some(({ document }) =>
    document.inputs.some((one) => one.secret && nameKey(one.name) === nameKey(name)),
  );
}

function newestReleases(db: Database): ReleaseRow[] {
  const newest = new Map<string, ReleaseRow>();
  for (const release of readReleases(db)) {
    if (release.withdrawn === null) newest.set(`${release.link}\n${release.process}`, release);
  }
  return [...newest.values()];
}
