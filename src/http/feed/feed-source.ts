import type { FileHandle } from 'node:fs/promises';
import type { Describe, FeedShelf, ServedPackage } from '../../nuget/index.ts';

/** Where the feed's packages come from. It only reads, and holds nothing that may not be served. */
export interface FeedSource {
  /** All that may be served now; the same object for as long as that is the same. */
  shelf(): FeedShelf;
  /** What a package says of itself. */
  readonly describe: Describe;
  /** The nuspec of a package as it stands in it; undefined where the package is gone. */
  nuspecBytes(each: ServedPackage): Promise<Uint8Array | undefined>;
  /**
   * The file of a package, opened for reading, whoever removes its name meanwhile; undefined where it is gone or no
   * longer what was verified. Whoever gets it closes it.
   */
  open(each: ServedPackage): Promise<FileHandle | undefined>;
}
