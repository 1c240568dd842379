/**
 * RFC 3161 time stamps on a package signature. A time stamp only ever widens: with a good one the signer's
 * certificate is judged at its time. One that does not hold is told and otherwise as if it were absent; it refuses the
 * package only where a time stamp is required.
 */
import { createHash } from 'node:crypto';
import { chainToAsk, chainToPinned } from './chain.ts';
import { found, type Found } from './checks.ts';
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
import { problem, warning, type Problem, type ProblemCode } from '../problems.ts';
import type { RevocationList } from './revocation-list.ts';
import { checkRevocation } from './revocation.ts';
import { hasStrongRsaKey, isStronglySigned, maySign, type SignerCertificate } from './signer-certificate.ts';
import { namedByV1, namedByV2 } from './signing-certificate-attribute.ts';
import { nothingRequired, type PackageTrust, type TrustRequirements } from './trust.ts';
import { moment } from '../../words.ts';

/** The signature existed between `earliest` and `latest`; `by` gave the time. */
export type Timestamp = {
  readonly time: Date;
  readonly earliest: Date;
  readonly latest: Date;
  readonly by: SignerCertificate;
};

export type TimestampQuestion = {
  /** Authorities that are believed, by fingerprint, or those who issued them. */
  readonly pinned: ReadonlySet<string>;
  readonly distrusted?: ReadonlySet<string> | undefined;
  readonly lists: readonly RevocationList[];
  /** When the package is judged, and the present: what is older than either exists. */
  readonly at: Date;
  readonly now: Date;
  readonly requires: TrustRequirements;
};

/** The policy of Baseline Time-Stamping, where an accuracy that is left out means a second. */
const oneSecondPolicy = '0.4.0.2023.1.1';

/** What a time stamp is on: a signature value, with the tokens as its unsigned attributes. */
type Stamped = Pick<CmsSigner, 'signature' | 'unsigned'>;

/** The first time stamp that holds by this trust, and all that is to be said of those up to it. */
export function readTimestamp(
  signer: Stamped,
  trust: PackageTrust,
): { readonly timestamp: Timestamp | undefined; readonly problems: readonly Problem[] } {
  const now = new Date();
  const { timestamp, check } = checkTimestamp(signer, {
    pinned: trust.timestamps ?? trust.fingerprints,
    lists: trust.revocationLists ?? [],
    at: now,
    now,
    requires: nothingRequired,
  });
  return { timestamp, problems: check.problems };
}

/** The first time stamp of the signature that holds, and what is wrong with those before it, as a step. */
export function checkTimestamp(
  signer: Stamped,
  question: TimestampQuestion,
): { readonly timestamp: Timestamp | undefined; readonly check: Found } {
  const problems: Problem[] = [];
  const { requires } = question;
  const tokens = (signer.unsigned.get(oids.timeStampToken) ?? []).flat();
  for (const token of tokens) {
    const judged = judgeToken(token, signer.signature, question);
    problems.push(...judged.problems);
    if (judged.timestamp === undefined) continue;
    const { time, by } = judged.timestamp;
    const detail = `stamped ${moment(time.getTime())} by "${by.subject}"`;
    return { timestamp: judged.timestamp, check: found('time stamp', problems, detail) };
  }
  if (tokens.length === 0) {
    const missing = requires.timestamp
      ? problem('NU3027', 'it has no time stamp, and one is required here')
      : warning('NU3027', 'it has no time stamp');
    return { timestamp: undefined, check: found('time stamp', [missing], '', 'absent') };
  }
  const told = requires.timestamp ? problems.map(({ code, message }) => problem(code, message)) : problems;
  return { timestamp: undefined, check: found('time stamp', told, 'none that holds') };
}

type Judged = { readonly timestamp: Timestamp | undefined; readonly problems: readonly Problem[] };

function judgeToken(token: Buffer, signature: Buffer, question: TimestampQuestion): Judged {
  try {
    const message = readCms(token);
    const [signer] = message.signers;
    if (message.contentType !== oids.tstInfo || signer === undefined || message.signers.length !== 1)
      return refused('NU3021', 'the time stamp is not one signed statement of a time');
    const imprint = imprintProblem(message, signature);
    return imprint === undefined
      ? judgeSigner(message, signer, question)
      : { timestamp: undefined, problems: [imprint] };
  } catch (error) {
    if (error instanceof CmsUnreadable)
      return refused('NU3021', `the time stamp is not readable: ${error.message}`);
    throw error;
  }
}

const refused = (code: ProblemCode, message: string): Judged => ({
  timestamp: undefined,
  problems: [warning(code, message)],
});

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

function judgeSigner(message: CmsMessage, signer: CmsSigner, question: TimestampQuestion): Judged {
  if (message.certificates.length === 0)
    return refused('NU3029', 'the time stamp holds no certificate at all');
  const candidates = signerCertificates(signer, message.certificates);
  if (candidates.length === 0) return refused('NU3020', 'the time stamp does not hold its certificate');
  if (hashOfOid(signer.digestOid) === undefined)
    return refused('NU3024', 'the time stamp is signed with an unsupported hash');
  const certificate = signer.signed.has(oids.signingCertificateV2)
    ? namedByV2(signer.signed, candidates, false)
    : namedByV1(signer.signed, candidates);
  const contentType = onlyValue(signer.signed, oids.contentType);
  const isStatement = contentType !== undefined && readAs(contentType, BareValue).oid === oids.tstInfo;
  if (certificate === undefined || !isStatement || !signatureHolds(signer, certificate, message.content))
    return refused('NU3021', 'the signature of the time stamp does not hold');
  return judgeCertificate(message, certificate, question);
}

function judgeCertificate(
  message: CmsMessage,
  by: SignerCertificate,
  { pinned, distrusted, lists, at, now, requires }: TimestampQuestion,
): Judged {
  if (!isStronglySigned(by))
    return refused('NU3022', 'the certificate of the time stamp is not signed with RSA and SHA-2');
  if (!hasStrongRsaKey(by))
    return refused('NU3023', 'the key of the time stamp is not RSA of at least 2048 bits');
  if (by.notBefore > now && by.notBefore > at)
    return refused(
      'NU3025',
      `the certificate of the time stamp is valid only from ${moment(by.notBefore.getTime())}`,
    );
  const timestamp = { ...timeIn(readAs(message.content, TstInfo)), by };
  if (timestamp.earliest < by.notBefore || timestamp.latest > by.notAfter)
    return refused('NU3036', 'the time stamp lies outside the validity of its own certificate');
  const forTime = by.purposes?.includes(oids.timeStamping) === true && maySign(by);
  const trusted = forTime && chainToPinned(by, message.certificates, pinned, oids.timeStamping, distrusted);
  if (!trusted)
    return refused('NU3028', `the time stamp is by "${by.subject}", whom nobody here trusts for it`);
  const { problems } = checkRevocation(chainToAsk(by, trusted, message.certificates), {
    lists,
    at,
    now,
    signedBefore: timestamp.latest,
    required: requires.revocation,
    codes: { revoked: 'NU3028', unknown: 'NU3028' },
  });
  const holds = problems.every(({ severity }) => severity === 'warning');
  if (holds) return { timestamp, problems };
  return { timestamp: undefined, problems: problems.map(({ code, message: told }) => warning(code, told)) };
}

function timeIn({ genTime, accuracy, policy }: TstInfo): Omit<Timestamp, 'by'> {
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
