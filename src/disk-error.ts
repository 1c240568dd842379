import { CrossgapError, exitCodes, type ErrorFacts } from './errors.ts';

/** The disk takes nothing more: nothing was lost, and with room on it, or a sound one, the work goes on. */
export class DiskError extends CrossgapError<'DISK_FULL' | 'DISK_FAILED'> {
  constructor(code: 'DISK_FULL' | 'DISK_FAILED', message: string, facts: ErrorFacts) {
    super(code, exitCodes.refused, message, facts);
  }
}

type Meaning = readonly [code: DiskError['code'], why: string, todo: string];

const fullForDatabase: Meaning = [
  'DISK_FULL',
  'the disk is full',
  'Make room on the disk of the data folder',
];
const meanings: Readonly<Record<string, Meaning>> = {
  ENOSPC: ['DISK_FULL', 'the disk is full', 'Make room on it'],
  EDQUOT: ['DISK_FULL', 'the quota of this account is used up', 'Make room, or have the quota raised'],
  SQLITE_FULL: fullForDatabase,
  // Making room for the shared index fails by another name where the disk is full.
  SQLITE_IOERR_SHMSIZE: fullForDatabase,
  EROFS: ['DISK_FAILED', 'the disk is read-only', 'Look why it is, and have it mounted for writing'],
  EIO: ['DISK_FAILED', 'the disk reports an error', 'Have it looked at'],
};

const depthMax = 10;

/**
 * What the disk refused somewhere in the midst of the work, by the code of the system or of SQLite, as an error that a
 * person can act on; undefined for any other error. `doing` is a verb with its object, as in "write the log".
 */
export function asDiskError(error: unknown, doing = 'go on'): DiskError | undefined {
  if (error instanceof DiskError) return error;
  let at = error;
  for (let depth = 0; depth < depthMax && at instanceof Error; depth += 1) {
    const { code: system, path } = at as NodeJS.ErrnoException;
    const found = system === undefined ? undefined : meanings[system];
    if (found !== undefined) {
      const [code, why, todo] = found;
      const where = path === undefined ? '' : ` (${path})`;
      return new DiskError(code, `Cannot ${doing}: ${why}${where}`, {
        hint: `${todo}, then do the same again: nothing was lost, and a run goes on where it was.`,
        details: { system, ...(path !== undefined && { path }) },
        cause: error,
      });
    }
    at = at.cause;
  }
  return undefined;
}

/** An error that a person can act on: one of ours, or what a disk refused; undefined for one that nobody foresaw. */
export function foreseen(error: unknown, doing?: string): CrossgapError | undefined {
  return error instanceof CrossgapError ? error : asDiskError(error, doing);
}

const firstOf = { DISK_FULL: 'Make room on it', DISK_FAILED: 'Have the disk looked at' } as const;

/**
 * What the disk refused a run, named as it is for any work, with what goes on with that very run; undefined for any other
 * error. `next` follows the room that is to be made, as in "start the program again".
 */
export function asDiskErrorOfRun(
  error: unknown,
  { deployment, next }: { readonly deployment: string; readonly next: string },
): DiskError | undefined {
  const found = asDiskError(error, `go on with deployment ${deployment}`);
  if (found === undefined) return undefined;
  const { code, message, details } = found;
  return new DiskError(code, message, {
    hint: `${firstOf[code]}, then ${next}: nothing was lost, and the run goes on where it was.`,
    details: { ...details, deployment },
    cause: error,
  });
}
