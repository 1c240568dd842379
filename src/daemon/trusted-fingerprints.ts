import { feedId } from '../events/index.ts';
import { certificateFacts, openIntroduction } from '../identity/index.ts';
import type { Instance } from '../instance/index.ts';
import { readLinks } from '../projections/index.ts';

/**
 * The certificates, in DER, that may have signed the packages of a link's releases: the company's own and those above it,
 * as they stand in its introduction and in those before it. This side's own for ''; none for a link that nobody has answered.
 */
export function companyCertificates({ db, log, identity }: Instance, link: string): Uint8Array[] {
  const row = readLinks(db).find((one) => one.link === link);
  const present = link === '' ? identity.bytes : row?.introduction;
  if (!present) return [];
  // What an earlier certificate signed stays good: each was introduced by the one before.
  const feed = link === '' ? log.feedTo(identity.instanceId) : row?.peer && feedId(row.peer, link);
  const introductions = [present, ...(feed ? log.introductions(feed) : [])];
  const chains = introductions.flatMap((introduction) => openIntroduction(introduction).chain);
  return [...new Map(chains.map((der) => [certificateFacts(der).fingerprint, der])).values()];
}

/** The same certificates by their fingerprints, SHA-256 in hex. */
export function trustedFingerprints(instance: Instance, link: string): string[] {
  return companyCertificates(instance, link).map((der) => certificateFacts(der).fingerprint);
}
