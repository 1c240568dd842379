import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { normalizedVersion } from '../../packages/index.ts';
import type { NugetError } from '../errors.ts';
import { failure } from './failures.ts';
import { receiveFile, type Target } from './receive-file.ts';
import type { FolderRepository, PackageName } from './repository.ts';

/**
 * The file of a package in a folder feed, in either layout that NuGet reads: `id/version/id.version.nupkg` in lower
 * case, or `Id.Version.nupkg` as somebody called it, at the top or in a folder of that name. Undefined where there is none.
 *
 * @throws NugetError SOURCE_FOLDER_UNUSABLE
 */
export async function findInFolder(
  repository: FolderRepository,
  { id, version }: PackageName,
): Promise<string | undefined> {
  const { folder } = repository;
  const [lowerId, wanted] = [id.toLowerCase(), normalizedVersion(version)];
  if (wanted === undefined) return undefined;
  const names = await namesIn(repository, folder);
  const isIt = (name: string, ending: string): boolean => {
    const lower = name.toLowerCase();
    if (!lower.startsWith(`${lowerId}.`) || !lower.endsWith(ending)) return false;
    return normalizedVersion(lower.slice(lowerId.length + 1, lower.length - ending.length)) === wanted;
  };
  for (const name of names.filter((each) => each.toLowerCase() === lowerId)) {
    for (const under of await namesIn(repository, join(folder, name))) {
      if (normalizedVersion(under) !== wanted) continue;
      const files = await namesIn(repository, join(folder, name, under));
      const file = files.find((each) => isIt(each, '.nupkg'));
      if (file !== undefined) return join(folder, name, under, file);
    }
  }
  const flat = names.find((each) => isIt(each, '.nupkg'));
  if (flat !== undefined) return join(folder, flat);
  for (const name of names.filter((each) => isIt(each, ''))) {
    const files = await namesIn(repository, join(folder, name));
    const file = files.find((each) => isIt(each, '.nupkg'));
    if (file !== undefined) return join(folder, name, file);
  }
  return undefined;
}

/** Copies a package out of a folder feed; false where it has none. @throws NugetError */
export async function fetchFromFolder(
  repository: FolderRepository,
  name: PackageName,
  { path, bytesMax }: Target,
  signal: AbortSignal,
): Promise<boolean> {
  const file = await findInFolder(repository, name);
  if (file === undefined) return false;
  try {
    const facts = await stat(file);
    if (!facts.isFile()) return false;
    if (facts.size > bytesMax)
      throw failure(repository, {
        code: 'SOURCE_ANSWER_TOO_LARGE',
        because: `${file} is larger than ${bytesMax} bytes`,
        hint: 'Nothing of it was taken. See what lies there.',
        details: { file, sizeBytes: facts.size, bytesMax },
      });
    // No more than it had when it was looked at, should somebody be writing to it.
    const end = Math.max(0, facts.size - 1);
    const pieces = facts.size === 0 ? nothing() : createReadStream(file, { end, signal });
    await receiveFile(repository, path, pieces);
    return true;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw unusable(repository, error);
    throw error;
  }
}

/** Whether the folder is there and can be read. @throws NugetError SOURCE_FOLDER_UNUSABLE */
export async function lookIntoFolder(repository: FolderRepository): Promise<void> {
  try {
    await readdir(repository.folder);
  } catch (error) {
    throw unusable(repository, error);
  }
}

/** The names in a folder, none where it is a file. */
async function namesIn(repository: FolderRepository, folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTDIR' || (code === 'ENOENT' && folder !== repository.folder)) return [];
    throw unusable(repository, error);
  }
}

/** What the system says of a folder feed, as an error of it. */
export function unusable(repository: FolderRepository, cause: unknown): NugetError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return failure(repository, {
    code: 'SOURCE_FOLDER_UNUSABLE',
    because: `its folder ${repository.folder} can't be used (${said})`,
    hint: 'Plug it in, mount it, or let this account use it; it is tried again.',
    details: { folder: repository.folder },
    cause,
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
