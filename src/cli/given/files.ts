import { lstatSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { replaceFile } from '../../replace-file.ts';
import { misuse } from '../command.ts';
import { CliError } from '../errors.ts';

/** The bytes of a file a person named, at most `sizeMax` of them. `what` is its role, as in "notes". @throws CliError FILE_NOT_READABLE */
export function readGivenFile(path: string, what: string, sizeMax: number): Buffer {
  try {
    const facts = statSync(path);
    if (!facts.isFile()) throw notReadable(path, what, 'it is not a file');
    if (facts.size > sizeMax) throw notReadable(path, what, `it is larger than ${sizeMax} bytes`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw notReadable(path, what, systemReason(error), error);
  }
}

/** The text of a file a person named, strict UTF-8. @throws CliError FILE_NOT_READABLE */
export function readGivenText(path: string, what: string, sizeMax: number): string {
  const bytes = readGivenFile(path, what, sizeMax);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw notReadable(path, what, 'it is not UTF-8 text', cause);
  }
}

/** A password from a file: its content without one line end. */
export function readPasswordFile(path: string): string {
  return readGivenText(path, 'password file', 64 * 1024).replace(/\r?\n$/, '');
}

/** Refuses a result that would take the place of what it is made from. @throws CliError USAGE_INVALID */
export function refuseInPlace(out: string | undefined, inputs: readonly string[]): void {
  const facts = out === undefined ? undefined : statSync(out, { throwIfNoEntry: false });
  if (facts === undefined) return;
  for (const input of inputs) {
    const { dev, ino } = statSync(input, { throwIfNoEntry: false }) ?? {};
    if (dev !== facts.dev || ino !== facts.ino) continue;
    throw misuse(
      `Cannot write ${out}: it is the file ${input} itself, which is only read`,
      'Name another file to write to.',
    );
  }
}

/** Writes what a person asked for, whole or not at all; an older file is replaced. @throws CliError FILE_NOT_WRITTEN */
export function writeGivenFile(path: string, content: string | Uint8Array): string {
  const absolute = resolve(path);
  try {
    replaceFile(absolute, content);
  } catch (cause) {
    throw new CliError('FILE_NOT_WRITTEN', `Cannot write ${path}: ${systemReason(cause)}`, {
      hint: 'Name a file in a folder that is there and that you may write to, then run the command again.',
      details: { path: absolute },
      cause,
    });
  }
  return absolute;
}

/** Refuses a place where something lies that somebody may have worked on. @throws CliError FILE_NOT_WRITTEN */
export function refuseTaken(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  throw new CliError('FILE_NOT_WRITTEN', `Cannot write ${path}: there is something of that name already`, {
    hint: 'Name another file, or move the one that is there away.',
    details: { path: resolve(path) },
  });
}

/** What the system said, in words where it is something common. */
export function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file or folder',
    EACCES: 'permission is denied',
    EPERM: 'permission is denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is not a folder',
    ENOSPC: 'the disk is full',
    EROFS: 'the disk is read-only',
    EEXIST: 'there is something of that name already',
  };
  return (
    (code !== undefined ? reasons[code] : undefined) ??
    (error instanceof Error ? error.message : String(error))
  );
}

function notReadable(path: string, what: string, why: string, cause?: unknown): CliError {
  return new CliError('FILE_NOT_READABLE', `Cannot read ${what} ${path}: ${why}`, {
    hint: 'Check the path and the rights of the file.',
    details: { path },
    cause,
  });
}
