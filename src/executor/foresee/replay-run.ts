import { readFacts } from '../journal.ts';
import { planDigest, readPlan } from '../plan-file.ts';
import type { Plan } from '../plan.ts';
import { foreseeRun, type ForeseenStep } from './foresee-run.ts';

/** A run told again from its record. */
export type Replayed = {
  readonly plan: Plan;
  /** SHA-256 of the plan as it lies there. */
  readonly planSha256: string;
  readonly steps: readonly ForeseenStep[];
};

/**
 * Repeats the decisions of a run from its frozen plan, its packages and its journal, without touching anything: scripts
 * are taken to have set what the journal says, and what failed fails again. Throws `RUN_UNREADABLE`.
 */
export async function replayRun(runFolder: string): Promise<Replayed> {
  const plan = readPlan(runFolder);
  const steps = await foreseeRun(plan, { facts: readFacts(runFolder) });
  return { plan, planSha256: planDigest(runFolder), steps };
}
