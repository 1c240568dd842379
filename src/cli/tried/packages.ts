import type { PlannedPackage } from '../../daemon/index.ts';
import {
  openTrust,
  PackageError,
  requireVerified,
  verifyPackage,
  type PackageReport,
  type VerifyOptions,
  type ZipLimits,
} from '../../packages/index.ts';
import { CliError } from '../errors.ts';
import { misuse } from '../command.ts';
import type { Judges } from '../links/trust.ts';

/** A package file that somebody wants to try, and how far it is believed. */
export type TriedPackage = { readonly planned: PlannedPackage; readonly note?: string };

export type Trying = {
  readonly trust: Judges;
  /** Takes a package without a signature too, and one that was signed by somebody unknown. */
  readonly allowUnsigned: boolean;
  readonly limits?: ZipLimits | undefined;
};

/**
 * The packages in these files, verified as strictly as for a release.
 * @throws CliError USAGE_INVALID where two files hold the same package; PackageError where one can't be believed
 */
export async function triedPackages(files: readonly string[], trying: Trying): Promise<TriedPackage[]> {
  const packages: TriedPackage[] = [];
  for (const file of files) {
    const tried = await triedPackage(file, trying);
    const twin = packages.find(({ planned }) => planned.id.toLowerCase() === tried.planned.id.toLowerCase());
    if (twin !== undefined) {
      throw misuse(
        `Cannot try ${file}: ${twin.planned.file} is a package ${tried.planned.id} as well`,
        'Give one file for each package.',
      );
    }
    packages.push(tried);
  }
  return packages;
}

async function triedPackage(file: string, { trust, allowUnsigned, limits }: Trying): Promise<TriedPackage> {
  const options = { trust: openTrust(trust.fingerprints, trust.rules), ...(limits && { limits }) };
  const report = await verifyPackage(file, options);
  const standing: Standing | undefined = report.ok ? {} : allowUnsigned ? tolerated(report) : undefined;
  const { id, version, sha256, contentDigest } = report;
  if (standing === undefined || id === null || version === null || contentDigest === null) {
    await requireTried(file, options);
    throw new CliError('FILE_NOT_READABLE', `Cannot read package ${file}: it changed while it was read`, {
      hint: 'Wait until nobody writes to it, then try again.',
      details: { path: file },
    });
  }
  const { note, ...more } = standing;
  const planned = {
    id,
    version,
    sha256,
    contentDigest,
    file,
    trustedFingerprints: trust.fingerprints,
    ...(trust.rules !== undefined && { trustRules: trust.rules }),
    ...more,
  };
  return { planned, ...(note !== undefined && { note }) };
}

/** Throws in the words of the one who asks for a package that may be used, with the way out that only trying has. */
async function requireTried(file: string, options: VerifyOptions): Promise<void> {
  try {
    await requireVerified(file, options);
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    const { code, message, details } = error;
    if (code !== 'PACKAGE_UNSIGNED' && code !== 'PACKAGE_UNTRUSTED') throw error;
    const hint = 'Name whom you trust with --trust PEM, or try it all the same with --allow-unsigned.';
    throw new PackageError(code, message, { hint, details, cause: error });
  }
}

type Standing = Partial<Pick<PlannedPackage, 'unsigned' | 'trustedFingerprints'>> & {
  readonly note?: string;
};

/** What is said of a package that is only tried: undefined where more is wrong with it than who signed it. */
function tolerated({ file, signature, problems }: PackageReport): Standing | undefined {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (signature === null) {
    const isOnlyUnsigned = errors.every(({ code }) => code === 'NU3004');
    return isOnlyUnsigned ? { unsigned: true, note: `${file} has no signature` } : undefined;
  }
  const { valid, signer } = signature;
  if (!valid || signer === null || errors.some(({ code }) => code !== 'NU3018')) return undefined;
  return {
    trustedFingerprints: [signer.fingerprint],
    note: `${file} was signed by ${signer.subject}, whom nobody named as trusted`,
  };
}
