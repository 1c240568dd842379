import { CrossgapError } from '../errors.ts';
import { evaluatesTrue, type VariableSet } from '../variables/index.ts';
import type { PlannedStep } from './plan.ts';

export type NotRun = { readonly state: 'skipped' | 'not-run'; readonly because: string };

/**
 * Why a step does not run; undefined where it does. An expression takes the place of the test for success and counts as
 * Octopus counts it: what is empty, `0`, `no`, `false`, or has a variable without a value in it, is not true. Throws
 * CrossgapError where it can't be evaluated at all.
 */
export function whyNot(
  step: PlannedStep,
  hasFailed: boolean,
  variables: () => VariableSet,
): NotRun | undefined {
  if (step.skippedBecause !== undefined) return { state: 'skipped', because: step.skippedBecause };
  switch (step.when) {
    case 'success':
      return hasFailed ? { state: 'not-run', because: 'an earlier step failed' } : undefined;
    case 'failure':
      return hasFailed ? undefined : { state: 'skipped', because: 'no earlier step failed' };
    case 'always':
      return undefined;
    default:
      return evaluatesTrue(step.when, variables())
        ? undefined
        : { state: 'skipped', because: `its condition ${step.when} is not true` };
  }
}

/** Consecutive steps that begin together, with the positions they have (from 1). */
export function groupsOf(
  steps: readonly PlannedStep[],
): readonly (readonly { readonly step: PlannedStep; readonly position: number }[])[] {
  const groups: { step: PlannedStep; position: number }[][] = [];
  for (const [index, step] of steps.entries()) {
    const one = { step, position: index + 1 };
    const last = groups.at(-1);
    if (step.start === 'with-previous' && last !== undefined) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

const parallelMax = 10;

/** How many steps of a group may run at once: `Octopus.Action.MaxParallelism`, else 10. */
export function parallelLimit(variables: VariableSet): number {
  let text: string | undefined;
  try {
    text = variables.get('Octopus.Action.MaxParallelism');
  } catch (error) {
    if (!(error instanceof CrossgapError)) throw error;
  }
  const limit = /^\s*(\d{1,4})\s*$/.exec(text ?? '')?.[1];
  return limit === undefined || Number(limit) === 0 ? parallelMax : Number(limit);
}
