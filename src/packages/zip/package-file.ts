import { constants, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { PackageError } from '../errors.ts';

/** A file that is read by position from one descriptor, so that its name may change underneath. */
export class PackageFile implements Disposable {
  readonly path: string;
  readonly size: number;
  readonly #descriptor: number;
  #isClosed = false;
  #block: { readonly start: number; readonly bytes: Buffer } | undefined;

  private constructor(path: string, descriptor: number, size: number) {
    this.path = path;
    this.#descriptor = descriptor;
    this.size = size;
  }

  /** Opens a regular file; a pipe, a device or a folder is refused before it is read. */
  static open(path: string): PackageFile {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const facts = fstatSync(descriptor);
      if (!facts.isFile()) throw new Error('it is not a file');
      return new PackageFile(path, descriptor, facts.size);
    } catch (error) {
      if (descriptor !== undefined) closeSync(descriptor);
      throw unreadable(path, error);
    }
  }

  /** Exactly `length` bytes from `position`, in `into` where there is one; fewer only where the file ends before. */
  read(position: number, length: number, into?: Buffer): Buffer {
    const wanted = Math.max(0, Math.min(position + length, this.size) - position);
    const bytes = into?.subarray(0, wanted) ?? Buffer.allocUnsafe(wanted);
    let filled = 0;
    try {
      while (filled < bytes.length) {
        const got = readSync(this.#descriptor, bytes, filled, bytes.length - filled, position + filled);
        if (got === 0) break;
        filled += got;
      }
    } catch (error) {
      throw unreadable(this.path, error);
    }
    return bytes.subarray(0, filled);
  }

  /** The same for a few bytes that lie near those asked for before: read in blocks, of which the last is kept. */
  readNearby(position: number, length: number): Buffer {
    const block = this.#block;
    const at = position - (block?.start ?? 0);
    if (block !== undefined && at >= 0 && at + length <= block.bytes.length)
      return block.bytes.subarray(at, at + length);
    const bytes = this.read(position, Math.max(length, blockSize));
    this.#block = { start: position, bytes };
    return bytes.subarray(0, length);
  }

  /** The bytes from `start` to `end` in pieces; between them the process may do other things, such as to close it. */
  pieces(start: number, end: number, signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    return this.#pieces(start, end, signal, undefined);
  }

  /** The same for who keeps none of them: a piece is good until the next one is asked for. */
  passing(start: number, end: number, signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(pieceSize, end - start)));
    return this.#pieces(start, end, signal, buffer);
  }

  async *#pieces(
    start: number,
    end: number,
    signal: AbortSignal | undefined,
    into: Buffer | undefined,
  ): AsyncGenerator<Buffer, void, undefined> {
    for (let at = start; at < end && !this.#isClosed;) {
      signal?.throwIfAborted();
      const piece = this.read(at, Math.min(pieceSize, end - at), into);
      if (piece.length === 0) return;
      yield piece;
      at += piece.length;
      await new Promise(setImmediate);
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    closeSync(this.#descriptor);
  }
}

const pieceSize = 1 << 18;
const blockSize = 1 << 12;

function unreadable(path: string, cause: unknown): PackageError {
  const because = cause instanceof Error ? cause.message : String(cause);
  return new PackageError('PACKAGE_FILE_UNREADABLE', `Cannot read package ${path}: ${because}`, {
    hint: 'Check the path and the rights of the file.',
    details: { file: path, because },
    cause,
  });
}
