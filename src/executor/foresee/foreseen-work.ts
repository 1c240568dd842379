import type { PackageContent } from '../../packages/index.ts';
import type { Work } from '../convention.ts';
import type { ConventionEnd } from '../journal.ts';
import type { OverlayDisk } from './overlay-disk.ts';

/** The world of a step in which nothing happens. */
export type ForeseenWork = Work & {
  readonly disk: OverlayDisk;
  /** What it may know of features that were at work before; nothing is, so that they only say where they act. */
  readonly kept: undefined;
  /** Whether somebody verified the package before. */
  readonly isVerified: boolean;
  /** Whether a text holds a value that only the run will know. */
  readonly isOpen: (text: string) => boolean;
  /** Whether a token may have a value by then: an earlier step or a script of this one may set it. */
  readonly isLater: (token: string) => boolean;
  /** What is in the package of this step. */
  readonly content: () => Promise<PackageContent>;
  /** Texts of scripts that come before what is looked at: they may make what is not there yet. */
  readonly scripts: string[];
  /** Where the step's package was put, where that is known from a record. */
  readonly recordedFolder: string | undefined;
  /** How the convention ended by the record, undefined where there is none. */
  readonly recordedEnd: () => ConventionEnd | undefined;
  /** Sets what a script set by the record. */
  readonly repeatScript: () => void;
  /** Throws what the convention failed with by the record. */
  readonly repeatFailure: () => void;
};
