import { join } from 'node:path';
import { ConfigFileError, inFile, setStructuredVariables as setIn } from '../../config-files/index.ts';
import { flag, list, pathList } from '../../variables/index.ts';
import type { Done, Work } from '../convention.ts';
import { pathMatcher } from '../folder-files.ts';
import { explained, fewNames, warn } from './config-failures.ts';
import { rewriteFiles } from './rewrite-files.ts';
import { shownFile, workFolders } from './work-folders.ts';

/** Sets what JSON, YAML, XML and properties files name like a variable, by path, in the files that the step names. */
export async function setStructuredVariables(work: Work): Promise<Done> {
  const { variables } = work;
  const features = list(variables, 'Octopus.Action.EnabledFeatures');
  const patterns = pathList(variables, 'Octopus.Action.Package.JsonConfigurationVariablesTargets');
  if (!features.includes('Octopus.Features.JsonConfigurationVariables') || patterns.length === 0) {
    return { state: 'feature-off' };
  }
  const onlyJson = flag(variables, 'Octopus.Action.StructuredConfigurationFallbackFlag', false);
  const folders = workFolders(work).map((folder) => ({ folder, files: work.disk.filesBelow(folder) }));
  const targets = targetsOf(work, patterns, folders);
  const details: string[] = [];
  const files: string[] = [];
  for (const { folder } of folders) {
    const rewritten = await rewriteFiles(work, folder, targets.get(folder) ?? [], (bytes, file) => {
      const name = shownFile(work, folder, file);
      const {
        changed,
        replaced,
        warnings,
        notRead,
        format,
        bytes: after,
      } = setInOne(work, name, bytes, onlyJson);
      for (const why of notRead) work.log('verbose', `${name}: ${why}`);
      for (const warning of warnings)
        warn(work, `set structured variables in ${name}`, `${name}: ${warning}`);
      if (replaced.length === 0) {
        work.log('info', `${name}: no variable is named like anything in it`);
        return undefined;
      }
      for (const path of replaced) work.log('verbose', `${name}: ${path} is set`);
      details.push(`${name} (${format}): ${fewNames(replaced)}`);
      return changed ? after : undefined;
    });
    files.push(...rewritten.map((file) => shownFile(work, folder, file)));
  }
  const isAny = [...targets.values()].some((some) => some.length > 0);
  const detail = isAny ? details.join('; ') : `no file matches ${patterns.join(', ')}`;
  return files.length === 0
    ? { state: 'nothing-to-do', ...(detail !== '' && { detail }) }
    : { state: 'done', files, ...(detail !== '' && { detail }) };
}

function setInOne(work: Work, name: string, bytes: Buffer, onlyJson: boolean): ReturnType<typeof setIn> {
  try {
    return setIn(name, bytes, work.variables, { onlyJson });
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    const rule = 'The deployment fails, as with Octopus Deploy; no switch lets it go on.';
    throw explained(work, inFile(error, 'set structured variables in', name, rule));
  }
}

/** The files of each folder that a pattern means, each once; a pattern without any is told. */
function targetsOf(
  work: Work,
  patterns: readonly string[],
  folders: readonly { readonly folder: string; readonly files: readonly string[] }[],
): Map<string, string[]> {
  const targets = new Map(folders.map(({ folder }) => [folder, new Set<string>()]));
  const doing = 'set structured variables';
  for (const pattern of patterns) {
    let isMet = false;
    for (const { folder, files } of folders) {
      if (work.disk.isFolder(join(folder, pattern))) {
        warn(work, doing, `${pattern} is a folder; structured variables are set in files`);
        isMet = true;
        continue;
      }
      for (const file of files.filter(pathMatcher(pattern))) {
        targets.get(folder)!.add(file);
        isMet = true;
      }
    }
    if (isMet) continue;
    work.remark({ kind: 'no-file', pattern, feature: 'structured-variables' });
    warn(work, doing, `No file matches ${pattern}`);
  }
  return new Map([...targets].map(([folder, files]) => [folder, [...files]]));
}
