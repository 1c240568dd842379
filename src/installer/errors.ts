import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

const exits = {
  INSTALLER_DAMAGED: exitCodes.verification,
  INSTALLER_VERSION_UNKNOWN: exitCodes.verification,
  INSTALLER_NOT_WRITTEN: exitCodes.refused,
  INSTALLER_UNREADABLE: exitCodes.refused,
  INSTALLER_TOO_LARGE: exitCodes.refused,
  PLATFORM_UNKNOWN: exitCodes.misused,
  PROGRAM_INCOMPLETE: exitCodes.refused,
  RUNNER_NOT_BUILT: exitCodes.refused,
  RUNTIME_NOT_AS_PINNED: exitCodes.verification,
  RUNTIME_NOT_NEEDED: exitCodes.misused,
  RUNTIME_OUT_OF_REACH: exitCodes.refused,
} as const satisfies Record<string, ExitCode>;

export type InstallerErrorCode = keyof typeof exits;

/** An installer can't be made, or is not what its maker signed. Nothing of it was used. */
export class InstallerError extends CrossgapError<InstallerErrorCode> {
  constructor(code: InstallerErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code], message, facts);
  }
}

/** The system's name for what went wrong (`ENOENT`), or undefined where an error carries none. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
