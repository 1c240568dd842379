/**
 * RFC 3161 time stamps on a package signature. A time stamp only ever widens: with a good one the signer's
 * certificate is judged at its time. One that does not hold is told as a warning and otherwise as if it were absent.
 */
import { createHash } from 'node:crypto';
import { chainToPinned } from './chain.ts';
import {
  CmsUnreadable,
  onlyValue,
  readAs,
  readCms,
  signatureHolds,
  signerCertificates,
  type CmsMessage,
  type CmsSigner,
} from './cms.ts';
import { BareValue, TstInfo, type Accuracy } from './cms-types.ts';
import { hashOfOid, oids } from './oids.ts';
import { warning, type Problem } from '../problems.ts';
import { hasStrongRsaKey, isStronglySigned, maySign, type SignerCertificate } from './signer-certificate.ts';
import { namedByV1, namedByV2 } from './signing-certificate-attribute.ts';

/** The signature existed between `earliest` and `latest`. */
export type Timestamp = { readonly time: Date; readonly earliest: Date; readonly latest: Date };

/** The policy of Baseline Time-Stamping, where an accuracy that is left out means a second. */
const oneSecondPolicy = '0.4.0.2023.1.1';

/** The first time stamp of the signature that holds, and what is wrong with the others. */
export function readTimestamp(
  signer: CmsSigner,
  pinned: ReadonlySet<string>,
): { timestamp: Timestamp | undefined; problems: Problem[] } {
  const problems: Problem[] = [];
  for (const token of (signer.unsigned.get(oids.timeStampToken) ?? []).flat()) {
    const result = checkToken(token, signer.signature, pinned);
    if ('time' in result) return { timestamp: result, problems };
    problems.push(result);
  }
  return { timestamp: undefined, problems };
}

function checkToken(token: Buffer, signature: Buffer, pinned: ReadonlySet<string>): Timestamp | Problem {
  try {
    const message = readCms(token);
    const [signer] = message.signers;
    if (message.contentType !== oids.tstInfo || signer === undefined || message.signers.length !== 1)
      return warning('NU3021', 'the time stamp is not one signed statement of a time');
    return (
      imprintProblem(message, signature) ??
      signerProblem(message, signer, pinned) ??
      timestampOf(readAs(message.content, TstInfo))
    );
  } catch (error) {
    if (error instanceof CmsUnreadable)
      return warning('NU3021', `the time stamp is not readable: ${error.message}`);
    throw error;
  }
}

function imprintProblem(message: CmsMessage, signature: Buffer): Problem | undefined {
  const { hashAlgorithm, hashedMessage } = readAs(message.content, TstInfo).messageImprint;
  const hash = hashOfOid(hashAlgorithm.algorithm);
  if (hash === undefined)
    return warning('NU3030', 'the time stamp names the signature by an unsupported hash');
  const expected = createHash(hash).update(signature).digest();
  if (!expected.equals(Buffer.from(hashedMessage.buffer)))
    return warning('NU3019', 'the time stamp was given for another signature');
  return undefined;
}

function signerProblem(
  message: CmsMessage,
  signer: CmsSigner,
  pinned: ReadonlySet<string>,
): Problem | undefined {
  const candidates = signerCertificates(signer, message.certificates);
  if (candidates.length === 0) return warning('NU3020', 'the time stamp does not hold its certificate');
  if (hashOfOid(signer.digestOid) === undefined)
    return warning('NU3024', 'the time stamp is signed with an unsupported hash');
  const certificate = signed(signer, oids.signingCertificateV2)
    ? namedByV2(signer.signed, candidates, false)
    : namedByV1(signer.signed, candidates);
  const contentType = onlyValue(signer.signed, oids.contentType);
  const isStatement = contentType !== undefined && readAs(contentType, BareValue).oid === oids.tstInfo;
  if (certificate === undefined || !isStatement || !signatureHolds(signer, certificate, message.content))
    return warning('NU3021', 'the signature of the time stamp does not hold');
  return certificateProblem(message, certificate, pinned);
}

function certificateProblem(
  message: CmsMessage,
  certificate: SignerCertificate,
  pinned: ReadonlySet<string>,
): Problem | undefined {
  if (!isStronglySigned(certificate))
    return warning('NU3022', 'the certificate of the time stamp is not signed with RSA and SHA-2');
  if (!hasStrongRsaKey(certificate))
    return warning('NU3023', 'the key of the time stamp is not RSA of at least 2048 bits');
  const { earliest, latest } = timestampOf(readAs(message.content, TstInfo));
  if (earliest < certificate.notBefore || latest > certificate.notAfter)
    return warning('NU3036', 'the time stamp lies outside the validity of its own certificate');
  const forTime = certificate.purposes?.includes(oids.timeStamping) === true && maySign(certificate);
  if (!forTime || !chainToPinned(certificate, message.certificates, pinned, oids.timeStamping))
    return warning('NU3028', `the time stamp is by "${certificate.subject}", whom nobody here trusts for it`);
  return undefined;
}

const signed = (signer: CmsSigner, oid: string): boolean => signer.signed.has(oid);

function timestampOf({ genTime, accuracy, policy }: TstInfo): Timestamp {
  if (Number.isNaN(genTime.getTime())) throw new CmsUnreadable('its time is none');
  const spanMs = accuracy === undefined ? (policy === oneSecondPolicy ? 1000 : 0) : milliseconds(accuracy);
  return {
    time: genTime,
    earliest: new Date(genTime.getTime() - spanMs),
    latest: new Date(genTime.getTime() + spanMs),
  };
}

function milliseconds({ seconds = 0, millis = 0, micros = 0 }: Accuracy): number {
  const span = Number(seconds) * 1000 + Number(millis) + Number(micros) / 1000;
  if (!(span >= 0 && span < 1e10)) throw new CmsUnreadable('its accuracy is not a span of time');
  return Math.ceil(span);
}
