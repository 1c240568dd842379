import { extname } from 'node:path';
import { flag } from '../../variables/index.ts';
import { packagedStageOf, packagedStages } from '../conventions/run-scripts.ts';
import type { InlineScript, ScriptKind } from '../plan.ts';
import { pipeMaker } from '../output-pipes.ts';
import { findProgram } from '../run-script.ts';
import { languageOf, preferredExtensions, scriptLanguages } from '../script-kinds.ts';
import { askProgram } from './ask-program.ts';
import { fewOf, good, lacking, note, type HostCheck } from './host-check.ts';
import type { PackageAhead, StepAhead } from './planned-folders.ts';

/** An engine that scripts need, by the programs that would do, and which scripts these are, in words. */
export type EngineAsked = {
  readonly kind: ScriptKind;
  readonly programs: readonly string[];
  readonly for: readonly string[];
};

/** The engines of every script that is known of beforehand: those of the process, of packages, and `besides`. */
export function enginesAsked(
  steps: readonly StepAhead[],
  packages: readonly PackageAhead[],
  besides: readonly { readonly where: string; readonly kind: ScriptKind }[],
): EngineAsked[] {
  const asked = new Map<string, { kind: ScriptKind; programs: readonly string[]; for: string[] }>();
  const add = (kind: ScriptKind, where: string, setting: (name: string) => string | undefined): void => {
    const { programs } = scriptLanguages[kind].command(setting);
    const key = `${kind}\n${programs.join('\n')}`;
    const known = asked.get(key) ?? { kind, programs, for: [] };
    asked.set(key, known);
    if (!known.for.includes(where)) known.for.push(where);
  };
  for (const { step, variables } of steps) {
    const setting = (name: string): string | undefined => variables.get(name);
    for (const { kind } of inlineScripts(step.action)) add(kind, `step ${step.name}`, setting);
    for (const language of Object.values(scriptLanguages)) {
      const isGiven = ['PreDeploy', 'Deploy', 'PostDeploy'].some((stage) =>
        step.properties[`Octopus.Action.CustomScripts.${stage}.${language.extension}`]?.trim(),
      );
      if (isGiven) add(language.kind, `step ${step.name}`, setting);
    }
  }
  for (const { step, variables, files } of packages) {
    if (files === null || !flag(variables, 'Octopus.Action.Package.RunScripts', true)) continue;
    const setting = (name: string): string | undefined => variables.get(name);
    for (const script of packagedScripts([...files.keys()])) {
      const language = languageOf(extname(script).slice(1));
      if (language !== undefined)
        add(language.kind, `${script} in the package of step ${step.name}`, setting);
    }
  }
  for (const { kind, where } of besides) add(kind, where, () => undefined);
  return [...asked.values()];
}

function inlineScripts(action: StepAhead['step']['action']): readonly InlineScript[] {
  if (action.kind === 'run') return [action.script];
  if (action.kind === 'manual') return [];
  return [...action.scripts.preDeploy, ...action.scripts.deploy, ...action.scripts.postDeploy];
}

/** The script of each stage that would be run, by the rules that choose it. */
function packagedScripts(files: readonly string[]): string[] {
  const rank = (file: string): number => preferredExtensions.indexOf(extname(file).slice(1));
  return packagedStages.flatMap((stage) => {
    const found = files.filter((file) => packagedStageOf(file) === stage);
    return found.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).slice(0, 1);
  });
}

const versionAsked: Readonly<Record<ScriptKind, (program: string) => readonly string[]>> = {
  bash: () => ['--version'],
  python: () => ['--version'],
  powershell: (program) =>
    /powershell(?:\.exe)?$/i.test(program)
      ? ['-NoProfile', '-NonInteractive', '-Command', '$PSVersionTable.PSVersion.ToString()']
      : ['--version'],
};

/** The oldest versions that scripts are handed their values by; docs/scripts.md says the same. */
const oldest: Readonly<Record<ScriptKind, readonly [major: number, minor: number]>> = {
  bash: [4, 4],
  python: [3, 0],
  powershell: [5, 1],
};

/** The version, in what a program says of itself. */
const numberWithDots = /\d+(?:\.\d+)+/;

/** Whether an engine is on this machine, where, and in a version that does. `environment` is that of scripts. */
export async function lookAtEngine(
  { kind, programs, for: asking }: EngineAsked,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HostCheck> {
  const { name } = scriptLanguages[kind];
  const looked = { id: `engine:${kind}:${programs.join(',')}`, name };
  const program = findProgram(programs, environment['PATH'] ?? '');
  const needs = `${fewOf(asking)} ${asking.length === 1 ? 'needs' : 'need'} it`;
  if (program === undefined) {
    const hint = `Install ${programs.join(' or ')}, on the PATH of the account that this runs as.`;
    return lacking(looked, `${programs.join(' or ')} is not on this machine; ${needs}`, hint);
  }
  const answer = await askProgram(program, versionAsked[kind](program), { environment, signal });
  const version = answer && numberWithDots.exec(`${answer.stdout}\n${answer.stderr}`)?.[0];
  if (version === undefined) return note(looked, `${program}, which does not say its version`);
  const [major, minor] = oldest[kind];
  const [ours = 0, ourMinor = 0] = version.split('.').map(Number);
  if (ours > major || (ours === major && ourMinor >= minor)) return good(looked, `${program}, ${version}`);
  const found = `${program} is version ${version}; ${needs}, ${major}.${minor} or newer`;
  return lacking(looked, found, `Install ${name} ${major}.${minor} or newer.`);
}

/** What every script is heard by, whatever its language; nothing is said where it is there. */
export function lookAtPipes(environment: Readonly<Record<string, string>>): HostCheck[] {
  if (process.platform === 'win32') return [];
  if (findProgram([pipeMaker], environment['PATH'] ?? '') !== undefined) return [];
  const looked = { id: 'engine:pipes', name: 'Pipes' };
  const found = `${pipeMaker} is not on this machine; what scripts say is heard by it`;
  const hint = `Install ${pipeMaker} (it comes with coreutils), on the PATH of the account that this runs as.`;
  return [lacking(looked, found, hint)];
}
