/**
 * What is asked of anybody who signed a package, its author or a repository, in its own right or by countersigning:
 * who it is, with which algorithms and keys, for which use, issued by whom, revoked or not, stamped when, valid then.
 */
import { chainAtHand, chainToAsk, chainToPinned } from './chain.ts';
import { found, hasError, notReached, type Found } from './checks.ts';
import {
  CmsUnreadable,
  onlyValue,
  readAs,
  signatureHolds,
  signerCertificates,
  type CmsMessage,
  type CmsSigner,
} from './cms.ts';
import { SigningTime } from '@peculiar/asn1-cms';
import { BareValue, CommitmentTypeIndication, PackageOwners } from './cms-types.ts';
import { oids } from './oids.ts';
import { problem, type Problem, type ProblemCode } from '../problems.ts';
import { checkRevocation } from './revocation.ts';
import {
  hasStrongRsaKey,
  isStronglySigned,
  maySign,
  servesPurpose,
  type SignerCertificate,
} from './signer-certificate.ts';
import { namedByV2 } from './signing-certificate-attribute.ts';
import { checkTimestamp, type Timestamp } from './timestamp.ts';
import {
  isFingerprintOf,
  nothingRequired,
  type PackageTrust,
  type TrustedRepository,
  type TrustedSigner,
} from './trust.ts';
import { moment } from '../../words.ts';

export type SignatureKind = 'author' | 'repository' | 'unknown';

/** When a package is judged: `at` is when its certificates must be valid and known not to be revoked, `now` this clock. */
export type Times = { readonly at: Date; readonly now: Date };

/** One signature of a package, as far as it can be judged without the package. */
export type Judged = {
  readonly kind: SignatureKind;
  readonly certificate: SignerCertificate | undefined;
  /** The signer named by a certificate that it holds, whose key made the signature. */
  readonly holds: boolean;
  /** Believed by its chain or its own certificate. */
  readonly pinned: boolean;
  /** Somebody decided here that nothing of it is believed. */
  readonly distrusted: boolean;
  /** Its word is enough for a package whose author nobody knows. */
  readonly vouches: boolean;
  readonly timestamp: Timestamp | undefined;
  /** When the signer says it signed; nothing proves it. */
  readonly saidAt: Date | undefined;
  /** What a repository says of itself and of who owns the package. */
  readonly serviceIndex: string | undefined;
  readonly owners: readonly string[];
  readonly steps: {
    readonly signer: Found;
    readonly algorithms: Found;
    readonly usages: Found;
    readonly chain: Found;
    readonly revocation: Found;
    readonly timestamp: Found;
    readonly validity: Found;
  };
};

/** What differs between a signature in its own right and one on another. */
export type Role = {
  readonly codes: {
    readonly noCertificate: ProblemCode;
    readonly attributes: ProblemCode;
    readonly signature: ProblemCode;
  };
  /** RFC 5652 forbids the content type in a countersignature, and everybody writes it. */
  readonly contentTypeNeeded: boolean;
  /** Whether the signer is named or believed by what the operator trusts; a countersigner is always a repository. */
  readonly as: 'author' | 'repository' | 'by its kind';
};

