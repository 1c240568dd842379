import { openToSign } from './package-to-sign.ts';
import { putSigned, requireSound } from './put-signed.ts';
import { signPackage, stampedBy, type SignOptions } from './sign-package.ts';
import { countersign } from './signature/countersign.ts';
import type { PackageSigner } from './signature/package-signer.ts';
import type { SigningRole } from './signature/signer-info.ts';
import type { PackageReport } from './verify-package.ts';

export type CountersignOptions = Omit<SignOptions, 'role'> & {
  /** The repository and the owners of the package in it. */
  readonly role: Extract<SigningRole, { kind: 'repository' }>;
};

/**
 * Writes `inPath` with a repository's signature to `outPath` (which may be the same): beside that of its author, or,
 * where nobody signed it, in its own right. `primary` tells which. The author's signature and the content digest stay.
 *
 * A package whose signature does not hold is not countersigned. Errors: those of `signPackage` and of
 * `requireVerified`, `PACKAGE_ALREADY_COUNTERSIGNED` (NU3032, NU3033).
 */
export async function countersignPackage(
  inPath: string,
  outPath: string,
  signer: PackageSigner,
  options: CountersignOptions,
): Promise<{ readonly report: PackageReport; readonly primary: boolean }> {
  using opened = await openToSign(inPath, 'countersign', options.limits, outPath);
  const { archive, old } = opened;
  if (old === undefined)
    return { report: await signPackage(inPath, outPath, signer, options), primary: true };
  const { hash, role, timestamp, replace = false, now = new Date(), limits } = options;
  const there = archive.file.read(old.dataStart, old.size);
  await requireSound(inPath, there, { at: now, limits });
  const signature = await countersign(there, {
    signer,
    hash,
    role,
    now,
    replace,
    stamp: stampedBy(timestamp),
  });
  const brings = { countersignature: true };
  const report = await putSigned(opened, signature, outPath, { signer, now, limits, brings });
  return { report, primary: false };
}
