import { copyFileSync, createReadStream, mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Masker } from './masking.ts';
import { systemCode } from './errors.ts';
import type { ArtifactOutcome } from './plan.ts';
import { sha256OfFile } from './run-log.ts';

/** The largest file that is kept, and how much a run keeps in all, in bytes. */
export const artifactSizeMax = 1024 ** 3;
export const artifactsSizeMax = 4 * 1024 ** 3;

/**
 * Copies a file that a script asked to keep into `RUN/artifacts/STEP/`. One that holds a secret in any form that is
 * masked elsewhere is not kept: an artifact goes where the log goes, and can't be masked. Nor is one that is too large for
 * `room` (bytes), or can't be read or written: that is said, and is no failure of the step.
 */
export async function keepArtifact(
  runFolder: string,
  position: number,
  asked: { readonly path: string; readonly name: string },
  masker: Masker,
  taken: ReadonlySet<string>,
  room: number,
): Promise<ArtifactOutcome | { readonly refused: string }> {
  try {
    return await copied(runFolder, position, asked, masker, taken, room);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return { refused: `it can't be read or copied (${code})` };
  }
}

async function copied(
  runFolder: string,
  position: number,
  asked: { readonly path: string; readonly name: string },
  masker: Masker,
  taken: ReadonlySet<string>,
  room: number,
): Promise<ArtifactOutcome | { readonly refused: string }> {
  const found = statSync(asked.path, { throwIfNoEntry: false });
  if (!found?.isFile()) return { refused: 'there is no such file' };
  if (found.size > artifactSizeMax) return { refused: `it is larger than ${artifactSizeMax} bytes` };
  if (found.size > room) return { refused: `a run keeps no more than ${artifactsSizeMax} bytes in all` };
  if (await holdsSecret(asked.path, masker)) return { refused: 'it holds a secret' };
  const name = freeName(masker.mask(plainName(asked)), taken);
  const folder = join('artifacts', String(position));
  const file = join(folder, name);
  mkdirSync(join(runFolder, folder), { recursive: true, mode: 0o700 });
  rmSync(join(runFolder, file), { force: true });
  copyFileSync(asked.path, join(runFolder, file));
  const copy = join(runFolder, file);
  return { name, file, sizeBytes: statSync(copy).size, sha256: await sha256OfFile(copy) };
}

function plainName({ path, name }: { readonly path: string; readonly name: string }): string {
  const plain = basename((name || path).replaceAll('\\', '/')).replaceAll(/[\p{Cc}<>:"|?*]/gu, '_');
  return /^\.*$/.test(plain) ? 'artifact' : plain.slice(0, 120);
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let n = 1; taken.has(free); n += 1) free = `${n}-${name}`;
  return free;
}

async function holdsSecret(path: string, masker: Masker): Promise<boolean> {
  // Latin-1 keeps bytes apart; a secret is looked for as the bytes of its UTF-8.
  const overlap = masker.longest * 4;
  let before = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const bytes = Buffer.concat([before, chunk as Buffer]);
    if (masker.holds(bytes.toString('utf8'))) return true;
    before = Buffer.from(bytes.subarray(Math.max(0, bytes.length - overlap)));
  }
  return false;
}
