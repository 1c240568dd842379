import { partInWords, type DeploymentReport, type RecordedStep } from '../events/index.ts';
import { moment, short, size, took } from '../words.ts';
import { struckText } from './strike-texts.ts';

/** One line of what leaves with a report. */
export type ReportLine = { readonly id: string; readonly text: string; readonly mayBeStruck: boolean };

const reasons: Readonly<Record<DeploymentReport['reason'], string>> = {
  deploy: '',
  again: ', deployed once more',
  retry: ', tried again',
  rollback: ', gone back to',
  uninstall: ', taken away',
};

/** What ran, how it ended, and in whose name it is told. */
export function fixedLines(report: DeploymentReport, by: string): ReportLine[] {
  const { process, release, digest, environment, deployment, ordinal, state, reason } = report;
  const which = ordinal === null ? '' : `, run ${ordinal} of it there`;
  return [
    {
      id: 'release',
      text: `${process} ${release} (${short(digest)}) in ${environment}: deployment ${deployment}${which}`,
      mayBeStruck: false,
    },
    { id: 'outcome', text: `${state}${reasons[reason]}`, mayBeStruck: false },
    { id: 'by', text: `told by the account ${by}, with the time at which it is told`, mayBeStruck: false },
  ];
}

/** A part of a report: what it says, and the report without it. What stands within one goes with it. */
export type Part = {
  readonly id: string;
  readonly text: string;
  readonly strike: (report: DeploymentReport) => DeploymentReport;
  /** What somebody wrote that is told by it: an error, a detail, a line. */
  readonly words?: readonly (string | null)[];
  readonly parts?: readonly Part[];
};

/** All parts of a report that may be struck out, in the order in which they are told. */
export function partsOf(report: DeploymentReport): Part[] {
  const { startedAt, endedAt, failedAt, exitCode, error, steps, lastLines, remark, log } = report;
  const parts: (Part | false)[] = [
    (startedAt !== null || endedAt !== null) && {
      id: 'times',
      text: timesInWords(startedAt, endedAt),
      strike: (one) => ({ ...one, startedAt: null, endedAt: null }),
    },
    failedAt !== null && {
      id: 'failed-at',
      text: `stopped at step ${failedAt.step} (${failedAt.stepId}), convention ${shown(failedAt.convention)}`,
      strike: (one) => ({ ...one, failedAt: null }),
    },
    exitCode !== null && {
      id: 'exit-code',
      text: `exit code ${exitCode}`,
      strike: (one) => ({ ...one, exitCode: null }),
    },
    error !== null && {
      id: 'error',
      text: `error: ${error}`,
      words: [error],
      strike: (one) => ({ ...one, error: null }),
    },
    ...steps.map(stepPart),
    lastLines.length > 0 && {
      id: 'last-lines',
      text: `the last lines of the step that failed: ${lastLines.length}`,
      strike: (one) => ({ ...one, lastLines: [] }),
      parts: lastLines.map((line, at) => ({
        id: `last-lines.${at + 1}`,
        text: `| ${line}`,
        words: [line],
        strike: (one) => ({ ...one, lastLines: one.lastLines.with(at, struckText) }),
      })),
    },
    remark !== null &&
      remark.rating !== null && {
        id: 'rating',
        text: `rating: ${remark.rating} of 5`,
        strike: (one) => remarked(one, { rating: null }),
      },
    remark !== null &&
      remark.comment !== null && {
        id: 'comment',
        text: `comment: ${remark.comment}`,
        strike: (one) => remarked(one, { comment: null }),
      },
    log !== null && {
      id: 'log',
      text: logInWords(log),
      strike: (one) => ({ ...one, log: null }),
    },
  ];
  return parts.filter((part) => part !== false);
}

