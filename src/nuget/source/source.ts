import type { ZipLimits } from '../../packages/index.ts';
import type { Patience } from './patience.ts';
import type { Target } from './receive-file.ts';
import type { PackageName } from './repository.ts';

/** A repository that packages are read from. */
export type Source = Disposable & {
  readonly name: string;
  /**
   * Copies the file under this id and version to `target`; false where there is none. What came of one that broke off is
   * kept there, and the next time the rest is asked for, where the repository can tell that it is the same file; who
   * wants none of that calls `forgetDownload`. @throws NugetError
   */
  fetch(name: PackageName, target: Target): Promise<boolean>;
  /** Looks whether it can be used, and tells what it is. @throws NugetError */
  look(): Promise<{ readonly what: string; readonly takesPushes: boolean }>;
};

/** A download that broke off is asked for again: the rest behind what was kept, or all, and what was kept is lost. */
export type DownloadAgain = PackageName & { readonly keptBytes: number; readonly lostBytes: number };

export type SourceOptions = {
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  readonly now?: () => number;
  /** What a package that is looked into may be at most. */
  readonly limits?: ZipLimits;
  readonly onAgain?: (again: DownloadAgain) => void;
};
