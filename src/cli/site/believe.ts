import { introducedIn, loadAgeIdentity } from '../../bundles/index.ts';
import { CommandError } from '../../commands/index.ts';
import { trustedFingerprints } from '../../daemon/index.ts';
import { feedId } from '../../events/index.ts';
import {
  certificateFacts,
  isPem,
  openIntroduction,
  readPemCertificates,
  type OpenedIntroduction,
} from '../../identity/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import { CliError } from '../errors.ts';
import { readGivenFile } from '../given/files.ts';
import { refuseOtherWords } from '../links/invitation-file.ts';
import type { Carried } from './carried.ts';

const pemBytesMax = 1024 * 1024;

/** How a person knows who made what was carried here. */
export type Proof = { readonly words: string } | { readonly certificateFile: string };

/** Who made what was carried here, as it introduces itself. */
export function makerOf({ newest }: Carried): OpenedIntroduction {
  return openIntroduction(Buffer.from(newest.facts.from.introduction, 'base64'));
}

/**
 * Whether the words of this maker were compared here before: its certificate is still the one they were of, or what was
 * carried here says, on the word of that one, which came after it.
 */
export async function isBelieved(
  instance: Instance,
  { bundles, newest }: Pick<Carried, 'bundles' | 'newest'>,
): Promise<boolean> {
  const { link, from } = newest.facts;
  const row = readLinks(instance.db).find((one) => one.link === link);
  if (row?.state !== 'confirmed' || row.peer !== from.instance || row.introduction === null) return false;
  const { fingerprint } = newest.sender;
  if (trustedFingerprints(instance, link).includes(fingerprint)) return true;
  const identity = loadAgeIdentity(instance.folder.keys);
  let known = openIntroduction(latestIntroduction(instance, row));
  for (const bundle of bundles) known = await introducedIn(bundle, identity, known);
  return known.certificate.fingerprint === fingerprint;
}

/** How the other side of a link introduced itself last, as far as its feed is here. */
function latestIntroduction({ log }: Instance, { link, peer, introduction }: LinkRow): Uint8Array {
  return (peer === null ? undefined : log.introductions(feedId(peer, link)).at(-1)) ?? introduction!;
}

/**
 * Throws where the words, or the certificates of the file, are not those of the maker.
 *
 * @throws CommandError FINGERPRINT_DIFFERS
 */
export function refuseOtherMaker(carried: Carried, proof: Proof): void {
  const maker = makerOf(carried);
  if ('words' in proof) return refuseOtherWords(proof.words, maker, 'believe who made this file');
  const pinned = certificatesIn(proof.certificateFile);
  if (pinned.includes(maker.certificate.fingerprint)) return;
  const above = maker.chain.slice(1).map((der) => certificateFacts(der));
  const issuer = above.find(({ fingerprint }) => pinned.includes(fingerprint));
  throw new CommandError(
    'FINGERPRINT_DIFFERS',
    issuer === undefined
      ? `Cannot believe who made this file: it was made by ${maker.certificate.subject}, whose certificate is not in ${proof.certificateFile}`
      : `Cannot believe who made this file: ${proof.certificateFile} is the certificate of ${issuer.subject}, which issues certificates to many, and not that of ${maker.certificate.subject}`,
    {
      hint: 'Pin the certificate of the company itself; or compare the six words by phone. Nothing was stored.',
      details: { found: maker.certificate.fingerprint, pinned },
    },
  );
}

/** Fingerprints of the certificates in a PEM or DER file. */
function certificatesIn(path: string): string[] {
  const bytes = readGivenFile(path, 'certificate', pemBytesMax);
  try {
    const all = isPem(bytes) ? readPemCertificates(bytes.toString('latin1')) : [bytes];
    return all.map((der) => certificateFacts(der).fingerprint);
  } catch (error) {
    throw new CliError('USAGE_INVALID', `Cannot know the maker by ${path}: it is no certificate`, {
      hint: 'Give the certificate of the company as PEM or DER.',
      cause: error,
    });
  }
}
