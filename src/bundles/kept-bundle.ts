import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Digest } from '../events/index.ts';
import { replaceFile } from '../replace-file.ts';
import { BundleFacts } from './envelope.ts';
import { BundleError } from './errors.ts';
import { Manifest } from './records.ts';

/*
 * What is remembered of a bundle that was made, in `DATA/bundles/LINK/NNNNNN.json`: enough to make each of its parts
 * again, byte for byte, from the log and the store of packages. The key it was sealed with stands there sealed to
 * ourselves; nothing else in the file is more secret than the log.
 */
const bytes = z.base64();

const KeptBundle = z.strictObject({
  format: z.literal(1),
  facts: BundleFacts,
  /** The manifest as it was written. */
  manifest: z.string(),
  head: bytes.nullable(),
  entriesBytes: z.int().min(0),
  sha256: Digest,
  /** The age header and the nonce, as they stand at the front of the first part. */
  ageFront: bytes,
  /** The file key, sealed to ourselves by age. */
  fileKey: bytes,
  parts: z.array(z.strictObject({ front: bytes, sizeBytes: z.int().min(0), sha256: Digest })).min(1),
});
export type KeptBundle = z.infer<typeof KeptBundle>;

/** A bundle that was made, for lists and decisions. */
export type MadeBundle = { readonly facts: BundleFacts; readonly manifest: Manifest };

const fileName = /^(\d{6})\.json$/;

function folderOf(root: string, link: string): string {
  return join(root, link);
}

export function keepBundle(root: string, kept: KeptBundle): void {
  const folder = folderOf(root, kept.facts.link);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  replaceFile(join(folder, `${String(kept.facts.number).padStart(6, '0')}.json`), JSON.stringify(kept));
}

/** The numbers of the bundles made for a link, rising. */
export function bundleNumbers(root: string, link: string): number[] {
  let names: string[];
  try {
    names = readdirSync(folderOf(root, link));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap((name) => fileName.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

/**
 * A bundle made for a link.
 *
 * @throws {BundleError} BUNDLE_NUMBER_UNKNOWN, BUNDLE_PLAN_UNREADABLE
 */
export function readKept(root: string, link: string, number: number): KeptBundle {
  const path = join(folderOf(root, link), `${String(number).padStart(6, '0')}.json`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const numbers = bundleNumbers(root, link);
    throw new BundleError(
      'BUNDLE_NUMBER_UNKNOWN',
      `Cannot find bundle ${number}: none was made for this link`,
      {
        hint: numbers.length === 0 ? 'No bundle was made for it yet.' : `Made were ${rangesOf(numbers)}.`,
        details: { number },
        cause,
      },
    );
  }
  try {
    return KeptBundle.parse(JSON.parse(text));
  } catch (cause) {
    throw new BundleError(
      'BUNDLE_PLAN_UNREADABLE',
      `Cannot read what is remembered of bundle ${number}: ${path} is not as it was written`,
      {
        hint: 'Make a new bundle; the receiver takes it in the place of the old one.',
        details: { path },
        cause,
      },
    );
  }
}

/** The bundles made for a link, oldest first. @throws {BundleError} BUNDLE_PLAN_UNREADABLE */
export function madeBundles(root: string, link: string): MadeBundle[] {
  return bundleNumbers(root, link).map((number) => {
    const { facts, manifest } = readKept(root, link, number);
    return { facts, manifest: manifestOf(manifest) };
  });
}

export function manifestOf(text: string): Manifest {
  return Manifest.parse(JSON.parse(text));
}

/** `1–3, 7`. */
export function rangesOf(numbers: readonly number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const before = ranges.at(-1);
    if (before?.to === number - 1) before.to = number;
    else ranges.push({ from: number, to: number });
  }
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from}–${to}`)).join(', ');
}
