import { list } from '../../variables/index.ts';
import type { Done, Work } from '../convention.ts';
import { ExecutorError } from '../errors.ts';

/** Features that other conventions of the list act on; they have no code of their own at any stage. */
const partOfTheList = new Set([
  'Octopus.Features.CustomScripts',
  'Octopus.Features.CustomDirectory',
  'Octopus.Features.SubstituteInFiles',
  'Octopus.Features.ConfigurationTransforms',
  'Octopus.Features.ConfigurationVariables',
  'Octopus.Features.JsonConfigurationVariables',
]);

/** Octopus features that this version does not bring; a step that asks for one is refused, not half done. */
export function featuresNotSupported(enabled: readonly string[]): string[] {
  return enabled.filter((name) => !partOfTheList.has(name));
}

export type FeatureStage =
  | 'BeforePreDeploy'
  | 'AfterPreDeploy'
  | 'BeforeDeploy'
  | 'AfterDeploy'
  | 'BeforePostDeploy'
  | 'AfterPostDeploy';

/**
 * Runs what enabled features do at one stage. Feature code comes with this program and is never taken from the
 * package: a file named like a feature script is an ordinary file.
 */
export function runFeatures(stage: FeatureStage) {
  return async (work: Work): Promise<Done> => {
    const missing = featuresNotSupported(list(work.variables, 'Octopus.Action.EnabledFeatures'));
    if (missing.length === 0) return { state: 'feature-off' };
    throw new ExecutorError(
      'FEATURE_NOT_SUPPORTED',
      `Cannot run ${stage} of ${missing.join(', ')}: this version has no such feature`,
      {
        hint: 'Take the feature out of the step, or do its work in a script.',
        details: { features: missing, stage },
      },
    );
  };
}
