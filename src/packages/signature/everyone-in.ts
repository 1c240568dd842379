import { readCms, readSigner, type CmsMessage, type CmsSigner } from './cms.ts';
import { attempt } from './judge-signer.ts';
import { oids } from './oids.ts';

/**
 * The fingerprints of all certificates in a signature, its countersignatures and their time stamps; none where one of
 * them can't be read. Who trusts them all asks only whether a signature holds, and not whose it is.
 */
export function everyoneIn(signature: Buffer): ReadonlySet<string> {
  const messages = attempt(() => [readCms(signature), ...timestampsIn(signature)]) ?? [];
  return new Set(messages.flatMap(({ certificates }) => certificates.map(({ fingerprint }) => fingerprint)));
}

/** The time stamps of a signature and of its countersignatures. Throws `CmsUnreadable`. */
export function timestampsIn(signature: Buffer): CmsMessage[] {
  const { signers } = readCms(signature);
  const countersigners = signers.flatMap(({ unsigned }) =>
    (unsigned.get(oids.countersignature) ?? []).flat().map(readSigner),
  );
  return [...signers, ...countersigners].flatMap(tokensOf).map(readCms);
}

const tokensOf = ({ unsigned }: CmsSigner): Buffer[] => (unsigned.get(oids.timeStampToken) ?? []).flat();
