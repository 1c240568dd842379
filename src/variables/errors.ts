import { CrossgapError, exitCodes, type ErrorFacts, type ExitCode } from '../errors.ts';

/** Everything that can be wrong with a variable or a template; each has its paragraph in docs/errors.md. */
export const variableErrorCodes = [
  'TEMPLATE_RECURSION',
  'TEMPLATE_TOO_COSTLY',
  'TEMPLATE_TOO_DEEP',
  'TEMPLATE_TOO_LARGE',
  'TEMPLATE_VALUE_UNFIT',
  'VARIABLE_NAME_NOT_SUPPORTED',
] as const;
export type VariableErrorCode = (typeof variableErrorCodes)[number];

const exits: Record<VariableErrorCode, ExitCode> = {
  TEMPLATE_RECURSION: exitCodes.deploymentFailed,
  TEMPLATE_TOO_COSTLY: exitCodes.deploymentFailed,
  TEMPLATE_TOO_DEEP: exitCodes.deploymentFailed,
  TEMPLATE_TOO_LARGE: exitCodes.deploymentFailed,
  TEMPLATE_VALUE_UNFIT: exitCodes.deploymentFailed,
  VARIABLE_NAME_NOT_SUPPORTED: exitCodes.misused,
};

/** A variable or a text with `#{...}` from which no result can be made; the message names the variable or token. */
export class VariableError extends CrossgapError<VariableErrorCode> {
  constructor(code: VariableErrorCode, message: string, facts: ErrorFacts) {
    super(code, exits[code], message, facts);
  }
}
