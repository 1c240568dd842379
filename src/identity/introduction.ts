/*
 * An introduction: who an instance is, told by its company certificate. Numbers are big-endian.
 *
 *   4   "cgI" and the format version, 1
 *   16  instance id
 *   8   issued at, milliseconds since 1970 UTC
 *   32  Ed25519 public key, signs the instance's entries
 *   32  X25519 public key, what is meant for the instance is sealed to it
 *   2   length of the name in bytes, 1 to 200, then the name in UTF-8
 *   1   number of certificates, 1 to 10, the company's own first, each signed by the next;
 *       each with its length in 4 bytes, then its DER
 *   2   length of the signature, then the signature: RSA PKCS #1 v1.5 with SHA-256 by the first certificate's key,
 *       over the pre-authentication encoding of all bytes before this length, with the type below
 *
 * Nothing follows. The whole is at most 64 KiB.
 */
import { isUtf8 } from 'node:buffer';
import { sign, verify, type X509Certificate } from 'node:crypto';
import {
  factsOf,
  keyTooShort,
  readCertificate,
  shortestRsaBits,
  type CertificateFacts,
  type CompanyCertificate,
} from './certificate.ts';
import { IdentityError } from './errors.ts';
import { preAuthEncoding } from './pae.ts';
import { agreementKey, verifyingKey } from './public-key.ts';

export const introductionType = 'application/vnd.crossgap.introduction.v1';

/** What an instance says of itself. */
export type Introduction = {
  /** 16 bytes, lower-case hex. */
  readonly instanceId: string;
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** X25519, 32 bytes. */
  readonly sealingKey: Uint8Array;
  /** Milliseconds since 1970, UTC, by the clock of who signed it. */
  readonly issuedAt: number;
};

/** An introduction that was checked: every link of its chain, its signature, its keys. */
export type OpenedIntroduction = Introduction & {
  /** DER, the company's own certificate first. */
  readonly chain: readonly Uint8Array[];
  readonly certificate: CertificateFacts;
};

const magic = Buffer.from('cgI\x01', 'latin1');
const fixedLength = 4 + 16 + 8 + 32 + 32;
const longest = 65_536;
const nameBytesMax = 200;
const certificatesMax = 10;

/**
 * The bytes of an introduction, signed with the company's private key.
 *
 * @throws {IdentityError} INTRODUCTION_MALFORMED where the name is empty or longer than 200 bytes,
 * CERTIFICATE_NOT_VALID_THEN where the certificate is not valid at `issuedAt`
 */
export function sealIntroduction(introduction: Introduction, company: CompanyCertificate): Uint8Array {
  const name = Buffer.from(introduction.name, 'utf8');
  const fixed = Buffer.alloc(fixedLength + 2);
  magic.copy(fixed);
  fixed.set(Buffer.from(introduction.instanceId, 'hex'), 4);
  fixed.writeBigUInt64BE(BigInt(introduction.issuedAt), 20);
  fixed.set(introduction.signingKey, 28);
  fixed.set(introduction.sealingKey, 60);
  fixed.writeUInt16BE(name.length, fixedLength);
  const certificates = company.chain.flatMap((der) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(der.byteLength);
    return [length, der];
  });
  const payload = Buffer.concat([fixed, name, Buffer.from([company.chain.length]), ...certificates]);
  const signature = sign('sha256', preAuthEncoding(introductionType, payload), company.privateKey);
  const signatureLength = Buffer.alloc(2);
  signatureLength.writeUInt16BE(signature.length);
  const bytes = Buffer.concat([payload, signatureLength, signature]);
  openIntroduction(bytes);
  return bytes;
}

/**
 * Checks an introduction and says what is in it. With `pinned`, a certificate's SHA-256 in hex, another certificate
 * is refused before anything else is computed.
 *
 * The certificates are judged at the time the introduction was issued, not by this machine's clock.
 *
 * @throws {IdentityError} INTRODUCTION_MALFORMED, INTRODUCTION_SIGNATURE_INVALID, CERTIFICATE_UNREADABLE,
 * CERTIFICATE_NOT_PINNED, CERTIFICATE_KEY_NOT_RSA, CERTIFICATE_KEY_TOO_SHORT, CERTIFICATE_CHAIN_BROKEN,
 * CERTIFICATE_NOT_VALID_THEN, PUBLIC_KEY_UNFIT
 */
