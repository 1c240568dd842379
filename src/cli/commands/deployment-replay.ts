import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  foreseeRun,
  readJournal,
  replayRun,
  type Confirmation,
  type ForeseenStep,
} from '../../executor/index.ts';
import type { PlannedPackage } from '../../daemon/index.ts';
import type { Instance } from '../../instance/index.ts';
import { fileFor, findDeployment, readReleases, type DeploymentView } from '../../projections/index.ts';
import { count } from '../../words.ts';
import { command, needed, type Outcome } from '../command.ts';
import { describeForeseen } from '../told/describe-foreseen.ts';
import { CliError } from '../errors.ts';
import { reportedPlan } from '../tried/linted-plan.ts';
import { replayDifferences, type Comparing, type ReplayDifference } from '../runs/replay-differences.ts';
import { requiredRevision } from '../told/revisions.ts';
import { deploymentOf } from '../runs/settle.ts';
import { section } from '../table.ts';
import { everyTrust } from '../links/trust.ts';

export const replayDeployment = command({
  path: 'deployment replay',
  about: 'Repeat the decisions of a deployment from its record, touching nothing, and say where they differ',
  example: 'crossgap deployment replay d-4kq7mbx2wz',
  args: { ID: needed('ID', 'id of a deployment of this side, or of one that was reported to it') },
  options: {},
  async run(context, { ID: id }): Promise<Outcome> {
    const instance = await context.open();
    const view = deploymentOf(instance, id);
    const row = findDeployment(instance.db, id);
    const { steps, comparing, notRepeated } =
      row === undefined ? await fromReport(instance, view) : await fromRecord(instance, view, row.planSha256);
    const differences = replayDifferences(view.steps, steps, comparing);
    return {
      document: {
        id,
        process: view.process,
        release: view.release,
        environment: view.environment,
        same: differences.length === 0,
        from: row === undefined ? 'report' : 'record',
        steps: steps.map(({ id: stepId, name, state, conventions }) => ({
          id: stepId,
          name,
          state,
          conventions,
        })),
        differences,
        notRepeated,
      },
      text: [
        `${id}: ${view.process}/${view.release} in ${view.environment}, repeated from its ${row === undefined ? 'report' : 'record'}; nothing is done`,
        ...section('What was decided', describeForeseen(steps)),
        ...section('Differences', differences.map(differenceLine)),
        ...section('Not repeated', notRepeated),
        '',
        differences.length === 0 ? 'The same trace' : count(differences.length, 'difference'),
      ],
      ...(differences.length > 0 && { failure: differs(id, differences) }),
    };
  },
});

type Repeated = {
  readonly steps: readonly ForeseenStep[];
  readonly comparing: Comparing;
  readonly notRepeated: readonly string[];
};

/** The run of this host, from its frozen plan, its journal and the packages that are kept. */
async function fromRecord(
  instance: Instance,
  { id, state }: DeploymentView,
  recordedPlan: string | null,
): Promise<Repeated> {
  const folder = instance.folder.run(id);
  if (recordedPlan === null || !existsSync(join(folder, 'plan.json'))) {
    const why = recordedPlan === null ? 'it never began' : 'its plan is not kept any more';
    throw notRepeatable(id, why, 'What was recorded of it: `crossgap deployment show`.');
  }
  const link = findDeployment(instance.db, id)?.link ?? '';
  const { plan, planSha256, steps } = await replayRun(folder, (planned) =>
    packageNow(instance, link, planned),
  );
  if (planSha256 !== recordedPlan) {
    throw changed(
      id,
      `its plan is not the one that was recorded (SHA-256 ${planSha256} instead of ${recordedPlan})`,
    );
  }
  const bad = steps.find(({ errorCode }) => errorCode === 'PACKAGE_NOT_TRUSTED');
  const failedSo = failureCodeOf(instance, id) === 'PACKAGE_NOT_TRUSTED';
  if (bad !== undefined && !failedSo) throw changed(id, bad.error!.replace(/^Cannot /, 'cannot '));
  const secrets = plan.inputs.filter(({ secret }) => secret).map(({ name }) => name);
  return {
    steps,
    comparing: 'everything',
    notRepeated: [
      'what scripts did to files and to the machine; the values they set are taken from the record',
      'what was purged from a folder, and what features did',
      ...(secrets.length === 0 ? [] : [`values of secrets (${secrets.join(', ')}), which no record has`]),
      ...(state === 'succeeded' ? [] : ['why something failed: that is taken from the record']),
    ],
  };
}

