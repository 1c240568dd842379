import {
  DeploymentReported,
  isReportPart,
  partInWords,
  type DeploymentReport,
  type RecordedStep,
} from '../events/index.ts';
import { told, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';
import { fixedLines, partsOf, wordsOf, type Part, type ReportLine } from './report-lines.ts';
import { wholeReport, type RecordedDeployment, type ReportRules, type RunStanding } from './report-run.ts';
import { withoutTexts } from './strike-texts.ts';

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

export const commentLengthMax = 4000;
const struckMax = 1000;

/** All that would leave, by the wish: where something was struck out, a line says so. Pure. */
export function reportLines(run: TellableRun, wish: ReportWish): ReportLine[] {
  return strikeOut(run, wish).lines;
}

/**
 * The report, as it is signed: what was struck out is not in it, its name is; nor are its words wherever else they stand. Pure.
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
  const texts = allParts(partsOf(whole)).flatMap((part) => (struck.has(part.id) ? wordsOf(part) : []));
  const spared = withoutTexts(whole, texts);
  const lines: ReportLine[] = fixedLines(spared, run.by);
  const gaps: string[] = [];
  let report = spared;
  const walk = (parts: readonly Part[]): void => {
    for (const { id, text, strike, parts: within } of parts) {
      const isStruck = struck.has(id);
      const said = id === 'log' && texts.length > 0 ? `${text}; it may tell what is struck out` : text;
      lines.push({ id, text: isStruck ? `${partInWords(id)}: struck out` : said, mayBeStruck: true });
      if (isStruck) {
        gaps.push(id);
        report = strike(report);
      } else walk(within ?? []);
    }
  };
  walk(partsOf(spared));
  if (gaps.length > struckMax)
    throw unfit(`more than ${struckMax} lines are struck out`, 'Strike whole steps.');
  return { lines, report: { ...report, struck: gaps } };
}

const allParts = (parts: readonly Part[]): Part[] =>
  parts.flatMap((part) => [part, ...allParts(part.parts ?? [])]);

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
  const written = struck.find((id) => /^entry\.[\d.]+$/.test(id));
  if (written !== undefined)
    throw unfit(
      `${written} was written before`,
      'An entry stays as it was signed, and leaves with whatever comes after it.',
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
