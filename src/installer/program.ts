/*
 * What a runner brings besides the runtime: the built program with what it needs, each file as one asset of the
 * executable, called `program/PATH`, and the manifest below as the asset `program.json`. The SHA-256 of the manifest's
 * bytes is the program's digest, and the name of the folder it is unpacked to.
 */

/** The asset that says what the others are. */
export const manifestAsset = 'program.json';

/** The asset of a file of the program. */
export const assetOf = (path: string): string => `program/${path}`;

/** Where in an unpacked program the file lies that is started. */
export const startFile = 'bin/crossgap.js';

/** The module that shows what needs no unpacked program, as help does. */
export const helpFile = 'dist/cli/help.js';

/** How many hex digits of the program's digest its folder is called by. */
export const folderDigits = 32;

export type ProgramManifest = {
  readonly format: 1;
  readonly version: string;
  readonly platform: string;
  /** The version of Node. */
  readonly runtime: string;
  /** What holds native code, with its path in the program. */
  readonly native: string;
  readonly files: readonly ProgramFile[];
};

export type ProgramFile = {
  /** With slashes, below the folder of the program. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
};
