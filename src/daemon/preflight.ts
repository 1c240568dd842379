import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { accountName } from '../account.ts';
import {
  ExecutorError,
  lookAtHost,
  lookByScript,
  readPlan,
  tryValue,
  type CheckRun,
  type HostCheck,
  type HostQuestions,
  type Plan,
  type PlannedInput,
} from '../executor/index.ts';
import { deployable, type Instance } from '../instance/index.ts';
import { checkInput, stepApplies, type ProcessCheck, type Revision } from '../process/index.ts';
import {
  nameKey,
  readEnvironments,
  readLinks,
  readPlace,
  readReleases,
  type ReleaseRow,
} from '../projections/index.ts';
import { freezePlan, revisionOf } from './freeze-plan.ts';
import { lookAtPackages } from './look-at-packages.ts';
import { scriptsOfRelease } from './release-scripts.ts';

/** Values by the names of inputs, as somebody typed them and before they are kept; they go before those that are. */
export type TypedValues = Readonly<Record<string, string>>;

export type PreflightOptions = {
  /** Whether the scripts of `checks:` are run, or only named. */
  readonly runsScripts: boolean;
  readonly signal?: AbortSignal;
  /** Scripts that somebody read and lets run for this look, by the digest of their set; nothing is kept of it. */
  readonly approvedSet?: string | null;
};

/**
 * Everything about this machine that can be looked at before a release is deployed to an environment, with `values` in
 * the place of those that are kept: space, rights, ports, script engines, features, the clock, packages that would be
 * refused, and the checks that the process brings. Nothing is written, recorded or changed. Those checks are scripts of the author: they run only where
 * `runsScripts` says so and the release may be deployed as far as its author goes.
 */
export async function preflight(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
  values: TypedValues,
  options: PreflightOptions,
): Promise<HostCheck[]> {
  const { revision, plan, secrets } = await planWith(instance, release, environment, values);
  const { clock, folder } = instance;
  const checks = checksIn(instance, revision, environment);
  const host = await lookAtHost(plan, {
    dataFolder: folder.root,
    account: accountName(),
    secrets,
    ports: portsOf(revision, plan, earlierPlans(instance, release, environment)),
    besides: checks.map(({ name, script }) => ({ where: `check ${name}`, kind: script.kind })),
    now: clock.now(),
    newestSignedAt: newestSignedAt(instance, release),
    ...(options.signal !== undefined && { signal: options.signal }),
  });
  const packages = await lookAtPackages(plan, options.signal);
  const why = options.runsScripts
    ? await whyNotRun(instance, release, environment, options.approvedSet)
    : 'it is not run to look only';
  const run = runOf(secrets, options.signal);
  const brought =
    why === undefined
      ? await Promise.all(checks.map((check) => lookByScript(plan, check, run)))
      : checks.map(({ name }) => notRun(name, why));
  return [...host, ...packages, ...brought];
}

/**
 * Runs the connection test of one input, with `values` in the place of those that are kept. Throws TypeError where the
 * process has no such input, or no test of it.
 */
export async function tryInput(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
  name: string,
  values: TypedValues,
  { signal, approvedSet }: Omit<PreflightOptions, 'runsScripts'> = {},
): Promise<HostCheck> {
  const { revision, plan, secrets } = await planWith(instance, release, environment, values);
  const input = revision.inputs.find((one) => nameKey(one.name) === nameKey(name));
  if (input?.test === undefined)
    throw new TypeError(`process ${release.process} has no test of input ${name}`);
  const why = await whyNotRun(instance, release, environment, approvedSet);
  if (why !== undefined) return notRun(input.label ?? input.name, why);
  const { label, test: script } = input;
  return await tryValue(plan, { name: input.name, label, script }, runOf(secrets, signal));
}

function runOf(secrets: TypedValues, signal: AbortSignal | undefined): CheckRun {
  return { secrets, ...(signal !== undefined && { signal }) };
}

function notRun(name: string, why: string): HostCheck {
  const found = `not looked at: ${why}`;
  return { id: `check:${name}`, name, state: 'note', found, hint: null, wasLookedAt: false };
}

