import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { flag } from '../../variables/index.ts';
import type { Done, Work } from '../convention.ts';
import { deletePackagedScripts } from './run-scripts.ts';

/**
 * Removes what must not stay in the application: packaged PreDeploy scripts that are still there after they ran, and
 * this run's own left-overs. Octopus lists this step without doing anything in it.
 */
export async function removeTemporaryFiles(work: Work): Promise<Done> {
  const ran = flag(work.variables, 'Octopus.Action.Package.RunScripts', true);
  const files = ran ? deletePackagedScripts(work, 'PreDeploy') : [];
  for (const name of readdirSync(work.scratch)) rmSync(join(work.scratch, name), { recursive: true });
  return files.length > 0 ? { state: 'done', files } : { state: 'nothing-to-do' };
}
