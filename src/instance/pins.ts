import type { Database } from '../db/index.ts';
import type { Pin } from '../events/index.ts';
import { openIntroduction } from '../identity/index.ts';
import { readLink } from '../projections/index.ts';

/**
 * Who may write to us over a link. To check an introduction costs several signatures, and it is asked for with every
 * delivery: one that was found sound once is not checked again as long as its bytes are the same.
 */
export function linkPins(db: Database): (link: string) => Pin | undefined {
  const known = new Map<string, { readonly introduction: Uint8Array; readonly fingerprint: string }>();
  const fingerprintOf = (link: string, introduction: Uint8Array): string => {
    const before = known.get(link);
    if (before !== undefined && Buffer.compare(before.introduction, introduction) === 0)
      return before.fingerprint;
    const { fingerprint } = openIntroduction(introduction).certificate;
    known.set(link, { introduction, fingerprint });
    return fingerprint;
  };
  return (link) => {
    const row = readLink(db, link);
    if (row === undefined || row.state === 'removed' || row.introduction === null || row.peer === null)
      return undefined;
    return { author: row.peer, certificateFingerprint: fingerprintOf(link, row.introduction) };
  };
}
