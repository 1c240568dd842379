import { createHash, hkdfSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  recordRun,
  startRun as startedRun,
  type RecordedDeployment,
  type RunTold,
} from '../commands/index.ts';
import {
  cancelRun,
  followRun,
  isRunAlive,
  readJournal,
  startRun,
  type Plan,
  type RunOutcome,
} from '../executor/index.ts';
import { feedId } from '../events/index.ts';
import { readKeyFile } from '../identity/index.ts';
import { InstanceError, type Instance } from '../instance/index.ts';
import { replaceFile } from '../replace-file.ts';
import { foreseen } from '../disk-error.ts';
import { faultPoint } from '../faults.ts';
import { programFile } from '../installation.ts';
import {
  findDeployment,
  nameKey,
  readGivenValues,
  readInputs,
  readLinks,
  readReleases,
  readSteps,
  readWaits,
  type DeploymentRow,
} from '../projections/index.ts';
import { lastLinesOfRun } from './end-of-run-log.ts';
import { freezePlan } from './freeze-plan.ts';
import { refuseUnapprovedScripts } from './release-scripts.ts';
import type { Watch } from './watch.ts';

/** How the executor's process is started: this very program, under a command people don't see. */
const executorCommand = [process.execPath, programFile, '__execute'];

/** Brings a deployment from where it stands to its end or its halt, recording what the journal tells. */
export async function runDeployment(
  instance: Instance,
  deployment: string,
  { watch, signal }: { watch: Watch; signal: AbortSignal },
): Promise<void> {
  const row = findDeployment(instance.db, deployment);
  if (row === undefined) return;
  const runFolder = instance.folder.run(deployment);
  if (row.state === 'waiting' && row.startedAt === null) {
    if (!(await begin(instance, row, runFolder, 'start'))) return;
  } else if ((row.state === 'interrupted' || row.state === 'waiting') && row.resumeAsked) {
    if (!(await begin(instance, row, runFolder, 'resume'))) return;
  } else if (row.state !== 'running') return;
  const heedCancel = (): void => {
    if (findDeployment(instance.db, deployment)?.cancelAsked === true) cancelRun(runFolder);
  };
  const stopListening = watch.onChange(heedCancel);
  try {
    // What was asked while the run was being started.
    heedCancel();
    const heeded = new Set<number>();
    while ((await follow(instance, deployment, runFolder, heeded, signal)) === 'decided') {
      const now = findDeployment(instance.db, deployment);
      if (now?.state !== 'running' || !(await begin(instance, now, runFolder, 'resume'))) return;
    }
  } finally {
    stopListening();
  }
}

/** False where the deployment was given up before it could begin. */
async function begin(
  instance: Instance,
  row: DeploymentRow,
  runFolder: string,
  mode: 'start' | 'resume',
): Promise<boolean> {
  try {
    return await startOrResume(instance, row, runFolder, mode);
  } catch (error) {
    // What began is interrupted (again); what never began has failed.
    const known = foreseen(error, 'start the run');
    const because = known?.message ?? 'the executor could not be started';
    instance.record((db) => {
      const journal = readJournal(runFolder);
      const run: RunTold =
        mode === 'resume' || journal.startedAt > 0
          ? { ...journal, state: 'interrupted' }
          : { state: 'failed', startedAt: instance.clock.now(), steps: [], error: because };
      return recordRun(recorded(row), readSteps(db, row.deployment), run, instance.settings.report);
    });
    throw error;
  }
}

async function startOrResume(
  instance: Instance,
  row: DeploymentRow,
  runFolder: string,
  mode: 'start' | 'resume',
): Promise<boolean> {
  const planFile = join(runFolder, 'plan.json');
  if (mode === 'start' && !existsSync(planFile)) {
    const release = readReleases(instance.db).find(
      ({ link, digest }) => link === row.link && digest === row.digest,
    );
    if (release === undefined) throw new TypeError(`deployment ${row.deployment} is of an unknown release`);
    await refuseUnapprovedScripts(instance, release, row.environment, row.reason);
    const plan = await freezePlan(instance, release, row);
    mkdirSync(runFolder, { recursive: true, mode: 0o700 });
    replaceFile(planFile, JSON.stringify(plan));
  }
  faultPoint('daemon.plan-frozen');
  const planBytes = readFileSync(planFile);
  const plan = JSON.parse(planBytes.toString('utf8')) as Plan;
  const planSha256 = createHash('sha256').update(planBytes).digest('hex');
  const secrets = { ...valuesInClear(instance), ...secretsOf(instance, plan) };
  const started = instance.record((db) =>
    findDeployment(db, row.deployment)?.state === row.state
      ? startedRun(recorded(row), planSha256, instance.settings.report)
      : [],
  );
  if (started.length === 0) return false;
  faultPoint('daemon.start-recorded');
  if (isRunAlive(runFolder)) return true;
  const key = runKey(instance, row.deployment);
  const decisions = readWaits(instance.db, row.deployment).flatMap(({ wait, decision }) =>
    decision === null ? [] : [{ wait, ...decision }],
  );
  await startRun({ runFolder, mode, secrets, runKey: key, decisions, command: executorCommand });
  return true;
}

