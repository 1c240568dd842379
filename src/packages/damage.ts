import { becauseOf, PackageError } from './errors.ts';
import { PackageFile } from './package-file.ts';
import { entryContent, faultSentence, printable, type ZipArchive } from './zip-archive.ts';
import { readZipLayout, type ZipLayout } from './zip-layout.ts';

/**
 * What of a damaged package no longer fits: the names of entries whose content does not match its checksum, or
 * sentences about the archive where its structure is hurt. Empty where every part fits itself; then something was
 * changed by a hand that mended the checksums.
 */
export async function explainDamage(path: string): Promise<string[]> {
  try {
    using file = PackageFile.open(path);
    const layout = readZipLayout(file);
    return [...layout.faults.map(faultSentence), ...(await damagedEntries(file, layout))];
  } catch (error) {
    if (error instanceof PackageError) return [becauseOf(error)];
    throw error;
  }
}

/** The entries that can't be read as their headers say. */
export async function damagedEntries(file: PackageFile, layout: ZipLayout): Promise<string[]> {
  const archive: ZipArchive = { file, layout, [Symbol.dispose]: () => undefined };
  if (layout.faults.some((fault) => fault.kind === 'limit')) return [];
  const damaged: string[] = [];
  const spent = { bytes: 0 };
  for (const entry of layout.entries) {
    spent.bytes += entry.compressedSize;
    if (spent.bytes > file.size) break;
    if (!(await isWhole(archive, entry))) damaged.push(printable(entry.name));
  }
  return damaged;
}

async function isWhole(archive: ZipArchive, entry: ZipLayout['entries'][number]): Promise<boolean> {
  try {
    for await (const _ of entryContent(archive, entry));
    return true;
  } catch (error) {
    if (error instanceof PackageError) return false;
    throw error;
  }
}
