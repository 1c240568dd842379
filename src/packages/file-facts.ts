import { packageDigests, unsignedStretches } from './content-digest.ts';
import { PackageError } from './errors.ts';
import type { PackageIdentity } from './nupkg.ts';
import { nuspecBytes, parseNuspec } from './nuspec.ts';
import { signatureEntries } from './signature-entry.ts';
import { openZip } from './zip/zip-archive.ts';
import type { ZipLimits } from './zip/zip-layout.ts';

/** What a package file is, whoever signed it: nothing of it is verified by this. */
export type FileFacts = PackageIdentity & {
  /** The bytes in which it says who it is. */
  readonly nuspec: Buffer;
  readonly sizeBytes: number;
  /** SHA-256 of the file, lower-case hex. */
  readonly sha256: string;
  /** SHA-256 of the package without its signature entry, lower-case hex. */
  readonly contentDigest: string;
  /** SHA-512 of the same, in base64, as NuGet notes it beside a package. */
  readonly contentHash: string;
};

/**
 * Reads a package file once from end to end.
 *
 * Errors: those of opening an archive, `PACKAGE_NUSPEC_INVALID`, `PACKAGE_SIGNATURE_INVALID` for more than one signature.
 */
export async function readFileFacts(
  path: string,
  { limits, signal }: { readonly limits?: ZipLimits; readonly signal?: AbortSignal } = {},
): Promise<FileFacts> {
  using archive = await openZip(path, limits);
  const { file, layout } = archive;
  const nuspec = nuspecBytes(file, layout);
  const { id, version } = parseNuspec(path, nuspec);
  const [signature, ...others] = signatureEntries(layout);
  if (others.length > 0)
    throw new PackageError('PACKAGE_SIGNATURE_INVALID', `Cannot use package ${path}: it is signed twice`, {
      hint: 'Get the package again from the one who signed it; nothing of it was used.',
      details: { file: path },
    });
  const stretches = unsignedStretches(file, layout, signature);
  const { sha256, unsigned } = await packageDigests(file, stretches, ['sha256', 'sha512'], signal);
  return {
    id,
    version,
    nuspec,
    sizeBytes: file.size,
    sha256,
    contentDigest: unsigned.get('sha256')!.toString('hex'),
    contentHash: unsigned.get('sha512')!.toString('base64'),
  };
}
