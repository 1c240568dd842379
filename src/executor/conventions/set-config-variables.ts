import { join } from 'node:path';
import { ConfigFileError, inFile, setConfigVariables as setIn } from '../../config-files/index.ts';
import { flag, list } from '../../variables/index.ts';
import type { Done, Work } from '../convention.ts';
import { explained, fewNames } from './config-failures.ts';
import { plannedTransforms } from './planned-transforms.ts';
import { rewriteFiles } from './rewrite-files.ts';
import { shownFile, workFolders } from './work-folders.ts';

const switchName = 'Octopus.Action.Package.AutomaticallyUpdateAppSettingsAndConnectionStrings';
const tolerantName = 'Octopus.Action.Package.IgnoreVariableReplacementErrors';

/**
 * Sets appSettings, connectionStrings and applicationSettings of every `*.config` file that are named like a variable;
 * files that were applied as transforms before are left alone.
 */
export async function setConfigVariables(work: Work): Promise<Done> {
  const features = list(work.variables, 'Octopus.Action.EnabledFeatures');
  const on = features.includes('Octopus.Features.ConfigurationVariables');
  if (!on || !flag(work.variables, switchName, false)) return { state: 'feature-off' };
  // Found again from the files, so that it holds too where the run was interrupted behind the transforms.
  const transforms = new Set(plannedTransforms(work)?.pairs.map((pair) => pair.transform));
  const details: string[] = [];
  const files: string[] = [];
  for (const folder of workFolders(work)) {
    const targets = work.disk.filesBelow(folder).filter((file) => {
      if (!file.endsWith('.config')) return false;
      if (!transforms.has(join(folder, file))) return true;
      work.log('verbose', `${shownFile(work, folder, file)} is a transform and stays as it is`);
      return false;
    });
    const rewritten = await rewriteFiles(work, folder, targets, (bytes, file) => {
      const name = shownFile(work, folder, file);
      const result = setInOne(work, name, bytes);
      if (result === undefined) return undefined;
      if (result.replaced.length > 0) details.push(`${name}: ${fewNames(result.replaced)}`);
      for (const setting of result.replaced) work.log('verbose', `${name}: ${setting} is set`);
      return result.changed ? result.bytes : undefined;
    });
    files.push(...rewritten.map((file) => shownFile(work, folder, file)));
  }
  const detail = details.join('; ');
  return files.length === 0
    ? { state: 'nothing-to-do', ...(detail !== '' && { detail }) }
    : { state: 'done', files, ...(detail !== '' && { detail }) };
}

/** What became of one file, undefined where it can't be read or set and the step goes on without it. */
function setInOne(work: Work, name: string, bytes: Buffer): ReturnType<typeof setIn> | undefined {
  try {
    return setIn(bytes, work.variables);
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    const rule = `The deployment fails; with ${tolerantName} it goes on, the file left as it was.`;
    const failure = inFile(error, 'set configuration variables in', name, rule);
    const goesOn = flag(work.variables, tolerantName, false);
    work.log(goesOn ? 'info' : 'error', failure.message);
    if (!goesOn) throw explained(work, failure);
    return undefined;
  }
}
