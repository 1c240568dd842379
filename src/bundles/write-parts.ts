import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { faultPoint } from '../faults.ts';
import { frontBytesMax, readFront } from './envelope.ts';
import { BundleError, systemCode } from './errors.ts';

/** A part that lies under a temporary name until all parts of its bundle are whole. */
export type WrittenPart = {
  readonly path: string;
  readonly temporary: string;
  readonly sizeBytes: number;
  /** SHA-256 of the content. */
  readonly sha256: string;
};

/**
 * File names for the parts of a bundle in a folder: `cg000058.001`, which every file system can hold. Where another
 * bundle of the same number lies there already, the second letter moves on.
 *
 * @throws {BundleError} BUNDLE_PART_NOT_WRITTEN
 */
export async function partNames(
  folder: string,
  { id, number, parts }: { readonly id: string; readonly number: number; readonly parts: number },
): Promise<string[]> {
  const taken = await guard(folder, async () => {
    await mkdir(folder, { recursive: true });
    return await readdir(folder);
  });
  for (const letter of 'ghijklmnopqrstuvwxyz') {
    const stem = `c${letter}${String(number).padStart(6, '0')}`;
    const names = Array.from({ length: parts }, (_, at) => `${stem}.${String(at + 1).padStart(3, '0')}`);
    // A file system that knows no cases would take ours for theirs.
    const foreign = taken.filter((one) => one.toLowerCase().startsWith(`${stem}.`) && /\.\d{3}$/.test(one));
    const others = await Promise.all(
      foreign.map(async (one) => (await bundleIdIn(join(folder, one))) !== id),
    );
    if (!others.includes(true)) return names;
  }
  throw notWritten(folder, 'too many bundles of this number lie there');
}

async function bundleIdIn(path: string): Promise<string | undefined> {
  return guard(path, async () => {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(frontBytesMax), 0, frontBytesMax, 0);
    const front = readFront(buffer.subarray(0, bytesRead));
    return front !== undefined && 'envelope' in front ? front.envelope.id : undefined;
  });
}

/** Writes one part beside its place: room for the front, then the content, then the front, which knows its digest. */
export async function writePart(
  path: string,
  { frontBytes, content }: { readonly frontBytes: number; readonly content: AsyncIterable<Uint8Array> },
  frontOf: (sha256: string, sizeBytes: number) => Uint8Array,
): Promise<WrittenPart> {
  const temporary = `${path}~`;
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    await using file = await openFor(temporary);
    const write = bufferedWriter(file, temporary, frontBytes);
    for await (const bytes of content) {
      hash.update(bytes);
      sizeBytes += bytes.length;
      await write.add(bytes);
      faultPoint('bundle.part-half-written');
    }
    await write.flush();
    const sha256 = hash.digest('hex');
    const front = frontOf(sha256, sizeBytes);
    await guard(temporary, async () => {
      await file.write(front, 0, front.length, 0);
      await file.sync();
    });
    faultPoint('bundle.part-written');
    return { path, temporary, sizeBytes, sha256 };
  } catch (error) {
    await discardParts([temporary]);
    throw error;
  }
}

/** Gives parts their names. */
export async function settleParts(parts: readonly WrittenPart[]): Promise<void> {
  for (const { path, temporary } of parts) {
    await guard(path, () => rename(temporary, path));
    faultPoint('bundle.part-renamed');
  }
}

/** Removes temporary files; one that can't be removed is of no harm and is written over the next time. */
export async function discardParts(temporaries: readonly string[]): Promise<void> {
  await Promise.allSettled(temporaries.map((path) => rm(path, { force: true })));
}

const bufferBytes = 1024 * 1024;

type File = Awaited<ReturnType<typeof open>>;

/** Sealed pieces are small and come in an array that is used again: they are gathered before they are written. */
function bufferedWriter(file: File, path: string, from: number) {
  const buffer = Buffer.allocUnsafe(bufferBytes);
  let [filled, at] = [0, from];
  const flush = async (): Promise<void> => {
    await guard(path, () => file.write(buffer, 0, filled, at));
    at += filled;
    filled = 0;
  };
  const add = async (bytes: Uint8Array): Promise<void> => {
    for (let offset = 0; offset < bytes.length;) {
      const taken = Math.min(bufferBytes - filled, bytes.length - offset);
      buffer.set(bytes.subarray(offset, offset + taken), filled);
      filled += taken;
      offset += taken;
      if (filled === bufferBytes) await flush();
    }
  };
  return { add, flush };
}

async function openFor(path: string): Promise<File> {
  return guard(path, () => open(path, 'w'));
}

/** What the system refuses, in words. */
export async function guard<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (systemCode(cause) === undefined) throw cause;
    const code = systemCode(cause)!;
    const why: Record<string, string> = {
      ENOSPC: 'there is no space left',
      EDQUOT: 'there is no space left',
      EROFS: 'the medium is read-only',
      EACCES: 'permission is denied',
      EFBIG: 'the file system holds no file of this size',
    };
    throw notWritten(path, why[code] ?? `the system says ${code}`, cause);
  }
}

function notWritten(path: string, why: string, cause?: unknown): BundleError {
  return new BundleError('BUNDLE_PART_NOT_WRITTEN', `Cannot write ${basename(path)}: ${why}`, {
    hint: 'Use another folder or medium, or smaller parts with --part-size; then run the command again.',
    details: { path },
    cause,
  });
}
