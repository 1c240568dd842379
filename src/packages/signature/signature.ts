/**
 * The signature of a package: what it is, by whom, and whether it holds. Nothing here has seen the package; that
 * its hash is the signed one is checked by whoever read the archive.
 */
import { chainToPinned } from './chain.ts';
import {
  CmsUnreadable,
  onlyValue,
  readAs,
  readCms,
  readSigner,
  signatureHolds,
  signerCertificates,
  type CmsMessage,
  type CmsSigner,
} from './cms.ts';
import { BareValue, CommitmentTypeIndication } from './cms-types.ts';
import { hashOfOid, oids, type HashName } from './oids.ts';
import { problem, warning, type Problem } from '../problems.ts';
import {
  hasStrongRsaKey,
  isStronglySigned,
  maySign,
  servesPurpose,
  type SignerCertificate,
} from './signer-certificate.ts';
import { readSignatureContent } from './signature-content.ts';
import { namedByV2 } from './signing-certificate-attribute.ts';
import { readTimestamp, type Timestamp } from './timestamp.ts';

export type SignatureKind = 'author' | 'repository' | 'unknown';

/** A signature that could be read, before anything in it is believed. */
export type ReadSignature = {
  readonly message: CmsMessage;
  readonly signer: CmsSigner;
  /** The hash of the package that is signed; undefined where the content says none that is allowed. */
  readonly signedHash: { readonly name: HashName; readonly digest: Buffer } | undefined;
};

/** What the checks of a signature found; it holds where none of the problems is an error. */
export type SignatureFindings = {
  readonly kind: SignatureKind;
  readonly certificate: SignerCertificate | undefined;
  readonly timestamp: Timestamp | undefined;
  readonly countersigned: boolean;
  /** Whether it is by a signer who is pinned, or issued by one who is. */
  readonly pinned: boolean;
  readonly problems: readonly Problem[];
};

/** Takes the bytes of the signature entry apart. */
export function readSignature(bytes: Buffer): { read: ReadSignature | undefined; problems: Problem[] } {
  try {
    const message = readCms(bytes);
    const [signer] = message.signers;
    if (signer === undefined || message.signers.length !== 1) {
      const count = `the signature has ${message.signers.length} signers, and one is allowed`;
      return { read: undefined, problems: [problem('NU3009', count)] };
    }
    const { signedHash, problems } = readSignatureContent(message);
    return { read: { message, signer, signedHash }, problems };
  } catch (error) {
    if (!(error instanceof CmsUnreadable)) throw error;
    const message = `the signature is not readable: ${error.message}`;
    return { read: undefined, problems: [problem('NU3003', message)] };
  }
}

/** Checks everything about a signature that can be checked without the package, at the time `at`. */
export function checkSignature(
  { message, signer, signedHash }: ReadSignature,
  pinned: ReadonlySet<string>,
  at: Date,
): SignatureFindings {
  const problems: Problem[] = [];
  const kind = kindOf(signer, problems);
  const certificate = signerCertificate(message, signer, problems);
  checkAttributes(signer, kind, problems);
  if (signedHash !== undefined && hashOfOid(signer.digestOid) !== signedHash.name)
    problems.push(problem('NU3012', 'the signature and the package are hashed differently'));
  if (certificate === undefined)
    return { kind, certificate, timestamp: undefined, countersigned: false, pinned: false, problems };
  const holds = signatureHolds(signer, certificate, message.content);
  if (!holds)
    problems.push(problem('NU3012', 'the signature does not fit what it signs, or not its certificate'));
  checkCertificate(certificate, problems);
  const { timestamp, problems: doubts } = readTimestamp(signer, pinned);
  problems.push(...doubts);
  checkTime(certificate, timestamp, at, problems);
  const countersigned = checkCountersignatures(message, signer, kind, problems);
  const chain = chainToPinned(certificate, message.certificates, pinned, oids.codeSigning);
  if (chain === undefined)
    problems.push(problem('NU3018', `nobody here trusts the signer "${certificate.subject}"`));
  return { kind, certificate, timestamp, countersigned, pinned: holds && chain !== undefined, problems };
}

function kindOf(signer: CmsSigner, problems: Problem[]): SignatureKind {
  const commitments = commitmentsOf(signer);
  const [author, repository] = [oids.proofOfOrigin, oids.proofOfReceipt].map((oid) =>
    commitments.includes(oid),
  );
  if (author && repository)
    problems.push(problem('NU3011', "the signature says it is both the author's and a repository's"));
  else if (!author && !repository)
    problems.push(
      problem('NU3011', "the signature does not say whether it is the author's or a repository's"),
    );
  else return author ? 'author' : 'repository';
  return 'unknown';
}

function commitmentsOf(signer: CmsSigner): string[] {
  const values = (signer.signed.get(oids.commitmentType) ?? []).flat();
  return values.flatMap((value) => {
    const read = attempt(() => readAs(value, CommitmentTypeIndication));
    return read === undefined ? [] : [read.commitmentTypeId];
  });
}

