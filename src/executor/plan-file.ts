import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../replace-file.ts';
import { ExecutorError } from './errors.ts';
import type { Plan } from './plan.ts';

/** Writes `RUN/plan.json` so that it is there whole or not at all. */
export function writePlan(runFolder: string, plan: Plan): void {
  replaceFile(planPath(runFolder), `${JSON.stringify(plan, null, 2)}\n`);
}

/** The plan of a run. Throws `RUN_UNREADABLE` where it is missing, damaged or of another format. */
export function readPlan(runFolder: string): Plan {
  const path = planPath(runFolder);
  let plan: Plan;
  try {
    plan = JSON.parse(readFileSync(path, 'utf8')) as Plan;
  } catch (cause) {
    throw unreadable(path, 'it is missing or damaged', cause);
  }
  if (plan.format !== 1) throw unreadable(path, `it has format ${String(plan.format)}, this version reads 1`);
  return plan;
}

/** SHA-256 of `RUN/plan.json` as it stands, lower-case hex. */
export function planDigest(runFolder: string): string {
  return createHash('sha256')
    .update(readFileSync(planPath(runFolder)))
    .digest('hex');
}

export function planPath(runFolder: string): string {
  return join(runFolder, 'plan.json');
}

function unreadable(path: string, because: string, cause?: unknown): ExecutorError {
  return new ExecutorError('RUN_UNREADABLE', `Cannot read the plan ${path}: ${because}`, {
    hint: 'Start the deployment anew; a run goes on with the plan it began with or not at all.',
    details: { path },
    cause,
  });
}
