/**
 * The entry of the archive that holds the signature: `.signature.p7s`, found by its 14 ASCII bytes, stored, with
 * no flag, no attribute and no extra field, last in the file and in the central directory. NuGet's client asks for
 * less; what is refused beyond it is refused because the bytes of this entry are covered by no hash.
 */
import { crc32 } from 'node:zlib';
import type { PackageFile } from './zip/package-file.ts';
import type { ZipEntry, ZipLayout } from './zip/zip-layout.ts';
import {
  centralHeaderSize,
  centralSignature,
  localHeaderSize,
  localSignature,
  methods,
} from './zip/zip-records.ts';

export const signatureEntryName = '.signature.p7s';
export const signatureBytesMax = 1 << 20;

/** The central headers that NuGet's client takes for the signature entry. */
export function signatureEntries(layout: ZipLayout): ZipEntry[] {
  return layout.entries.filter((entry) => entry.nameBytes.equals(Buffer.from(signatureEntryName)));
}

/** What the entry breaks of the rules for it, and whether there are bytes in it to read as a signature. */
export function signatureEntryFaults(
  file: PackageFile,
  layout: ZipLayout,
  entry: ZipEntry,
): { faults: string[]; readable: boolean } {
  const faults: string[] = [];
  if (entry.flags !== 0) faults.push('has flags');
  if (entry.method !== methods.stored) faults.push('is compressed');
  if (entry.compressedSize !== entry.size) faults.push('has two different sizes');
  if (entry.externalAttributes !== 0) faults.push('has file attributes');
  if (entry.size > signatureBytesMax) faults.push(`is larger than ${signatureBytesMax} bytes`);
  const readable = faults.length === 0;
  const plain = centralHeaderSize + entry.nameBytes.length === entry.headerSize;
  const plainLocal = entry.dataStart - entry.localOffset === localHeaderSize + entry.nameBytes.length;
  if (!plain || !plainLocal) faults.push('has an extra field or a comment');
  const last = layout.entries.at(-1) === entry && entry.spanEnd === layout.centralStart;
  if (!last) faults.push('is not the last entry');
  if (readable && crc32(file.read(entry.dataStart, entry.size)) !== entry.crc32)
    faults.push('does not fit its checksum');
  return { faults, readable };
}

const [version, dosTime, dosDate] = [20, 0, (1 << 5) | 1];

/** Local header with data, and central header, of a signature entry at `offset`. */
export function signatureEntryBytes(signature: Buffer, offset: number): { local: Buffer; central: Buffer } {
  const name = Buffer.from(signatureEntryName);
  const local = Buffer.alloc(localHeaderSize);
  local.writeUInt32LE(localSignature, 0);
  local.writeUInt16LE(version, 4);
  const sizes = (bytes: Buffer, at: number): void => {
    bytes.writeUInt16LE(dosTime, at);
    bytes.writeUInt16LE(dosDate, at + 2);
    bytes.writeUInt32LE(crc32(signature), at + 4);
    bytes.writeUInt32LE(signature.length, at + 8);
    bytes.writeUInt32LE(signature.length, at + 12);
    bytes.writeUInt16LE(name.length, at + 16);
  };
  sizes(local, 10);
  const central = Buffer.alloc(centralHeaderSize);
  central.writeUInt32LE(centralSignature, 0);
  central.writeUInt16LE(version, 4);
  central.writeUInt16LE(version, 6);
  sizes(central, 12);
  central.writeUInt32LE(offset, 42);
  return { local: Buffer.concat([local, name, signature]), central: Buffer.concat([central, name]) };
}
