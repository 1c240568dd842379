import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { normalizedVersion, packageFileName } from '../../packages/index.ts';
import { fetchFromFolder, lookIntoFolder, unusable } from '../source/folder-source.ts';
import type { FolderRepository } from '../source/repository.ts';
import type { SourceOptions } from '../source/source.ts';
import { isThere } from './compare-content.ts';
import type { PackageAtHand, Pushed } from './package-at-hand.ts';

/**
 * Puts a package into a folder feed, in the layout that is there: `id/version/` with the package, its nuspec, its SHA-512
 * and the mark that says that it is complete, as NuGet lays it out; or beside the packages that lie flat in the folder.
 * It appears whole, by a rename. What is there already is compared and never replaced.
 *
 * @throws NugetError SOURCE_CONTENT_DIFFERS, SOURCE_FOLDER_UNUSABLE
 */
export async function pushToFolder(
  repository: FolderRepository,
  given: PackageAtHand,
  { signal, limits }: Pick<SourceOptions, 'signal' | 'limits'>,
): Promise<Pushed> {
  await lookIntoFolder(repository);
  const look = (): Promise<boolean> =>
    isThere(repository, given, limits, (target) => fetchFromFolder(repository, given, target, signal));
  if (await look()) return { outcome: 'there', warnings: [] };
  try {
    const isPut = (await isFlat(repository.folder))
      ? await putFlat(repository.folder, given, signal)
      : await putInFolders(repository.folder, given, signal);
    if (isPut) return { outcome: 'taken', warnings: [] };
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw unusable(repository, error);
    throw error;
  }
  // Somebody else put one there meanwhile.
  if (await look()) return { outcome: 'there', warnings: [] };
  throw unusable(repository, new Error('a folder of that version is there, without its package'));
}

/** NuGet takes a folder with packages right in it for a flat one, and sees nothing deeper in it. */
async function isFlat(folder: string): Promise<boolean> {
  return (await readdir(folder)).some((name) => /\.nupkg$/i.test(name));
}

/** False where a file of that name came into being meanwhile. */
async function putFlat(folder: string, given: PackageAtHand, signal: AbortSignal): Promise<boolean> {
  const temporary = join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await copyDurably(given.path, temporary, signal);
    if (!(await giveNewName(temporary, join(folder, packageFileName(given))))) return false;
  } finally {
    await rm(temporary, { force: true });
  }
  await makeDurable(folder);
  return true;
}

/** Gives a file a name that nothing has; false where something has it. A rename would take its place. */
async function giveNewName(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'EEXIST') return false;
    // Some shares and sticks know one name a file only.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'].includes(code)) throw error;
    if (statSync(to, { throwIfNoEntry: false }) !== undefined) return false;
    await rename(from, to);
    return true;
  }
}

/** False where a folder of that version came into being meanwhile. */
async function putInFolders(folder: string, given: PackageAtHand, signal: AbortSignal): Promise<boolean> {
  const id = given.id.toLowerCase();
  const version = normalizedVersion(given.version) ?? given.version;
  const ofId = join(folder, id);
  await mkdir(ofId, { recursive: true });
  // No version is called like this, so nobody takes it for one.
  const temporary = join(ofId, `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await mkdir(temporary);
    const name = `${id}.${version}.nupkg`;
    const hash = await copyDurably(given.path, join(temporary, name), signal);
    await writeDurably(join(temporary, `${id}.nuspec`), given.nuspec);
    await writeDurably(join(temporary, `${name}.sha512`), hash);
    await writeDurably(join(temporary, '.nupkg.metadata'), metadataOf(given));
    await makeDurable(temporary);
    await rename(temporary, join(ofId, version));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EPERM')
      if (await isFolder(join(ofId, version))) return false;
    throw error;
  }
  await makeDurable(ofId);
  return true;
}

/** What NuGet reads to know that a package is complete, and what its content is. */
function metadataOf({ contentHash }: PackageAtHand): string {
  return JSON.stringify({ version: 2, contentHash }, undefined, 2);
}

/** Copies a file down to the disk; the SHA-512 of what was copied, in base64. */
async function copyDurably(from: string, to: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha512');
  const file = await open(to, 'wx', 0o644);
  try {
    for await (const piece of createReadStream(from, { signal, highWaterMark: 1 << 20 })) {
      hash.update(piece as Buffer);
      await file.writeFile(piece as Buffer);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('base64');
}

async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the names in a folder would survive a power cut. Windows opens no folders and needs none of it. */
async function makeDurable(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}
