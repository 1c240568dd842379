import { InstallerError } from '../errors.ts';

/** Bytes of an executable that can be read and written at any place. */
export type Bytes = {
  readonly sizeBytes: number;
  read(offset: number, length: number): Promise<Buffer>;
  write(bytes: Uint8Array, offset: number): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
};

/** What the runtime looks for in its own executable: a note in one of Linux, a resource in one of Windows. */
export const resourceName = 'NODE_SEA_BLOB';

/** The error for an executable that is not what the pinned runtimes are. */
export function unknownForm(why: string): InstallerError {
  return new InstallerError('RUNNER_NOT_BUILT', `Cannot put the program into the runtime: ${why}`, {
    hint: 'Remove the runtimes folder in the data folder, and run the command again.',
  });
}
