import { createHash } from 'node:crypto';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { chunkListBytesMax, decodeChunkList, type ChunkList, type Piece } from './chunk-list.ts';
import { cutPackage } from './cut-package.ts';
import type { BlobStore } from './store.ts';
import { writeWhole } from '../write-whole.ts';

/**
 * How the packages of a store are cut. Lists that nobody sent are made when they are first asked for and kept beside
 * the store (`chunks/DIGEST`), where they can be removed at any time.
 */
export type ChunkShelf = {
  /** The list of a package that the store holds, as this program cuts it. Errors: `PACKAGE_FILE_UNREADABLE`. */
  cut(digest: string): Promise<{ readonly bytes: Uint8Array; readonly list: ChunkList }>;
  /** The list in a blob of the store; undefined where that is not held, or no list of this very package. */
  read(
    list: string,
    of: { readonly digest: string; readonly sizeBytes: number },
  ): Promise<ChunkList | undefined>;
  /** The bytes of a chunk, out of a package that has them at `offset`; undefined where something else stands there. */
  take(digest: string, offset: number, piece: Piece): Promise<Uint8Array | undefined>;
};

export function chunkShelf(store: BlobStore): ChunkShelf {
  const folder = join(store.folder, 'chunks');

  return {
    async cut(digest) {
      const path = join(folder, digest);
      const sizeBytes = (await store.size(digest)) ?? 0;
      const kept = await smallFile(path);
      const list = kept && decodeChunkList(kept, { digest, sizeBytes });
      if (list) return { bytes: kept, list };
      const bytes = await cutPackage(store.path(digest), digest);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeWhole(path, async (temporary) => {
        await using file = await open(temporary, 'wx', 0o600);
        await file.writeFile(bytes);
      });
      const made = decodeChunkList(bytes, { digest, sizeBytes });
      return { bytes, list: made ?? { digest, sizeBytes, pieces: [] } };
    },
    async read(list, of) {
      const bytes = await smallFile(store.path(list));
      return bytes && decodeChunkList(bytes, of);
    },
    async take(digest, offset, piece) {
      if ('bytes' in piece) return piece.bytes;
      const bytes = Buffer.alloc(piece.length);
      const filled = await readAt(store.path(digest), bytes, offset);
      if (filled < bytes.length) return undefined;
      return createHash('sha256').update(bytes).digest('hex') === piece.digest ? bytes : undefined;
    },
  };
}

/** A file that is no longer than a list may be; undefined where there is none. */
async function smallFile(path: string): Promise<Uint8Array | undefined> {
  try {
    return (await stat(path)).size <= chunkListBytesMax ? await readFile(path) : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Fills `into` from a file as far as that goes; a file that is gone has nothing. */
async function readAt(path: string, into: Buffer, offset: number): Promise<number> {
  try {
    await using file = await open(path, 'r');
    let filled = 0;
    while (filled < into.length) {
      const { bytesRead } = await file.read(into, filled, into.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
