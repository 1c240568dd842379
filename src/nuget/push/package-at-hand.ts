import { PackageError, readFileFacts, type FileFacts } from '../../packages/index.ts';
import { failure } from '../source/failures.ts';
import type { SourceOptions } from '../source/source.ts';

/** A package file to be pushed, and what it is. */
export type PackageAtHand = FileFacts & { readonly path: string };

/** How a push went: the repository took it, or had the very content before. */
export type Pushed = {
  readonly outcome: 'taken' | 'there';
  /** What the repository wants a person to know. */
  readonly warnings: readonly string[];
};

/**
 * Reads what is to be pushed: a file that lost its content on the disk since it was verified is given to nobody.
 *
 * @throws NugetError PUSH_FILE_DAMAGED
 */
export async function packageAtHand(
  repository: { readonly name: string },
  path: string,
  contentDigest: string,
  { signal, limits }: Pick<SourceOptions, 'signal' | 'limits'>,
): Promise<PackageAtHand> {
  const damaged = (because: string, cause?: PackageError) =>
    failure(repository, {
      code: 'PUSH_FILE_DAMAGED',
      because: `the package at hand is not what was verified: ${because}`,
      hint:
        cause?.code === 'PACKAGE_TOO_LARGE'
          ? 'Nothing was pushed; where what a package may be at most was lowered since, raise it again.'
          : 'Nothing was pushed; the disk lost it: have it brought again, or add it again.',
      details: { file: path, expected: contentDigest },
      cause,
    });
  let facts: FileFacts;
  try {
    facts = await readFileFacts(path, { signal, ...(limits && { limits }) });
  } catch (cause) {
    if (!(cause instanceof PackageError)) throw cause;
    throw damaged(cause.message, cause);
  }
  if (facts.contentDigest !== contentDigest) throw damaged(`its content is ${facts.contentDigest}`);
  return { path, ...facts };
}