/** The package as planned, or where that file is gone another one of the same content. */
function packageNow(instance: Instance, link: string, planned: PlannedPackage): PlannedPackage {
  if (existsSync(planned.file)) return planned;
  const found = fileFor(instance.db, link, planned, (digest) => instance.holds(digest));
  if (found === undefined) return planned;
  const { sha256 } = found.pin;
  return { ...planned, sha256, file: instance.blobs.path(sha256), verifyAt: found.addedAt };
}

/** The code of what the run failed with, where it has one. */
function failureCodeOf(instance: Instance, id: string): string | undefined {
  return readJournal(instance.folder.run(id)).steps.find(({ errorCode }) => errorCode !== undefined)
    ?.errorCode;
}

/** The run of a customer, as far as its report and this side's release tell. */
async function fromReport(instance: Instance, view: DeploymentView): Promise<Repeated> {
  if (view.steps.every(({ conventions }) => conventions.length === 0)) {
    throw notRepeatable(view.id, 'its trace was not reported', 'Who deployed it can replay it there.');
  }
  const release = readReleases(instance.db, view.release).find(
    ({ link, process }) => link === '' && process === view.process,
  );
  if (release === undefined) {
    throw notRepeatable(view.id, 'its release is not here', 'Who deployed it can replay it there.');
  }
  const { number, digest } = release.document.revision;
  const revision = requiredRevision(instance, { process: view.process, number, digest });
  const steps = view.uninstalls === true ? (revision.uninstall ?? []) : revision.steps;
  const { plan, standIns } = reportedPlan(
    { ...revision, steps },
    {
      release,
      environment: view.environment,
      appsFolder: instance.folder.environmentApps(view.environment),
      fingerprints: everyTrust(instance).fingerprints,
      packageNow: (planned) => packageNow(instance, '', planned),
      blobPath: (sha256) => instance.blobs.path(sha256),
      guardedFolder: instance.folder.root,
    },
  );
  return {
    steps: await foreseeRun(plan, { standIns, decided: confirmationsIn(view) }),
    comparing: 'states-and-files',
    notRepeated: [
      'values that the other side typed, and the tags of its environment, which are not reported',
      'output variables, and what depends on them',
      'what scripts and features did, and why something failed',
      ...(view.report?.struck ?? []).map((part) => `${part}: struck out by the operator`),
    ],
  };
}

/** What persons decided there about manual steps, as the report has it. */
function confirmationsIn({ steps }: DeploymentView): Map<string, Confirmation> {
  const decided = new Map<string, Confirmation>();
  for (const { id, conventions } of steps) {
    const line = conventions.find(({ name }) => name === 'Confirm');
    if (line?.state === 'done')
      decided.set(id, { state: 'done', ...(line.detail && { detail: line.detail }) });
    if (line?.state === 'failed')
      decided.set(id, { state: 'failed', error: { message: line.detail ?? 'a person refused it' } });
  }
  return decided;
}

function differenceLine({ step, convention, recorded, repeated }: ReplayDifference): string {
  const where = convention === null ? step : `${step}, convention ${convention}`;
  return `${where}: recorded ${recorded}; repeated ${repeated}`;
}

function differs(id: string, differences: readonly ReplayDifference[]): CliError {
  const first = differences[0]!;
  return new CliError(
    'REPLAY_DIFFERS',
    `Cannot repeat deployment ${id} as it was recorded: ${differenceLine(first)}`,
    {
      hint: 'A script may have changed what came behind it: see the log of the run. Otherwise report it.',
      details: { deployment: id, differences },
    },
  );
}

function changed(id: string, why: string): CliError {
  return new CliError('REPLAY_DIFFERS', `Cannot repeat deployment ${id}: ${why}`, {
    hint: 'Find out who changed it: plans and packages are never written again once they are kept.',
    details: { deployment: id },
  });
}

function notRepeatable(id: string, why: string, hint: string): CliError {
  return new CliError('REPLAY_IMPOSSIBLE', `Cannot repeat deployment ${id}: ${why}`, {
    hint,
    details: { deployment: id },
  });
}
