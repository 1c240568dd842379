import { join } from 'node:path';
import { currentFolder } from '../convention.ts';
import { scriptLanguages } from '../script-kinds.ts';
import type { ScriptKind } from '../plan.ts';
import type { FeatureStage, FeatureWork } from './feature.ts';

/** A script that comes with this program; it reads its values as variables, none of them ever stands in its text. */
export type FeatureScript = { readonly kind: ScriptKind; readonly text: string };

/**
 * Runs a feature's script in the application's folder, without a file of it on the disk. `values` are variables that
 * it reads beside the step's own. Throws `SCRIPT_FAILED` where its exit code isn't 0; what it writes to its error
 * output never fails it.
 */
export async function runFeatureScript(
  work: FeatureWork,
  name: string,
  stage: FeatureStage,
  script: FeatureScript,
  values: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const [variable, value] of Object.entries(values)) work.variables.setLiteral(variable, value);
  const shownAs = `${name}_${stage}.${scriptLanguages[script.kind].extension}`;
  const file = join(currentFolder(work) ?? work.scratch, shownAs);
  await work.runScript({ kind: script.kind, file, body: script.text, shownAs, ofFeature: true });
}
