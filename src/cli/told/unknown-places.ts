import type { Instance } from '../../instance/index.ts';
import { namesUnknownHere } from '../../process/index.ts';
import { readEnvironments, type ReleaseRow } from '../../projections/index.ts';
import { heldRevision } from './revisions.ts';

/**
 * Environments and tags that a release mentions and this side doesn't have, so that a misspelt name never drops a
 * step quietly. Empty while its revision has not come.
 */
export function unknownPlacesOf(instance: Instance, release: ReleaseRow): string[] {
  const revision = heldRevision(instance, release.document.revision.digest);
  if (revision === undefined) return [];
  const environments = readEnvironments(instance.db);
  const found = namesUnknownHere(
    revision,
    environments.map(({ name }) => name),
    environments.flatMap(({ tags }) => tags),
  );
  return [...found.environments, ...found.tags.map((tag) => `tag ${tag}`)];
}

/** What that means to who reads it: whether one of this side's environments is meant by another name. */
export function unknownPlacesInWords({ db }: Instance, unknown: readonly string[]): string {
  if (unknown.length === 0) return '';
  const here = readEnvironments(db).map(({ name }) => name);
  const one = unknown.length === 1;
  const yours =
    here.length === 0
      ? 'you have none yet'
      : `you have ${here.join(', ')} (fine where none of these is meant)`;
  return `the process names ${unknown.join(', ')}, which ${one ? 'is' : 'are'} no environment${one ? '' : 's'} of yours; ${yours}`;
}
