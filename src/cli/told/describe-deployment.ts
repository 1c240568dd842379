import { openWaits, waysToDecide, type DeploymentView, type StepView } from '../../projections/index.ts';
import { stoppedAt } from './stopped-at.ts';
import { facts, indented, section, table } from '../table.ts';
import type { Terminal, Tone } from '../terminal.ts';
import { struckState } from '../../commands/index.ts';
import { commandLine, count, durationOf, moment, size } from '../../words.ts';

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

/** How a run stands; of one that is recorded as running, whether anything of it runs. */
export function standingWord({ state, brokenOff }: DeploymentView, terminal: Toned): string {
  return brokenOff === true
    ? terminal.tone('bad', 'broken off: no process of it runs')
    : stateWord(state, terminal);
}

/** One line on a deployment. */
export function deploymentLine(view: DeploymentView, terminal: Toned): string {
  const from = view.link === null ? '' : `${view.link}:`;
  const what = view.uninstalls === true ? 'uninstall of ' : '';
  return `${view.id}: ${what}${from}${view.process}/${view.release} in ${view.environment} ${standingWord(view, terminal)}`;
}

/** What lies beside the trace on this host: the run's log, and the last lines of it where they tell why it failed. */
export type RunLogFacts = {
  readonly file: string | undefined;
  readonly lastLines: readonly string[];
  readonly artifacts: readonly string[];
};

/** The trace: every step, and every convention that had something to do, with what it touched. */
export function describeDeployment(view: DeploymentView, log: RunLogFacts, terminal: Toned): string[] {
  return [
    deploymentLine(view, terminal),
    ...facts([
      ['asked for', `${moment(view.requestedAt)} by ${view.requestedBy}`],
      ['started', view.startedAt && moment(view.startedAt)],
      ['ended', view.endedAt && moment(view.endedAt)],
      ['stopped at', stoppedAt(view)],
      ['took', durationOf(view)],
      ['exit code', view.exitCode === undefined ? null : String(view.exitCode)],
      ['error', view.error],
      ['warning', view.warning],
      ['log', log.file ?? reportedLog(view)],
      ...reportFacts(view),
    ]),
    ...describeWaits(view),
    ...describeSteps(view, terminal, 'busy'),
    ...section('Artifacts', log.artifacts),
    ...section('The last lines of its log', view.report?.lastLines ?? log.lastLines),
  ];
}

function reportedLog({ id, report }: DeploymentView): string | null {
  if (!report?.log) return null;
  const { sizeBytes, wholeBytes, isHere } = report.log;
  const of = wholeBytes > sizeBytes ? `the last ${size(sizeBytes)} of ${size(wholeBytes)}` : size(sizeBytes);
  return isHere ? `${of}: ${commandLine('deployment', 'log', id)}` : `${of}, not here yet`;
}

/** What came with the report of a customer's run, and of a run here whether its author was told. */
function reportFacts({ report, toldAt }: DeploymentView): [string, string | null][] {
  if (report === undefined)
    return toldAt === undefined ? [] : [['told', toldAt === null ? 'nobody yet' : moment(toldAt)]];
  const { by, at, rating, comment, struck } = report;
  return [
    ['told', `${moment(at)} by ${by}`],
    ['rating', rating === null ? null : `${rating} of 5`],
    ['comment', comment],
    ['struck out', struck.length === 0 ? null : `by the operator: ${struck.join('; ')}`],
  ];
}

const decided: Readonly<Record<string, string>> = {
  approve: 'confirmed',
  refuse: 'refused',
  retry: 'tried again',
  ignore: 'failure ignored',
  fail: 'failed',
};

/** What is waited for, what to type about it, and what persons decided before. */
function describeWaits(view: DeploymentView): string[] {
  const open = openWaits(view);
  const waiting = open.flatMap((wait) => [
    `step ${wait.step} ${wait.name}, since ${moment(wait.askedAt)}${wait.for === 'failure' ? ', failed' : ''}:`,
    ...indented(wait.text.split('\n')),
    ...indented(waysToDecide(view, wait)),
  ]);
  return [...section('Waiting for a person', waiting), ...describeDecisions(view)];
}

/** What people decided in a deployment, and who did. */
export function describeDecisions({ waits }: DeploymentView): string[] {
  const before = waits.flatMap(({ step, name, decision }) => {
    if (decision === null) return [];
    const { answer, by, at, note } = decision;
    const what = `step ${step} ${name}: ${decided[answer] ?? answer} by ${by}, ${moment(at)}`;
    return [note === null ? what : `${what}: ${note}`];
  });
  return section('Decided', before);
}

/** States of conventions that nobody looks for. */
const idle = new Set(['feature-off', 'nothing-to-do', 'not-run']);

/** The numbered trace of every step: all its lines, or those of conventions that were busy. */
export function describeSteps(
  { steps, error }: Pick<DeploymentView, 'steps' | 'error'>,
  terminal: Toned,
  which: 'all' | 'busy',
): string[] {
  return steps.flatMap((step, at) => {
    const shown =
      which === 'all' ? step.conventions : step.conventions.filter(({ state }) => !idle.has(state));
    return describeStep(step, at + 1, shown, error, terminal);
  });
}

/** `Step 2 Web: failed after 4 s, exit code 3`; of one that was struck out, that it was. */
function stepLine(step: StepView, position: number, terminal: Toned): string {
  if (step.state === struckState) return `Step ${position}: struck out by the operator`;
  const duration = durationOf(step);
  const after = duration === null ? '' : ` after ${duration}`;
  const exit = step.exitCode === undefined ? '' : `, exit code ${step.exitCode}`;
  return `Step ${position} ${step.name}: ${stateWord(step.state, terminal)}${after}${exit}`;
}

function describeStep(
  step: StepView,
  position: number,
  busy: StepView['conventions'],
  error: string | null,
  terminal: Toned,
): string[] {
  const left = step.conventions.length - busy.length;
  const conventions = busy.map(({ number, name, state, files = [], detail = '' }) => [
    String(number).padStart(3),
    name,
    stateWord(state, terminal),
    [detail === error ? '' : detail, files.filter((file) => !detail.includes(file)).join(', ')]
      .filter((part) => part !== '')
      .join(': '),
  ]);
  const outputs = Object.entries(step.outputs).map(([name, value]) => [`${name} =`, value ?? '(secret)']);
  return [
    '',
    stepLine(step, position, terminal),
    ...indented(table(conventions)),
    ...(left === 0 ? [] : [`  (${count(left, 'convention')} had nothing to do; all with --json)`]),
    ...indented(table(outputs)),
  ];
}
