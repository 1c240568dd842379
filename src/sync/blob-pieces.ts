import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { faultPoint } from '../faults.ts';
import { guardIncoming, isWholeFile, type IncomingBlob, type RefusedChunk } from './blobs.ts';
import { withRange, type ByteRange } from './byte-ranges.ts';
import type { BlobParcel, NamedBlob } from './transport.ts';

/** A stretch of a blob as its author's list has it: known by its SHA-256, or so little that it stands in the list. */
export type BlobPiece = { readonly offset: number; readonly length: number } & (
  | { readonly digest: string }
  | { readonly bytes: Uint8Array }
);

/** A blob of which each piece is known before it comes, so that each is judged alone and as soon as it is there. */
export interface IncomingPieces extends IncomingBlob {
  readonly pieces: readonly BlobPiece[];
  /** The numbers of the pieces that are not here yet, in ascending order. */
  missing(): readonly number[];
  /** Puts in what was found here already: whole pieces that are those of the list. */
  put(found: readonly { readonly index: number; readonly bytes: Uint8Array }[]): Promise<void>;
}

/** Pieces of which only a part is here; more at a time come from nobody who means well. */
const partsMax = 64;

/**
 * Takes up such a blob where an earlier run left it. The file itself tells what is there: a piece is held when the
 * bytes at its place have its digest, whoever wrote them, so there are no notes to go wrong.
 */
export async function openIncomingPieces(
  blob: NamedBlob,
  incomingFile: string,
  pieces: readonly BlobPiece[],
): Promise<IncomingPieces> {
  const path = `${incomingFile}.pieces`;
  const done = new Uint8Array(pieces.length);
  const parts = new Map<number, readonly ByteRange[]>();
  let doneBytes = 0;
  await guardIncoming(path, takeUp);

  async function takeUp(): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // What came before the list did is as good.
    if (!existsSync(path) && existsSync(incomingFile)) await rename(incomingFile, path);
    await using file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const { size } = await file.stat();
    for (const [index, piece] of pieces.entries()) {
      if ('bytes' in piece) await file.write(piece.bytes, 0, piece.length, piece.offset);
      else if (piece.offset + piece.length > size) continue;
      else {
        const { buffer, bytesRead } = await file.read(
          Buffer.alloc(piece.length),
          0,
          piece.length,
          piece.offset,
        );
        if (bytesRead < piece.length || !isThePiece(piece, buffer)) continue;
      }
      note(index);
    }
    await rm(incomingFile, { force: true });
    await rm(`${incomingFile}.parts`, { force: true });
  }

  function note(index: number): void {
    parts.delete(index);
    if (done[index] === 1) return;
    done[index] = 1;
    doneBytes += pieces[index]!.length;
  }

  async function accept(chunk: BlobParcel): Promise<'kept' | 'had' | RefusedChunk> {
    const end = chunk.offset + chunk.bytes.length;
    const refused = misfit(blob, chunk, end);
    if (refused) return { refused };
    const damaged: number[] = [];
    const whole: number[] = [];
    const partly: number[] = [];
    for (let index = pieceAt(pieces, chunk.offset); index < pieces.length; index++) {
      const piece = pieces[index]!;
      if (piece.offset >= end) break;
      if (done[index] === 1) continue;
      const isWhole = piece.offset >= chunk.offset && piece.offset + piece.length <= end;
      if (!isWhole) partly.push(index);
      else if (isThePiece(piece, sliceOf(chunk, piece))) whole.push(index);
      else damaged.push(index);
    }
    if (partly.length > 0 && parts.size >= partsMax && !partly.some((index) => parts.has(index)))
      return { refused: 'it cuts its pieces, and too many lie here cut' };
    const write = [...whole, ...partly];
    if (write.length > 0)
      await guardIncoming(path, async () => {
        await using file = await open(path, 'r+');
        for (const index of write) {
          const piece = pieces[index]!;
          const part = sliceOf(chunk, piece);
          await file.write(part, 0, part.length, Math.max(piece.offset, chunk.offset));
        }
        await file.datasync();
      });
    faultPoint('sync.chunk-written');
    const before = doneBytes;
    for (const index of whole) note(index);
    for (const index of partly) {
      const outcome = await addPart(index, { from: chunk.offset, to: end });
      if (outcome === 'damaged') damaged.push(index);
    }
    if (damaged.length > 0)
      return { refused: inWords(damaged, pieces), damaged, keptBytes: doneBytes - before };
    return write.length > 0 ? 'kept' : 'had';
  }

  /** Notes a part of a piece; a piece that is complete by it is judged. */
  async function addPart(index: number, range: ByteRange): Promise<'kept' | 'damaged'> {
    const piece = pieces[index]!;
    const ranges = withRange(parts.get(index) ?? [], {
      from: Math.max(range.from, piece.offset),
      to: Math.min(range.to, piece.offset + piece.length),
    });
    const isComplete = ranges.length === 1 && ranges[0]!.to - ranges[0]!.from === piece.length;
    if (!isComplete) {
      // So many holes in one piece are of no use to anybody.
      if (ranges.length <= partsMax) parts.set(index, ranges);
      else parts.delete(index);
      return 'kept';
    }
    parts.delete(index);
    const bytes = await guardIncoming(path, async () => {
      await using file = await open(path, 'r');
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(piece.length),
        0,
        piece.length,
        piece.offset,
      );
      return buffer.subarray(0, bytesRead);
    });
    if (!isThePiece(piece, bytes)) return 'damaged';
    note(index);
    return 'kept';
  }

  return {
    blob,
    path,
    pieces,
    get heldBytes() {
      return doneBytes;
    },
    get complete() {
      return doneBytes === blob.sizeBytes;
    },
    missing: () => [...done.keys()].filter((index) => done[index] === 0),
    accept,
    async put(found) {
      await guardIncoming(path, async () => {
        await using file = await open(path, 'r+');
        for (const { index, bytes } of found) {
          const piece = pieces[index];
          if (piece && isThePiece(piece, bytes)) await file.write(bytes, 0, piece.length, piece.offset);
        }
      });
      for (const { index, bytes } of found) if (isThePiece(pieces[index]!, bytes)) note(index);
    },
    isWhole: () => guardIncoming(path, () => isWholeFile(path, blob)),
    forgetNotes: () => Promise.resolve(),
    discard: () => guardIncoming(path, () => rm(path, { force: true })),
  };
}

