import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Plan, PlannedInput } from '../executor/index.ts';
import type { Instance } from '../instance/index.ts';
import { readRevision, resolveVariables, type Revision } from '../process/index.ts';
import {
  fileFor,
  nameKey,
  readApplications,
  readEnvironments,
  readGivenValues,
  readInputs,
  readPackageFiles,
  readPlace,
  readRevisions,
  readSteps,
  sourceOf,
  type DeploymentRow,
  type InputRow,
  type ReleaseRow,
} from '../projections/index.ts';
import { plannedStep, type EarlierInstallations, type PlannedPackage } from './planned-step.ts';
import { packageTrust } from './package-trust.ts';

/** The revision a release is bound to, from its frozen bytes. */
export async function revisionOf(instance: Instance, release: ReleaseRow): Promise<Revision> {
  return readRevision(await readFile(instance.blobs.path(release.document.revision.digest)));
}

/**
 * All a run of this release in this environment needs, as plain data: digests, values and references to secrets as
 * they are now. Pure but for what it reads; the same decisions give the same plan.
 */
export async function freezePlan(
  instance: Instance,
  release: ReleaseRow,
  run: {
    readonly deployment: string;
    readonly environment: string;
    readonly onFailure?: NonNullable<Plan['onFailure']>;
    /** `uninstall` for the steps that take the release away. */
    readonly reason?: DeploymentRow['reason'];
  },
): Promise<Plan> {
  const { db, folder, settings, blobs, packageLimits } = instance;
  const revision = await revisionOf(instance, release);
  const tags = readEnvironments(db).find(({ name }) => name === run.environment)?.tags ?? [];
  const place = { environment: run.environment, tags };
  const { fingerprints, rules } = packageTrust(instance, release.link, 'used');
  const pinned = (wanted: string): PlannedPackage => {
    const pin = release.document.packages.find(({ id }) => nameKey(id) === nameKey(wanted));
    if (pin === undefined) throw new TypeError(`release ${release.number} pins no package ${wanted}`);
    const { id, version, contentDigest } = pin;
    const held = fileFor(db, release.link, pin, (digest) => instance.holds(digest));
    const sha256 = held?.pin.sha256 ?? pin.sha256;
    const file = blobs.path(sha256);
    // Another file of the same content was signed who knows when: it counts from when it was found good here.
    const verifyAt = sha256 === pin.sha256 ? release.createdAt : held!.addedAt;
    const trusted = { trustedFingerprints: fingerprints, trustRules: rules };
    return { id, version, sha256, contentDigest, file, ...trusted, verifyAt };
  };
  const isGoing = run.reason === 'uninstall';
  const steps = isGoing ? (revision.uninstall ?? []) : revision.steps;
  const earlier = earlierInstallations(instance, release, run);
  const local = localVariables(instance, release);
  return {
    format: 1,
    deployment: run.deployment,
    process: release.process,
    release: release.number,
    environment: run.environment,
    machine: settings.machine ?? hostname(),
    appsFolder: folder.environmentApps(run.environment),
    packageLimits,
    guardedFolders: [folder.root],
    variables: resolveVariables(revision, local, place).map(({ name, value }) => ({ name, value })),
    inputs: [
      ...plannedInputs(instance, release, run.environment),
      ...(isGoing ? leftBehind(instance, release, revision, run) : []),
    ],
    steps: steps.map((step) => plannedStep(step, place, pinned, earlier)),
    ...(run.onFailure !== undefined && { onFailure: run.onFailure }),
  };
}

/**
 * What the steps of a release that is taken away said when they ran last, as later steps of theirs would have read it: the
 * folders above all. A secret among it is not handed on.
 */
function leftBehind(
  { db }: Instance,
  { link, process, digest }: ReleaseRow,
  { steps }: Revision,
  { deployment, environment }: { readonly deployment: string; readonly environment: string },
): PlannedInput[] {
  const runs = readPlace(db, link, process, environment).filter(
    (row) => row.digest === digest && row.reason !== 'uninstall' && row.deployment !== deployment,
  );
  const last = runs.find(({ state }) => state === 'succeeded') ?? runs[0];
  const said = last === undefined ? [] : readSteps(db, last.deployment);
  const names = new Map(steps.map(({ id, name }) => [id, name]));
  return said.flatMap(({ id, name, outputs }) =>
    outputs.flatMap((output): PlannedInput[] => {
      const full = `Octopus.Action[${names.get(id) ?? name}].Output.${output.name}`;
      // A name with a token in it can't be a variable.
      if (output.value === null || full.includes('#{')) return [];
      return [{ name: full, secret: false, version: 0, value: output.value }];
    }),
  );
}

/** What steps of this process put here before, whichever release it was of, since it was last uninstalled. */
function earlierInstallations(
  instance: Instance,
  { link, process }: ReleaseRow,
  { deployment, environment }: { readonly deployment: string; readonly environment: string },
): EarlierInstallations {
  const { db, blobs } = instance;
  const before = readPlace(db, link, process, environment);
  const gone = before.findIndex(({ state, reason }) => state === 'succeeded' && reason === 'uninstall');
  const sinceGone = new Set((gone < 0 ? before : before.slice(0, gone)).map((row) => row.deployment));
  const rows = readApplications(db, { link, process, environment }).filter((row) =>
    sinceGone.has(row.deployment),
  );
  const files = new Map(readPackageFiles(db).map((row) => [row.pin.sha256, row]));
  return (stepId) =>
    rows
      .filter((row) => row.stepId === stepId && row.deployment !== deployment)
      .map(({ packageId, version, sha256, extractedTo, installedTo, succeeded }) => {
        const known = files.get(sha256);
        return {
          packageId,
          version,
          ...(known !== undefined && { contentDigest: known.pin.contentDigest }),
          ...(instance.holds(sha256) && { file: blobs.path(sha256) }),
          extractedTo,
          installedTo,
          succeeded,
        };
      });
}

/** What `local:` of the process file adds; only at home, where the release was made. */
function localVariables(
  { db }: Instance,
  { link, document }: ReleaseRow,
): Parameters<typeof resolveVariables>[1] {
  if (link !== '') return [];
  const revision = readRevisions(db).find(
    (row) => row.process === document.process && row.revision === document.revision.number,
  );
  return revision?.local.variables ?? [];
}

function plannedInputs({ db }: Instance, release: ReleaseRow, environment: string): PlannedInput[] {
  const given = readGivenValues(db, release.link, false);
  const known = { inputs: readInputs(db), given };
  const asked = release.document.inputs.flatMap((input): PlannedInput[] => {
    const source = sourceOf(input, environment, known);
    switch (source.from) {
      case 'set':
        return [plannedInput(input.name, source.input)];
      case 'given':
      case 'default':
        return [{ name: input.name, secret: false, version: 0, value: source.value }];
      case 'nowhere':
        return [];
    }
  });
  const names = new Set(release.document.inputs.map(({ name }) => nameKey(name)));
  const more = given.filter(({ name }) => !names.has(nameKey(name)));
  return [
    ...asked,
    ...more.map(({ name, value }): PlannedInput => ({ name, secret: false, version: 0, value })),
  ];
}

function plannedInput(name: string, row: InputRow): PlannedInput {
  if (row.secret) return { name, secret: true, version: row.version, environment: row.environment };
  return { name, secret: false, version: row.version, value: row.value ?? '' };
}