export function openIntroduction(bytes: Uint8Array, pinned?: string): OpenedIntroduction {
  const { introduction, chain, payload, signature } = parse(bytes);
  const certificates = chain.map((der) => readCertificate(der));
  const leaf = certificates[0]!;
  const facts = factsOf(leaf, chain[0]!);
  if (pinned !== undefined && facts.fingerprint !== pinned)
    throw new IdentityError(
      'CERTIFICATE_NOT_PINNED',
      'Cannot trust the introduction: its company certificate is not the one this link was confirmed with',
      {
        hint: 'Compare the fingerprint words by telephone; if they changed for a good reason, pair again.',
        details: { pinned, found: facts.fingerprint, subject: facts.subject },
      },
    );
  if (facts.keyType !== 'rsa')
    throw new IdentityError(
      'CERTIFICATE_KEY_NOT_RSA',
      `Cannot trust the introduction: the key of its certificate is ${facts.keyType}, not RSA`,
      { hint: 'Ask the other side to introduce itself with its RSA code signing certificate.' },
    );
  checkChain(certificates);
  for (const [at, certificate] of certificates.entries())
    refuseInvalidThen(factsOf(certificate, chain[at]!), introduction.issuedAt);
  if (!verify('sha256', preAuthEncoding(introductionType, payload), leaf.publicKey, signature))
    throw new IdentityError(
      'INTRODUCTION_SIGNATURE_INVALID',
      'Cannot trust the introduction: its signature does not fit',
      { hint: 'Ask the other side to send it again; if it stays so, somebody changed it on the way.' },
    );
  verifyingKey(introduction.signingKey);
  agreementKey(introduction.sealingKey);
  return { ...introduction, chain, certificate: facts };
}

/** The company's own certificate, DER, in an introduction that was checked when it came in: nothing is checked again. */
export function introducedBy(bytes: Uint8Array): Uint8Array {
  return parse(bytes).chain[0]!;
}

function checkChain(certificates: readonly X509Certificate[]): void {
  for (const [at, certificate] of certificates.entries()) {
    const key = certificate.publicKey;
    const bits = key.asymmetricKeyDetails?.modulusLength;
    if (key.asymmetricKeyType === 'rsa' && (bits ?? 0) < shortestRsaBits)
      throw keyTooShort('the introduction', bits ?? 0);
    const issuer = certificates[at + 1];
    if (issuer === undefined) continue;
    if (!issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
      throw new IdentityError(
        'CERTIFICATE_CHAIN_BROKEN',
        `Cannot trust the introduction: certificate ${at + 1} of its chain was not issued by the next one`,
        { hint: 'Ask the other side for an introduction with its certificates in order.' },
      );
  }
}

function refuseInvalidThen(facts: CertificateFacts, at: number): void {
  if (at >= facts.notBefore && at <= facts.notAfter) return;
  const span = `${new Date(facts.notBefore).toISOString()} to ${new Date(facts.notAfter).toISOString()}`;
  throw new IdentityError(
    'CERTIFICATE_NOT_VALID_THEN',
    `Cannot use the certificate ${facts.subject}: it is valid from ${span}, the introduction is of ${new Date(at).toISOString()}`,
    {
      hint: 'Use a certificate that is valid now, and check the clock of the machine that signs.',
      details: { notBefore: facts.notBefore, notAfter: facts.notAfter, issuedAt: at },
    },
  );
}

type Parsed = {
  introduction: Introduction;
  chain: Uint8Array[];
  payload: Uint8Array;
  signature: Uint8Array;
};

function parse(given: Uint8Array): Parsed {
  if (given.byteLength > longest) throw malformed(`it has more than ${longest} bytes`);
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  let offset = 0;
  const take = (length: number): Buffer => {
    if (offset + length > bytes.length) throw malformed('it ends too early');
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  if (!take(4).equals(magic)) throw malformed('it does not begin like one of this version');
  const instanceId = take(16).toString('hex');
  const issuedAt = Number(take(8).readBigUInt64BE());
  if (issuedAt > 8.64e15) throw malformed('its time is out of range');
  const signingKey = take(32);
  const sealingKey = take(32);
  const nameLength = take(2).readUInt16BE();
  if (nameLength < 1 || nameLength > nameBytesMax)
    throw malformed(`its name is not of 1 to ${nameBytesMax} bytes`);
  const nameBytes = take(nameLength);
  const name = nameBytes.toString('utf8');
  if (!isUtf8(nameBytes) || /\p{Cc}/u.test(name)) throw malformed('its name is not plain text');
  const count = take(1).readUInt8();
  if (count < 1 || count > certificatesMax)
    throw malformed(`it has not 1 to ${certificatesMax} certificates`);
  const chain = Array.from({ length: count }, () => take(take(4).readUInt32BE()));
  const payload = bytes.subarray(0, offset);
  const signature = take(take(2).readUInt16BE());
  if (offset !== bytes.length) throw malformed('something follows its signature');
  return { introduction: { instanceId, name, signingKey, sealingKey, issuedAt }, chain, payload, signature };
}

function malformed(why: string): IdentityError {
  return new IdentityError('INTRODUCTION_MALFORMED', `Cannot read the introduction: ${why}`, {
    hint: 'Ask the other side to send it again.',
  });
}