/** Judges one signer over `content`. */
export function judgeSigner(
  message: CmsMessage,
  signer: CmsSigner,
  given: {
    readonly content: Buffer;
    readonly role: Role;
    readonly trust: PackageTrust;
    readonly times: Times;
    readonly more?: readonly Problem[];
  },
): Judged {
  const { content, role, trust, times } = given;
  const requires = trust.requires ?? nothingRequired;
  const problems: Problem[] = [];
  const kind = kindOf(signer, role, problems);
  const certificate = certificateOf(message, signer, role, problems);
  const repository = repositoryOf(signer, kind, role, problems);
  const saidAt = checkAttributes(signer, role, problems);
  problems.push(...(given.more ?? []));
  const { timestamp, check: stamp } = checkTimestamp(signer, {
    pinned: lowered(trust.timestamps ?? trust.fingerprints),
    distrusted: trust.distrusted,
    lists: trust.revocationLists ?? [],
    at: times.at,
    now: times.now,
    requires: role.as === 'repository' ? nothingRequired : requires,
  });
  const base = { kind, certificate, saidAt, ...repository };
  if (certificate === undefined) {
    const unknown = (step: Found['step']): Found => notReached(step, 'who signed is not known');
    return {
      ...base,
      holds: false,
      pinned: false,
      distrusted: false,
      vouches: false,
      timestamp: undefined,
      steps: {
        signer: found('signer', problems, ''),
        algorithms: unknown('algorithms'),
        usages: unknown('usages'),
        chain: unknown('chain'),
        revocation: unknown('revocation'),
        timestamp: stamp,
        validity: unknown('validity'),
      },
    };
  }
  const holds = signatureHolds(signer, certificate, content);
  if (!holds)
    problems.push(
      problem(role.codes.signature, 'the signature does not fit what it signs, or not its certificate'),
    );
  const { whole } = chainAtHand(certificate, message.certificates);
  const belief = beliefIn(certificate, message.certificates, { ...repository, trust, kind, role });
  const named = `"${certificate.subject}"`;
  return {
    ...base,
    holds,
    pinned: holds && belief.pinned,
    distrusted: belief.distrusted === true,
    vouches: holds && belief.vouches === true,
    timestamp,
    steps: {
      signer: found('signer', problems, `${named} signed this, SHA-256 ${certificate.fingerprint}`),
      algorithms: algorithmsOf(certificate),
      usages: usagesOf(certificate),
      chain: found('chain', chainProblems(belief, whole, certificate, role), belief.detail),
      revocation: checkRevocation(chainToAsk(certificate, belief.by, message.certificates), {
        lists: trust.revocationLists ?? [],
        at: times.at,
        now: times.now,
        signedBefore: timestamp?.latest,
        required: role.as === 'repository' && !requires.countersignature ? null : requires.revocation,
        codes: { revoked: 'NU3012', unknown: 'NU3018' },
      }),
      timestamp: stamp,
      validity: validityOf(certificate, timestamp, times.at),
    },
  };
}

/** All problems of one signer, in the order of the steps. */
export const problemsOf = ({ steps }: Judged): Problem[] =>
  Object.values(steps).flatMap(({ problems }) => problems);

function kindOf(signer: CmsSigner, { codes }: Role, problems: Problem[]): SignatureKind {
  const commitments = commitmentsOf(signer);
  const author = commitments.includes(oids.proofOfOrigin);
  const repository = commitments.includes(oids.proofOfReceipt);
  if (author !== repository) return author ? 'author' : 'repository';
  const said = author ? 'says it is both' : 'does not say whether it is';
  problems.push(
    problem(codes.attributes, `the signature ${said} the author's ${author ? 'and' : 'or'} a repository's`),
  );
  return 'unknown';
}

/** For what a signature stands, as its signer says. */
export function commitmentsOf(signer: CmsSigner): string[] {
  const values = (signer.signed.get(oids.commitmentType) ?? []).flat();
  return values.flatMap(
    (value) => attempt(() => readAs(value, CommitmentTypeIndication))?.commitmentTypeId ?? [],
  );
}

function certificateOf(
  message: CmsMessage,
  signer: CmsSigner,
  { codes }: Role,
  problems: Problem[],
): SignerCertificate | undefined {
  const candidates = signerCertificates(signer, message.certificates);
  if (candidates.length === 0) {
    problems.push(problem(codes.noCertificate, 'the signature does not hold the certificate of its signer'));
    return undefined;
  }
  const named = attempt(() => namedByV2(signer.signed, candidates, true));
  if (named === undefined)
    problems.push(problem(codes.attributes, 'the signature does not name its certificate as it must'));
  return named ?? candidates[0];
}

function checkAttributes(signer: CmsSigner, role: Role, problems: Problem[]): Date | undefined {
  const wrong = (what: string): void => {
    problems.push(problem(role.codes.attributes, `the signature ${what}`));
  };
  const isThere = signer.signed.has(oids.contentType);
  if ((isThere || role.contentTypeNeeded) && bare(signer, oids.contentType)?.oid !== oids.data)
    wrong('does not say what kind of content it signs');
  const time = onlyValue(signer.signed, oids.signingTime);
  if (time === undefined) wrong('does not say when it was made');
  if (signer.signed.has(oids.signingCertificate)) wrong('names its certificate by SHA-1');
  const saidAt = time && attempt(() => readAs(time, SigningTime).getTime());
  return saidAt === undefined || Number.isNaN(saidAt.getTime()) ? undefined : saidAt;
}

