import { join } from 'node:path';
import { transformRules, whichTransforms, type TransformPlan } from '../../config-files/index.ts';
import { flag, list } from '../../variables/index.ts';
import type { Work } from '../convention.ts';
import { workFolders } from './work-folders.ts';

/**
 * Which transform meets which file in this step, told from the files and variables alone; undefined where the step does
 * not ask for transforms. Throws ConfigFileError `TRANSFORM_RULE_INVALID`.
 */
export function plannedTransforms(work: Work): TransformPlan | undefined {
  const { variables } = work;
  const features = list(variables, 'Octopus.Action.EnabledFeatures');
  if (!features.includes('Octopus.Features.ConfigurationTransforms')) return undefined;
  const prefix = 'Octopus.Action.Package';
  const isAutomatic = flag(variables, `${prefix}.AutomaticallyRunConfigurationTransformationFiles`, false);
  const rules = transformRules(
    variables.get(`${prefix}.AdditionalXmlConfigurationTransforms`) ?? '',
    isAutomatic
      ? [variables.get('Octopus.Environment.Name'), variables.get('Octopus.Deployment.Tenant.Name')]
      : undefined,
  );
  const folders = workFolders(work);
  const files = folders.flatMap((folder) => work.disk.filesBelow(folder).map((file) => join(folder, file)));
  return rules.length === 0
    ? { pairs: [], unused: [], overlapping: [] }
    : whichTransforms(folders[0]!, files, rules, (folder) => work.disk.filesIn(folder));
}
