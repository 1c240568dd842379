import {
  DeploymentReported,
  isReportPart,
  partInWords,
  type DeploymentReport,
  type RecordedStep,
} from '../events/index.ts';
import { moment, short, size, took } from '../words.ts';
import { told, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';
import { wholeReport, type RecordedDeployment, type ReportRules, type RunStanding } from './report-run.ts';

/** A run that can be told, with all that is known of it here. */
export type TellableRun = {
  readonly deployment: RecordedDeployment;
  readonly standing: RunStanding;
  readonly steps: readonly RecordedStep[];
  readonly rules: ReportRules;
  /** The account in whose name it is told: it stands in the header of every entry. */
  readonly by: string;
  /** The masked log as it would travel; null where there is none. */
  readonly log: DeploymentReport['log'];
};

/** What a person wants told of a run. */
export type ReportWish = {
  readonly rating: 1 | 2 | 3 | 4 | 5 | null;
  readonly comment: string | null;
  readonly withLog: boolean;
  /** Names of parts that stay here; that they were struck out is told. */
  readonly struck: readonly string[];
};

/** One line of what would leave. */
export type ReportLine = { readonly id: string; readonly text: string; readonly mayBeStruck: boolean };

export const commentLengthMax = 4000;
const struckMax = 1000;

/** All that would leave, by the wish: where something was struck out, a line says so. Pure. */
export function reportLines(run: TellableRun, wish: ReportWish): ReportLine[] {
  return strikeOut(run, wish).lines;
}

/**
 * The report, as it is signed: what was struck out is not in it, its name is. Pure.
 *
 * @throws CommandError REPORT_WISH_UNFIT
 */
export function composeReport(run: TellableRun, wish: ReportWish): DeploymentReport {
  return strikeOut(run, wish).report;
}

/**
 * Tells the author; the same again, nothing. `before` is what it was told of this run last.
 *
 * @throws CommandError REPORT_OWN, REPORT_TOO_EARLY, REPORT_WISH_UNFIT
 */
export function tellRun(run: TellableRun, wish: ReportWish, before: DeploymentReport | undefined): Decision {
  const report = composeReport(run, wish);
  if (before !== undefined && sameReport(before, report)) return [];
  return [told(run.deployment.link, DeploymentReported.make(report))];
}

/** @throws CommandError REPORT_OWN where nobody is to be told, REPORT_TOO_EARLY while it is not known how it ends */
export function refuseUntellable({
  deployment,
  link,
  state,
}: {
  deployment: string;
  link: string;
  state: string;
}): void {
  const cannot = `Cannot tell of deployment ${deployment}`;
  const details = { deployment, state };
  if (link === '')
    throw new CommandError('REPORT_OWN', `${cannot}: its release is this side's own`, {
      hint: `\`crossgap deployment show ${deployment}\` has all of it.`,
      details,
    });
  if (state === 'waiting' || state === 'running')
    throw new CommandError('REPORT_TOO_EARLY', `${cannot}: it is ${state}`, {
      hint: 'Tell of it when it is over, or interrupted.',
      details,
    });
}

const sameReport = (one: DeploymentReport, other: DeploymentReport): boolean =>
  JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

/** The fields in one order, whoever put them together. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, inner]) => [name, sorted(inner)] as const);
  return Object.fromEntries(fields.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function strikeOut(run: TellableRun, wish: ReportWish): { lines: ReportLine[]; report: DeploymentReport } {
  refuseUnfit(wish);
  const struck = new Set(wish.struck);
  const whole: DeploymentReport = {
    ...wholeReport(run.deployment, run.standing, run.steps, run.rules),
    remark: remarkOf(wish),
    log: wish.withLog ? run.log : null,
  };
  const lines: ReportLine[] = fixedLines(whole, run.by);
  const gaps: string[] = [];
  let report = whole;
  const walk = (parts: readonly Part[]): void => {
    for (const { id, text, strike, parts: within } of parts) {
      const isStruck = struck.has(id);
      lines.push({ id, text: isStruck ? `${partInWords(id)}: struck out` : text, mayBeStruck: true });
      if (isStruck) {
        gaps.push(id);
        report = strike(report);
      } else walk(within ?? []);
    }
  };
  walk(partsOf(whole));
  if (gaps.length > struckMax)
    throw unfit(`more than ${struckMax} lines are struck out`, 'Strike whole steps.');
  return { lines, report: { ...report, struck: gaps } };
}

function remarkOf({ rating, comment }: ReportWish): DeploymentReport['remark'] {
  const said = comment?.trim().toWellFormed() ?? '';
  return rating === null && said === '' ? null : { rating, comment: said === '' ? null : said };
}

function refuseUnfit({ rating, comment, struck }: ReportWish): void {
  if (rating !== null && ![1, 2, 3, 4, 5].includes(rating))
    throw unfit(`a rating of ${String(rating)} is none`, 'Rate from 1 to 5.');
  if (comment !== null && comment.trim().length > commentLengthMax)
    throw unfit(`the comment is longer than ${commentLengthMax} characters`, 'Write less.');
  const fixed = struck.find((id) => alwaysTold.has(id));
  if (fixed !== undefined)
    throw unfit(
      `${fixed} is told whenever a run is`,
      'What ran, how it ended and in whose name it is told can stay here only with all of it: do not tell of the run.',
    );
  const unknown = struck.find((id) => !isReportPart(id));
  if (unknown !== undefined)
    throw unfit(
      `no line is called ${JSON.stringify(unknown)}`,
      'The names stand before the lines that `crossgap report --preview` prints.',
    );
}

function unfit(why: string, hint: string): CommandError {
  return new CommandError('REPORT_WISH_UNFIT', `Cannot tell of the run so: ${why}`, { hint });
}

/** What a run is told by; without it there is nothing to tell. */
const alwaysTold = new Set(['release', 'outcome', 'by']);

const reasons: Readonly<Record<DeploymentReport['reason'], string>> = {
  deploy: '',
  again: ', deployed once more',
  retry: ', tried again',
  rollback: ', gone back to',
  uninstall: ', taken away',
};

function fixedLines(report: DeploymentReport, by: string): ReportLine[] {
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
type Part = {
  readonly id: string;
  readonly text: string;
  readonly strike: (report: DeploymentReport) => DeploymentReport;
  readonly parts?: readonly Part[];
};

function partsOf(report: DeploymentReport): Part[] {
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
    error !== null && { id: 'error', text: `error: ${error}`, strike: (one) => ({ ...one, error: null }) },
    ...steps.map(stepPart),
    lastLines.length > 0 && {
      id: 'last-lines',
      text: `the last lines of the step that failed: ${lastLines.length}`,
      strike: (one) => ({ ...one, lastLines: [] }),
      parts: lastLines.map((line, at) => ({
        id: `last-lines.${at + 1}`,
        text: `| ${line}`,
        strike: (one) => ({ ...one, lastLines: one.lastLines.with(at, struckText) }),
      })),
    },
    remark?.rating != null && {
      id: 'rating',
      text: `rating: ${remark.rating} of 5`,
      strike: (one) => remarked(one, { rating: null }),
    },
    remark?.comment != null && {
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

/** What stands where a line of several was. */
export const struckText = '(struck out)';

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
