import Database from 'better-sqlite3';
import { asDiskError } from '../disk-error.ts';
import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

export type DatabaseErrorCode =
  | 'DATABASE_MISSING'
  | 'DATABASE_EXISTS'
  | 'DATABASE_NOT_A_FILE'
  | 'DATABASE_EMPTY'
  | 'DATABASE_FOREIGN'
  | 'DATABASE_NEWER'
  | 'DATABASE_READ_ONLY'
  | 'DATABASE_DAMAGED'
  | 'DATABASE_IO_FAILED'
  | 'DATABASE_BUSY'
  | 'DATABASE_PRAGMA_REFUSED'
  | 'DATABASE_SCHEMA_CHANGED'
  | 'DATABASE_WAL_FOREIGN'
  | 'MIGRATION_EDITED'
  | 'MIGRATION_FAILED';

const exits: Partial<Record<DatabaseErrorCode, ExitCode>> = {
  DATABASE_MISSING: exitCodes.misused,
  DATABASE_EXISTS: exitCodes.misused,
  DATABASE_NOT_A_FILE: exitCodes.misused,
  DATABASE_FOREIGN: exitCodes.misused,
  DATABASE_BUSY: exitCodes.held,
  DATABASE_DAMAGED: exitCodes.verification,
  DATABASE_EMPTY: exitCodes.verification,
  DATABASE_SCHEMA_CHANGED: exitCodes.verification,
  DATABASE_WAL_FOREIGN: exitCodes.verification,
};

/** The database file can't be used as it is. */
export class DatabaseError extends CrossgapError<DatabaseErrorCode> {
  constructor(code: DatabaseErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code] ?? exitCodes.refused, message, facts);
  }
}

/**
 * What a failure inside SQLite means for a person, or the same error where it means nothing to one. `doing` is a
 * verb with its object, as in "write the log".
 */
export function asDatabaseError(error: unknown, doing: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const full = asDiskError(error, doing);
  if (full !== undefined) return full;
  const [code, why, hint] = meaningOf(error.code);
  if (code === undefined) return error;
  return new DatabaseError(code, `Cannot ${doing}: ${why}`, {
    hint,
    details: { sqlite: error.code, text: error.message },
    cause: error,
  });
}

function meaningOf(code: string): [DatabaseErrorCode, string, string] | [undefined, string, string] {
  if (code.startsWith('SQLITE_READONLY') || code === 'SQLITE_CANTOPEN')
    return [
      'DATABASE_READ_ONLY',
      'the data folder or the database in it is not writable',
      'Run crossgap as the account that owns the data folder, and check that its disk is mounted for writing.',
    ];
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return [
      'DATABASE_DAMAGED',
      'the database file is damaged',
      'Keep a copy of the file, restore the last backup, and let the peers send what is missing.',
    ];
  if (code.startsWith('SQLITE_IOERR'))
    return [
      'DATABASE_IO_FAILED',
      'the disk refused to read or write',
      'Check the disk and the system log, then start again; the log is checked at the start.',
    ];
  if (code.startsWith('SQLITE_BUSY') || code === 'SQLITE_LOCKED')
    return [
      'DATABASE_BUSY',
      'another process is writing for longer than expected',
      'Try again; if it stays so, see which process has the data folder open.',
    ];
  return [undefined, '', ''];
}
