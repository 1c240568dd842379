import { readFileFacts, type FileFacts } from '../../packages/index.ts';

/** A package file to be pushed, and what it is. */
export type PackageAtHand = FileFacts & { readonly path: string };

/** Reads what is to be pushed. Errors: those of reading a package. */
export async function packageAtHand(path: string, signal: AbortSignal): Promise<PackageAtHand> {
  return { path, ...(await readFileFacts(path, { signal })) };
}

/** How a push went: the repository took it, or had the very content before. */
export type Pushed = {
  readonly outcome: 'taken' | 'there';
  /** What the repository wants a person to know. */
  readonly warnings: readonly string[];
};