function repositoryOf(
  signer: CmsSigner,
  kind: SignatureKind,
  { codes }: Role,
  problems: Problem[],
): { serviceIndex: string | undefined; owners: readonly string[] } {
  if (kind !== 'repository') return { serviceIndex: undefined, owners: [] };
  const url = bare(signer, oids.serviceIndexUrl)?.ia5;
  const isAddress = url !== undefined && url.startsWith('https://') && URL.canParse(url);
  if (!isAddress)
    problems.push(
      problem(codes.attributes, "the signature is a repository's and does not name the repository"),
    );
  if (!signer.signed.has(oids.packageOwners))
    return { serviceIndex: isAddress ? url : undefined, owners: [] };
  const value = onlyValue(signer.signed, oids.packageOwners);
  const owners = value && attempt(() => [...readAs(value, PackageOwners)]);
  if (owners === undefined || owners.length === 0 || owners.some((owner) => owner.trim() === ''))
    problems.push(
      problem(codes.attributes, 'the signature does not name the owners of the package as it must'),
    );
  return { serviceIndex: isAddress ? url : undefined, owners: owners ?? [] };
}

function algorithmsOf(certificate: SignerCertificate): Found {
  const problems: Problem[] = [];
  if (!isStronglySigned(certificate))
    problems.push(problem('NU3013', "the signer's certificate is not signed with RSA and SHA-2"));
  if (!hasStrongRsaKey(certificate))
    problems.push(problem('NU3014', "the signer's key is not RSA of at least 2048 bits"));
  const bits = certificate.publicKey?.asymmetricKeyDetails?.modulusLength;
  return found('algorithms', problems, `SHA-2, RSA of ${bits} bits`);
}

function usagesOf(certificate: SignerCertificate): Found {
  const problems: Problem[] = [];
  if (certificate.purposes?.includes(oids.lifetimeSigning))
    problems.push(
      problem('NU3015', "the signer's certificate is for lifetime signing, which is not allowed"),
    );
  if (!servesPurpose(certificate, oids.codeSigning) || !maySign(certificate))
    problems.push(problem('NU3012', "the signer's certificate is not for signing code"));
  if (certificate.unknownCritical.length > 0)
    problems.push(problem('NU3012', "the signer's certificate has demands that are not understood"));
  const detail =
    certificate.purposes === undefined ? 'any use, as the certificate names none' : 'for signing code';
  return found('usages', problems, detail);
}

type Belief = {
  readonly pinned: boolean;
  readonly distrusted?: boolean;
  readonly vouches?: boolean;
  readonly detail: string;
  /** The chain that leads to whom is trusted. */
  readonly by?: readonly SignerCertificate[];
  /** Why it is not believed although it is known here: distrusted, or without the root or owners the list asks for. */
  readonly lacks?: string;
};

