import { extname } from 'node:path';
import { list } from '../../variables/index.ts';
import { currentFolder, type Done, type Work } from '../convention.ts';
import { ExecutorError } from '../errors.ts';
import type { FeatureStage } from '../features/feature.ts';
import { featuresNotSupported, featuresOf } from '../features/features.ts';
import { featureSettings } from '../features/settings.ts';

/**
 * Runs what enabled features do at one stage. Feature code comes with this program and is never taken from the
 * package: a file named like a feature script is an ordinary file, and the trace says so.
 */
export function runFeatures(stage: FeatureStage) {
  return async (work: Work): Promise<Done> => {
    const enabled = list(work.variables, 'Octopus.Action.EnabledFeatures');
    const missing = featuresNotSupported(enabled);
    if (missing.length > 0 && stage !== 'DeployFailed') throw notSupported(missing, stage);
    const on = featuresOf(enabled);
    const details = notRun(work, stage, enabled);
    if (on.length === 0) {
      return { state: 'feature-off', ...(details.length > 0 && { detail: details.join('; ') }) };
    }
    const files: string[] = [];
    let hasActed = false;
    for (const { name, called, stages } of on) {
      const acting = stages[stage];
      if (acting === undefined) continue;
      const { kept } = work;
      if (kept === undefined) {
        details.push(`${called}: ${acting.does}`);
        hasActed = true;
        continue;
      }
      work.log('verbose', `${name}, ${stage}`);
      const settings = featureSettings(work.variables, 'wholly');
      const done = await acting.run({ ...work, kept, settings });
      files.push(...(done.files ?? []));
      if (done.detail !== undefined) details.push(`${called}: ${done.detail}`);
      hasActed ||= done.detail !== undefined || (done.files ?? []).length > 0;
    }
    return {
      state: hasActed ? 'done' : 'nothing-to-do',
      ...(files.length > 0 && { files }),
      ...(details.length > 0 && { detail: details.join('; ') }),
    };
  };
}

/** Files of the package that Octopus would take for a feature's own script at this stage, each as a sentence. */
function notRun(work: Work, stage: FeatureStage, enabled: readonly string[]): string[] {
  const folder = currentFolder(work);
  if (folder === undefined) return [];
  const ending = `_${stage}`.toLowerCase();
  const found = work.disk.filesIn(folder).filter((file) => {
    const stem = file.slice(0, -extname(file).length).toLowerCase();
    if (!stem.endsWith(ending) || !/^\.(?:ps1|sh|py|csx|fsx)$/i.test(extname(file))) return false;
    const feature = stem.slice(0, -ending.length);
    return feature.includes('.features.') || enabled.some((name) => name.toLowerCase() === feature);
  });
  for (const file of found)
    work.log('warning', `${file} is not run: a package can't take the place of a feature`);
  return found.map((file) => `${file} of the package is not run`);
}

function notSupported(missing: readonly string[], stage: FeatureStage): ExecutorError {
  return new ExecutorError(
    'FEATURE_NOT_SUPPORTED',
    `Cannot run ${stage} of ${missing.join(', ')}: this version has no such feature`,
    {
      hint: 'Take the feature out of the step, or do its work in a script.',
      details: { features: missing, stage },
    },
  );
}
