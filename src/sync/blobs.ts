import { createHash } from 'node:crypto';
import { mkdir, open, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { faultPoint } from '../faults.ts';
import { withRange, type ByteRange } from './byte-ranges.ts';
import { SyncError, systemCode } from './errors.ts';
import { isAbsence } from './folder-layout.ts';
import type { BlobParcel, Chunk, NamedBlob } from './transport.ts';

/**
 * The usual length of a chunk, 1 MiB: what a cut costs at most (8 s at 1 Mbit/s), and large enough that a package
 * of 1 GiB is a thousand files, not a million.
 */
export const chunkBytesDefault = 1024 * 1024;

/** A chunk is at least this long unless it is the last one, so that their number is bounded by the size. */
export const chunkBytesMin = 4096;

/** The chunks a blob is sent in, from the one that begins at `from` to the last. */
export function* chunksOf(blob: NamedBlob, chunkBytes: number, from = 0): Generator<Chunk> {
  for (let offset = from; offset < blob.sizeBytes; offset += chunkBytes)
    yield { ...blob, offset, length: Math.min(chunkBytes, blob.sizeBytes - offset) };
}

/** Why a chunk was not kept. Of a listed blob also which pieces it has wrong, and how much of it was kept all the same. */
export type RefusedChunk = {
  readonly refused: string;
  readonly damaged?: readonly number[];
  readonly keptBytes?: number;
};

/** A blob that arrives in chunks, in any order, across any number of interruptions. */
export interface IncomingBlob {
  readonly blob: NamedBlob;
  readonly path: string;
  readonly heldBytes: number;
  readonly complete: boolean;
  /** Keeps a chunk; `refused` says why it, or what of it, can't be part of this blob. */
  accept(chunk: BlobParcel): Promise<'kept' | 'had' | RefusedChunk>;
  /** Flushes the file and compares its SHA-256 with the digest; read from the disk, not from memory. */
  isWhole(): Promise<boolean>;
  /** The notes are not needed any more; the file stays. */
  forgetNotes(): Promise<void>;
  /** Throws away everything that came; this object is of no use afterwards. */
  discard(): Promise<void>;
}

/*
 * Beside the partial file lie notes (`PATH.parts`): a front of 16 bytes (size of the blob, attempt, zero), then 16
 * bytes a chunk: offset (8), length (4), CRC-32 of the chunk (4). They are only claims: after a restart each is
 * compared with what the file really holds, so neither the order in which the two reach the disk nor a power
 * cut between them matters. A file of full size without notes was whole once and is judged as a whole.
 */
const noteBytes = 16;

/** Takes up a blob where an earlier run left it. */
export async function openIncomingBlob(blob: NamedBlob, path: string): Promise<IncomingBlob> {
  const notes = `${path}.parts`;
  let held: readonly ByteRange[] = await guardIncoming(path, async () => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const found = await heldRanges(blob, path, notes);
    if (found) return found;
    await beginAnew();
    return [];
  });

  async function beginAnew(): Promise<void> {
    await removeBoth();
    await writeFile(notes, frontOf(blob), { mode: 0o600 });
    await writeFile(path, '', { mode: 0o600 });
  }

  /** The notes go last: without them the file would be taken for one that was whole once. */
  async function removeBoth(): Promise<void> {
    await rm(path, { force: true });
    await rm(notes, { force: true });
  }

  const heldBytes = (): number => held.reduce((sum, { from, to }) => sum + to - from, 0);

  async function accept(chunk: BlobParcel): Promise<'kept' | 'had' | RefusedChunk> {
    const range = { from: chunk.offset, to: chunk.offset + chunk.bytes.length };
    const refused = misfit(blob, chunk, range);
    if (refused) return { refused };
    if (held.some(({ from, to }) => from <= range.from && range.to <= to)) return 'had';
    await guardIncoming(path, async () => {
      {
        await using file = await open(path, 'r+');
        await file.write(chunk.bytes, 0, chunk.bytes.length, chunk.offset);
        await file.datasync();
      }
      faultPoint('sync.chunk-written');
      await using file = await open(notes, 'a');
      await file.writeFile(noteOf(chunk));
      await file.datasync();
    });
    faultPoint('sync.chunk-noted');
    held = withRange(held, range);
    return 'kept';
  }

  async function isWhole(): Promise<boolean> {
    return guardIncoming(path, () => isWholeFile(path, blob));
  }

  return {
    blob,
    path,
    get heldBytes() {
      return heldBytes();
    },
    get complete() {
      return heldBytes() === blob.sizeBytes;
    },
    accept,
    isWhole,
    forgetNotes: () => guardIncoming(path, () => rm(notes, { force: true })),
    discard: () => guardIncoming(path, removeBoth),
  };
}