function beliefIn(
  leaf: SignerCertificate,
  atHand: readonly SignerCertificate[],
  given: {
    readonly trust: PackageTrust;
    readonly kind: SignatureKind;
    readonly role: Role;
    readonly owners: readonly string[];
  },
): Belief {
  const { trust, kind, role, owners } = given;
  const upTo = (pinned: ReadonlySet<string>): SignerCertificate[] | undefined =>
    chainToPinned(leaf, atHand, lowered(pinned), oids.codeSigning, trust.distrusted);
  const inWords = (end: SignerCertificate): string =>
    end === leaf ? `"${leaf.subject}" is trusted itself` : `issued by "${end.subject}", which is trusted`;
  const { distrusted = new Set() } = trust;
  if (distrusted.has(leaf.fingerprint))
    return { pinned: false, distrusted: true, detail: '', lacks: `"${leaf.subject}" is distrusted here` };
  const asRepository = role.as === 'repository' || (role.as === 'by its kind' && kind === 'repository');
  if (!asRepository || trust.repositories === undefined) {
    const by = upTo(trust.fingerprints);
    if (by !== undefined) return { pinned: true, detail: inWords(by.at(-1)!), by };
  }
  const listed: readonly (TrustedSigner | TrustedRepository)[] =
    (asRepository ? trust.repositories : trust.signers) ?? [];
  let lacks: string | undefined;
  for (const one of listed) {
    const issues = 'issues' in one && one.issues;
    const meant = issues
      ? upTo(new Set([one.fingerprint]))
      : isFingerprintOf(one.fingerprint, leaf)
        ? [leaf]
        : undefined;
    if (meant === undefined || !servesPurpose(leaf, oids.codeSigning)) continue;
    const underRoot = one.rootNeeded ? upTo(trust.roots ?? new Set()) : meant;
    const needed = 'owners' in one ? one.owners : [];
    if (underRoot === undefined)
      lacks = `"${leaf.subject}" is on the list, and no root above it is trusted, which the list asks for`;
    else if (needed.length > 0 && !needed.some((owner) => owners.includes(owner)))
      lacks = `"${leaf.subject}" is on the list for packages of ${needed.join(', ')} only`;
    else
      return {
        pinned: true,
        vouches: vouching(one),
        detail: `"${leaf.subject}" is on the list of those trusted`,
        by: underRoot,
      };
  }
  const above = chainAtHand(leaf, atHand).chain.find(({ fingerprint }) => distrusted.has(fingerprint));
  if (above !== undefined)
    lacks = `"${leaf.subject}" was issued under "${above.subject}", which is distrusted here`;
  return {
    pinned: false,
    distrusted: above !== undefined,
    detail: '',
    ...(lacks !== undefined && { lacks }),
  };
}

const vouching = (one: TrustedSigner | TrustedRepository): boolean => 'vouches' in one && one.vouches;

function chainProblems(belief: Belief, whole: boolean, leaf: SignerCertificate, role: Role): Problem[] {
  if (belief.pinned) return [];
  if (belief.lacks !== undefined) return [problem('NU3034', belief.lacks)];
  if (role.as !== 'repository') return [problem('NU3018', `nobody here trusts the signer "${leaf.subject}"`)];
  if (!whole)
    return [problem('NU3035', `the certificates above the repository "${leaf.subject}" are not all there`)];
  return [problem('NU3034', `nobody here trusts the repository "${leaf.subject}"`)];
}

/** With a time stamp the certificate must have been valid then, with a margin on both sides; else at `at`. */
function validityOf(certificate: SignerCertificate, timestamp: Timestamp | undefined, at: Date): Found {
  const { notBefore, notAfter } = certificate;
  if (timestamp !== undefined) {
    const inTime = notBefore < timestamp.earliest && timestamp.latest < notAfter;
    const late = problem('NU3037', "the signer's certificate was not valid when the signature was stamped");
    return found(
      'validity',
      inTime ? [] : [late],
      'the certificate was valid when the signature was stamped, so it counts beyond the end of the certificate',
    );
  }
  const problems: Problem[] = [];
  if (at < notBefore)
    problems.push(
      problem('NU3017', `the signer's certificate is valid only from ${moment(notBefore.getTime())}`),
    );
  if (at > notAfter)
    problems.push(problem('NU3037', `the signer's certificate expired on ${moment(notAfter.getTime())}`));
  return found(
    'validity',
    problems,
    `valid at ${moment(at.getTime())}; without a time stamp that is believed it counts until ${moment(notAfter.getTime())}`,
  );
}

/** Whether nothing but who is trusted speaks against this signer. */
export const isSound = ({ holds, steps }: Judged): boolean =>
  holds && Object.entries(steps).every(([name, { problems }]) => name === 'chain' || !hasError(problems));

const lowered = (fingerprints: ReadonlySet<string>): Set<string> =>
  new Set([...fingerprints].map((each) => each.toLowerCase()));

function bare(signer: CmsSigner, oid: string): BareValue | undefined {
  const value = onlyValue(signer.signed, oid);
  return value && attempt(() => readAs(value, BareValue));
}

/** What can be read, and undefined for what can not. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof CmsUnreadable) return undefined;
    throw error;
  }
}
