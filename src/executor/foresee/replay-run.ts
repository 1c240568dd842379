import { readFacts } from '../journal.ts';
import { planDigest, readPlan } from '../plan-file.ts';
import type { PackageAction, Plan } from '../plan.ts';
import { foreseeRun, type ForeseenStep } from './foresee-run.ts';

type PlannedPackage = PackageAction['package'];

/** A run told again from its record. */
export type Replayed = {
  readonly plan: Plan;
  /** SHA-256 of the plan as it lies there. */
  readonly planSha256: string;
  readonly steps: readonly ForeseenStep[];
};

/**
 * Repeats the decisions of a run from its frozen plan, its packages and its journal, without touching anything: scripts
 * are taken to have set what the journal says, and what failed fails again. `packageNow` says which file carries the
 * content of a planned package by now, where the planned one is gone. Throws `RUN_UNREADABLE`.
 */
export async function replayRun(
  runFolder: string,
  packageNow: (planned: PlannedPackage) => PlannedPackage = (planned) => planned,
): Promise<Replayed> {
  const plan = readPlan(runFolder);
  const steps = await foreseeRun(withPackages(plan, packageNow), { facts: readFacts(runFolder) });
  return { plan, planSha256: planDigest(runFolder), steps };
}

function withPackages(plan: Plan, packageNow: (planned: PlannedPackage) => PlannedPackage): Plan {
  const steps = plan.steps.map((step) =>
    step.action.kind === 'package'
      ? { ...step, action: { ...step.action, package: packageNow(step.action.package) } }
      : step,
  );
  return { ...plan, steps };
}
