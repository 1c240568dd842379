import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isLocked } from '../lock.ts';
import { readFacts } from './journal.ts';
import { outcomeOf } from './outcome.ts';
import { planPath, readPlan } from './plan-file.ts';
import type { RunOutcome } from './plan.ts';

/**
 * How the run in a folder stands, told from its plan and journal alone; `interrupted` where it has no end and no
 * process runs it. A folder without a plan is a run that never began: interrupted, with no steps. Throws `RUN_UNREADABLE`.
 */
export function readJournal(runFolder: string): RunOutcome {
  if (!existsSync(planPath(runFolder))) {
    const nothing = { deployment: basename(runFolder), startedAt: 0, steps: [], waits: [] };
    return { ...nothing, state: 'interrupted', error: 'interrupted before it began' };
  }
  const plan = readPlan(runFolder);
  // The lock is asked about first: a run that ends in between has its end in the journal that is read after it.
  const alive = isRunAlive(runFolder);
  return outcomeOf(plan, readFacts(runFolder), alive);
}

/**
 * The same for who follows a run closely: its process is taken to live, since asking for its lock again and again would
 * be in the way of who wants to take it. Undefined where nothing has begun.
 */
export function readRunning(runFolder: string): RunOutcome | undefined {
  if (!existsSync(planPath(runFolder))) return undefined;
  return outcomeOf(readPlan(runFolder), readFacts(runFolder), true);
}

/** Whether a process runs what lies in the folder. */
export function isRunAlive(runFolder: string): boolean {
  const lock = join(runFolder, 'lock');
  return existsSync(lock) && isLocked(lock);
}