/**
 * Follows the journal until the run is over or waits, and records each step as it ends and each question to a person as it
 * comes. `decided` where it waits for what a person decided meanwhile: then its process is to be started again. `heeded`
 * are the waits for whose decisions that was done before.
 */
async function follow(
  instance: Instance,
  deployment: string,
  runFolder: string,
  heeded: Set<number>,
  signal: AbortSignal,
): Promise<'over' | 'decided'> {
  const record = (run: RunOutcome): 'over' | 'decided' => {
    let found: 'over' | 'decided' = 'over';
    instance.record((db) => {
      const row = findDeployment(db, deployment);
      if (row === undefined || row.state !== 'running') return [];
      const waits = readWaits(db, deployment);
      const decided = new Set(waits.filter(({ decision }) => decision !== null).map(({ wait }) => wait));
      const fresh = run.waits.filter(({ wait }) => decided.has(wait) && !heeded.has(wait));
      if (run.state === 'waiting' && fresh.length > 0 && !row.cancelAsked) {
        found = 'decided';
        for (const { wait } of fresh) heeded.add(wait);
        return [];
      }
      const asked = new Set(waits.map(({ wait }) => wait));
      const told = toldOf(run, row, decided, instance.clock.now());
      const steps = readSteps(db, deployment);
      return recordRun(recorded(row), steps, withLastLines(told, runFolder), instance.settings.report, asked);
    });
    return found;
  };
  for await (const { kind } of followRun(runFolder, { signal })) {
    if (kind !== 'step-ended' && kind !== 'step-skipped' && kind !== 'waiting') continue;
    const run = readJournal(runFolder);
    if (run.state === 'running') record(run);
  }
  if (signal.aborted) return 'over';
  faultPoint('daemon.run-over');
  return record(readJournal(runFolder));
}

/** What there is to tell of a run whose process is gone, where that is more than its journal can know. */
function toldOf(run: RunOutcome, row: DeploymentRow, decided: ReadonlySet<number>, now: number): RunTold {
  if (run.state !== 'waiting') return run;
  // Asked to stop when its process was just about to end: there is nothing left to stop.
  if (row.cancelAsked) return { ...run, state: 'cancelled', endedAt: now };
  // Its process was started with a decision and died before it could act on it.
  return run.waits.some(({ wait }) => decided.has(wait)) ? { ...run, state: 'interrupted' } : run;
}

/** With what the step wrote last that a run failed or broke off with. */
function withLastLines(run: RunTold, runFolder: string): RunTold {
  if (run.state !== 'failed' && run.state !== 'interrupted') return run;
  return { ...run, lastLines: lastLinesOfRun(runFolder, run.failedAt?.step) };
}

/** A deployment as what is recorded and told of it names it. */
export function recorded(row: DeploymentRow): RecordedDeployment {
  const { deployment, link, process, number, digest, environment, reason, ordinal } = row;
  return { deployment, link, process, number, digest, environment, reason, ordinal };
}

/** The values behind the plan's references, of exactly the versions it froze. */
function secretsOf({ vault }: Instance, plan: Plan): Record<string, string> {
  return Object.fromEntries(
    plan.inputs.flatMap((input) => {
      if (!input.secret) return [];
      const value = vault.open({ ...input, environment: input.environment ?? null });
      if (value !== undefined) return [[input.name, value]];
      throw new InstanceError(
        'SECRET_UNREADABLE',
        `Cannot run deployment ${plan.deployment}: version ${input.version} of ${input.name} is not in the vault`,
        {
          hint: `Set it again and \`crossgap deployment retry ${plan.deployment}\` instead.`,
          details: { name: input.name },
        },
      );
    }),
  );
}

/**
 * Values that ever were set or given in clear under a name that is a secret's now: no run uses them as a secret, and
 * none shows them any more, also where another was set since. They are handed over for that alone, under names that no
 * input has.
 */
export function valuesInClear({ db, log }: Instance): Record<string, string> {
  const secret = new Set(
    [...readInputs(db), ...readReleases(db).flatMap(({ document }) => document.inputs)]
      .filter((input) => input.secret)
      .map(({ name }) => nameKey(name)),
  );
  if (secret.size === 0) return {};
  const set = log.ofType(log.feedTo(log.instanceId), 'input.set');
  const given = readLinks(db).flatMap(({ link, peer }) =>
    peer === null || readGivenValues(db, link, false).length === 0
      ? []
      : log.ofType(feedId(peer, link), 'value.given'),
  );
  const ever = [...set, ...given].flatMap(({ event }) => {
    if (!event.known || (event.name !== 'input.set' && event.name !== 'value.given')) return [];
    const { name, value } = event.data;
    return value === null || !secret.has(nameKey(name)) ? [] : [{ name, value }];
  });
  const values = new Map(ever.map(({ name, value }) => [`${nameKey(name)}\n${value}`, { name, value }]));
  return Object.fromEntries(
    [...values.values()].map(({ name, value }, at) => [`${name} (in clear, ${at + 1})`, value]),
  );
}

/** The same key each time this run is started or resumed: sensitive outputs in its journal are sealed with it. */
function runKey({ folder }: Instance, deployment: string): string {
  const key = hkdfSync('sha256', readKeyFile(folder.vaultKey), deployment, 'crossgap-run/1', 32);
  return Buffer.from(key).toString('base64');
}
