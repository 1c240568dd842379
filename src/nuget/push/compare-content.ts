import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PackageError, readFileFacts, type ZipLimits } from '../../packages/index.ts';
import type { NugetError } from '../errors.ts';
import { failure } from '../source/failures.ts';
import type { Target } from '../source/receive-file.ts';
import type { PackageName } from '../source/repository.ts';

/** A repository signs what it is given: its file is that much larger than the one we know, and not more. */
const addedMax = 4 << 20;

/** How large a file may be that carries the content of one of `sizeBytes`. */
export function largestCarrier(sizeBytes: number): number {
  return sizeBytes + addedMax;
}

/** Content that a name should stand for. */
export type Expected = PackageName & { readonly contentDigest: string; readonly sizeBytes: number };

/**
 * Compares what a repository has under a name with the content that belongs there. What counts is the content without
 * its signature: a repository may have signed the file itself. False where it has nothing of that name.
 *
 * @throws NugetError SOURCE_CONTENT_DIFFERS with both digests; SOURCE_ANSWER_UNFIT where it is no package; those of fetching
 */
export async function isThere(
  repository: { readonly name: string },
  expected: Expected,
  limits: ZipLimits | undefined,
  fetch: (target: Target) => Promise<boolean>,
): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'crossgap-'));
  try {
    const path = join(folder, 'there.nupkg');
    if (!(await fetch({ path, bytesMax: largestCarrier(expected.sizeBytes) }))) return false;
    await refuseOther(repository, expected, path, limits);
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Refuses a file that a repository gave under a name and that does not carry the content of that name. @throws NugetError */
async function refuseOther(
  repository: { readonly name: string },
  expected: Expected,
  path: string,
  limits: ZipLimits | undefined,
): Promise<void> {
  const { id, version, contentDigest } = expected;
  let found;
  try {
    found = await readFileFacts(path, limits && { limits });
  } catch (cause) {
    if (!(cause instanceof PackageError)) throw cause;
    throw failure(repository, {
      code: 'SOURCE_ANSWER_UNFIT',
      because: `what it has as ${id} ${version} is no package that can be read (${cause.code})`,
      hint: 'See what the repository has under that name; a page to log in at, or a proxy that filters, looks like this.',
      details: { id, version, problem: cause.message },
      cause,
    });
  }
  if (found.contentDigest !== contentDigest) throw contentDiffers(repository, expected, found.contentDigest);
}

/** Other content than it should be, under an id and version. */
function contentDiffers(
  repository: { readonly name: string },
  { id, version, contentDigest }: Pick<Expected, 'id' | 'version' | 'contentDigest'>,
  found: string,
): NugetError {
  return failure(repository, {
    code: 'SOURCE_CONTENT_DIFFERS',
    because: `it has other content as ${id} ${version}: ${found}, and ${contentDigest} is what was verified here`,
    hint: 'Nothing of it was used, and nothing there was replaced; ask whoever runs the repository where it came from.',
    details: { id, version, expected: contentDigest, found },
  });
}
