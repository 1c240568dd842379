import { certificateFacts, openIntroduction } from '../identity/index.ts';
import type { Instance } from '../instance/index.ts';
import { readLinks } from '../projections/index.ts';

/**
 * The certificates that may have signed the packages of a link's releases, SHA-256 in hex: the company's own and those
 * above it, as they stand in its introduction. This side's own for ''; none for a link that nobody has answered.
 */
export function trustedFingerprints({ db, identity }: Instance, link: string): string[] {
  const introduction =
    link === '' ? identity.bytes : readLinks(db).find((row) => row.link === link)?.introduction;
  if (!introduction) return [];
  return openIntroduction(introduction).chain.map((der) => certificateFacts(der).fingerprint);
}
