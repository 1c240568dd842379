import { decodedName } from './zip/entry-names.ts';
import { isPackaging } from './packaging.ts';
import { openZip, readEntry } from './zip/zip-archive.ts';
import type { ZipEntry, ZipLimits } from './zip/zip-layout.ts';

/** The application in a package, looked at without being extracted. */
export type PackageContent = Disposable & {
  /** Relative, with `/`, in the order in which extraction tells them. */
  readonly files: readonly string[];
  /** How many bytes one of them has when it is extracted, as the archive says. */
  size(file: string): number;
  /** The content of one of them. Errors: `PACKAGE_DAMAGED`, `PACKAGE_TOO_LARGE`. */
  read(file: string): Buffer;
};

/** A file larger than this is not looked into. */
const fileBytesMax = 512 * 2 ** 20;

/** Opens a package to look into it, by the same reader and rules as extraction. Errors: those of `openZip`. */
export async function openPackageContent(path: string, limits?: ZipLimits): Promise<PackageContent> {
  const archive = await openZip(path, limits);
  const entries = new Map<string, ZipEntry>();
  for (const entry of archive.layout.entries.toSorted((a, b) => a.localOffset - b.localOffset)) {
    const name = decodedName(entry.name);
    if (!entry.isFolder && !isPackaging(name)) entries.set(name, entry);
  }
  const entryOf = (file: string): ZipEntry => {
    const entry = entries.get(file);
    if (entry === undefined) throw new TypeError(`package ${path} has no file ${file}`);
    return entry;
  };
  return {
    files: [...entries.keys()],
    size: (file) => entryOf(file).size,
    read: (file) => readEntry(archive.file, entryOf(file), fileBytesMax),
    [Symbol.dispose]: () => archive[Symbol.dispose](),
  };
}
