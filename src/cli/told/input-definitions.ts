import type { Database } from '../../db/index.ts';
import type { ReleaseInput } from '../../events/index.ts';
import type { Instance } from '../../instance/index.ts';
import { nameKey, readReleases, readRevisions, type ReleaseRow } from '../../projections/index.ts';
import { heldRevision } from './revisions.ts';

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

/**
 * What is known of a name from all releases there ever were, and from the processes of this side: whether anything
 * asks for it, and whether anything calls it a secret. Once secret, a value is treated as one.
 */
export function whatIsKnownOf(instance: Instance, name: string): { asked: boolean; secret: boolean } {
  const newest = new Map(readRevisions(instance.db).map((row) => [row.process, row.digest]));
  const own = [...newest.values()].flatMap((digest) => heldRevision(instance, digest)?.inputs ?? []);
  const all = [...readReleases(instance.db).flatMap(({ document }) => document.inputs), ...own];
  const same = all.filter((one) => nameKey(one.name) === nameKey(name));
  return { asked: same.length > 0, secret: same.some((one) => one.secret) };
}

/** The names that a release calls secret, as keys. */
export function secretNames(db: Database): Set<string> {
  return new Set(
    readReleases(db).flatMap(({ document }) =>
      document.inputs.filter((one) => one.secret).map((one) => nameKey(one.name)),
    ),
  );
}

function newestReleases(db: Database): ReleaseRow[] {
  const newest = new Map<string, ReleaseRow>();
  for (const release of readReleases(db)) {
    if (release.withdrawn === null) newest.set(`${release.link}\n${release.process}`, release);
  }
  return [...newest.values()];
}
