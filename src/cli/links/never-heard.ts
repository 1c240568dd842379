import type { Database } from '../../db/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';

/**
 * For each link over a folder through which nothing has come yet, what is most often the reason: the other side uses
 * another folder. A mistyped path is a folder like any other.
 */
export function neverHeard(db: Database): string[] {
  return readLinks(db).flatMap((link) => hint(link) ?? []);
}

function hint({ name, state, heardAt, transport }: LinkRow): string | undefined {
  if (transport.kind !== 'folder' || heardAt !== null || state === 'removed' || state === 'invited') {
    return undefined;
  }
  return `${name}: nothing of the other side is in ${transport.folder} yet, which is well before its first run; later: does it use the same folder?`;
}
