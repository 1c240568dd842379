/**
 * What each convention would do, told without doing it. Those that touch nothing but the disk they are given run as
 * they are, on a disk that only seems to change; of the others the decision is the convention's own and the effect is
 * left out.
 */
import { extname, join } from 'node:path';
import { expand, flag } from '../../variables/index.ts';
import { currentFolder, packageAction, type Done } from '../convention.ts';
import { askedCopy, copied } from '../conventions/copy-to-install-folder.ts';
import { installedAlready, safeName, verify } from '../conventions/extract-package.ts';
import { runFeatures } from '../conventions/run-features.ts';
import {
  inlineScripts,
  packagedScripts,
  type PackagedStage,
  type ScriptStage,
} from '../conventions/run-scripts.ts';
import { setConfigVariables } from '../conventions/set-config-variables.ts';
import { setIisHomeDirectory } from '../conventions/set-iis-home-directory.ts';
import { setStructuredVariables } from '../conventions/set-structured-variables.ts';
import { substituteInFiles } from '../conventions/substitute-in-files.ts';
import { transformConfig } from '../conventions/transform-config.ts';
import { ExecutorError } from '../errors.ts';
import type { FeatureStage } from '../features/feature.ts';
import { pathMatcher } from '../folder-files.ts';
import type { ConventionEnd } from '../journal.ts';
import { checkInstallFolder } from '../install-folder.ts';
import type { InlineScript } from '../plan.ts';
import { languageOf, scriptLanguages } from '../script-kinds.ts';
import type { ForeseenWork } from './foreseen-work.ts';
import { below } from './overlay-disk.ts';

export type Foresee = (work: ForeseenWork) => Promise<Done>;

/** By the key of the convention. */
export const foreseenConventions: Readonly<Record<string, Foresee>> = {
  '0': foreseeExtraction,
  '1': foreseeFeatures('BeforePreDeploy'),
  '2a': foreseeInline('PreDeploy'),
  '2b': foreseePackaged('PreDeploy'),
  '3': foreseeFeatures('AfterPreDeploy'),
  '4': foreseeRemoval,
  '5': substituteInFiles,
  '6': transformConfig,
  '7': setConfigVariables,
  '7.5': setStructuredVariables,
  '8': foreseeCopy,
  '9': foreseeFeatures('BeforeDeploy'),
  '10a': foreseePackaged('Deploy'),
  '10b': foreseeInline('Deploy'),
  '11': foreseeFeatures('AfterDeploy'),
  '12': foreseeIisHome,
  '13': foreseeFeatures('BeforePostDeploy'),
  '14a': foreseePackaged('PostDeploy'),
  '14b': foreseeInline('PostDeploy'),
  '15': foreseeFeatures('AfterPostDeploy'),
  F: foreseePackaged('DeployFailed'),
  Fb: foreseeFeatures('DeployFailed'),
  '10': foreseeStepScript,
};

/** The package is verified and its files are taken to lie where they would be extracted to. */
async function foreseeExtraction(work: ForeseenWork): Promise<Done> {
  const recorded = work.recordedEnd();
  const already = recorded === undefined ? installedAlready(work) : skippedBefore(work, recorded);
  if (already !== undefined) return already;
  if (!work.isVerified) await verify(work);
  const { id, version } = packageAction(work.step).package;
  const wanted = join(work.plan.appsFolder, safeName(id), safeName(version));
  const folder = work.recordedFolder ?? firstFree(work, wanted);
  const content = await work.content();
  for (const name of content.files) work.disk.put(below(folder, name), () => content.read(name));
  work.setFolder('extracted', folder);
  work.setOutput('Package.InstallationDirectoryPath', folder, false);
  work.setOutput('Package.ExtractedFileCount', String(content.files.length), false);
  const { files } = content;
  return { state: 'done', files, detail: `${files.length} files to ${folder}` };
}

/** That it was installed already when the record was made: the folders of that time may be gone. */
function skippedBefore(work: ForeseenWork, { skipRest, detail }: ConventionEnd): Done | undefined {
  if (skipRest === undefined) return undefined;
  work.repeatScript();
  return { state: 'nothing-to-do', ...(detail !== undefined && { detail }), skipRest };
}

function firstFree({ disk }: ForeseenWork, wanted: string): string {
  for (let n = 0; ; n += 1) {
    const folder = n === 0 ? wanted : `${wanted}_${n}`;
    if (!disk.has(folder)) return folder;
  }
}

/** What a feature did to the machine can't be looked at again: of a run that was recorded it is what the record says. */
function foreseeFeatures(stage: FeatureStage): Foresee {
  return async (work) => {
    const foreseen = await runFeatures(stage)(work);
    const recorded = work.recordedEnd();
    if (foreseen.state === 'feature-off' || recorded === undefined) return foreseen;
    work.repeatScript();
    const { state, files, detail } = recorded;
    if (state !== 'done' && state !== 'nothing-to-do') return foreseen;
    return { state, ...(files && { files }), ...(detail !== undefined && { detail }) };
  };
}

