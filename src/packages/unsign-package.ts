import { timingSafeEqual } from 'node:crypto';
import { packageDigests, unsignedStretches } from './content-digest.ts';
import { PackageError } from './errors.ts';
import { openToSign } from './package-to-sign.ts';
import { readSignature } from './signature/signature.ts';
import { writeSigned } from './signed-archive.ts';
import { writeWhole } from './write-whole.ts';
import type { ZipLimits } from './zip/zip-layout.ts';

/** What was written: a package as it was before anybody signed it. */
export type UnsignedPackage = {
  readonly file: string;
  /** SHA-256 of the file, hex, which is also its content digest. */
  readonly sha256: string;
};

/**
 * Writes `inPath` without its signature to `outPath`, byte for byte what was signed.
 *
 * Errors: those of `openToSign`, `PACKAGE_UNSIGNED` (NU3004), `PACKAGE_TAMPERED` (NU3008) where what would come out is
 * not what was signed, `PACKAGE_NOT_WRITTEN`. A signature that can't be read is taken out all the same.
 */
export async function unsignPackage(
  inPath: string,
  outPath: string,
  limits?: ZipLimits,
): Promise<UnsignedPackage> {
  using opened = await openToSign(inPath, 'unsign', limits, outPath);
  const { archive, old } = opened;
  if (old === undefined)
    throw new PackageError('PACKAGE_UNSIGNED', `Cannot unsign package ${inPath}: it is not signed (NU3004)`, {
      hint: 'Use the file as it is.',
      details: { file: inPath, nuget: 'NU3004' },
    });
  const { file, layout } = archive;
  const signed = readSignature(file.read(old.dataStart, old.size)).read?.signedHash;
  const algorithms = [...new Set(['sha256', signed?.name ?? 'sha256'])];
  const { unsigned } = await packageDigests(file, unsignedStretches(file, layout, old), algorithms);
  if (signed !== undefined && !timingSafeEqual(unsigned.get(signed.name)!, signed.digest))
    throw new PackageError(
      'PACKAGE_TAMPERED',
      `Cannot unsign package ${inPath}: it was changed after it was signed (NU3008)`,
      {
        hint: 'Get the package again from the one who signed it; what is in this file was never signed.',
        details: { file: inPath, nuget: 'NU3008' },
      },
    );
  await writeWhole(outPath, (temporary) => writeSigned(archive, old, undefined, temporary));
  return { file: outPath, sha256: unsigned.get('sha256')!.toString('hex') };
}
