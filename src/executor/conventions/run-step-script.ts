import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Done, Work } from '../convention.ts';
import { scriptLanguages } from '../script-kinds.ts';
import { runInlineScript } from './run-scripts.ts';

/** Runs the script of a step that has no package, in an empty folder of its own. */
export async function runStepScript(work: Work): Promise<Done> {
  const { action } = work.step;
  if (action.kind !== 'run') throw new TypeError(`step ${work.step.name} has a package`);
  const { extension, name } = scriptLanguages[action.script.kind];
  const folder = join(work.scratch, 'work');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await runInlineScript(work, folder, `Script.${extension}`, action.script, 'the script');
  return { state: 'done', detail: name };
}