function signerCertificate(
  message: CmsMessage,
  signer: CmsSigner,
  problems: Problem[],
): SignerCertificate | undefined {
  const candidates = signerCertificates(signer, message.certificates);
  if (candidates.length === 0) {
    problems.push(problem('NU3010', 'the signature does not hold the certificate of its signer'));
    return undefined;
  }
  const named = attempt(() => namedByV2(signer.signed, candidates, true));
  if (named === undefined)
    problems.push(problem('NU3011', 'the signature does not name its certificate as it must'));
  return named ?? candidates[0];
}

function checkAttributes(signer: CmsSigner, kind: SignatureKind, problems: Problem[]): void {
  const missing = (what: string): void => {
    problems.push(problem('NU3011', `the signature ${what}`));
  };
  if (bare(signer, oids.contentType)?.oid !== oids.data)
    missing('does not say what kind of content it signs');
  if (onlyValue(signer.signed, oids.signingTime) === undefined) missing('does not say when it was made');
  if (signer.signed.has(oids.signingCertificate)) missing('names its certificate by SHA-1');
  if (kind !== 'repository') return;
  const url = bare(signer, oids.serviceIndexUrl)?.ia5;
  if (url === undefined || !url.startsWith('https://') || !URL.canParse(url))
    missing("is a repository's and does not name the repository");
}

function bare(signer: CmsSigner, oid: string): BareValue | undefined {
  const value = onlyValue(signer.signed, oid);
  return value && attempt(() => readAs(value, BareValue));
}

function checkCertificate(certificate: SignerCertificate, problems: Problem[]): void {
  if (!isStronglySigned(certificate))
    problems.push(problem('NU3013', "the signer's certificate is not signed with RSA and SHA-2"));
  if (!hasStrongRsaKey(certificate))
    problems.push(problem('NU3014', "the signer's key is not RSA of at least 2048 bits"));
  if (certificate.purposes?.includes(oids.lifetimeSigning))
    problems.push(
      problem('NU3015', "the signer's certificate is for lifetime signing, which is not allowed"),
    );
  if (!servesPurpose(certificate, oids.codeSigning) || !maySign(certificate))
    problems.push(problem('NU3012', "the signer's certificate is not for signing code"));
  if (certificate.unknownCritical.length > 0)
    problems.push(problem('NU3012', "the signer's certificate has demands that are not understood"));
}

/** With a time stamp the certificate must have been valid then, with a margin on both sides; else at `at`. */
function checkTime(
  { notBefore, notAfter }: SignerCertificate,
  timestamp: Timestamp | undefined,
  at: Date,
  problems: Problem[],
): void {
  if (timestamp !== undefined) {
    if (timestamp.earliest <= notBefore || timestamp.latest >= notAfter)
      problems.push(
        problem('NU3037', "the signer's certificate was not valid when the signature was stamped"),
      );
    return;
  }
  if (at < notBefore)
    problems.push(
      problem('NU3017', `the signer's certificate is valid only from ${notBefore.toISOString()}`),
    );
  if (at > notAfter)
    problems.push(problem('NU3037', `the signer's certificate expired on ${notAfter.toISOString()}`));
}

/** Whether a repository signed the signature as well; one that doesn't hold changes nothing and is told. */
function checkCountersignatures(
  message: CmsMessage,
  signer: CmsSigner,
  kind: SignatureKind,
  problems: Problem[],
): boolean {
  const read = (signer.unsigned.get(oids.countersignature) ?? [])
    .flat()
    .map((value) => attempt(() => readSigner(value)));
  const repositories = read.filter((each) => each && commitmentsOf(each).includes(oids.proofOfReceipt));
  const bad =
    read.includes(undefined) || repositories.some((each) => !countersignatureHolds(message, each!, signer));
  if (bad) problems.push(warning('NU3031', 'a countersignature does not hold'));
  if (repositories.length > 1) problems.push(warning('NU3032', 'more than one repository countersigned'));
  if (repositories.length > 0 && kind === 'repository')
    problems.push(warning('NU3033', 'a repository countersigned a repository'));
  return repositories.length === 1 && !bad && kind !== 'repository';
}

function countersignatureHolds(message: CmsMessage, countersigner: CmsSigner, signer: CmsSigner): boolean {
  const candidates = signerCertificates(countersigner, message.certificates);
  const certificate = attempt(() => namedByV2(countersigner.signed, candidates, true));
  const contentType = countersigner.signed.has(oids.contentType)
    ? bare(countersigner, oids.contentType)?.oid
    : oids.data;
  return (
    certificate !== undefined &&
    contentType === oids.data &&
    signatureHolds(countersigner, certificate, signer.signature)
  );
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof CmsUnreadable) return undefined;
    throw error;
  }
}
