import { CommandError, resumeDeployment, type Decision } from '../../commands/index.ts';
import { refuseUnready } from '../../daemon/index.ts';
import type { Database } from '../../db/index.ts';
import { followLog } from '../../executor/index.ts';
import type { Instance } from '../../instance/index.ts';
import {
  findDeployment,
  readDeployments,
  type DeploymentRow,
  type DeploymentView,
} from '../../projections/index.ts';
import { command, flag, needed, text, type Context, type Outcome } from '../command.ts';
import { newDeploymentId } from '../runs/deployment-id.ts';
import { releaseOfRun } from '../runs/release-of-run.ts';
import { giveUp } from '../runs/give-up.ts';
import { startOver } from '../runs/start-over.ts';
import { deploymentLine, describeDeployment } from '../told/describe-deployment.ts';
import { artifactsOf, lastLinesOf, logDocument, logText, runLog, runLogOf } from '../told/run-log.ts';
import { deploymentOf, failureOf, openToDecide, settle } from '../runs/settle.ts';
import { CliError } from '../errors.ts';
import { commandLine, moment } from '../../words.ts';
import { askedFor, finished } from './deploy.ts';
import { replayDeployment } from './deployment-replay.ts';

const ID = needed('ID', 'id of the deployment');
const wait = flag('show progress and end with the outcome');

const show = command({
  path: 'deployment show',
  about: 'A deployment: every step and convention, what it touched, how it ended; the newest ones without ID',
  example: 'crossgap deployment show d-4kq7mbx2wz',
  aliases: ['list'],
  args: { ID: text('ID', 'id of the deployment; without it the newest ones are listed') },
  options: { wait },
  async run(context, { ID: id }, { wait: follow }): Promise<Outcome> {
    const instance = await context.open();
    if (id === undefined) return newest(context, instance);
    const now = deploymentOf(instance, id);
    const isOpen = now.state === 'waiting' || now.state === 'running';
    const view = follow && isOpen ? await settle(context, instance, id) : now;
    const failure = follow ? failureOf(instance, view) : undefined;
    return {
      document: {
        ...view,
        log: runLogOf(instance, view.id) ?? null,
        artifacts: artifactsOf(instance, view.id),
      },
      text: describeDeployment(view, lastLinesOf(instance, view), context.terminal),
      ...(failure !== undefined && { failure }),
    };
  },
});

const resume = command({
  path: 'deployment resume',
  about: 'Go on where it was interrupted, with the same plan; finished steps do not run again',
  example: 'crossgap deployment resume d-4kq7mbx2wz --wait',
  args: { ID },
  options: { wait },
  async run(context, { ID: id }, { wait: follow }): Promise<Outcome> {
    const instance = await openToDecide(context);
    deploymentOf(instance, id);
    instance.record((db) => {
      const row = rowOf(db, id);
      return row.resumeAsked ? [] : resumeDeployment(row);
    });
    if (!follow) return askedFor(context, instance, deploymentOf(instance, id));
    return finished(context, instance, await settle(context, instance, id));
  },
});

const retry = command({
  path: 'deployment retry',
  about: "Start over with today's values, as a new deployment; an interrupted one is given up for it",
  example: 'crossgap deployment retry d-4kq7mbx2wz --wait',
  args: { ID },
  options: { wait },
  async run(context, { ID: id }, { wait: follow }): Promise<Outcome> {
    const instance = await openToDecide(context);
    const { environment } = deploymentOf(instance, id);
    const { reason } = rowOf(instance.db, id);
    const fresh = newDeploymentId();
    const again = (db: Database): Decision => startOver(instance, db, rowOf(db, id), fresh);
    again(instance.db);
    const release = releaseOfRun(instance.db, rowOf(instance.db, id));
    await refuseUnready(instance, release, environment, reason);
    instance.record(again);
    if (!follow) return askedFor(context, instance, deploymentOf(instance, fresh));
    return finished(context, instance, await settle(context, instance, fresh));
  },
});

const cancel = command({
  path: 'deployment cancel',
  about: 'Stop a deployment, or give up an interrupted one',
  example: 'crossgap deployment cancel d-4kq7mbx2wz',
  args: { ID },
  options: { wait },
  async run(context, { ID: id }, { wait: follow }): Promise<Outcome> {
    const instance = await openToDecide(context);
    deploymentOf(instance, id);
    instance.record((db) => {
      const row = rowOf(db, id);
      const asked = row.cancelAsked && row.state === 'running';
      return asked ? [] : giveUp(instance, db, row);
    });
    const now = deploymentOf(instance, id);
    const view = follow && now.state === 'running' ? await settle(context, instance, id) : now;
    const missed =
      follow && view.state !== 'cancelled' ? (failureOf(instance, view) ?? tooLate(view)) : undefined;
    return {
      document: view,
      text: [
        deploymentLine(view, context.terminal),
        ...(view.state === 'running' ? ['It is asked to stop'] : []),
      ],
      ...(missed !== undefined && { failure: missed }),
    };
  },
});

const log = command({
  path: 'deployment log',
  about: 'What the scripts of a deployment wrote, and what was done besides; secrets are masked',
  example: 'crossgap deployment log d-4kq7mbx2wz',
  args: { ID },
  options: { follow: flag('go on until it is over') },
  async run(context, { ID: id }, { follow }): Promise<Outcome> {
    const instance = await context.open();
    deploymentOf(instance, id);
    if (!follow) {
      const { file, lines } = runLog(instance, id);
      return { document: { deployment: id, file, lines: lines.map(logDocument) }, text: lines.map(logText) };
    }
    const { json, signal, terminal } = context;
    const over = new AbortController();
    const end = (): void => over.abort();
    signal.addEventListener('abort', end);
    for await (const added of followLog(instance.folder.run(id), { signal: over.signal })) {
      for (const line of added()) {
        if (json) terminal.document(logDocument(line));
        else terminal.result(logText(line));
      }
      const { state } = deploymentOf(instance, id);
      if (state !== 'waiting' && state !== 'running') end();
    }
    return {};
  },
});

const newestShown = 10;

function newest({ terminal }: Context, instance: Instance): Outcome {
  const views = readDeployments(instance.db, newestShown).map(({ deployment }) =>
    deploymentOf(instance, deployment),
  );
  return {
    document: views,
    text:
      views.length === 0
        ? 'Nothing was deployed here yet'
        : views.map((view) => `${deploymentLine(view, terminal)}, ${moment(view.requestedAt)}`),
  };
}

export const deploymentCommands = [show, log, replayDeployment, resume, retry, cancel];

function rowOf(db: Database, id: string): DeploymentRow {
  const row = findDeployment(db, id);
  if (row === undefined) {
    throw new CliError('DEPLOYMENT_UNKNOWN', `Cannot change deployment ${id}: it runs at another side`, {
      hint: 'Who runs it decides about it; `crossgap fleet` shows how it stands.',
      details: { deployment: id },
    });
  }
  return row;
}

function tooLate({ id, process, environment }: DeploymentView): CommandError {
  return new CommandError(
    'DEPLOYMENT_STATE',
    `Cannot cancel deployment ${id}: it had succeeded before it could be stopped`,
    {
      hint: `Roll it back with \`${commandLine('rollback', process, '--env', environment)}\`, if that is wanted.`,
      details: { deployment: id },
    },
  );
}
