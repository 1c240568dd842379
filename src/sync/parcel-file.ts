/*
 * A parcel as a file.
 *
 *   offset  size
 *        0     8   the ASCII letters "CGPARCEL"
 *        8     1   format version, 1
 *        9     1   kind: 1 entries, 2 head, 3 blob
 *       10     2   zero
 *       12     4   length of the content
 *       16     n   content
 *     16+n     4   CRC-32 (as in zlib) of everything before it
 *
 * Content of `entries`: the row they are numbered in (4, see row-on-wire.ts), sequence of the first entry (8), count (4), then for each entry: length of
 * its bytes (4), the bytes, length of its signature (2), the signature. Content of `head`: the head as signed.
 * Content of `blob`: SHA-256 of the whole blob (32), size of the whole blob (8), attempt (4), offset of this
 * chunk (8), the chunk. Integers are unsigned and big-endian; those of 8 bytes stay below 2^53.
 *
 * The checksum only tells a file that is whole from one that is still being written, synchronised or was
 * damaged; it protects against nobody. What is inside carries its own signatures and digests.
 */
import { crc32 } from 'node:zlib';
import type { SealedEntry } from '../events/index.ts';
import { rowFromWire, rowToWire } from './row-on-wire.ts';
import type { Parcel, Unreadable } from './transport.ts';

const magic = Buffer.from('CGPARCEL', 'latin1');
const formatVersion = 1;
const kinds = { entries: 1, head: 2, blob: 3 } as const;
const frontBytes = 16;
const checksumBytes = 4;
const blobFrontBytes = 52;
const entriesFrontBytes = 16;

/** No parcel file is longer; a reader stops here whatever a file says of itself. */
export const parcelFileBytesMax = 8 * 1024 * 1024;

/** Bytes that an entry takes inside a parcel file. */
export function entryBytesInParcel(entry: SealedEntry): number {
  return 6 + entry.bytes.length + entry.signature.length;
}

/** The file that carries this parcel. The same parcel gives the same bytes. */
export function encodeParcelFile(parcel: Parcel): Buffer {
  const content = encodeContent(parcel);
  const contentLength = content.reduce((sum, piece) => sum + piece.length, 0);
  const front = Buffer.alloc(frontBytes);
  magic.copy(front);
  front.writeUInt8(formatVersion, 8);
  front.writeUInt8(kinds[parcel.kind], 9);
  front.writeUInt32BE(contentLength, 12);
  const file = Buffer.concat([front, ...content, Buffer.alloc(checksumBytes)]);
  file.writeUInt32BE(crc32(file.subarray(0, -checksumBytes)), file.length - checksumBytes);
  return file;
}

/**
 * A parcel, or why these bytes are none. `likely` is what a file holds whose checksum alone is wrong: somewhere in it
 * is a byte that its writer did not put there.
 */
export type DecodedParcel =
  | { readonly parcel: Parcel }
  | { readonly code: Unreadable['code']; readonly message: string; readonly likely?: Parcel };

/** Reads a parcel file. The parcel's byte arrays are views into `file`. */
export function decodeParcelFile(file: Buffer): DecodedParcel {
  const known = Math.min(file.length, magic.length);
  if (!file.subarray(0, known).equals(magic.subarray(0, known))) {
    // A file that a synchronising tool laid out in full before filling it begins with zeros.
    if (file.subarray(0, frontBytes).every((byte) => byte === 0))
      return unfinished('it begins with zeros so far');
    return { code: 'PARCEL_FOREIGN', message: 'it does not begin as a parcel does' };
  }
  if (file.length < frontBytes) return unfinished('its front is not there yet');
  if (file[8] !== formatVersion)
    return { code: 'PARCEL_FOREIGN', message: `it is a parcel of format version ${file[8]}` };
  const whole = frontBytes + file.readUInt32BE(12) + checksumBytes;
  if (whole > parcelFileBytesMax) return { code: 'PARCEL_FOREIGN', message: `it says it has ${whole} bytes` };
  if (file.length < whole) return unfinished(`${file.length} of its ${whole} bytes are there`);
  if (file.length > whole) return damaged(`it has ${file.length - whole} bytes too many`);
  const checked = whole - checksumBytes;
  const parcel = decodeContent(file.readUInt8(9), file.subarray(frontBytes, checked));
  if (crc32(file.subarray(0, checked)) === file.readUInt32BE(checked))
    return parcel ? { parcel } : damaged('its content is not what its kind has');
  return { ...damaged('its bytes do not match its checksum'), ...(parcel && { likely: parcel }) };
}

