import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { CompanyCertificate } from '../identity/index.ts';
import { buildSignature } from './signature/build-signature.ts';
import { packageDigests, unsignedStretches } from './content-digest.ts';
import { PackageError } from './errors.ts';
import { readIdentity } from './nuspec.ts';
import type { HashName } from './signature/oids.ts';
import { signatureEntries, signatureEntryBytes, signatureEntryFaults } from './signature-entry.ts';
import { readCertificate } from './signature/signer-certificate.ts';
import { requireVerified, type PackageReport } from './verify-package.ts';
import { writeWhole } from './write-whole.ts';
import { openZip, type ZipArchive } from './zip/zip-archive.ts';
import type { ZipEntry } from './zip/zip-layout.ts';
import { endRecordSize } from './zip/zip-records.ts';

export type SignOptions = {
  readonly hash: HashName;
  /** Signs a package that is signed already anew; without it such a package is refused. */
  readonly replace?: boolean;
  /** The time written into the signature. Default: now. */
  readonly now?: Date;
};

/** The client counts entries in 16 bits and keeps the last two numbers for zip64. */
const entriesMax = 0xfffe - 1;

/**
 * Writes `inPath` with an author signature to `outPath` (which may be the same) and tells what a verifier says of it.
 *
 * What NuGet's client could not verify afterwards is refused before. The out file is there whole or not at all, and
 * only after our own verifier accepted it. The bytes of the package itself stay as they are.
 *
 * Errors: those of `openZip` and of reading the nuspec, `PACKAGE_ALREADY_SIGNED`, `PACKAGE_CERTIFICATE_UNUSABLE`,
 * `PACKAGE_NOT_WRITTEN`.
 */
export async function signPackage(
  inPath: string,
  outPath: string,
  certificate: CompanyCertificate,
  options: SignOptions,
): Promise<PackageReport> {
  using archive = await openZip(inPath);
  readIdentity(archive.file, archive.layout);
  const old = oldSignature(archive, options.replace ?? false);
  const now = options.now ?? new Date();
  if (archive.layout.entries.length - (old ? 1 : 0) >= entriesMax) throw tooMany(inPath);
  const stretches = unsignedStretches(archive.file, archive.layout, old);
  const { unsigned } = await packageDigests(archive.file, stretches, [options.hash]);
  const signature = buildSignature(certificate, options.hash, unsigned.get(options.hash)!, now);
  const leaf = readCertificate(Buffer.from(certificate.chain[0]!));
  const trust = { fingerprints: new Set([leaf.fingerprint]) };
  const report = await writeWhole(outPath, async (temporary) => {
    await writeSigned(archive, old, signature, temporary);
    return requireVerified(temporary, { trust, at: now });
  });
  return { ...report, file: outPath };
}

/** The signature entry to leave out, which only works where it is the last of the archive. */
function oldSignature(archive: ZipArchive, replace: boolean): ZipEntry | undefined {
  const [old] = signatureEntries(archive.layout);
  if (old === undefined) return undefined;
  const path = archive.file.path;
  if (!replace)
    throw new PackageError('PACKAGE_ALREADY_SIGNED', `Cannot sign package ${path}: it is signed already`, {
      hint: 'Sign the file as `dotnet pack` or another packer wrote it, before anybody signed it; a signature is not put in the place of another.',
      details: { file: path },
    });
  const { faults } = signatureEntryFaults(archive.file, archive.layout, old);
  if (faults.length === 0) return old;
  throw new PackageError(
    'PACKAGE_ALREADY_SIGNED',
    `Cannot sign package ${path}: its signature entry ${faults[0]}`,
    {
      hint: 'Sign the package as it was packed; this signature can not be taken out again.',
      details: { file: path, faults },
    },
  );
}

async function writeSigned(
  archive: ZipArchive,
  old: ZipEntry | undefined,
  signature: Buffer,
  temporary: string,
): Promise<void> {
  const { file, layout } = archive;
  const bodyEnd = old?.localOffset ?? layout.centralStart;
  const centralEnd = old?.position ?? layout.centralEnd;
  const added = signatureEntryBytes(signature, bodyEnd);
  const central = Buffer.concat([layout.tail.subarray(0, centralEnd - layout.centralStart), added.central]);
  const end = Buffer.from(layout.tail.subarray(layout.tail.length - endRecordSize));
  const entries = layout.entries.length + (old ? 0 : 1);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(bodyEnd + added.local.length, 16);
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  const out: FileHandle = await open(temporary, flags, 0o644);
  try {
    for await (const piece of file.pieces(0, bodyEnd)) await out.writeFile(piece);
    for (const bytes of [added.local, central, end]) await out.writeFile(bytes);
  } finally {
    await out.close();
  }
}

function tooMany(path: string): PackageError {
  return new PackageError('PACKAGE_TOO_LARGE', `Cannot sign package ${path}: it has too many entries`, {
    hint: `A signed package has at most ${entriesMax} entries; put the small files into an archive of their own.`,
    details: { file: path },
  });
}
