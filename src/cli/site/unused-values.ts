import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readPlan } from '../../executor/index.ts';
import type { UnusedValue, Values } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import { findDeployment, nameKey } from '../../projections/index.ts';
import { releaseOfRun } from '../release-of-run.ts';

/** Which of these values a run does not go on with: it keeps to those that its plan froze when it began. */
export function unusedValues(
  { db, folder, vault }: Instance,
  deployment: string,
  values: Values,
): UnusedValue[] {
  const row = findDeployment(db, deployment);
  // What has not begun takes the values of then.
  if (row === undefined || !existsSync(join(folder.run(deployment), 'plan.json'))) return [];
  const frozen = readPlan(folder.run(deployment)).inputs;
  return releaseOfRun(db, row).document.inputs.flatMap((asked): UnusedValue[] => {
    const isIt = ({ name }: { readonly name: string }): boolean => nameKey(name) === nameKey(asked.name);
    const [, given] = Object.entries(values).find(([name]) => isIt({ name })) ?? [];
    const input = frozen.find(isIt);
    const used =
      input?.secret === true
        ? vault.open({ ...input, environment: input.environment ?? null })
        : (input?.value ?? '');
    if (given === undefined || given === used) return [];
    const isShown = !asked.secret && input?.secret !== true;
    return [{ name: asked.name, given: isShown ? given : null, used: isShown ? (used ?? null) : null }];
  });
}
