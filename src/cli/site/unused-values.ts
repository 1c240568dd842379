import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installedRun } from '../../commands/index.ts';
import { readPlan } from '../../executor/index.ts';
import type { UnusedValue, Values } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import { findDeployment, nameKey, type ReleaseRow } from '../../projections/index.ts';
import { releaseOfRun } from '../runs/release-of-run.ts';
import { placeHere } from './place-here.ts';

/** Which of these values a run does not have: it keeps to those that its plan froze when it began. What is installed where none is named. */
export function unusedValues(
  { db, folder, vault }: Instance,
  release: ReleaseRow,
  { environment, deployment }: { readonly environment: string; readonly deployment: string | null },
  values: Values,
): UnusedValue[] {
  const run = deployment ?? installedRun(placeHere(db, release, environment).past)?.deployment;
  const row = run === undefined ? undefined : findDeployment(db, run);
  // What has not begun takes the values of then.
  if (row === undefined || !existsSync(join(folder.run(row.deployment), 'plan.json'))) return [];
  const frozen = readPlan(folder.run(row.deployment)).inputs;
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
