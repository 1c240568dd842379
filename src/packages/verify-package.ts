import { timingSafeEqual } from 'node:crypto';
import { basename } from 'node:path';
import { packageDigests, unsignedStretches } from './content-digest.ts';
import { damagedEntries } from './zip/damage.ts';
import { becauseOf, PackageError, type PackageErrorCode } from './errors.ts';
import { packageFileName, type PackageIdentity } from './nupkg.ts';
import { readIdentity } from './nuspec.ts';
import { PackageFile } from './zip/package-file.ts';
import { isProblemCode, problem, warning, type Problem } from './problems.ts';
import { found, hasError, notReached, type Check, type Found } from './signature/checks.ts';
import { revocationLists } from './revocation-files.ts';
import { signatureEntries, signatureEntryFaults } from './signature-entry.ts';
import {
  checkSignature,
  readSignature,
  unsignedSteps,
  type ReadSignature,
  type SignatureFindings,
  type SignatureKind,
} from './signature/signature.ts';
import type { PackageTrust } from './signature/trust.ts';
import { faultCodes, faultSentence, printable, readZip } from './zip/zip-archive.ts';
import type { ZipEntry, ZipLayout, ZipLimits } from './zip/zip-layout.ts';

export type VerifyOptions = {
  readonly trust: PackageTrust;
  /**
   * When the signer's certificate must be valid, unless a time stamp says when it was signed, and how old revocation lists
   * may be counts: for a package of a release the time of its signed entry. Default: now.
   */
  readonly at?: Date;
  /** This machine's clock, which adds warnings about revocation lists and decides nothing. Default: now. */
  readonly now?: Date;
  readonly limits?: ZipLimits;
  readonly signal?: AbortSignal;
};

/** What is known of a package file; the document of `package verify`. */
export type PackageReport = {
  readonly file: string;
  /** From the nuspec inside; null where it can't be read. */
  readonly id: string | null;
  readonly version: string | null;
  /** Bytes of the file. */
  readonly size: number;
  /** SHA-256 of the file, and of the package without its signature entry (null where no such can be told). */
  readonly sha256: string;
  readonly contentDigest: string | null;
  /** Null for an unsigned package. */
  readonly signature: SignatureReport | null;
  /** An author's signature by somebody who is trusted here. Believe a package only where it is valid as well. */
  readonly trusted: boolean;
  /** Valid, trusted, and no error among the problems: the one thing to ask before a package is used. */
  readonly ok: boolean;
  /** How each step of judging it went, in their order. */
  readonly checks: readonly Check[];
  readonly problems: readonly Problem[];
};

type Signer = { readonly subject: string; readonly fingerprint: string };

/** Times are ISO 8601 UTC. */
export type SignatureReport = {
  /** The archive is sound, its hash is the signed one, and signature and certificate hold at the time asked. */
  readonly valid: boolean;
  readonly kind: SignatureKind;
  readonly signer: Signer | null;
  /** The time of an RFC 3161 time stamp that holds. */
  readonly timestamp: string | null;
  readonly countersigned: boolean;
  /** When the signer says it signed, which nothing proves. */
  readonly signedAt: string | null;
  /** Until when the signature counts; null where a time stamp makes it count beyond the certificate, or none is known. */
  readonly countsUntil: string | null;
  /** Who gave the time. */
  readonly timestampAuthority: Signer | null;
  /** The repository that countersigned, valid or not. */
  readonly countersignature: {
    readonly valid: boolean;
    readonly trusted: boolean;
    readonly signer: Signer | null;
    readonly serviceIndex: string | null;
    readonly owners: readonly string[];
    readonly timestamp: string | null;
  } | null;
};

/**
 * Verifies a NuGet package strictly and without the network: structure, signature format, hash of the package,
 * signer, algorithms, usages, chain, revocation, time stamp, validity, countersignature. Everything found is reported, in
 * this order; a problem does not throw.
 *
 * Errors: `PACKAGE_FILE_UNREADABLE` only.
 */
