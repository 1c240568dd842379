import { becauseOf, PackageError } from '../errors.ts';
import { PackageFile } from './package-file.ts';
import { isSmall } from './yauzl-reading.ts';
import { entryContent, faultSentence, printable, readZip, wholeEntry } from './zip-archive.ts';
import type { ZipEntry, ZipLayout, ZipLimits } from './zip-layout.ts';

/**
 * What of a damaged package no longer fits: the names of entries whose content does not match its checksum, or
 * sentences about the archive where its structure is hurt. Empty where every part fits itself; then something was
 * changed by a hand that mended the checksums.
 */
export async function explainDamage(path: string, limits?: ZipLimits): Promise<string[]> {
  try {
    using file = PackageFile.open(path);
    const { layout } = await readZip(file, limits);
    return [...layout.faults.map(faultSentence), ...(await damagedEntries(file, layout))];
  } catch (error) {
    if (error instanceof PackageError) return [becauseOf(error)];
    throw error;
  }
}

/** The entries that can't be read as their headers say. */
export async function damagedEntries(file: PackageFile, layout: ZipLayout): Promise<string[]> {
  if (layout.faults.some((fault) => fault.kind === 'limit')) return [];
  const damaged: string[] = [];
  const spent = { bytes: 0 };
  for (const entry of layout.entries) {
    spent.bytes += entry.compressedSize;
    if (spent.bytes > file.size) break;
    if (!(await isWhole(file, entry))) damaged.push(printable(entry.name));
  }
  return damaged;
}

/** Reads by position: where the archive is hurt, only its headers as we read them say where something may be. */
async function isWhole(file: PackageFile, entry: ZipEntry): Promise<boolean> {
  const { dataStart, compressedSize } = entry;
  try {
    if (isSmall(entry)) wholeEntry(file.path, entry, file.read(dataStart, compressedSize));
    else {
      const raw = file.pieces(dataStart, dataStart + compressedSize);
      for await (const _ of entryContent(file.path, entry, raw));
    }
    return true;
  } catch (error) {
    if (error instanceof PackageError) return false;
    throw error;
  }
}
