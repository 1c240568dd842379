import type { DeploymentView, StepView } from '../projections/index.ts';
import { facts, indented, table } from './table.ts';
import type { Terminal, Tone } from './terminal.ts';
import { moment } from '../words.ts';

type Toned = Pick<Terminal, 'tone'>;

const tones: Readonly<Record<string, Tone>> = {
  succeeded: 'good',
  failed: 'bad',
  interrupted: 'bad',
  running: 'warn',
  waiting: 'warn',
  cancelled: 'warn',
};

/** A state in its colour. */
export function stateWord(state: string, { tone }: Toned): string {
  const its = tones[state];
  return its === undefined ? state : tone(its, state);
}

/** One line on a deployment. */
export function deploymentLine(view: DeploymentView, terminal: Toned): string {
  const from = view.link === null ? '' : `${view.link}:`;
  return `${view.id}: ${from}${view.process}/${view.release} in ${view.environment} ${stateWord(view.state, terminal)}`;
}

/** The whole trace: every step and convention, with what it touched. */
export function describeDeployment(view: DeploymentView, terminal: Toned): string[] {
  const { failedAt } = view;
  return [
    deploymentLine(view, terminal),
    ...facts([
      ['asked for', `${moment(view.requestedAt)} by ${view.requestedBy}`],
      ['started', view.startedAt && moment(view.startedAt)],
      ['ended', view.endedAt && moment(view.endedAt)],
      [
        'stopped at',
        failedAt && `step ${failedAt.step} (${failedAt.stepId}), convention ${failedAt.convention}`,
      ],
      ['error', view.error],
      ['warning', view.warning],
    ]),
    ...view.steps.flatMap((step, at) => describeStep(step, at + 1, terminal)),
  ];
}

function describeStep(step: StepView, position: number, terminal: Toned): string[] {
  const conventions = step.conventions.map(({ number, name, state, files = [], detail = '' }) => [
    String(number).padStart(3),
    name,
    stateWord(state, terminal),
    [detail, files.join(', ')].filter((part) => part !== '').join(': '),
  ]);
  const outputs = Object.entries(step.outputs).map(([name, value]) => [`${name} =`, value ?? '(secret)']);
  return [
    '',
    `Step ${position} ${step.name}: ${stateWord(step.state, terminal)}`,
    ...indented(table(conventions)),
    ...indented(table(outputs)),
  ];
}
