import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CrossgapError } from '../../errors.ts';
import { openPackageContent } from '../../packages/index.ts';
import { flag, pathList, type VariableSet } from '../../variables/index.ts';
import { installedAlready, safeName } from '../conventions/extract-package.ts';
import { checkInstallFolder } from '../install-folder.ts';
import type { PackageAction, Plan, PlannedStep } from '../plan.ts';
import { stepVariables } from '../step-variables.ts';

/** A step that may run here, with its variables as far as they are known before any script has set one. */
export type StepAhead = {
  readonly step: PlannedStep;
  /** From 1. */
  readonly position: number;
  readonly variables: VariableSet;
};

/** The steps that are not skipped in this environment; secrets by the name of their input. */
export function stepsAhead(plan: Plan, secrets: Readonly<Record<string, string>>): StepAhead[] {
  return plan.steps.flatMap((step, index) => {
    if (step.skippedBecause !== undefined) return [];
    const position = index + 1;
    const facts = { plan, step, position, secrets, outputs: [], states: new Map(), error: undefined };
    return [{ step, position, variables: stepVariables(facts) }];
  });
}

/** Where a step would install to: a folder, none, one that only the run will know, or why it can't. */
export type InstallFolder =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'known';
      readonly folder: string;
      readonly purge: boolean;
      readonly keep: readonly string[];
    }
  | { readonly kind: 'later'; readonly missing: readonly string[] }
  | { readonly kind: 'refused'; readonly error: CrossgapError };

const setting = 'Octopus.Action.Package.CustomInstallationDirectory';

/** The folder of `install-to`, by the rules that the copy itself keeps. */
export function installFolderOf({
  plan,
  step,
  variables,
}: StepAhead & { readonly plan: Plan }): InstallFolder {
  try {
    const wanted = variables.evaluate(setting);
    if (wanted === undefined || wanted.text.trim() === '') return { kind: 'none' };
    if (wanted.missing.length > 0) return { kind: 'later', missing: wanted.missing };
    const { id, version } = (step.action as PackageAction).package;
    const extracted = join(plan.appsFolder, safeName(id), safeName(version));
    const guarded = [...plan.guardedFolders, plan.appsFolder];
    const folder = checkInstallFolder(wanted.text.trim(), [], extracted, guarded);
    return {
      kind: 'known',
      folder,
      purge: flag(variables, `${setting}ShouldBePurgedBeforeDeployment`, false),
      keep: pathList(variables, 'Octopus.Action.Package.CustomInstallationDirectoryPurgeExclusions'),
    };
  } catch (error) {
    if (error instanceof CrossgapError) return { kind: 'refused', error };
    throw error;
  }
}

/** What a package step would put where. */
export type PackageAhead = StepAhead & {
  readonly action: PackageAction;
  readonly install: InstallFolder;
  /** Every file of the application with its size once it is extracted; null where the package can't be looked into. */
  readonly files: ReadonlyMap<string, number> | null;
};

/** The package steps that would extract something; one whose version is there already, and is to be skipped then, is left out. */
export async function packagesAhead(plan: Plan, steps: readonly StepAhead[]): Promise<PackageAhead[]> {
  const ahead: PackageAhead[] = [];
  for (const one of steps) {
    const { step, variables } = one;
    if (step.action.kind !== 'package') continue;
    const ignored = { log: () => undefined, setOutput: () => undefined };
    if (installedAlready({ step, variables, ...ignored }) !== undefined) continue;
    const { file } = step.action.package;
    ahead.push({
      ...one,
      action: step.action,
      install: installFolderOf({ ...one, plan }),
      files: existsSync(file) ? await sizesIn(file, plan.packageLimits) : null,
    });
  }
  return ahead;
}

async function sizesIn(
  file: string,
  limits: Plan['packageLimits'],
): Promise<ReadonlyMap<string, number> | null> {
  try {
    using content = await openPackageContent(file, limits);
    return new Map(content.files.map((name) => [name, content.size(name)]));
  } catch (error) {
    // What is wrong with it is said where it is verified.
    if (error instanceof CrossgapError) return null;
    throw error;
  }
}