function stepPart(step: RecordedStep): Part {
  const { position, id, name, state, startedAt, endedAt, exitCode, error, conventions } = step;
  const called = `step.${position}`;
  const change =
    (make: (step: RecordedStep) => RecordedStep) =>
    (report: DeploymentReport): DeploymentReport => ({
      ...report,
      steps: report.steps.map((one) => (one.position === position ? make(one) : one)),
    });
  const idle = conventions.filter((line) => isIdle(line));
  const parts: (Part | false)[] = [
    (startedAt !== null || endedAt !== null) && {
      id: `${called}.times`,
      text: timesInWords(startedAt, endedAt),
      strike: change((one) => ({ ...one, startedAt: null, endedAt: null })),
    },
    exitCode !== null && {
      id: `${called}.exit-code`,
      text: `exit code ${exitCode}`,
      strike: change((one) => ({ ...one, exitCode: null })),
    },
    error !== null && {
      id: `${called}.error`,
      text: `error: ${error}`,
      words: [error],
      strike: change((one) => ({ ...one, error: null })),
    },
    conventions.length > 0 && {
      id: `${called}.trace`,
      text: `conventions: ${idle.length === 0 ? `${conventions.length}` : `${conventions.length}, of which ${idle.map(idleInWords).join(', ')}`}`,
      strike: change((one) => ({ ...one, conventions: [] })),
      parts: conventions
        .filter((line) => !isIdle(line))
        .map((line) => ({
          id: `${called}.convention.${shown(line.number)}`,
          text: lineInWords(line),
          words: [line.detail],
          strike: change((one) => ({
            ...one,
            conventions: one.conventions.map((each) =>
              each.number === line.number
                ? { ...each, state: struckState, files: [], filesTotal: 0, detail: null }
                : each,
            ),
          })),
        })),
    },
  ];
  return {
    id: called,
    text: `step ${position} ${name} (${id}): ${state}`,
    strike: change(() => ({
      position,
      id: '',
      name: '',
      state: struckState,
      conventions: [],
      outputs: [],
      error: null,
      startedAt: null,
      endedAt: null,
      exitCode: null,
    })),
    parts: parts.filter((part) => part !== false),
  };
}

/** All that was written by somebody and is told by a part, or by what stands within it. */
export function wordsOf({ words = [], parts = [] }: Part): string[] {
  return [...words.filter((word) => word !== null), ...parts.flatMap(wordsOf)];
}

/** The state of a step or convention of which a person struck out how it went. */
export const struckState = 'struck';

type Line = RecordedStep['conventions'][number];

const shown = (number: number | 'F'): string => (number === 75 ? '7.5' : String(number));
const isIdle = ({ state, files, detail }: Line): boolean =>
  (state === 'feature-off' || state === 'nothing-to-do' || state === 'not-run') &&
  files.length === 0 &&
  detail === null;
const idleInWords = ({ number, state }: Line): string => `${shown(number)} ${state}`;

function lineInWords({ number, name, state, files, filesTotal, detail }: Line): string {
  const more = filesTotal > files.length ? [`${filesTotal - files.length} more`] : [];
  const said = [detail ?? '', [...files, ...more].join(', ')].filter((part) => part !== '').join(': ');
  return `${shown(number)} ${name}: ${state}${said === '' ? '' : `: ${said}`}`;
}

function timesInWords(startedAt: number | null, endedAt: number | null): string {
  if (startedAt === null) return `ended ${moment(endedAt ?? 0)}`;
  if (endedAt === null) return `began ${moment(startedAt)}`;
  return `began ${moment(startedAt)}, took ${took(endedAt - startedAt)}`;
}

function logInWords({ sizeBytes, wholeBytes, digest }: NonNullable<DeploymentReport['log']>): string {
  const of = wholeBytes > sizeBytes ? `the last ${size(sizeBytes)} of ${size(wholeBytes)}` : size(sizeBytes);
  return `the log, secrets masked: ${of}, SHA-256 ${short(digest)}`;
}

function remarked(
  report: DeploymentReport,
  change: Partial<NonNullable<DeploymentReport['remark']>>,
): DeploymentReport {
  const remark = { rating: null, comment: null, ...report.remark, ...change };
  return { ...report, remark: remark.rating === null && remark.comment === null ? null : remark };
}

/** A report that was told, line by line, with a line for each gap. */
export function linesTold(report: DeploymentReport, by: string): string[] {
  const lines = (parts: readonly Part[]): string[] =>
    parts.flatMap(({ text, parts: within = [] }) => [text, ...lines(within)]);
  return [
    ...fixedLines(report, by).map(({ text }) => text),
    ...lines(partsOf(report)),
    ...report.struck.map((name) => `${partInWords(name)}: struck out`),
  ];
}
