import { readCms, readSigner, type CmsSigner } from './cms.ts';
import { attempt } from './judge-signer.ts';
import { oids } from './oids.ts';

/**
 * The fingerprints of all certificates in a signature, its countersignatures and their time stamps; none where one of
 * them can't be read. Who trusts them all asks only whether a signature holds, and not whose it is.
 */
export function everyoneIn(signature: Buffer): ReadonlySet<string> {
  return attempt(() => fingerprintsIn(signature)) ?? new Set();
}

function fingerprintsIn(signature: Buffer): Set<string> {
  const message = readCms(signature);
  const countersigners = message.signers.flatMap(({ unsigned }) =>
    (unsigned.get(oids.countersignature) ?? []).flat().map(readSigner),
  );
  const stamps = [...message.signers, ...countersigners].flatMap(stampsOf).map(readCms);
  return new Set(
    [message, ...stamps].flatMap(({ certificates }) => certificates.map(({ fingerprint }) => fingerprint)),
  );
}

const stampsOf = ({ unsigned }: CmsSigner): Buffer[] => (unsigned.get(oids.timeStampToken) ?? []).flat();
