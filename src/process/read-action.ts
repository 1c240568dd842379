import type { Findings } from './findings.ts';
import { ProcessError } from './errors.ts';
import { nearest } from './nearest.ts';
import { scriptPathProblem } from './read-script.ts';
import { isTrue } from './read-values.ts';
import type { Script, Step } from './revision.ts';
import { StepEntry, type ScriptEntry } from './schema.ts';
import type { YamlPath } from './yaml-source.ts';

/** In this order scripts of one stage run, as Octopus does it. */
const scriptOrder = ['powershell', 'bash', 'python'] as const;

const actionKinds = ['run', 'package', 'manual'] as const;

export type ReadScript = (path: string) => string;

/** What a step does: `run:`, `manual:`, or `package:` with its features and scripts. */
export function actionOf(
  entry: StepEntry,
  path: YamlPath,
  readScript: ReadScript,
  findings: Findings,
): Step['action'] {
  const kinds = actionKinds.filter((kind) => entry[kind] !== undefined);
  // What follows from a misspelt key is not said beside it: it is gone when the key is mended.
  const misspelt = kinds.length === 0 && hasMisspeltAction(findings.source.keysAt(path));
  if (kinds.length !== 1 && !misspelt) {
    findings.add(
      path,
      kinds.length === 0
        ? 'this step has nothing to do'
        : `this step has ${kinds.join(' and ')}; it may have one of them`,
      'A step has one of `run:`, `package:` or `manual:`.',
    );
  }
  if (entry.package === undefined) {
    for (const key of ['features', 'scripts'] as const) {
      if (entry[key] === undefined || misspelt) continue;
      findings.add([...path, key], `${key}: belongs to a step with a package`, 'Take it out.', 'key');
    }
    if (entry.manual !== undefined) {
      for (const key of ['time-limit', 'retries'] as const) {
        if (entry[key] === undefined) continue;
        findings.add(
          [...path, key],
          `${key}: means nothing to a step that a person confirms`,
          'Take it out.',
          'key',
        );
      }
      return { kind: 'manual', instructions: entry.manual.instructions };
    }
    if (entry.run === undefined) return { kind: 'run', script: { kind: 'bash', text: '' } };
    const more = { message: 'run: has exactly one script', hint: 'Make a step of each script.' };
    const script = oneScript(entry.run, [...path, 'run'], more, readScript, findings);
    return { kind: 'run', script };
  }
  return packageActionOf(entry, entry.package, path, readScript, findings);
}

/** Whether one of a step's keys is unknown and was most likely meant to say what the step does. */
function hasMisspeltAction(keys: readonly string[]): boolean {
  const known = Object.keys(StepEntry.shape);
  const meant = keys.filter((key) => !known.includes(key)).map((key) => nearest(key, known));
  return actionKinds.some((kind) => meant.includes(kind));
}

function packageActionOf(
  entry: StepEntry,
  packageId: string,
  path: YamlPath,
  readScript: ReadScript,
  findings: Findings,
): Step['action'] {
  const features = entry.features ?? {};
  const at = [...path, 'features'];
  const patterns = features['substitute-in-files'] ?? [];
  for (const [n, text] of patterns.entries()) {
    if (text.trim() === '') findings.add([...at, 'substitute-in-files', n], 'this is empty', 'Name a file.');
  }
  const install = features['install-to'];
  if (install !== undefined) {
    const folderAt = [...at, 'install-to', 'folder'];
    if (!/^(?:\/|[A-Za-z]:[\\/]|\\\\|#\{)/.test(install.folder)) {
      findings.add(
        folderAt,
        'the folder must be absolute',
        'Begin it with / or a drive, or with a variable.',
      );
    }
  }
  const stage = (key: 'pre-deploy' | 'deploy' | 'post-deploy'): Script[] =>
    scriptsOf(entry.scripts?.[key], [...path, 'scripts', key], readScript, findings);
  return {
    kind: 'package',
    package: packageId,
    substituteInFiles: patterns,
    configVariables: features['config-variables'] !== undefined && isTrue(features['config-variables']),
    installTo:
      install === undefined
        ? null
        : {
            folder: install.folder,
            purge: install.purge !== undefined && isTrue(install.purge),
            keep: install.keep ?? [],
          },
    scripts: { preDeploy: stage('pre-deploy'), deploy: stage('deploy'), postDeploy: stage('post-deploy') },
  };
}

/** The one script that stands at `path`; an empty one, and told, where there is none or more. */
export function oneScript(
  entry: ScriptEntry,
  path: YamlPath,
  more: { readonly message: string; readonly hint: string },
  readScript: ReadScript,
  findings: Findings,
): Script {
  const scripts = scriptsOf(entry, path, readScript, findings);
  if (Object.keys(entry).length > 1) findings.add(path, more.message, more.hint);
  return scripts[0] ?? { kind: 'bash', text: '' };
}

function scriptsOf(
  entry: ScriptEntry | undefined,
  path: YamlPath,
  readScript: ReadScript,
  findings: Findings,
): Script[] {
  if (entry === undefined) return [];
  const scripts = scriptOrder.flatMap((kind) => {
    const body = entry[kind];
    if (body === undefined) return [];
    const here = [...path, kind];
    const text = typeof body === 'string' ? body : scriptText(body.file, here, readScript, findings);
    if (text === undefined) return [];
    if (text.trim() === '') findings.add(here, 'this script is empty', 'Write the script, or take it out.');
    return [{ kind, text }];
  });
  if (Object.keys(entry).length === 0) {
    findings.add(path, 'there is no script here', 'Write `bash:`, `powershell:` or `python:`.');
  }
  return scripts;
}

function scriptText(
  file: string,
  path: YamlPath,
  readScript: ReadScript,
  findings: Findings,
): string | undefined {
  const problem = scriptPathProblem(file);
  if (problem !== undefined) {
    findings.add([...path, 'file'], `${file}: ${problem}`, 'Name a file beside the process file.');
    return undefined;
  }
  try {
    return readScript(file);
  } catch (error) {
    const why = error instanceof ProcessError ? error.details['reason'] : error;
    const what = `script ${file}: ${why instanceof Error ? why.message : String(why)}`;
    findings.add([...path, 'file'], what, 'Name a UTF-8 text file beside the process file.');
    return undefined;
  }
}
