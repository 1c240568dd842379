import { extname } from 'node:path';
import { openPackageContent } from '../packages/index.ts';
import { packagedStageOf, packagedStages } from './conventions/run-scripts.ts';
import type { PackageAction, Plan } from './plan.ts';
import { inlineScript, scriptOf, type PlannedScript, type ScriptPlace } from './script-text.ts';
import { languageOf, scriptLanguages } from './script-kinds.ts';

/**
 * Every script that a run of this plan may start: those of its steps, those that packages bring by their names, and those
 * that stand in variables. Packages are looked into and not extracted. A step that does not run there has none. Errors:
 * those of `openPackageContent`.
 */
export async function plannedScripts(
  plan: Plan,
  called: 'step' | 'uninstall' = 'step',
): Promise<PlannedScript[]> {
  const scripts: PlannedScript[] = [];
  for (const step of plan.steps) {
    if (step.skippedBecause !== undefined) continue;
    const { action } = step;
    const at: ScriptPlace = {
      place: `${called}/${step.id}`,
      where: called === 'step' ? `step ${step.name}` : `uninstall step ${step.name}`,
    };
    if (action.kind === 'run') scripts.push(inlineScript(at, 'run', action.script));
    if (action.kind === 'package') scripts.push(...(await scriptsOfPackageStep(action, at, plan)));
    scripts.push(...scriptsInValues(Object.entries(step.properties), at));
  }
  const given = plan.inputs.flatMap((input) =>
    // What a person typed here is no script of the author.
    input.secret || input.version > 0 ? [] : [[input.name, input.value] as const],
  );
  const values = [...plan.variables.map(({ name, value }) => [name, value] as const), ...given];
  return [...scripts, ...scriptsInValues(values, { place: 'variable', where: 'variables' })];
}

async function scriptsOfPackageStep(
  { scripts, package: of }: PackageAction,
  at: ScriptPlace,
  { packageLimits }: Plan,
): Promise<PlannedScript[]> {
  const stages = {
    'pre-deploy': scripts.preDeploy,
    deploy: scripts.deploy,
    'post-deploy': scripts.postDeploy,
  };
  const inline = Object.entries(stages).flatMap(([stage, some]) =>
    some.filter(({ text }) => text.trim() !== '').map((script) => inlineScript(at, stage, script)),
  );
  using content = await openPackageContent(of.file, packageLimits);
  const brought = packagedStages.flatMap((stage) =>
    content.files.flatMap((file) => {
      const language = packagedStageOf(file) === stage ? languageOf(extname(file).slice(1)) : undefined;
      if (language === undefined) return [];
      return scriptOf(content.read(file), {
        place: `${at.place}/package/${file}`,
        where: `${at.where}, ${file}`,
        language: language.kind,
        from: `package ${of.id} ${of.version}`,
      });
    }),
  );
  return [...inline, ...brought];
}

/** Scripts that Octopus knows by the name of a variable or property: custom scripts, and modules that scripts share. */
function scriptsInValues(
  values: readonly (readonly [name: string, value: string])[],
  { place, where }: ScriptPlace,
): PlannedScript[] {
  const languages = new Map(values.map(([name, value]) => [name.toLowerCase(), value.trim().toLowerCase()]));
  return values.flatMap(([name, value]) => {
    const extension = /^Octopus\.Action\.CustomScripts\.\w+\.(\w+)$/i.exec(name)?.[1];
    const module = /^Octopus\.Script\.Module\[(.+)\]$/i.exec(name)?.[1];
    const said = languages.get(`octopus.script.module.language[${module?.toLowerCase()}]`) ?? 'powershell';
    const ofModule = Object.values(scriptLanguages).find(({ kind }) => module !== undefined && kind === said);
    const language = extension === undefined ? ofModule : languageOf(extension.toLowerCase());
    if (language === undefined || value.trim() === '') return [];
    return scriptOf(Buffer.from(value, 'utf8'), {
      place: `${place}/value/${name}`,
      where: `${where}, ${name}`,
      language: language.kind,
      from: 'the process',
    });
  });
}
