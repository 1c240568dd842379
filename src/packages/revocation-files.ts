import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  readRevocationList,
  RevocationListUnreadable,
  type RevocationList,
} from './signature/revocation-list.ts';
import type { PackageTrust, RevocationFile } from './signature/trust.ts';

/**
 * The revocation lists of a trust, those in files read. A list that is gone, is another one by now or can't be read counts
 * for nothing, and is said in words.
 */
export function revocationLists({ revocationLists: given = [], revocationFiles = [] }: PackageTrust): {
  readonly lists: readonly RevocationList[];
  readonly unread: readonly string[];
} {
  const read = revocationFiles.map(readListFile);
  return {
    lists: [...given, ...read.filter((list) => typeof list !== 'string')],
    unread: read.filter((list) => typeof list === 'string'),
  };
}

function readListFile({ file, sha256 }: RevocationFile): RevocationList | string {
  const because = (why: string): string => `revocation list ${sha256.slice(0, 12)} is not used: ${why}`;
  try {
    const bytes = readFileSync(file);
    const digest = createHash('sha256').update(bytes).digest('hex');
    return digest === sha256 ? readRevocationList(bytes) : because('its bytes are not those it is known by');
  } catch (error) {
    if (error instanceof RevocationListUnreadable) return because(error.message);
    if (error instanceof Error && 'code' in error)
      return because(`its file can not be read (${String(error.code)})`);
    throw error;
  }
}
