import { CrossgapError, exitCodes, type ErrorFacts } from '../errors.ts';

/** What can be wrong with what was exported from Octopus Deploy; it has its paragraph in docs/errors.md. */
export const octopusErrorCodes = ['OCTOPUS_PROCESS_INVALID'] as const;
export type OctopusErrorCode = (typeof octopusErrorCodes)[number];

/** An export of Octopus Deploy that can't be read. */
export class OctopusError extends CrossgapError<OctopusErrorCode> {
  constructor(message: string, facts: ErrorFacts) {
    super('OCTOPUS_PROCESS_INVALID', exitCodes.misused, message, facts);
  }
}
