import { packageDigests, unsignedStretches } from './content-digest.ts';
import { PackageError } from './errors.ts';
import { openToSign, type PackageToSign } from './package-to-sign.ts';
import { putSigned } from './put-signed.ts';
import { buildSignature } from './signature/build-signature.ts';
import type { HashName } from './signature/oids.ts';
import type { PackageSigner } from './signature/package-signer.ts';
import type { SigningRole } from './signature/signer-info.ts';
import { requestTimestamp, type TimestampAuthority } from './signature/timestamp-request.ts';
import type { PackageReport } from './verify-package.ts';
import type { ZipLimits } from './zip/zip-layout.ts';

export type SignOptions = {
  readonly hash: HashName;
  /** Default: as the author. */
  readonly role?: SigningRole;
  /** Who says when the signature was made. Default: nobody. */
  readonly timestamp?: TimestampAuthority | undefined;
  /** Signs a package that is signed already anew; without it such a package is refused. */
  readonly replace?: boolean;
  /** The time written into the signature. Default: now. */
  readonly now?: Date;
  readonly limits?: ZipLimits | undefined;
};

/**
 * Writes `inPath` with a signature to `outPath` (which may be the same) and tells what a verifier says of it.
 *
 * What NuGet's client could not verify afterwards is refused before. The out file is there whole or not at all, and
 * only after our own verifier accepted it. The bytes of the package itself stay as they are.
 *
 * Errors: those of `openToSign`, `PACKAGE_ALREADY_SIGNED` (NU3001), `PACKAGE_CERTIFICATE_UNUSABLE`,
 * `PACKAGE_SIGNER_FAILED`, `PACKAGE_TIMESTAMP_NOT_GIVEN`, `PACKAGE_TIMESTAMP_INVALID`, `PACKAGE_NOT_WRITTEN`.
 */
export async function signPackage(
  inPath: string,
  outPath: string,
  signer: PackageSigner,
  options: SignOptions,
): Promise<PackageReport> {
  using opened = await openToSign(inPath, 'sign', options.limits, outPath);
  if (opened.old !== undefined && options.replace !== true) throw alreadySigned(inPath);
  const { hash, role = { kind: 'author' }, timestamp, now = new Date(), limits } = options;
  const digest = await unsignedDigest(opened, hash);
  const signature = await buildSignature({ signer, hash, digest, role, now, stamp: stampedBy(timestamp) });
  const brings = { timestamp: timestamp !== undefined };
  return await putSigned(opened, signature, outPath, { signer, now, limits, brings });
}

async function unsignedDigest({ archive, old }: PackageToSign, hash: HashName): Promise<Buffer> {
  const { file, layout } = archive;
  // Hashed whole in any case, and that is all there is to hash of a file that nobody signed.
  if (old === undefined && hash === 'sha256')
    return Buffer.from((await packageDigests(file, [], [])).sha256, 'hex');
  return (await packageDigests(file, unsignedStretches(file, layout, old), [hash])).unsigned.get(hash)!;
}

/**
 * Refuses a package that `signPackage` would refuse for what it is, before one of several is signed. Errors: those of
 * `openToSign`, `PACKAGE_ALREADY_SIGNED`.
 */
export async function requireSignable(path: string, replace: boolean, limits?: ZipLimits): Promise<void> {
  using opened = await openToSign(path, 'sign', limits);
  if (opened.old !== undefined && !replace) throw alreadySigned(path);
}

/** Gets time stamps from an authority; undefined where there is none. */
export function stampedBy(
  authority: TimestampAuthority | undefined,
): ((signature: Buffer) => Promise<Buffer>) | undefined {
  return authority && ((signature) => requestTimestamp(signature, authority));
}

function alreadySigned(path: string): PackageError {
  return new PackageError(
    'PACKAGE_ALREADY_SIGNED',
    `Cannot sign package ${path}: it is signed already (NU3001)`,
    {
      hint: 'Sign the file as `dotnet pack` or another packer wrote it, before anybody signed it; a signature is not put in the place of another unless --replace asks for it.',
      details: { file: path, nuget: 'NU3001' },
    },
  );
}
