import { hostname } from 'node:os';
import { CommandError } from '../../commands/index.ts';
import { plannedStep, type PlannedPackage } from '../../daemon/index.ts';
import type { Plan, PlannedInput } from '../../executor/index.ts';
import type { ZipLimits } from '../../packages/index.ts';
import {
  checkInput,
  missingInputs,
  resolveVariables,
  type Place,
  type ProcessFile,
} from '../../process/index.ts';
import { misuse } from '../command.ts';
import { CliError } from '../errors.ts';
import type { GivenVariable } from '../given/variables.ts';

/** What there is to try a process with. */
export type TriedWith = {
  readonly id: string;
  readonly place: Place;
  readonly packages: readonly PlannedPackage[];
  readonly values: readonly GivenVariable[];
  readonly appsFolder: string;
  readonly guardedFolders: readonly string[];
  /** What a package may be at most; left out: what every package may be. */
  readonly limits?: ZipLimits | undefined;
};

/** A plan and the secrets that go with it, which are not in it. */
export type TriedPlan = { readonly plan: Plan; readonly secrets: Readonly<Record<string, string>> };

const releaseNumber = 'Octopus.Release.Number';
const same = (one: string, other: string): boolean => one.toUpperCase() === other.toUpperCase();

/**
 * The plan of a process file without a release. A given value is that of an input where the process asks for one of
 * its name, taken as it is typed; else that of a variable, before the one the process has, and `#{...}` in it counts.
 * @throws CliError USAGE_INVALID, VALUE_UNFIT; CommandError INPUT_MISSING
 */
export function triedPlan({ revision, local }: ProcessFile, given: TriedWith): TriedPlan {
  const { id, place, packages, appsFolder, guardedFolders, limits } = given;
  const values = given.values.flatMap(({ name, value, sensitive }) =>
    value === null ? [] : [{ name, value, sensitive }],
  );
  const valueOf = (wanted: string) => values.findLast(({ name }) => same(name, wanted));
  const missing = missingInputs(revision, (name) => valueOf(name) !== undefined).filter(
    ({ required }) => required,
  );
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new CommandError('INPUT_MISSING', `Cannot try ${revision.process}: not set: ${names}`, {
      hint: 'Give the values with --variables FILE.',
      details: { missing: missing.map(({ name }) => name) },
    });
  }
  const secrets: Record<string, string> = {};
  const planned = (name: string, value: string, secret: boolean): PlannedInput => {
    if (!secret) return { name, secret: false, version: 0, value };
    secrets[name] = value;
    return { name, secret: true, version: 1 };
  };
  const inputs = revision.inputs.flatMap((input): PlannedInput[] => {
    const value = valueOf(input.name)?.value ?? input.default;
    if (value === null) return [];
    const unfit = checkInput(input, value);
    if (unfit !== undefined) {
      throw new CliError('VALUE_UNFIT', `Cannot try ${revision.process}: ${unfit}`, {
        hint: 'Mend the value in the file of --variables.',
        details: { name: input.name },
      });
    }
    return [planned(input.name, value, input.secret || valueOf(input.name)?.sensitive === true)];
  });
  const others = values.filter(({ name }) => !revision.inputs.some((input) => same(input.name, name)));
  const ofProcess = resolveVariables(revision, local.variables, place).filter(
    ({ name }) => !others.some((other) => same(other.name, name)),
  );
  const plan: Plan = {
    format: 1,
    deployment: id,
    process: revision.process,
    release: valueOf(releaseNumber)?.value ?? '0.0.0',
    environment: place.environment,
    machine: hostname(),
    appsFolder,
    ...(limits && { packageLimits: limits }),
    guardedFolders,
    variables: [
      ...ofProcess,
      ...others.filter(({ sensitive }) => !sensitive).map(({ name, value }) => ({ name, value })),
    ],
    inputs: [
      ...inputs,
      ...others.filter(({ sensitive }) => sensitive).map(({ name, value }) => planned(name, value, true)),
    ],
    steps: revision.steps.map((step) => plannedStep(step, place, (wanted) => packageNamed(wanted, packages))),
  };
  return { plan, secrets };
}

function packageNamed(wanted: string, packages: readonly PlannedPackage[]): PlannedPackage {
  const found = packages.find(({ id }) => same(id, wanted));
  if (found !== undefined) return found;
  throw misuse(
    `Cannot try the process: it deploys package ${wanted}, and no file given is one`,
    `Give it with --package FILE.`,
  );
}
