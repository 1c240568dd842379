import { hostname } from 'node:os';
import { plannedStep, standInOf, type PlannedPackage } from '../../daemon/index.ts';
import type { Plan } from '../../executor/index.ts';
import {
  namesUnknownHere,
  resolveVariables,
  type Place,
  type ProcessFile,
  type Revision,
} from '../../process/index.ts';
import type { ZipLimits } from '../../packages/index.ts';
import type { EnvironmentRow, ReleaseRow } from '../../projections/index.ts';

/** A place that a package is looked at for; `shown` is how it is called where it has no name. */
export type LintPlace = Place & { readonly shown: string };

/**
 * Every place there can be: the environments here, those that somebody names, those that the process mentions, one
 * for each tag that none of these carries, and any other.
 */
export function lintPlaces(
  revision: Revision,
  here: readonly Pick<EnvironmentRow, 'name' | 'tags'>[],
  named: readonly string[],
): LintPlace[] {
  const places: LintPlace[] = here.map(({ name, tags }) => ({ environment: name, tags, shown: name }));
  const mentioned = namesUnknownHere(revision, [], []);
  for (const name of [...named, ...mentioned.environments]) {
    const isThere = places.some(({ environment }) => environment.toLowerCase() === name.toLowerCase());
    if (!isThere) places.push({ environment: name, tags: [], shown: name });
  }
  const carried = new Set(places.flatMap(({ tags }) => tags.map((tag) => tag.toLowerCase())));
  for (const tag of mentioned.tags.filter((one) => !carried.has(one.toLowerCase()))) {
    places.push({ environment: '', tags: [tag], shown: `(tagged ${tag})` });
  }
  return [...places, { environment: '', tags: [], shown: '(any other)' }];
}

/** The plan of a process in one place with one package, and what stands for the values that nobody gave yet. */
export function lintedPlan(
  { revision, local }: Pick<ProcessFile, 'revision' | 'local'>,
  place: LintPlace,
  given: {
    readonly package: PlannedPackage;
    readonly appsFolder: string;
    readonly guardedFolder: string;
    readonly limits?: ZipLimits | undefined;
  },
): { readonly plan: Plan; readonly standIns: Readonly<Record<string, string>> } {
  const asked = revision.inputs.filter((input) => input.default === null);
  const defaults = revision.inputs.flatMap((input) =>
    input.default === null
      ? []
      : [{ name: input.name, secret: false, version: 0, value: input.default } as const],
  );
  const steps = revision.steps.map((step) => {
    const other = step.action.kind === 'package' && !isSame(step.action.package, given.package.id);
    const planned = plannedStep(step, place, () => given.package);
    const because = other ? 'it deploys another package' : undefined;
    return because === undefined ? planned : { ...planned, skippedBecause: because };
  });
  return {
    plan: {
      format: 1,
      deployment: 'lint',
      process: revision.process,
      release: '0.0.0',
      environment: place.environment,
      machine: hostname(),
      appsFolder: given.appsFolder,
      guardedFolders: [given.guardedFolder],
      ...(given.limits && { packageLimits: given.limits }),
      variables: resolveVariables(revision, local.variables, place),
      inputs: defaults,
      steps,
    },
    standIns: Object.fromEntries(asked.map((input) => [input.name, standInOf(input)])),
  };
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** The plan that a release has at another side, as far as this one can know it, and what stands for the values there. */
export function reportedPlan(
  revision: Revision,
  given: {
    readonly release: ReleaseRow;
    readonly environment: string;
    readonly appsFolder: string;
    readonly guardedFolder: string;
    readonly fingerprints: readonly string[];
    /** Which file carries the content of a package. */
    readonly packageNow: (planned: PlannedPackage) => PlannedPackage;
    readonly blobPath: (sha256: string) => string;
  },
): { readonly plan: Plan; readonly standIns: Readonly<Record<string, string>> } {
  const { release, environment, appsFolder, guardedFolder, fingerprints, packageNow, blobPath } = given;
  const place = { environment, tags: [] };
  const packageOf = (wanted: string): PlannedPackage => {
    const pin = release.document.packages.find(({ id }) => isSame(id, wanted));
    if (pin === undefined) throw new TypeError(`release ${release.number} pins no package ${wanted}`);
    const { id, version, sha256, contentDigest } = pin;
    const verifyAt = release.createdAt;
    return packageNow({
      id,
      version,
      sha256,
      contentDigest,
      file: blobPath(sha256),
      trustedFingerprints: fingerprints,
      verifyAt,
    });
  };
  return {
    plan: {
      format: 1,
      deployment: 'replay',
      process: release.process,
      release: release.number,
      environment,
      machine: hostname(),
      appsFolder,
      guardedFolders: [guardedFolder],
      variables: resolveVariables(revision, [], place),
      inputs: [],
      steps: revision.steps.map((step) => plannedStep(step, place, packageOf)),
    },
    standIns: Object.fromEntries(revision.inputs.map((input) => [input.name, standInOf(input)])),
  };
}
