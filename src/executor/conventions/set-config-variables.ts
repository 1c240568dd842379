import { setConfigVariables as setIn } from '../../config-files/index.ts';
import { flag, list } from '../../variables/index.ts';
import { currentFolder, type Done, type Work } from '../convention.ts';
import { CrossgapError } from '../../errors.ts';
import { filesBelow } from '../folder-files.ts';
import { rewriteFiles } from './rewrite-files.ts';

const switchName = 'Octopus.Action.Package.AutomaticallyUpdateAppSettingsAndConnectionStrings';

/** Sets appSettings, connectionStrings and applicationSettings of every `*.config` file that are named like a variable. */
export async function setConfigVariables(work: Work): Promise<Done> {
  const features = list(work.variables, 'Octopus.Action.EnabledFeatures');
  const on = features.includes('Octopus.Features.ConfigurationVariables');
  if (!on || !flag(work.variables, switchName, false)) return { state: 'feature-off' };
  const folder = currentFolder(work)!;
  const goOn = flag(work.variables, 'Octopus.Action.Package.IgnoreVariableReplacementErrors', false);
  const targets = filesBelow(folder).filter((file) => file.endsWith('.config'));
  const details: string[] = [];
  const files = await rewriteFiles(work, folder, targets, (bytes, file) => {
    try {
      const result = setIn(bytes, work.variables);
      if (result.replaced.length > 0) details.push(`${file}: ${result.replaced.join(', ')}`);
      return result.changed ? result.bytes : undefined;
    } catch (error) {
      if (!(error instanceof CrossgapError)) throw error;
      work.log(goOn ? 'info' : 'error', `${file}: ${error.message}`);
      if (!goOn) throw error;
      return undefined;
    }
  });
  if (files.length === 0)
    return { state: 'nothing-to-do', ...(details.length > 0 && { detail: details.join('; ') }) };
  return { state: 'done', files, ...(details.length > 0 && { detail: details.join('; ') }) };
}
