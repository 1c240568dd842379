/** A package as signing finds it: sound, with a name, and with or without a signature that can be taken out again. */
import { resolve } from 'node:path';
import { PackageError } from './errors.ts';
import { refuseOtherName } from './file-name.ts';
import { readIdentity } from './nuspec.ts';
import { signatureEntries, signatureEntryFaults } from './signature-entry.ts';
import { openZip, type ZipArchive } from './zip/zip-archive.ts';
import type { ZipEntry, ZipLimits } from './zip/zip-layout.ts';

/** The client counts entries in 16 bits and keeps the last two numbers for zip64. */
const entriesMax = 0xfffe - 1;

/** The archive, and its signature entry where there is one. */
export type PackageToSign = Disposable & {
  readonly archive: ZipArchive;
  readonly old: ZipEntry | undefined;
};

/**
 * Opens a package to sign it, or to take its signature out, into the file `to`. Disposing closes the file.
 *
 * Errors: those of `openZip` and of reading the nuspec, `PACKAGE_INPUT_INVALID` where `to` is called as another package, `PACKAGE_TOO_LARGE` (NU3039), `PACKAGE_SIGNATURE_INVALID`
 * (NU3005) where its signature entry can't be taken out.
 */
export async function openToSign(
  path: string,
  verb: 'sign' | 'unsign' | 'countersign',
  limits: ZipLimits | undefined,
  to = path,
): Promise<PackageToSign> {
  const archive = await openZip(path, limits);
  try {
    const identity = readIdentity(archive.file, archive.layout);
    if (resolve(to) !== resolve(path)) refuseOtherName(to, identity, verb);
    const old = removableSignature(archive, verb);
    if (verb !== 'unsign' && archive.layout.entries.length - (old ? 1 : 0) >= entriesMax)
      throw tooMany(path, verb);
    return { archive, old, [Symbol.dispose]: () => archive[Symbol.dispose]() };
  } catch (error) {
    archive[Symbol.dispose]();
    throw error;
  }
}

/** The signature entry to leave out, which only works where it is the last of the archive. */
function removableSignature(archive: ZipArchive, verb: string): ZipEntry | undefined {
  const [old, ...others] = signatureEntries(archive.layout);
  if (old === undefined) return undefined;
  const faults =
    others.length > 0
      ? [`is one of ${others.length + 1}`]
      : signatureEntryFaults(archive.file, archive.layout, old).faults;
  if (faults.length === 0) return old;
  const { path } = archive.file;
  throw new PackageError(
    'PACKAGE_SIGNATURE_INVALID',
    `Cannot ${verb} package ${path}: its signature entry ${faults[0]} (NU3005)`,
    {
      hint: 'Take the package as it was packed; this signature can not be taken out without changing the rest.',
      details: { file: path, faults, nuget: 'NU3005' },
    },
  );
}

function tooMany(path: string, verb: string): PackageError {
  return new PackageError(
    'PACKAGE_TOO_LARGE',
    `Cannot ${verb} package ${path}: it has too many entries (NU3039)`,
    {
      hint: `A signed package has at most ${entriesMax} entries; put the small files into an archive of their own.`,
      details: { file: path, nuget: 'NU3039' },
    },
  );
}
