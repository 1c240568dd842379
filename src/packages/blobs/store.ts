import { createHash, randomBytes } from 'node:crypto';
import { constants, existsSync, realpathSync, rmSync, unlinkSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { syncPath } from '../../durable.ts';
import { faultPoint } from '../../faults.ts';
import { PackageError } from '../errors.ts';
import { makeNamesDurable } from '../write-whole.ts';

/**
 * Files by the SHA-256 of their bytes (`DATA/blobs/sha256/ab/abcd…`), in lower-case hex.
 *
 * A file is at its path whole or not at all: it is written beside, made durable, and renamed. Errors of all:
 * `BLOB_STORE_UNUSABLE` where the disk refuses; `TypeError` for a digest that is none.
 */
export type BlobStore = {
  readonly folder: string;
  has(digest: string): Promise<boolean>;
  /** Where the blob is, or would be. */
  path(digest: string): string;
  /** In bytes; undefined where the store doesn't hold it. */
  size(digest: string): Promise<number | undefined>;
  /** Copies a file in, hashing what is copied. */
  putFile(path: string): Promise<{ digest: string; sizeBytes: number }>;
  putBytes(bytes: Uint8Array): Promise<{ digest: string; sizeBytes: number }>;
  /** Takes over a complete file from this store's disk. Errors: `BLOB_DIGEST_DIFFERS`, and the file is gone then. */
  adopt(temporary: string, digest: string): Promise<void>;
  /** Where the parts of a blob that is still arriving are gathered; kept by `sweep` unless stale. */
  incomingPath(digest: string): string;
  /** Removes what a crash left behind: own half copies, and arriving files older than `incomingAgeMs`. */
  sweep(now: number, incomingAgeMs: number): Promise<{ removed: string[] }>;
  /**
   * Removes a blob, and the list of chunks that is kept beside the store for it; false where it was not there. At once,
   * so that it can be done within a transaction that has decided it.
   */
  remove(digest: string): boolean;
};

const copyPiece = 1 << 20;
const createOnly = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;

/** Opens the store in `folder` and makes its folders. Only one process sweeps: the one that holds the instance. */
export async function openBlobStore(folder: string): Promise<BlobStore> {
  const blobs = join(folder, 'sha256');
  const [halfCopies, incoming] = [join(folder, 'copying'), join(folder, 'incoming')];
  const path = (digest: string): string => join(blobs, checked(digest).slice(0, 2), digest);
  await trying(folder, async () => {
    for (const each of [blobs, halfCopies, incoming]) await mkdir(each, { recursive: true, mode: 0o700 });
  });

  const size = async (digest: string): Promise<number | undefined> => {
    const file = path(digest);
    try {
      return (await stat(file)).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw unusable(folder, error);
    }
  };

  /** What is there under the digest is what belongs there; a disk may have forgotten or changed it. */
  const holdsWhole = async (digest: string, sizeBytes: number): Promise<boolean> =>
    (await size(digest)) === sizeBytes && (await digestOf(path(digest))) === digest;

  /** Durable at its place: the file first, then the name. */
  const settle = async (temporary: string, digest: string): Promise<void> => {
    const target = path(digest);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    faultPoint('store.before-rename');
    await rename(temporary, target);
    faultPoint('store.after-rename');
    await makeNamesDurable(dirname(target));
    await makeNamesDurable(blobs);
  };

  const put = (pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) =>
    trying(folder, async () => {
      const temporary = join(halfCopies, `${process.pid}-${randomBytes(8).toString('hex')}`);
      try {
        const { digest, sizeBytes } = await writeDurably(temporary, pieces);
        if (await holdsWhole(digest, sizeBytes)) await unlink(temporary);
        else await settle(temporary, digest);
        return { digest, sizeBytes };
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    });

  return {
    folder,
    path,
    size,
    has: async (digest) => (await size(digest)) !== undefined,
    putBytes: (bytes) => put([bytes]),
    putFile: (from) => put(piecesOf(from)),
    incomingPath: (digest) => join(incoming, checked(digest)),
    async adopt(temporary, digest) {
      await trying(folder, async () => {
        const found = await digestOf(temporary);
        if (found !== checked(digest)) {
          await rm(temporary, { force: true });
          throw new PackageError(
            'BLOB_DIGEST_DIFFERS',
            `Cannot keep blob ${digest}: what arrived is ${found}`,
            {
              hint: 'Nothing was kept; it is asked for again.',
              details: { expected: digest, found },
            },
          );
        }
        faultPoint('store.before-adopt');
        await settle(temporary, digest);
      });
    },
    async sweep(now, incomingAgeMs) {
      return trying(folder, async () => {
        const removed: string[] = [];
        for (const name of await readdir(halfCopies)) removed.push(join(halfCopies, name));
        for (const name of await readdir(incoming)) {
          const file = join(incoming, name);
          if (now - (await stat(file)).mtimeMs > incomingAgeMs) removed.push(file);
        }
        for (const file of removed) await rm(file, { force: true });
        return { removed };
      });
    },
    remove(digest) {
      const file = path(digest);
      try {
        const list = join(folder, 'chunks', digest);
        for (const each of [list, file]) if (existsSync(each)) refuseElsewhere(folder, dirname(each));
        rmSync(list, { force: true });
        if (!existsSync(file)) return false;
        unlinkSync(file);
        if (process.platform !== 'win32') syncPath(dirname(file));
        return true;
      } catch (error) {
        if (error instanceof Error && 'syscall' in error) throw unusable(folder, error);
        throw error;
      }
    },
  };
}

/** Whoever put a link to another folder in the place of one of ours shall not have files removed there. */
function refuseElsewhere(folder: string, within: string): void {
  if (realpathSync(within) !== join(realpathSync(folder), relative(folder, within)))
    throw unusable(folder, new Error(`${within} leads elsewhere`));
}

function checked(digest: string): string {
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new TypeError(`not a SHA-256 in lower-case hex: ${digest}`);
  return digest;
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, constants.O_RDONLY);
  try {
    const buffer = Buffer.allocUnsafe(copyPiece);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, copyPiece, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function writeDurably(
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ digest: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const file = await open(path, createOnly, 0o600);
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      await file.writeFile(piece);
      sizeBytes += piece.length;
      faultPoint('store.half-written');
    }
    faultPoint('store.before-fsync');
    await file.sync();
  } finally {
    await file.close();
  }
  return { digest: hash.digest('hex'), sizeBytes };
}

/** Hashes a file and makes it durable: what is read is what will be found after a power cut. */
async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    await file.chmod(0o600);
    const buffer = Buffer.allocUnsafe(copyPiece);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, copyPiece, null);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

async function trying<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw unusable(folder, error);
    throw error;
  }
}

function unusable(folder: string, cause: unknown): PackageError {
  const because = cause instanceof Error ? cause.message : String(cause);
  return new PackageError(
    'BLOB_STORE_UNUSABLE',
    `Cannot use the store of packages in ${folder}: ${because}`,
    {
      hint: 'Check the free space and the rights of the folder; nothing half-written is kept.',
      details: { folder },
      cause,
    },
  );
}
