import { newerRevision } from '../../daemon/index.ts';
import type { Instance } from '../../instance/index.ts';
import type { ReleaseRow } from '../../projections/index.ts';
import { unknownPlacesInWords, unknownPlacesOf } from './unknown-places.ts';

/** What keeps nobody from deploying a release and is easily overlooked: a newer revision, places that are not here. */
export function whatToNote(instance: Instance, release: ReleaseRow): string[] {
  const newer = newerRevision(instance, release);
  const { number } = release.document.revision;
  const unknown = unknownPlacesOf(instance, release);
  return [
    ...(newer === null
      ? []
      : [`this release runs process revision ${number}, as it was made; revision ${newer} exists`]),
    ...(unknown.length === 0 ? [] : [unknownPlacesInWords(instance, unknown)]),
  ];
}
