import { feedId } from '../events/index.ts';
import { certificateFacts, openIntroduction } from '../identity/index.ts';
import type { Instance } from '../instance/index.ts';
import { readLinks } from '../projections/index.ts';

/**
 * The company certificates, in DER, that may have signed the packages of a link's releases: the one in its introduction
 * and those in the introductions before. This side's own for ''; none for a link that nobody has answered.
 *
 * Who issued them is not among them: a public authority issues certificates to everybody, and each of their holders
 * would count as this company. An operator whose company signs with several adds their issuer (`trust add --link`).
 */
export function companyCertificates(instance: Instance, link: string): Uint8Array[] {
  return unique(introducedChains(instance, link).flatMap(([own]) => own ?? []));
}

/** The same with the certificates above them: by these, lists of revoked ones are known to be genuine. */
export function introducedCertificates(instance: Instance, link: string): Uint8Array[] {
  return unique(introducedChains(instance, link).flat());
}

/** The company certificates by their fingerprints, SHA-256 in hex. */
export function trustedFingerprints(instance: Instance, link: string): string[] {
  return companyCertificates(instance, link).map((der) => certificateFacts(der).fingerprint);
}

function introducedChains({ db, log, identity }: Instance, link: string): readonly (readonly Uint8Array[])[] {
  const row = readLinks(db).find((one) => one.link === link);
  const present = link === '' ? identity.bytes : row?.introduction;
  if (!present) return [];
  // What an earlier certificate signed stays good: each was introduced by the one before.
  const feed = link === '' ? log.feedTo(identity.instanceId) : row?.peer && feedId(row.peer, link);
  const introductions = [present, ...(feed ? log.introductions(feed) : [])];
  return introductions.map((introduction) => openIntroduction(introduction).chain);
}

const unique = (certificates: readonly Uint8Array[]): Uint8Array[] => [
  ...new Map(certificates.map((der) => [certificateFacts(der).fingerprint, der])).values(),
];