/** Flushes a file and compares its bytes with the digest; read from the disk, not from memory. */
export async function isWholeFile(path: string, { digest, sizeBytes }: NamedBlob): Promise<boolean> {
  await using file = await open(path, 'r+');
  await file.sync();
  if ((await file.stat()).size !== sizeBytes) return false;
  const hash = createHash('sha256');
  // One buffer again and again: those of a stream lie outside the heap, where they gather until the collector comes.
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytesDefault, Math.max(1, sizeBytes)));
  for (let at = 0; at < sizeBytes;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return false;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest('hex') === digest;
}

/** What of the partial file is known to be there, undefined where it must begin anew. */
async function heldRanges(
  blob: NamedBlob,
  path: string,
  notes: string,
): Promise<readonly ByteRange[] | undefined> {
  const sizeBytes = await sizeOf(path);
  if (sizeBytes === undefined || sizeBytes > blob.sizeBytes) return undefined;
  const written = await readNotes(notes, blob);
  if (written === undefined) return sizeBytes === blob.sizeBytes ? [{ from: 0, to: sizeBytes }] : undefined;
  if (!written.subarray(0, noteBytes).equals(frontOf(blob))) return undefined;
  let held: readonly ByteRange[] = [];
  await using file = await open(path, 'r');
  for (let at = noteBytes; at + noteBytes <= written.length; at += noteBytes) {
    const from = Number(written.readBigUInt64BE(at));
    const length = written.readUInt32BE(at + 8);
    if (from + length > sizeBytes || length > chunkReadMax) continue;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
    if (bytesRead === length && crc32(buffer) === written.readUInt32BE(at + 12))
      held = withRange(held, { from, to: from + length });
  }
  // What a torn write left at the end of the notes would shift all that is noted after it.
  await truncate(notes, written.length - (written.length % noteBytes));
  return held;
}

const chunkReadMax = 64 * 1024 * 1024;

async function readNotes(notes: string, blob: NamedBlob): Promise<Buffer | undefined> {
  const notesMax = noteBytes * (2 + 2 * Math.ceil(blob.sizeBytes / chunkBytesMin));
  const sizeBytes = await sizeOf(notes);
  if (sizeBytes === undefined) return undefined;
  await using file = await open(notes, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(sizeBytes, notesMax)), 0, null, 0);
  return buffer.subarray(0, bytesRead);
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

function frontOf({ sizeBytes, attempt }: NamedBlob): Buffer {
  const front = Buffer.alloc(noteBytes);
  front.writeBigUInt64BE(BigInt(sizeBytes), 0);
  front.writeUInt32BE(attempt, 8);
  return front;
}

function noteOf({ offset, bytes }: BlobParcel): Buffer {
  const note = Buffer.alloc(noteBytes);
  note.writeBigUInt64BE(BigInt(offset), 0);
  note.writeUInt32BE(bytes.length, 8);
  note.writeUInt32BE(crc32(bytes), 12);
  return note;
}

/** Why a chunk can't be part of a blob of the announced size, undefined where it can. */
function misfit(blob: NamedBlob, chunk: BlobParcel, { from, to }: ByteRange): string | undefined {
  if (chunk.digest !== blob.digest) return 'it belongs to another blob';
  if (chunk.sizeBytes !== blob.sizeBytes)
    return `it says the blob has ${chunk.sizeBytes} bytes where ${blob.sizeBytes} are announced`;
  if (to > blob.sizeBytes) return `it reaches to byte ${to} where ${blob.sizeBytes} are announced`;
  if (to - from < chunkBytesMin && to < blob.sizeBytes) return `it has only ${to - from} bytes`;
  if (from === to) return 'it is empty';
  return undefined;
}

/** Does something with what arrives, and says so where the disk refuses. */
export async function guardIncoming<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new SyncError(
      'INCOMING_NOT_WRITABLE',
      `Cannot keep what arrives in ${path}: the system says ${systemCode(cause) ?? String(cause)}`,
      {
        hint: 'Make space in the data folder and let the account that runs crossgap write there; nothing is lost.',
        details: { path, system: systemCode(cause) },
        cause,
      },
    );
  }
}
