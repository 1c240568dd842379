import { DeploymentDecided } from '../events/index.ts';
import { commandLine } from '../words.ts';
import { atHome, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';

type Answer = 'approve' | 'refuse' | 'retry' | 'ignore' | 'fail';

/** What a run asked a person. */
export type AskedWait = {
  readonly wait: number;
  readonly position: number;
  readonly stepId: string;
  readonly step: string;
  readonly for: 'confirmation' | 'failure';
  readonly offers: readonly Answer[];
  /** Null where nobody has decided yet. */
  readonly decision: { readonly answer: Answer; readonly by: string } | null;
};

export type PersonsWord = {
  readonly answer: Answer;
  /** Id, name or position of the step that is meant; needed where several wait. */
  readonly step: string | undefined;
  readonly note: string | null;
  /** How the person signs; null where the account says who it is. */
  readonly by: string | null;
};

const answeredFor: Readonly<Record<Answer, AskedWait['for']>> = {
  approve: 'confirmation',
  refuse: 'confirmation',
  retry: 'failure',
  ignore: 'failure',
  fail: 'failure',
};

/**
 * A person's word on what a run waits for. The same word on what was decided so already changes nothing; another is
 * refused, since the run may have gone on with the first.
 */
export function decideWait(
  run: { readonly deployment: string; readonly state: string },
  waits: readonly AskedWait[],
  { answer, step, note, by }: PersonsWord,
): Decision {
  const { deployment } = run;
  const kind = answeredFor[answer];
  const meant = waits.filter((wait) => wait.for === kind && (step === undefined || isStep(wait, step)));
  const open =
    run.state === 'waiting' || run.state === 'running' || run.state === 'interrupted'
      ? meant.filter(({ decision }) => decision === null)
      : [];
  if (open.length > 1) throw several(run, open);
  const [only] = open;
  if (only === undefined) {
    const before = meant.at(-1)?.decision;
    if (before?.answer === answer) return [];
    throw nothingToDecide(run, meant.at(-1), kind);
  }
  if (!only.offers.includes(answer)) {
    throw new CommandError(
      'DECISION_NOT_OFFERED',
      `Cannot ignore the failure of step ${only.step} in deployment ${deployment}: the step is required`,
      {
        hint: `It can be tried again (${quoted('deployment', 'retry-step', deployment)}), or the deployment fails (${quoted('deployment', 'fail', deployment)}).`,
        details: { deployment, step: only.stepId, offers: only.offers },
      },
    );
  }
  return [atHome(DeploymentDecided.make({ deployment, wait: only.wait, answer, note, by }))];
}

function isStep({ stepId, step, position }: AskedWait, named: string): boolean {
  const same = (one: string): boolean => one.toLowerCase() === named.toLowerCase();
  return same(stepId) || same(step) || named === String(position);
}

function several({ deployment }: { deployment: string }, open: readonly AskedWait[]): CommandError {
  const steps = open.map(({ stepId }) => stepId);
  return new CommandError(
    'DECISION_AMBIGUOUS',
    `Cannot decide about deployment ${deployment}: ${steps.length} of its steps wait: ${steps.join(', ')}`,
    { hint: 'Name one with --step.', details: { deployment, steps } },
  );
}

function nothingToDecide(
  { deployment, state }: { deployment: string; state: string },
  last: AskedWait | undefined,
  kind: AskedWait['for'],
): CommandError {
  const what = kind === 'confirmation' ? 'nothing of it is to be confirmed' : 'no failed step of it waits';
  const before = last?.decision;
  const why =
    before === undefined || before === null
      ? `${what}, and it is ${state}`
      : `${before.by} decided already: ${before.answer}`;
  return new CommandError('DEPLOYMENT_STATE', `Cannot decide about deployment ${deployment}: ${why}`, {
    hint: `${quoted('deployment', 'show', deployment)} tells what it waits for.`,
    details: { deployment, state },
  });
}

const quoted = (...words: string[]): string => `\`${commandLine(...words)}\``;
