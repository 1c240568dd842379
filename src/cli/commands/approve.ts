import { decideWait, type PersonsWord } from '../../commands/index.ts';
import { findDeployment, readWaits } from '../../projections/index.ts';
import { command, flag, misuse, needed, text, type Context, type Outcome } from '../command.ts';
import { CliError } from '../errors.ts';
import { deploymentOf, settle } from '../runs/settle.ts';
import { describeDecisions } from '../told/describe-deployment.ts';
import { askedFor, finished } from './deploy.ts';

const [noteLengthMax, nameLengthMax] = [4000, 200];

const ID = needed('ID', 'id of the deployment');
const options = {
  step: text('S', 'id, name or number of the step, where several wait'),
  note: text('TEXT', 'kept with the decision'),
  by: text('NAME', 'who decides, where that is not who this account is'),
  wait: flag('show progress and end with the outcome'),
};

export const approve = command({
  path: 'approve',
  about: 'Confirm a manual step that a deployment waits at, or refuse it, in your name',
  example: 'crossgap approve d-4kq7mbx2wz --note "backup ticket 4711"',
  args: { ID },
  options: { ...options, refuse: flag('the deployment fails instead') },
  run: (context, { ID: id }, { refuse, ...said }) =>
    decide(context, id, { answer: refuse ? 'refuse' : 'approve', ...said }),
});

const retryStep = command({
  path: 'deployment retry-step',
  about: 'Try a failed step once more, in a deployment that waits with it',
  example: 'crossgap deployment retry-step d-4kq7mbx2wz --wait',
  args: { ID },
  options,
  run: (context, { ID: id }, said) => decide(context, id, { answer: 'retry', ...said }),
});

const ignore = command({
  path: 'deployment ignore',
  about: 'Go on as if a failed step had succeeded, in a deployment that waits with it',
  example: 'crossgap deployment ignore d-4kq7mbx2wz --note "mended by hand"',
  args: { ID },
  options,
  run: (context, { ID: id }, said) => decide(context, id, { answer: 'ignore', ...said }),
});

const fail = command({
  path: 'deployment fail',
  about: 'Let a deployment fail that waits with a failed step',
  example: 'crossgap deployment fail d-4kq7mbx2wz',
  args: { ID },
  options,
  run: (context, { ID: id }, said) => decide(context, id, { answer: 'fail', ...said }),
});

/** What a person says to a deployment that waits with a failed step. */
export const decisionCommands = [retryStep, ignore, fail];

type Said = {
  readonly answer: PersonsWord['answer'];
  readonly step: string | undefined;
  readonly note: string | undefined;
  readonly by: string | undefined;
  readonly wait: boolean;
};

async function decide(
  context: Context,
  id: string,
  { answer, step, note, by, wait }: Said,
): Promise<Outcome> {
  if (note !== undefined && note.length > noteLengthMax) {
    throw misuse(`Cannot note that: it is longer than ${noteLengthMax} characters`, 'Write less.');
  }
  const name = by?.trim();
  if (name === '' || (name !== undefined && name.length > nameLengthMax)) {
    throw misuse(
      `Cannot decide in that name: a name has 1 to ${nameLengthMax} characters`,
      'Give it with --by, or leave --by out.',
    );
  }
  const instance = await context.open();
  deploymentOf(instance, id);
  instance.record((db) => {
    const row = findDeployment(db, id);
    if (row === undefined) throw elsewhere(id);
    return decideWait(row, readWaits(db, id), { answer, step, note: note ?? null, by: name ?? null });
  });
  if (!wait) {
    const view = deploymentOf(instance, id);
    return askedFor(context, instance, view, describeDecisions(view));
  }
  return finished(context, instance, await settle(context, instance, id));
}

function elsewhere(id: string): CliError {
  return new CliError('DEPLOYMENT_UNKNOWN', `Cannot decide about deployment ${id}: it runs at another side`, {
    hint: 'Who runs it decides about it; `crossgap fleet` shows how it stands.',
    details: { deployment: id },
  });
}
