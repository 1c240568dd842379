import { versionKey, type ServedId } from './feed-shelf.ts';

/** Every version of an id, listed or not; clients make addresses of these texts. */
export function versionList({ versions }: ServedId): object {
  return { versions: versions.map(versionKey) };
}
