import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { SigningKey } from '../identity/index.ts';
import { InstallerError, systemCode } from './errors.ts';
import { damagedPart } from './installer-file.ts';
import { sealIndex, type InstallerIndex } from './installer-index.ts';
import type { Runner } from './runner.ts';

export type InstallerOrder = {
  readonly runner: Runner;
  /** The one part of a bundle, and what installs from it; undefined makes a runner. */
  readonly content:
    | {
        readonly path: string;
        readonly id: string;
        readonly number: number;
        readonly release: { readonly process: string; readonly number: string; readonly digest: string };
        /** ISO 8601. */
        readonly madeAt: string;
      }
    | undefined;
  readonly maker: {
    readonly instance: string;
    readonly name: string;
    readonly introduction: Uint8Array;
    readonly signing: SigningKey;
  };
  /** The file to write. */
  readonly out: string;
};

export type WrittenInstaller = {
  readonly path: string;
  readonly sizeBytes: number;
  /** Of the whole file. */
  readonly sha256: string;
};

/**
 * Writes an installer or a runner. The file has its name when it is whole; the same order makes the same bytes.
 *
 * @throws {InstallerError} INSTALLER_NOT_WRITTEN, INSTALLER_DAMAGED where the runner changed since it was built
 */
export async function writeInstaller({
  runner,
  content,
  maker,
  out,
}: InstallerOrder): Promise<WrittenInstaller> {
  const temporary = `${out}~`;
  try {
    await guard(out, () => mkdir(dirname(out), { recursive: true }));
    await using file = await guard(out, () => open(temporary, 'w', 0o755));
    const whole = createHash('sha256');
    const program = await append(file, temporary, runner.path, 0, whole);
    if (program.sha256 !== runner.sha256)
      throw damagedPart(
        runner.path,
        'program',
        'it changed since it was built; remove the file and repeat the command',
      );
    const bundle =
      content === undefined
        ? undefined
        : await append(file, temporary, content.path, program.sizeBytes, whole);
    const end = program.sizeBytes + (bundle?.sizeBytes ?? 0);
    const index: InstallerIndex = {
      format: 1,
      platform: runner.platform,
      program: {
        ...program,
        version: runner.programVersion,
        digest: runner.programDigest,
        runtime: runner.runtimeVersion,
      },
      bundle:
        bundle === undefined || content === undefined
          ? null
          : { ...bundle, id: content.id, number: content.number },
      from: {
        instance: maker.instance,
        name: maker.name,
        introduction: Buffer.from(maker.introduction).toString('base64'),
      },
      release: content?.release ?? null,
      madeAt: content?.madeAt ?? null,
    };
    const tail = sealIndex(index, end, maker.signing);
    whole.update(tail);
    await guard(out, async () => {
      await file.write(tail, 0, tail.length, end);
      // The file system of a stick may know no rights; then it has them all.
      await file.chmod(0o755).catch(refuseUnless(['EPERM', 'ENOTSUP', 'EOPNOTSUPP']));
      await file.sync();
      await rename(temporary, out);
    });
    return { path: out, sizeBytes: end + tail.length, sha256: whole.digest('hex') };
  } catch (error) {
    await rm(temporary, { force: true }).catch(refuseUnless(['EROFS', 'EACCES', 'EIO', 'ENOTDIR']));
    throw error;
  }
}

const copyBytes = 1024 * 1024;

async function append(
  target: FileHandle,
  path: string,
  from: string,
  offset: number,
  whole: ReturnType<typeof createHash>,
): Promise<{ offset: number; sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(copyBytes);
  let sizeBytes = 0;
  await using source = await guard(from, () => open(from, 'r'));
  for (;;) {
    const { bytesRead } = await guard(from, () => source.read(buffer, 0, copyBytes, sizeBytes));
    if (bytesRead === 0) return { offset, sizeBytes, sha256: hash.digest('hex') };
    const bytes = buffer.subarray(0, bytesRead);
    hash.update(bytes);
    whole.update(bytes);
    await guard(path, () => target.write(bytes, 0, bytesRead, offset + sizeBytes));
    sizeBytes += bytesRead;
  }
}

function refuseUnless(codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes(systemCode(error) ?? '')) throw error;
  };
}

/** What the system refuses, in words. */
async function guard<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    const why: Record<string, string> = {
      ENOSPC: 'there is no space left',
      EDQUOT: 'there is no space left',
      EROFS: 'the medium is read-only',
      EACCES: 'permission is denied',
      EFBIG: 'the file system holds no file of this size',
    };
    throw new InstallerError(
      'INSTALLER_NOT_WRITTEN',
      `Cannot write ${basename(path)}: ${why[code] ?? `the system says ${code}`}`,
      {
        hint: 'Use another folder or medium; a program and its bundle as two files come with --runner.',
        details: { path },
        cause,
      },
    );
  }
}
