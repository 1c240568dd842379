import type { Problem } from '../problems.ts';

/** The steps of judging a package, in the order in which they are told. */
export const checkSteps = [
  'archive',
  'format',
  'content',
  'integrity',
  'signer',
  'algorithms',
  'usages',
  'chain',
  'revocation',
  'time stamp',
  'validity',
  'countersignature',
] as const;
export type CheckStep = (typeof checkSteps)[number];

/**
 * How a step went. `warned`: it holds, and there is something to know; `unknown`: nothing here tells; `absent`: there is
 * nothing of the kind in the package, and nobody asks for it; `not reached`: an earlier step left nothing to check.
 */
export type CheckState = 'passed' | 'warned' | 'failed' | 'unknown' | 'absent' | 'not reached';

/** One step as it is told. */
export type Check = {
  readonly step: CheckStep;
  readonly state: CheckState;
  /** What is the case; what is wrong, where nothing else is to be said. */
  readonly detail: string;
  /** The codes of its problems. */
  readonly codes: readonly string[];
};

/** A step with the problems it found. */
export type Found = Check & { readonly problems: readonly Problem[] };

/**
 * A step that found these problems: it failed with an error, and is warned of with a warning only. `detail` says what
 * is the case where nothing failed; problems are said in its place where something did, or where it is empty.
 */
export function found(
  step: CheckStep,
  problems: readonly Problem[],
  detail: string,
  otherwise: CheckState = 'passed',
): Found {
  const told = problems.map(({ message }) => message);
  const failed = problems.some(({ severity }) => severity === 'error');
  const warned = problems.length > 0 && otherwise === 'passed';
  return {
    step,
    state: failed ? 'failed' : warned ? 'warned' : otherwise,
    detail: failed || detail === '' ? told.join('; ') : detail,
    codes: [...new Set(problems.map(({ code }) => code))],
    problems,
  };
}

/** A step that could not be taken. */
export const notReached = (step: CheckStep, because: string): Found => ({
  step,
  state: 'not reached',
  detail: because,
  codes: [],
  problems: [],
});

export const hasError = (problems: readonly Problem[]): boolean =>
  problems.some(({ severity }) => severity === 'error');