export async function verifyPackage(path: string, options: VerifyOptions): Promise<PackageReport> {
  using file = PackageFile.open(path);
  const inArchive: Problem[] = [];
  const layout = await tryLayout(file, options.limits, inArchive);
  if (layout === undefined) {
    const { sha256 } = await packageDigests(file, [], [], options.signal);
    const nothing = { id: null, version: null, contentDigest: null, signature: null };
    const steps = [found('archive', inArchive, ''), ...withoutSignature('the archive can not be read')];
    return { file: path, size: file.size, sha256, ...nothing, trusted: false, ok: false, ...told(steps) };
  }
  const identity = await tryIdentity(file, layout, inArchive);
  const { entry, read, ...inEntry } = findSignature(file, layout);
  const isSigned = entry !== undefined || inEntry.problems.some(({ code }) => code === 'NU3005');
  const hash = read?.signedHash;
  const stretches = unsignedStretches(file, layout, entry);
  const algorithms = [...new Set(['sha256', hash?.name ?? 'sha256'])];
  const { sha256, unsigned } = await packageDigests(file, stretches, algorithms, options.signal);
  const isChanged = hash !== undefined && !timingSafeEqual(unsigned.get(hash.name)!, hash.digest);
  const tampered = isChanged ? [problem('NU3008', await tamperedMessage(file, layout))] : [];
  const now = options.now ?? new Date();
  const { lists, unread } = revocationLists(options.trust);
  const trust = { ...options.trust, revocationLists: lists };
  const findings = read && checkSignature(read, trust, { at: options.at ?? now, now });
  const archive = found('archive', inArchive, `${layout.entries.length} entries, sound`);
  const steps = [
    archive,
    ...(findings === undefined || read === undefined
      ? [
          found('format', inEntry.problems, ''),
          ...withoutSignature(isSigned ? 'its signature can not be read' : 'it is not signed').slice(1),
        ]
      : [
          found('format', inEntry.problems, 'one signature, readable, by one signer'),
          found('content', inEntry.content, `names the ${hash?.name ?? 'hash'} of the package`),
          hash === undefined
            ? notReached('integrity', 'the signature names no hash of the package')
            : found('integrity', tampered, `the package is the one that was signed (${hash.name})`),
          ...authorOnly(findings).map((step) => withUnread(step, unread)),
        ]),
  ];
  const report = told(steps);
  const valid = findings !== undefined && steps.every(speaksForItself);
  const trusted = findings?.kind === 'author' && findings.pinned;
  return {
    file: path,
    id: identity?.id ?? null,
    version: identity?.version ?? null,
    size: file.size,
    sha256,
    contentDigest: isSigned && entry === undefined ? null : unsigned.get('sha256')!.toString('hex'),
    signature: isSigned ? signatureReport(findings, valid) : null,
    trusted,
    ok: valid && trusted && !hasError(report.problems),
    ...report,
  };
}

const withoutSignature = (because: string): Found[] => [
  notReached('format', because),
  notReached('content', because),
  notReached('integrity', because),
  ...unsignedSteps(because),
];

/** The steps as they are told, and all their problems. */
const told = (steps: readonly Found[]): Pick<PackageReport, 'checks' | 'problems'> => ({
  checks: steps.map(({ step, state, detail, codes }) => ({ step, state, detail, codes })),
  problems: steps.flatMap(({ problems }) => problems),
});

/** A package is believed by its author's signature; a repository's alone says nothing about who made it. */
function authorOnly({ kind, found: steps }: SignatureFindings): readonly Found[] {
  if (kind !== 'repository') return steps;
  const refused = problem('PACKAGE_NOT_AUTHOR_SIGNED', 'it is signed by a repository and not by its author');
  return steps.map((one) =>
    one.step === 'chain' ? found('chain', [...one.problems, refused], one.detail) : one,
  );
}

/** Lists that could not be used are told where what they might have said is missing. */
function withUnread(step: Found, unread: readonly string[]): Found {
  if (step.step !== 'revocation' || unread.length === 0) return step;
  const warnings = unread.map((message) => warning('PACKAGE_REVOCATION_LIST_UNREADABLE', message));
  return found(step.step, [...step.problems, ...warnings], step.detail, step.state);
}

/** Whether a step leaves the signature valid: who signed is another question, and so is what is required beyond that. */
function speaksForItself({ step, problems }: Found): boolean {
  if (step === 'chain' || step === 'time stamp' || step === 'countersignature') return true;
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (step === 'revocation') return errors.every(({ code }) => code !== 'NU3012');
  return errors.every(({ code }) => code === nuspecCode);
}

const nuspecCode: PackageErrorCode = 'PACKAGE_NUSPEC_INVALID';

