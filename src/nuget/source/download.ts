/**
 * What there is of a download that broke off: its beginning in the file itself, and beside it, in `FILE.etag`, the tag by
 * which its repository knows the same file again. Without a strong tag nobody can tell, and nothing is kept.
 */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { Answer } from './exchange.ts';

export type Begun = { readonly sizeBytes: number; readonly etag: string };

const tagLengthMax = 200;
const beside = (path: string): string => `${path}.etag`;
const strongTag = /^"[\x21\x23-\x7e]*"$/;

/** What was kept of the file at `path`; undefined where there is nothing to go on from. */
export async function begunDownload(path: string): Promise<Begun | undefined> {
  try {
    const etag = await readFile(beside(path), 'latin1');
    const { size } = await stat(path);
    return size > 0 && isStrong(etag) ? { sizeBytes: size, etag } : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** By what the file that begins to come can be asked for again; undefined where it can't be. */
export function tagOf(answer: Answer): string | undefined {
  const tag = answer.header('etag');
  return tag !== undefined && isStrong(tag) && isPlain(answer) ? tag : undefined;
}

/** Notes the tag of a file before its first byte is kept. */
export async function noteBegin(path: string, etag: string): Promise<void> {
  await writeFile(beside(path), etag, { encoding: 'latin1', mode: 0o600 });
}

/** A file that is whole is no beginning of one. */
export async function noteWhole(path: string): Promise<void> {
  await rm(beside(path), { force: true });
}

/** Forgets what was kept of a download, and the file. */
export async function forgetDownload(path: string): Promise<void> {
  await rm(beside(path), { force: true });
  await rm(path, { force: true });
}

/** The rest of the very file, or all of it where that became another one. */
export const askForRest = ({ sizeBytes, etag }: Begun): Record<string, string> => ({
  Range: `bytes=${sizeBytes}-`,
  'If-Range': etag,
});

/** Whether the answer is the rest of what was kept, from the byte that is missing. */
export function goesOn(answer: Answer, { sizeBytes, etag }: Begun): boolean {
  const [, first] = /^bytes (\d{1,15})-\d+\/(?:\d+|\*)$/.exec(answer.header('content-range') ?? '') ?? [];
  const tag = answer.header('etag');
  return (
    answer.status === 206 &&
    Number(first) === sizeBytes &&
    (tag === undefined || tag === etag) &&
    isPlain(answer)
  );
}

const isStrong = (tag: string): boolean => tag.length <= tagLengthMax && strongTag.test(tag);

/** What is packed on the way has other bytes than the file, and no part of it can be put behind another. */
const isPlain = (answer: Answer): boolean =>
  ['', 'identity'].includes((answer.header('content-encoding') ?? '').toLowerCase());

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