const unfinished = (message: string) => ({ code: 'PARCEL_UNFINISHED', message }) as const;
const damaged = (message: string) => ({ code: 'PARCEL_DAMAGED', message }) as const;

function encodeContent(parcel: Parcel): readonly Uint8Array[] {
  switch (parcel.kind) {
    case 'head':
      return [parcel.bytes];
    case 'blob': {
      const front = Buffer.alloc(blobFrontBytes);
      front.write(parcel.digest, 'hex');
      front.writeBigUInt64BE(BigInt(parcel.sizeBytes), 32);
      front.writeUInt32BE(parcel.attempt, 40);
      front.writeBigUInt64BE(BigInt(parcel.offset), 44);
      return [front, parcel.bytes];
    }
    case 'entries': {
      const front = Buffer.alloc(entriesFrontBytes);
      front.writeUInt32BE(rowToWire(parcel), 0);
      front.writeBigUInt64BE(BigInt(parcel.firstSeq), 4);
      front.writeUInt32BE(parcel.entries.length, 12);
      return [front, ...parcel.entries.flatMap(encodeEntry)];
    }
  }
}

function encodeEntry({ bytes, signature }: SealedEntry): readonly Uint8Array[] {
  const bytesLength = Buffer.alloc(4);
  bytesLength.writeUInt32BE(bytes.length);
  const signatureLength = Buffer.alloc(2);
  signatureLength.writeUInt16BE(signature.length);
  return [bytesLength, bytes, signatureLength, signature];
}

function decodeContent(kind: number, content: Buffer): Parcel | undefined {
  switch (kind) {
    case kinds.head:
      return { kind: 'head', bytes: content };
    case kinds.blob: {
      if (content.length < blobFrontBytes) return undefined;
      const sizeBytes = safeInteger(content.readBigUInt64BE(32));
      const offset = safeInteger(content.readBigUInt64BE(44));
      if (sizeBytes === undefined || offset === undefined) return undefined;
      const digest = content.toString('hex', 0, 32);
      const attempt = content.readUInt32BE(40);
      return { kind: 'blob', digest, sizeBytes, attempt, offset, bytes: content.subarray(blobFrontBytes) };
    }
    case kinds.entries:
      return decodeEntries(content);
    default:
      return undefined;
  }
}

function decodeEntries(content: Buffer): Parcel | undefined {
  if (content.length < entriesFrontBytes) return undefined;
  const row = rowFromWire(content.readUInt32BE(0));
  const firstSeq = safeInteger(content.readBigUInt64BE(4));
  const count = content.readUInt32BE(12);
  if (firstSeq === undefined) return undefined;
  const entries: SealedEntry[] = [];
  let at = entriesFrontBytes;
  const take = (lengthBytes: 2 | 4): Uint8Array | undefined => {
    if (content.length - at < lengthBytes) return undefined;
    const length = content.readUIntBE(at, lengthBytes);
    at += lengthBytes;
    if (content.length - at < length) return undefined;
    at += length;
    return content.subarray(at - length, at);
  };
  while (entries.length < count) {
    const bytes = take(4);
    const signature = bytes && take(2);
    if (!signature) return undefined;
    entries.push({ bytes, signature });
  }
  return at === content.length && count > 0 ? { kind: 'entries', ...row, firstSeq, entries } : undefined;
}

function safeInteger(value: bigint): number | undefined {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
}