function isThePiece(piece: BlobPiece, bytes: Uint8Array): boolean {
  if (bytes.length !== piece.length) return false;
  if ('bytes' in piece) return Buffer.compare(bytes, piece.bytes) === 0;
  return createHash('sha256').update(bytes).digest('hex') === piece.digest;
}

/** What a parcel has of a piece. */
function sliceOf({ offset, bytes }: BlobParcel, piece: BlobPiece): Uint8Array {
  return bytes.subarray(Math.max(0, piece.offset - offset), piece.offset + piece.length - offset);
}

/** The number of the piece that holds the byte at `offset`. */
function pieceAt(pieces: readonly BlobPiece[], offset: number): number {
  let [low, high] = [0, pieces.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (pieces[middle]!.offset <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function misfit(blob: NamedBlob, chunk: BlobParcel, end: number): string | undefined {
  if (chunk.digest !== blob.digest) return 'it belongs to another blob';
  if (chunk.sizeBytes !== blob.sizeBytes)
    return `it says the blob has ${chunk.sizeBytes} bytes where ${blob.sizeBytes} are announced`;
  if (end > blob.sizeBytes) return `it reaches to byte ${end} where ${blob.sizeBytes} are announced`;
  if (end === chunk.offset) return 'it is empty';
  return undefined;
}

const namedMax = 3;

function inWords(damaged: readonly number[], pieces: readonly BlobPiece[]): string {
  const named = damaged.slice(0, namedMax).map((index) => {
    const { offset, length } = pieces[index]!;
    return `${offset} to ${offset + length}`;
  });
  const more = damaged.length > namedMax ? ` and ${damaged.length - namedMax} more` : '';
  return `the bytes from ${named.join(', from ')}${more} are not those that its author listed`;
}
