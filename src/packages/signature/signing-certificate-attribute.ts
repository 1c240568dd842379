import type { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { createHash } from 'node:crypto';
import { encodedName, onlyValue, readAs, type CmsAttributes } from './cms.ts';
import { SigningCertificate, SigningCertificateV2, type IssuerSerial } from './cms-types.ts';
import { hashOfOid, oids, type HashName } from './oids.ts';
import type { SignerCertificate } from './signer-certificate.ts';

/**
 * The certificate that the signing-certificate-v2 attribute (RFC 5035) says was used, among `candidates`.
 * Issuer and serial number are checked where they are given, and `issuerSerialNeeded` asks for them.
 */
export function namedByV2(
  signed: CmsAttributes,
  candidates: readonly SignerCertificate[],
  issuerSerialNeeded: boolean,
): SignerCertificate | undefined {
  const value = onlyValue(signed, oids.signingCertificateV2);
  if (value === undefined) return undefined;
  const { certs } = readAs(value, SigningCertificateV2);
  const hashes = certs.map(({ hashAlgorithm }) => hashOf(hashAlgorithm));
  const [first] = certs;
  const [hash] = hashes;
  if (first === undefined || hash === undefined || hashes.includes(undefined)) return undefined;
  if (issuerSerialNeeded && first.issuerSerial === undefined) return undefined;
  return candidates.find(
    (each) => isHashOf(hash, first.certHash, each) && fitsIssuerSerial(first.issuerSerial, each),
  );
}

/** The same for the older attribute with SHA-1, which only time stamps have. */
export function namedByV1(
  signed: CmsAttributes,
  candidates: readonly SignerCertificate[],
): SignerCertificate | undefined {
  const value = onlyValue(signed, oids.signingCertificate);
  if (value === undefined) return undefined;
  const [first] = readAs(value, SigningCertificate).certs;
  if (first === undefined) return undefined;
  return candidates.find(
    (each) => isHashOf('sha1', first.certHash, each) && fitsIssuerSerial(first.issuerSerial, each),
  );
}

function hashOf(algorithm: AlgorithmIdentifier | undefined): HashName | undefined {
  return algorithm === undefined ? 'sha256' : hashOfOid(algorithm.algorithm);
}

function isHashOf(hash: string, said: { buffer: ArrayBuffer }, certificate: SignerCertificate): boolean {
  return createHash(hash).update(certificate.der).digest().equals(Buffer.from(said.buffer));
}

function fitsIssuerSerial(said: IssuerSerial | undefined, certificate: SignerCertificate): boolean {
  if (said === undefined) return true;
  const name = said.issuer.length === 1 ? said.issuer[0]!.directoryName : undefined;
  return (
    name !== undefined &&
    encodedName(name).equals(certificate.issuer) &&
    Buffer.from(said.serialNumber).equals(certificate.serial)
  );
}
