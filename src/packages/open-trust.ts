import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  readRevocationList,
  RevocationListUnreadable,
  type RevocationList,
} from './signature/revocation-list.ts';
import type { PackageTrust, RevocationFile, TrustRules } from './signature/trust.ts';

/**
 * What packages are judged by, from plain data. A revocation list that is gone, is another one by now or can't be read
 * counts for nothing; a report says which and why.
 */
export function openTrust(fingerprints: Iterable<string>, rules?: TrustRules): PackageTrust {
  const pinned = new Set(fingerprints);
  if (rules === undefined) return { fingerprints: pinned };
  const { signers, repositories, requires } = rules;
  const read = rules.revocationLists.map(readListFile);
  return {
    fingerprints: pinned,
    signers,
    timestamps: new Set(rules.timestamps),
    repositories,
    roots: new Set(rules.roots),
    requires,
    revocationLists: read.filter((list) => typeof list !== 'string'),
    listsUnread: read.filter((list) => typeof list === 'string'),
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