function signatureReport(findings: SignatureFindings | undefined, valid: boolean): SignatureReport {
  const by = findings?.countersignature.judged;
  const { timestamp, certificate } = findings ?? {};
  return {
    valid,
    kind: findings?.kind ?? 'unknown',
    signer: signerOf(certificate),
    timestamp: timestamp?.time.toISOString() ?? null,
    countersigned: findings?.countersigned ?? false,
    signedAt: findings?.saidAt?.toISOString() ?? null,
    countsUntil: timestamp === undefined ? (certificate?.notAfter.toISOString() ?? null) : null,
    timestampAuthority: signerOf(timestamp?.by),
    countersignature: by
      ? {
          valid: findings!.countersigned,
          trusted: by.pinned,
          signer: signerOf(by.certificate),
          serviceIndex: by.serviceIndex ?? null,
          owners: by.owners,
          timestamp: by.timestamp?.time.toISOString() ?? null,
        }
      : null,
  };
}

const signerOf = (certificate: Signer | undefined): Signer | null =>
  certificate ? { subject: certificate.subject, fingerprint: certificate.fingerprint } : null;

/**
 * The report of a package that may be used; throws for any other, with the whole report in `details`.
 *
 * Errors: `PACKAGE_UNSIGNED`, `PACKAGE_TAMPERED`, `PACKAGE_UNTRUSTED`, `PACKAGE_EXPIRED`,
 * `PACKAGE_SIGNATURE_INVALID`, and those of reading the archive and its nuspec.
 */
export async function requireVerified(
  path: string,
  options: VerifyOptions,
): Promise<PackageReport & PackageIdentity & { contentDigest: string }> {
  const report = await verifyPackage(path, options);
  const { id, version, contentDigest } = report;
  if (report.ok && id !== null && version !== null && contentDigest !== null)
    return { ...report, id, version, contentDigest };
  const errors = report.problems.filter(({ severity }) => severity === 'error');
  const telling = errors.find(({ code }) => code === 'NU3008') ?? errors[0]!;
  const failed = report.checks.find(({ state }) => state === 'failed')?.step;
  const isTampered = telling.code === 'NU3008';
  const { code, hint } =
    (isTampered
      ? undefined
      : (refusalsOfSteps[`${failed} ${telling.code}`] ?? refusalsOfSteps[failed ?? ''])) ??
    refusals[telling.code] ??
    refusals['otherwise']!;
  const name = id === null ? basename(path) : `${id} ${version}`;
  const message = `Cannot use package ${name}: ${telling.message}`;
  throw new PackageError(code, message, { hint, details: { file: path, report } });
}

const getAgain = 'Get the package again from the one who signed it; nothing of it was used.';
const refusals: Record<string, { code: PackageErrorCode; hint: string }> = {
  NU3004: {
    code: 'PACKAGE_UNSIGNED',
    hint: 'Have it signed with the company certificate: `crossgap package sign FILE --certificate PFX`.',
  },
  NU3008: { code: 'PACKAGE_TAMPERED', hint: getAgain },
  NU3017: { code: 'PACKAGE_EXPIRED', hint: 'Check the clock; the certificate is not valid yet.' },
  NU3018: {
    code: 'PACKAGE_UNTRUSTED',
    hint: 'Compare the fingerprint of the signer with the one you were told.',
  },
  NU3037: { code: 'PACKAGE_EXPIRED', hint: 'Have it signed again with a certificate that is valid.' },
  NU3034: {
    code: 'PACKAGE_UNTRUSTED',
    hint: 'See `crossgap trust list`: who signed is not on it, or only for packages of other owners.',
  },
  PACKAGE_NOT_AUTHOR_SIGNED: { code: 'PACKAGE_UNTRUSTED', hint: 'Get the package that its author signed.' },
  NOT_A_PACKAGE: { code: 'NOT_A_PACKAGE', hint: 'Give the path of a .nupkg file.' },
  PACKAGE_ARCHIVE_MALFORMED: { code: 'PACKAGE_ARCHIVE_MALFORMED', hint: getAgain },
  PACKAGE_NAME_UNSAFE: { code: 'PACKAGE_NAME_UNSAFE', hint: getAgain },
  PACKAGE_TOO_LARGE: { code: 'PACKAGE_TOO_LARGE', hint: getAgain },
  PACKAGE_DAMAGED: { code: 'PACKAGE_DAMAGED', hint: getAgain },
  PACKAGE_NUSPEC_INVALID: {
    code: 'PACKAGE_NUSPEC_INVALID',
    hint: 'Pack it again with one nuspec at its root.',
  },
  otherwise: { code: 'PACKAGE_SIGNATURE_INVALID', hint: getAgain },
};

