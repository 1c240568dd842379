import { feedId } from '../events/index.ts';
import { certificateFacts, openIntroduction } from '../identity/index.ts';
import type { Instance } from '../instance/index.ts';
import { readLinks } from '../projections/index.ts';

/**
 * The certificates that may have signed the packages of a link's releases, SHA-256 in hex: the company's own and those
 * above it, as they stand in its introduction and in those before it. This side's own for ''; none for a link that nobody has answered.
 */
export function trustedFingerprints({ db, log, identity }: Instance, link: string): string[] {
  const row = readLinks(db).find((one) => one.link === link);
  const present = link === '' ? identity.bytes : row?.introduction;
  if (!present) return [];
  // What an earlier certificate signed stays good: each was introduced by the one before.
  const feed = link === '' ? log.feedTo(identity.instanceId) : row?.peer && feedId(row.peer, link);
  const introductions = [present, ...(feed ? log.introductions(feed) : [])];
  const chains = introductions.flatMap((introduction) => openIntroduction(introduction).chain);
  return [...new Set(chains.map((der) => certificateFacts(der).fingerprint))];
}
