import { crc32 } from 'node:zlib';

const localHeader = Buffer.from('PK\x03\x04', 'latin1');
const localHeaderBytes = 30;
const checksumBytes = 4;

/**
 * What somebody with write access to the way could make of a parcel file: one bit flipped in the stored bytes of
 * `part` of the package that it carries, and its checksum mended. Undefined where it carries no such part.
 */
export function changedParcel(parcel: Uint8Array, part: string): Buffer | undefined {
  const file = Buffer.from(parcel);
  const at = contentOf(file, part);
  if (at === undefined) return undefined;
  file[at] = file[at]! ^ 1;
  file.writeUInt32BE(crc32(file.subarray(0, -checksumBytes)), file.length - checksumBytes);
  return file;
}

/** Where a byte in the middle of the part's content stands, undefined where the file has no such part. */
function contentOf(file: Buffer, part: string): number | undefined {
  for (let at = file.indexOf(localHeader); at !== -1; at = file.indexOf(localHeader, at + 1)) {
    const nameLength = file.readUInt16LE(at + 26);
    const extraLength = file.readUInt16LE(at + 28);
    const name = file.toString('utf8', at + localHeaderBytes, at + localHeaderBytes + nameLength);
    if (name.endsWith(part)) return at + localHeaderBytes + nameLength + extraLength + 20;
  }
  return undefined;
}
