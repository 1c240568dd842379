import { timingSafeEqual } from 'node:crypto';
import { basename } from 'node:path';
import { packageDigests, unsignedStretches } from './content-digest.ts';
import { damagedEntries } from './zip/damage.ts';
import { becauseOf, PackageError, type PackageErrorCode } from './errors.ts';
import { packageFileName, type PackageIdentity } from './nupkg.ts';
import { readIdentity } from './nuspec.ts';
import { PackageFile } from './zip/package-file.ts';
import { problem, warning, type Problem } from './problems.ts';
import { signatureEntries, signatureEntryFaults } from './signature-entry.ts';
import {
  checkSignature,
  readSignature,
  type ReadSignature,
  type SignatureKind,
} from './signature/signature.ts';
import type { PackageTrust } from './signature/trust.ts';
import { faultCodes, faultSentence, printable, readZip } from './zip/zip-archive.ts';
import type { ZipEntry, ZipLayout, ZipLimits } from './zip/zip-layout.ts';

export type VerifyOptions = {
  readonly trust: PackageTrust;
  /** When the signer's certificate must be valid, unless a time stamp says when it was signed. Default: now. */
  readonly at?: Date;
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
  readonly signature: {
    /** The archive is sound, its hash is the signed one, and signature and certificate hold at the time asked. */
    readonly valid: boolean;
    readonly kind: SignatureKind;
    readonly signer: { readonly subject: string; readonly fingerprint: string } | null;
    /** The time of an RFC 3161 time stamp that holds, ISO 8601 UTC. */
    readonly timestamp: string | null;
    readonly countersigned: boolean;
  } | null;
  /** An author's signature by somebody who is trusted here. Believe a package only where it is valid as well. */
  readonly trusted: boolean;
  /** Valid, trusted, and no error among the problems: the one thing to ask before a package is used. */
  readonly ok: boolean;
  readonly problems: readonly Problem[];
};

/** Who signed is one question, whether the signature holds another. */
const trustCodes = new Set(['NU3018', 'PACKAGE_NOT_AUTHOR_SIGNED']);
const nuspecCode: PackageErrorCode = 'PACKAGE_NUSPEC_INVALID';

/**
 * Verifies a NuGet package strictly and without the network: structure, signature format, hash of the package,
 * signature, certificate, time, trust. Everything found is reported, in this order; a problem does not throw.
 *
 * Errors: `PACKAGE_FILE_UNREADABLE` only.
 */
export async function verifyPackage(path: string, options: VerifyOptions): Promise<PackageReport> {
  using file = PackageFile.open(path);
  const problems: Problem[] = [];
  const layout = await tryLayout(file, options.limits, problems);
  if (layout === undefined) {
    const { sha256 } = await packageDigests(file, [], [], options.signal);
    const nothing = { id: null, version: null, contentDigest: null, signature: null };
    return { file: path, size: file.size, sha256, ...nothing, trusted: false, ok: false, problems };
  }
  const identity = await tryIdentity(file, layout, problems);
  const { entry, read } = findSignature(file, layout, problems);
  const isSigned = entry !== undefined || problems.some(({ code }) => code === 'NU3005');
  const hash = read?.signedHash;
  const stretches = unsignedStretches(file, layout, entry);
  const algorithms = [...new Set(['sha256', hash?.name ?? 'sha256'])];
  const { sha256, unsigned } = await packageDigests(file, stretches, algorithms, options.signal);
  if (hash !== undefined && !timingSafeEqual(unsigned.get(hash.name)!, hash.digest))
    problems.push(problem('NU3008', await tamperedMessage(file, layout)));
  const pinned = new Set([...options.trust.fingerprints].map((each) => each.toLowerCase()));
  const found = read && checkSignature(read, pinned, options.at ?? new Date());
  problems.push(...(found?.problems ?? []));
  if (found?.kind === 'repository')
    problems.push(problem('PACKAGE_NOT_AUTHOR_SIGNED', 'it is signed by a repository and not by its author'));
  const errors = problems.filter(({ severity }) => severity === 'error');
  const valid = read !== undefined && errors.every(({ code }) => trustCodes.has(code) || code === nuspecCode);
  const trusted = found?.kind === 'author' && found.pinned;
  return {
    file: path,
    id: identity?.id ?? null,
    version: identity?.version ?? null,
    size: file.size,
    sha256,
    contentDigest: isSigned && entry === undefined ? null : unsigned.get('sha256')!.toString('hex'),
    signature: isSigned
      ? {
          valid,
          kind: found?.kind ?? 'unknown',
          signer: found?.certificate
            ? { subject: found.certificate.subject, fingerprint: found.certificate.fingerprint }
            : null,
          timestamp: found?.timestamp?.time.toISOString() ?? null,
          countersigned: found?.countersigned ?? false,
        }
      : null,
    trusted,
    ok: valid && trusted && errors.length === 0,
    problems,
  };
}

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
  const { code, hint } = refusals[telling.code] ?? refusals['otherwise']!;
  const name = id === null ? basename(path) : `${id} ${version}`;
  const message = `Cannot use package ${name}: ${telling.message}`;
  throw new PackageError(code, message, { hint, details: { file: path, report } });
}

const getAgain = 'Get the package again from the one who signed it; nothing of it was used.';
const refusals: Record<string, { code: PackageErrorCode; hint: string }> = {
  NU3004: {
    code: 'PACKAGE_UNSIGNED',
    hint: 'Have it signed with the company certificate: `crossgap package sign`.',
  },
  NU3008: { code: 'PACKAGE_TAMPERED', hint: getAgain },
  NU3017: { code: 'PACKAGE_EXPIRED', hint: 'Check the clock; the certificate is not valid yet.' },
  NU3018: {
    code: 'PACKAGE_UNTRUSTED',
    hint: 'Compare the fingerprint of the signer with the one you were told.',
  },
  NU3037: { code: 'PACKAGE_EXPIRED', hint: 'Have it signed again with a certificate that is valid.' },
  PACKAGE_NOT_AUTHOR_SIGNED: { code: 'PACKAGE_UNTRUSTED', hint: 'Get the package that its author signed.' },
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
    if (!(error instanceof PackageError) || error.code === 'PACKAGE_FILE_UNREADABLE') throw error;
    problems.push(problem(error.code, becauseOf(error)));
    return undefined;
  }
}

/** The one signature entry and what is in it. More than one, or one of the wrong form, is NU3005; none is NU3004. */
function findSignature(
  file: PackageFile,
  layout: ZipLayout,
  problems: Problem[],
): { entry?: ZipEntry; read?: ReadSignature } {
  const [entry, ...others] = signatureEntries(layout);
  if (entry === undefined) {
    problems.push(problem('NU3004', 'it is not signed'));
    return {};
  }
  if (others.length > 0) {
    problems.push(problem('NU3005', `it has ${others.length + 1} signature entries, and one is allowed`));
    return {};
  }
  const { faults, readable } = signatureEntryFaults(file, layout, entry);
  for (const fault of faults) problems.push(problem('NU3005', `its signature entry ${fault}`));
  if (!readable) return {};
  const { read, problems: found } = readSignature(file.read(entry.dataStart, entry.size));
  problems.push(...found);
  return read === undefined ? { entry } : { entry, read };
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
