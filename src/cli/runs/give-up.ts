import { cancelDeployment, type Decision } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readSteps, type DeploymentRow } from '../../projections/index.ts';

/** Cancels it, and has its author told what was recorded of it; `because` says what it is given up for. */
export function giveUp(
  { clock, settings }: Instance,
  db: Database,
  row: DeploymentRow,
  because: string | null = null,
): Decision {
  const run = { ...row, steps: readSteps(db, row.deployment) };
  return cancelDeployment(run, clock.now(), settings.report, because);
}
