import { open } from 'node:fs/promises';
import type { Instance } from '../instance/index.ts';

/** Exactly `length` bytes of a blob of the store, in `into` where there is one. */
export type ReadBlob = (
  digest: string,
  offset: number,
  length: number,
  into?: Uint8Array,
) => Promise<Uint8Array>;

/** What is larger is read from the disk each time: there it is no matter how often a file is opened. */
const keptBytesMax = 64 * 1024;
const keptPiecesMax = 32;
/** A blob that is damaged on the disk and put back is read again soon. */
const keptForMs = 5000;

const readers = new WeakMap<Instance, ReadBlob>();

/**
 * Reads blobs for all links: a release goes to thousands of them one after the other, and small pieces of it are read
 * once for those that follow within moments.
 */
export function blobReader(instance: Instance): ReadBlob {
  const before = readers.get(instance);
  if (before) return before;
  const { blobs } = instance;
  const kept = new Map<string, Promise<Uint8Array>>();

  async function read(digest: string, offset: number, length: number, into: Uint8Array): Promise<Uint8Array> {
    const file = await open(blobs.path(digest), 'r');
    try {
      const bytes = into.subarray(0, length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw new RangeError(`blob ${digest} ends at ${offset + done}`);
        done += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  }

  function keep(key: string, piece: Promise<Uint8Array>): Promise<Uint8Array> {
    for (const oldest of kept.keys()) if (kept.size >= keptPiecesMax) kept.delete(oldest);
    kept.set(key, piece);
    const drop = (): void => {
      if (kept.get(key) === piece) kept.delete(key);
    };
    piece.catch(drop);
    setTimeout(drop, keptForMs).unref();
    return piece;
  }

  const reader: ReadBlob = async (digest, offset, length, into) => {
    if (into !== undefined || length > keptBytesMax)
      return read(digest, offset, length, into ?? new Uint8Array(length));
    const key = `${digest} ${offset} ${length}`;
    return await (kept.get(key) ?? keep(key, read(digest, offset, length, new Uint8Array(length))));
  };
  readers.set(instance, reader);
  return reader;
}