/** IIS' file is the machine's: of a run that was recorded it has changed since. */
async function foreseeIisHome(work: ForeseenWork): Promise<Done> {
  const recorded = work.recordedEnd();
  if (recorded?.state !== 'done') return setIisHomeDirectory(work);
  const { files, detail } = recorded;
  return { state: 'done', ...(files && { files }), ...(detail !== undefined && { detail }) };
}

function foreseeInline(stage: ScriptStage): Foresee {
  return async (work) => {
    const scripts = inlineScripts(work, stage);
    if (scripts.length === 0) return { state: 'feature-off' };
    for (const script of scripts) {
      foreseeScript(work, script, `the ${stage} script (${scriptLanguages[script.kind].name})`);
    }
    work.repeatScript();
    const kinds = scripts.map((script) => scriptLanguages[script.kind].name);
    return { state: 'done', detail: `inline: ${kinds.join(', ')}` };
  };
}

async function foreseeStepScript(work: ForeseenWork): Promise<Done> {
  const { action } = work.step;
  if (action.kind !== 'run') throw new TypeError(`step ${work.step.name} has a package`);
  foreseeScript(work, action.script, 'the script');
  work.repeatScript();
  return { state: 'done', detail: scriptLanguages[action.script.kind].name };
}

function foreseeScript(work: ForeseenWork, script: InlineScript, shownAs: string): void {
  work.remark({ kind: 'script', script: shownAs, from: 'process', language: script.kind, rather: [] });
  const { text, missing } = expand(script.text, work.variables);
  if (missing.length > 0) work.remark({ kind: 'no-value', where: shownAs, tokens: missing });
  work.scripts.push(text);
}

function foreseePackaged(stage: PackagedStage): Foresee {
  return async (work) => {
    const isOff = !flag(work.variables, 'Octopus.Action.Package.RunScripts', true);
    if (isOff && stage !== 'DeployFailed') return { state: 'feature-off' };
    const folder = currentFolder(work);
    const candidates = folder === undefined ? [] : packagedScripts(work, folder, stage);
    const [chosen, ...rather] = candidates;
    if (folder === undefined || chosen === undefined) return { state: 'nothing-to-do' };
    const kind = languageOf(extname(chosen).slice(1))?.kind;
    work.remark({ kind: 'script', script: chosen, from: 'package', language: kind, rather });
    if (kind === undefined) {
      throw new ExecutorError('SCRIPT_NOT_STARTED', `Cannot run ${chosen}: C# scripts are not supported`, {
        hint: 'Give the package the same script for Bash, Python or PowerShell instead.',
        details: { file: chosen },
      });
    }
    work.scripts.push(work.disk.read(join(folder, chosen)).toString('utf8'));
    work.repeatScript();
    if (flag(work.variables, 'OctopusDeleteScriptsOnCleanup', true)) {
      for (const name of candidates) work.disk.remove(join(folder, name));
    }
    return { state: 'done', files: [chosen], detail: `packaged: ${chosen}` };
  };
}

async function foreseeRemoval(work: ForeseenWork): Promise<Done> {
  const ran = flag(work.variables, 'Octopus.Action.Package.RunScripts', true);
  const folder = currentFolder(work);
  const removes = ran && flag(work.variables, 'OctopusDeleteScriptsOnCleanup', true);
  const files = removes && folder !== undefined ? packagedScripts(work, folder, 'PreDeploy') : [];
  for (const name of files) work.disk.remove(join(folder!, name));
  return files.length > 0 ? { state: 'done', files } : { state: 'nothing-to-do' };
}

async function foreseeCopy(work: ForeseenWork): Promise<Done> {
  const asked = askedCopy(work);
  if (asked === undefined) return { state: 'feature-off' };
  const { source, wanted, missing, purge, keep, guarded } = asked;
  const files = work.disk.filesBelow(source);
  // A folder that only the run will know can be neither judged nor looked into.
  const isOpen = work.isOpen(wanted) || (missing.length > 0 && missing.every(work.isLater));
  const target = isOpen ? wanted : checkInstallFolder(wanted, missing, source, guarded);
  const there = isOpen || !work.disk.isFolder(target) ? [] : work.disk.filesBelow(target);
  const gone = purge ? there.filter(isPurged(keep)) : [];
  for (const name of gone) work.disk.remove(below(target, name));
  for (const name of files) {
    const from = below(source, name);
    work.disk.put(below(target, name), () => work.disk.read(from));
  }
  work.setFolder('installed', target);
  work.setOutput('Package.InstallationDirectoryPath', target, false);
  work.setOutput('Package.CopiedFileCount', String(files.length), false);
  return { state: 'done', files, detail: copied(asked, gone.length, files.length, target) };
}

/** Whether a purge takes a file: no pattern keeps it, nor a folder that it lies in. */
function isPurged(keep: readonly string[]): (path: string) => boolean {
  const kept = keep.map(pathMatcher);
  return (path) => {
    const parts = path.split('/');
    return parts.every((_, at) => !kept.some((isKept) => isKept(parts.slice(0, at + 1).join('/'))));
  };
}