/** What a step that failed means, where NuGet's number alone does not say it. */
const refusalsOfSteps: Record<string, { code: PackageErrorCode; hint: string }> = {
  'revocation NU3012': {
    code: 'PACKAGE_REVOKED',
    hint: 'Ask who signed it what happened, and for a package that is signed with a certificate that holds.',
  },
  revocation: {
    code: 'PACKAGE_REVOCATION_UNKNOWN',
    hint: 'Import the newest list of whoever issued the certificate: `crossgap trust import-crl FILE`.',
  },
  'time stamp': {
    code: 'PACKAGE_TIMESTAMP_REQUIRED',
    hint: 'Have it signed with a time stamp of an authority that is trusted here: `crossgap trust list` tells which are.',
  },
  countersignature: {
    code: 'PACKAGE_COUNTERSIGNATURE_REQUIRED',
    hint: 'Countersign it with a certificate that is trusted for it here: `crossgap package countersign FILE --certificate PFX --service-index URL`.',
  },
};

async function tryLayout(
  file: PackageFile,
  limits: ZipLimits | undefined,
  problems: Problem[],
): Promise<ZipLayout | undefined> {
  const layout = (await reported(problems, () => readZip(file, limits)))?.layout;
  for (const fault of layout?.faults ?? [])
    problems.push(problem(faultCodes[fault.kind], faultSentence(fault)));
  return layout;
}

async function tryIdentity(
  file: PackageFile,
  layout: ZipLayout,
  problems: Problem[],
): Promise<PackageIdentity | undefined> {
  const identity = await reported(problems, () => readIdentity(file, layout));
  const name = basename(file.path);
  if (identity && /\.nupkg$/i.test(name) && name.toLowerCase() !== packageFileName(identity).toLowerCase())
    problems.push(warning('PACKAGE_FILE_NAME_DIFFERS', `inside it is ${identity.id} ${identity.version}`));
  return identity;
}

/** What reading the package throws becomes a problem of it. */
async function reported<T>(problems: Problem[], read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof PackageError) || !isProblemCode(error.code)) throw error;
    problems.push(problem(error.code, becauseOf(error)));
    return undefined;
  }
}

/** The one signature entry and what is in it. More than one, or one of the wrong form, is NU3005; none is NU3004. */
function findSignature(
  file: PackageFile,
  layout: ZipLayout,
): { entry?: ZipEntry; read?: ReadSignature; problems: readonly Problem[]; content: readonly Problem[] } {
  const none = { content: [] };
  const [entry, ...others] = signatureEntries(layout);
  if (entry === undefined) return { ...none, problems: [problem('NU3004', 'it is not signed')] };
  if (others.length > 0) {
    const many = `it has ${others.length + 1} signature entries, and one is allowed`;
    return { ...none, problems: [problem('NU3005', many)] };
  }
  const { faults, readable } = signatureEntryFaults(file, layout, entry);
  const problems = faults.map((fault) => problem('NU3005', `its signature entry ${fault}`));
  if (!readable) return { ...none, problems };
  const { read, unreadable, content } = readSignature(file.read(entry.dataStart, entry.size));
  return { entry, problems: [...problems, ...unreadable], content, ...(read !== undefined && { read }) };
}

async function tamperedMessage(file: PackageFile, layout: ZipLayout): Promise<string> {
  const inStructure = layout.faults.flatMap(({ entry }) => (entry === undefined ? [] : [printable(entry)]));
  const parts = [...new Set([...(await damagedEntries(file, layout)), ...inStructure])];
  const named = parts.slice(0, 5).map((name) => `"${name}"`);
  if (parts.length > named.length) named.push(`${parts.length - named.length} more`);
  const which =
    named.length === 0
      ? 'every part fits its own checksum, so that was no accident'
      : `${named.join(', ')} no longer ${parts.length === 1 ? 'fits' : 'fit'}`;
  return `it was changed after it was signed: ${which}`;
}
