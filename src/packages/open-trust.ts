import type { PackageTrust, TrustRules } from './signature/trust.ts';

/** What packages are judged by, from plain data; without rules the fingerprints count for everything. */
export function openTrust(fingerprints: Iterable<string>, rules?: TrustRules): PackageTrust {
  const pinned = new Set(fingerprints);
  if (rules === undefined) return { fingerprints: pinned };
  const { signers, timestamps, repositories, roots, distrusted, revocationLists, requires } = rules;
  return {
    fingerprints: pinned,
    signers,
    timestamps: new Set(timestamps),
    repositories,
    roots: new Set(roots),
    distrusted: new Set(distrusted),
    revocationFiles: revocationLists,
    requires,
  };
}
