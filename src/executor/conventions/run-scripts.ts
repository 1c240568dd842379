import { rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { expand, flag, list } from '../../variables/index.ts';
import { currentFolder, packageAction, type Done, type Work } from '../convention.ts';
import { ExecutorError } from '../errors.ts';
import type { InlineScript } from '../plan.ts';
import { inlineOrder, languageOf, preferredExtensions, scriptLanguages } from '../script-kinds.ts';

export type ScriptStage = 'PreDeploy' | 'Deploy' | 'PostDeploy';
export type PackagedStage = ScriptStage | 'DeployFailed';

const stageKeys = { PreDeploy: 'preDeploy', Deploy: 'deploy', PostDeploy: 'postDeploy' } as const;

/** Runs the scripts of a stage that the process gives, every language that has one, in the order ps1, sh, py. */
export function runInlineScripts(stage: ScriptStage) {
  return async (work: Work): Promise<Done> => {
    const scripts = inlineScripts(work, stage);
    if (scripts.length === 0) return { state: 'feature-off' };
    const folder = currentFolder(work);
    if (folder === undefined) throw new TypeError('inline scripts need a folder');
    for (const script of scripts) {
      const { extension, name } = scriptLanguages[script.kind];
      const fileName = `Octopus.Action.CustomScripts.${stage}.${extension}`;
      await runInlineScript(work, folder, fileName, script, `the ${stage} script (${name})`);
    }
    const kinds = scripts.map((script) => scriptLanguages[script.kind].name);
    return { state: 'done', detail: `inline: ${kinds.join(', ')}` };
  };
}

/** The scripts of a stage that the process gives, in the order in which they run. */
export function inlineScripts(work: Work, stage: ScriptStage): InlineScript[] {
  const given = packageAction(work.step).scripts[stageKeys[stage]];
  const isOn = list(work.variables, 'Octopus.Action.EnabledFeatures').includes(
    'Octopus.Features.CustomScripts',
  );
  const property = (extension: string): string =>
    (isOn && work.variables.raw(`Octopus.Action.CustomScripts.${stage}.${extension}`)) || '';
  if (property('csx').trim() !== '') throw notSupported(`the ${stage} script of the process`);
  return inlineOrder.flatMap((kind) => {
    const asProperty = property(scriptLanguages[kind].extension);
    const all = [...given.filter((script) => script.kind === kind), { kind, text: asProperty }];
    return all.filter((script) => script.text.trim() !== '').slice(0, 1);
  });
}

/**
 * Runs a script given as text: evaluated, written into `folder` as a file that is deleted after success and stays
 * after failure. A text that holds a secret once it is evaluated never becomes a file.
 */
export async function runInlineScript(
  work: Work,
  folder: string,
  fileName: string,
  script: InlineScript,
  shownAs: string,
): Promise<void> {
  const { text, missing, failedAt } = expand(script.text, work.variables);
  if (failedAt !== undefined)
    work.log('verbose', `${shownAs} does not parse as a template and runs as it is`);
  if (missing.length > 0) work.log('verbose', `${shownAs}: no value for ${missing.join(', ')}`);
  const language = scriptLanguages[script.kind];
  const unix = language.plainUtf8 ? text.replaceAll('\r\n', '\n') : text;
  const file = join(folder, fileName);
  if (work.masker.holds(unix)) {
    await work.runScript({ kind: script.kind, file, body: unix, shownAs });
    return;
  }
  rmSync(file, { force: true });
  writeFileSync(file, language.plainUtf8 ? unix : `\uFEFF${unix}`, { mode: 0o600 });
  await work.runScript({ kind: script.kind, file, shownAs });
  rmSync(file, { force: true });
}

/**
 * Runs the packaged script of a stage: one file directly in the current folder, chosen by language. After success
 * all scripts of the stage are deleted, whatever their language.
 */
export function runPackagedScript(stage: PackagedStage) {
  return async (work: Work): Promise<Done> => {
    const evenIfOff = stage === 'DeployFailed';
    if (!evenIfOff && !flag(work.variables, 'Octopus.Action.Package.RunScripts', true))
      return { state: 'feature-off' };
    const folder = currentFolder(work);
    const candidates = folder === undefined ? [] : packagedScripts(work, folder, stage);
    const [chosen] = candidates;
    if (folder === undefined || chosen === undefined) return { state: 'nothing-to-do' };
    const others = candidates.slice(1);
    if (others.length > 0) work.log('verbose', `${chosen} is run rather than ${others.join(', ')}`);
    const language = languageOf(extname(chosen).slice(1));
    if (language === undefined) {
      throw notSupported(chosen);
    }
    const file = join(folder, chosen);
    await work.runScript({ kind: language.kind, file, shownAs: chosen });
    deletePackagedScripts(work, stage);
    return { state: 'done', files: [chosen], detail: `packaged: ${chosen}` };
  };
}

/** In the order in which they come. */
export const packagedStages: readonly PackagedStage[] = ['PreDeploy', 'Deploy', 'PostDeploy', 'DeployFailed'];

/** The stage whose script a file is that lies at the top of a package, by its name; undefined for any other file. */
export function packagedStageOf(name: string): PackagedStage | undefined {
  if (!preferredExtensions.includes(extname(name).slice(1))) return undefined;
  return packagedStages.find((stage) => stage.toLowerCase() === stemOf(name).toLowerCase());
}

/** The scripts of a stage in the current folder, the preferred one first. */
export function packagedScripts(work: Work, folder: string, stage: PackagedStage): string[] {
  const found = work.disk.filesIn(folder).filter((name) => packagedStageOf(name) === stage);
  const source = work.folder('extracted');
  const ours = found.filter((name) => source === undefined || work.disk.has(join(source, name)));
  for (const name of found.filter((one) => !ours.includes(one))) {
    work.log('warning', `${name} in ${folder} does not come from the package and is not run`);
  }
  const rank = (name: string): number => preferredExtensions.indexOf(extname(name).slice(1));
  return ours.sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
}

/** Deletes the packaged scripts of a stage where the flag says so; what can't be deleted stays, and is said. */
export function deletePackagedScripts(work: Work, stage: PackagedStage): string[] {
  const folder = currentFolder(work);
  if (folder === undefined || !flag(work.variables, 'OctopusDeleteScriptsOnCleanup', true)) return [];
  return packagedScripts(work, folder, stage).filter((name) => {
    try {
      rmSync(join(folder, name));
      return true;
    } catch (error) {
      work.log(
        'verbose',
        `${name} can't be deleted: ${error instanceof Error ? error.message : String(error)}`,
      );
      return false;
    }
  });
}

function notSupported(what: string): ExecutorError {
  return new ExecutorError('SCRIPT_NOT_STARTED', `Cannot run ${what}: C# scripts are not supported`, {
    hint: 'Write the same script for Bash, Python or PowerShell instead.',
    details: { script: what },
  });
}

const stemOf = (name: string): string => name.slice(0, name.length - extname(name).length);