/** The plan as it would be with these values, and the values of its secrets as far as they are known. */
async function planWith(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
  values: TypedValues,
): Promise<{ readonly revision: Revision; readonly plan: Plan; readonly secrets: TypedValues }> {
  const revision = await revisionOf(instance, release);
  const frozen = await freezePlan(instance, release, { deployment: 'preflight', environment });
  const typed = new Map(Object.entries(values).map(([name, value]) => [nameKey(name), value]));
  const asked = new Map(revision.inputs.map((input) => [nameKey(input.name), input]));
  const kept = frozen.inputs.filter(({ name }) => !typed.has(nameKey(name)));
  const secrets: Record<string, string> = {};
  for (const input of kept) {
    if (!input.secret) continue;
    const value = instance.vault.open({ ...input, environment: input.environment ?? null });
    if (value !== undefined) secrets[input.name] = value;
  }
  const given = [...typed].flatMap(([key, value]): PlannedInput[] => {
    const input = asked.get(key);
    if (input === undefined) return [];
    const { name, secret } = input;
    if (secret) secrets[name] = value;
    return [secret ? { name, secret, version: 0 } : { name, secret, version: 0, value }];
  });
  return { revision, plan: { ...frozen, inputs: [...kept, ...given] }, secrets };
}

function checksIn({ db }: Instance, { checks = [] }: Revision, environment: string): ProcessCheck[] {
  const tags = readEnvironments(db).find(({ name }) => name === environment)?.tags ?? [];
  return checks.filter(
    (check) => stepApplies({ ...check, exceptEnvironments: [] }, { environment, tags }) === undefined,
  );
}

/**
 * The ports that inputs of that type name, and whether a version before had the same; one whose value is no port is said
 * where the value is asked for.
 */
function portsOf({ inputs }: Revision, plan: Plan, earlier: readonly Plan[]): HostQuestions['ports'] {
  const values = valuesOf(plan);
  const before = new Set(
    earlier.flatMap((one) => {
      const had = valuesOf(one);
      return inputs.flatMap(({ type, name }) => (type === 'port' ? (had.get(nameKey(name)) ?? []) : []));
    }),
  );
  return inputs.flatMap((input) => {
    const value = values.get(nameKey(input.name));
    if (input.type !== 'port' || value === undefined || checkInput(input, value) !== undefined) return [];
    const { name, label } = input;
    return [{ input: name, label, port: Number(value), isKept: before.has(value) }];
  });
}

function valuesOf({ inputs }: Plan): ReadonlyMap<string, string> {
  return new Map(
    inputs.flatMap((input) => (input.secret ? [] : [[nameKey(input.name), input.value] as const])),
  );
}

/** The frozen plans of what may run there now: the deployment that came last, and the last that succeeded. */
function earlierPlans({ db, folder }: Instance, { link, process }: ReleaseRow, environment: string): Plan[] {
  const rows = readPlace(db, link, process, environment);
  const gone = rows.findIndex(({ state, reason }) => state === 'succeeded' && reason === 'uninstall');
  const since = gone < 0 ? rows : rows.slice(0, gone);
  const wanted = new Set([since[0], since.find(({ state }) => state === 'succeeded')]);
  return [...wanted].flatMap((row) => {
    const run = row && folder.run(row.deployment);
    if (run === undefined || !existsSync(join(run, 'plan.json'))) return [];
    try {
      return [readPlan(run)];
    } catch (error) {
      // Without it nothing is known of the ports that it had.
      if (error instanceof ExecutorError && error.code === 'RUN_UNREADABLE') return [];
      throw error;
    }
  });
}

/** Why nothing of this release is run here, whoever asks; undefined where it may be. */
async function whyNotRun(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
  approvedSet: string | null = null,
): Promise<string | undefined> {
  const { db } = instance;
  // It may have been withdrawn since somebody began to look.
  const today =
    readReleases(db, release.number).find(
      ({ link, digest }) => link === release.link && digest === release.digest,
    ) ?? release;
  const { withdrawn, answer, link, linkName, linkState, refusedParts } = deployable(
    db,
    today,
    environment,
    (digest) => instance.holds(digest),
  );
  if (withdrawn !== null) return `the release was withdrawn: ${withdrawn}`;
  if (link !== '' && linkState !== 'confirmed')
    return `the link to ${linkName ?? link} is ${linkState ?? 'gone'}, so nothing from there is run`;
  if (answer?.answer === 'refused') return 'the release was refused here';
  if (refusedParts.length > 0) return `parts of the release were refused: ${refusedParts.join('; ')}`;
  if (instance.settings.consent.scripts !== 'ask') return undefined;
  const { scripts, set, isApproved } = await scriptsOfRelease(instance, today, environment);
  return set === approvedSet || scripts.every(isApproved)
    ? undefined
    : 'its scripts are not approved here yet';
}

/** The newest time that somebody else's signature stands for, as far as this release and its author go. */
function newestSignedAt({ db }: Instance, { link, createdAt }: ReleaseRow): number | null {
  if (link === '') return null;
  const heardAt = readLinks(db).find((row) => row.link === link)?.heardAt ?? null;
  return Math.max(createdAt, heardAt ?? 0);
}
