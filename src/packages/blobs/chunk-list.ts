/*
 * A chunk list: of which pieces a package consists, in their order. It is a blob like any other, known by the
 * SHA-256 of these bytes.
 *
 *   offset  size
 *        0     8   the ASCII letters "CGCHUNKS"
 *        8     1   format version, 1
 *        9     3   zero
 *       12     4   number of pieces
 *       16     8   size of the package
 *       24    32   SHA-256 of the package
 *       56         for each piece: its length (4), then its SHA-256 (32); of a piece of less than 256 bytes, instead
 *                  of the digest, the piece itself
 *
 * Integers are unsigned and big-endian. A piece has 1 to 524,288 bytes, together they have the size of the package,
 * and nothing follows the last. Whoever reads a list need not know why it was cut where it was: how crossgap cuts is
 * in cut-package.ts, and may change.
 */
import { localHeader } from '../zip/zip-records.ts';
import { printable } from '../zip/zip-archive.ts';

/** A stretch of a package: a chunk, known by its digest, or so little that it stands in the list itself. */
export type Piece = { readonly offset: number; readonly length: number } & (
  | { readonly digest: string }
  | { readonly bytes: Uint8Array }
);

/** The pieces that a package consists of. */
export type ChunkList = {
  /** SHA-256 of the package, in lower-case hex. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly pieces: readonly Piece[];
};

const magic = Buffer.from('CGCHUNKS', 'latin1');
const formatVersion = 1;
const frontBytes = 56;
export const pieceBytesMax = 512 * 1024;
/** Below this a piece stands in the list: its digest and a message of its own would cost as much. */
export const inlineBelow = 256;
/** No list is longer; a package has at most 65,533 entries and 4 GiB. */
export const chunkListBytesMax = 32 * 1024 * 1024;

/** The bytes of a list, always the same for the same pieces. */
export function encodeChunkList({ digest, sizeBytes, pieces }: ChunkList): Uint8Array {
  const front = Buffer.alloc(frontBytes);
  magic.copy(front);
  front.writeUInt8(formatVersion, 8);
  front.writeUInt32BE(pieces.length, 12);
  front.writeBigUInt64BE(BigInt(sizeBytes), 16);
  front.write(digest, 24, 'hex');
  return Buffer.concat([front, ...pieces.flatMap(encodePiece)]);
}

function encodePiece(piece: Piece): Uint8Array[] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(piece.length);
  return [length, 'bytes' in piece ? piece.bytes : Buffer.from(piece.digest, 'hex')];
}

/** The list in these bytes, if they are one for this very package. What it says of the pieces is not yet true. */
export function decodeChunkList(
  bytes: Uint8Array,
  of: { readonly digest: string; readonly sizeBytes: number },
): ChunkList | undefined {
  const list = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (list.length < frontBytes || list.length > chunkListBytesMax) return undefined;
  if (!list.subarray(0, magic.length).equals(magic)) return undefined;
  if (list.readUIntBE(8, 4) !== formatVersion * 2 ** 24) return undefined;
  if (list.readBigUInt64BE(16) !== BigInt(of.sizeBytes)) return undefined;
  if (list.toString('hex', 24, frontBytes) !== of.digest) return undefined;
  const count = list.readUInt32BE(12);
  const pieces: Piece[] = [];
  let [at, offset] = [frontBytes, 0];
  while (pieces.length < count) {
    if (list.length - at < 4) return undefined;
    const length = list.readUInt32BE(at);
    if (length === 0 || length > pieceBytesMax) return undefined;
    const end = at + 4 + (length < inlineBelow ? length : 32);
    if (end > list.length) return undefined;
    pieces.push(
      length < inlineBelow
        ? { offset, length, bytes: list.subarray(at + 4, end) }
        : { offset, length, digest: list.toString('hex', at + 4, end) },
    );
    [at, offset] = [end, offset + length];
  }
  return at === list.length && offset === of.sizeBytes ? { ...of, pieces } : undefined;
}

/** What a piece is a part of, for people: the file that the header before it names, else where it stands. */
export function partNamed({ pieces }: ChunkList, index: number): string {
  const { offset, length } = pieces[index]!;
  for (let at = index; at >= 0; at -= 1) {
    const piece = pieces[at]!;
    const header = 'bytes' in piece ? localHeader(Buffer.from(piece.bytes)) : undefined;
    if (header === undefined) continue;
    const end = piece.offset + header.headerSize + header.compressedSize;
    // A size of nothing stands behind the data; then nothing says where that ends.
    if (header.compressedSize > 0 && offset >= end) break;
    return printable(header.nameBytes.toString('utf8'));
  }
  return `bytes ${offset} to ${offset + length}`;
}

/** Where the same bytes stand in two packages: pieces of `list`, by their number, and their offset in `other`. */
export function piecesInBoth(list: ChunkList, other: ChunkList): Map<number, number> {
  const offsets = new Map<string, number>();
  for (const piece of other.pieces)
    if ('digest' in piece) offsets.set(`${piece.digest} ${piece.length}`, piece.offset);
  const both = new Map<number, number>();
  for (const [index, piece] of list.pieces.entries()) {
    const offset = 'digest' in piece ? offsets.get(`${piece.digest} ${piece.length}`) : undefined;
    if (offset !== undefined) both.set(index, offset);
  }
  return both;
}
