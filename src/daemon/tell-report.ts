import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  composeReport,
  linesTold,
  refuseUntellable,
  reportLines,
  tellRun,
  CommandError,
  type ReportLine,
  type ReportWish,
  type TellableRun,
} from '../commands/index.ts';
import type { Database } from '../db/index.ts';
import { readHeader, toldLogBytesMax, type DeploymentReport } from '../events/index.ts';
import { Masker, readJournal } from '../executor/index.ts';
import type { Instance } from '../instance/index.ts';
import {
  describeEvent,
  findDeployment,
  readLink,
  readSteps,
  type DeploymentRow,
} from '../projections/index.ts';
import { toldReport, type ToldReport } from './told-report.ts';
import { lastLinesOfRun, readEndOfLog } from './end-of-run-log.ts';
import { recorded, valuesInClear } from './run-deployment.ts';

/** What of a run would leave: each line, and the log where it is wished for. */
export type ReportPreview = {
  readonly deployment: string;
  readonly link: string;
  readonly lines: readonly ReportLine[];
  /** The text that would travel beside the entry, secrets masked; null where none does. */
  readonly log: string | null;
  /** What else waits to leave for the same side, an entry each: it was written before, and stays. */
  readonly besides: readonly ReportLine[];
  /** What the author was told of this run last; it stays in the feed. */
  readonly before: ToldReport | undefined;
};

/**
 * Every line that would leave of a run, by the wish; nothing is written.
 *
 * @throws CommandError REPORT_UNKNOWN, REPORT_OWN, REPORT_TOO_EARLY, REPORT_WISH_UNFIT
 */
export function previewReport(instance: Instance, deployment: string, wish: ReportWish): ReportPreview {
  const masker = maskerOf(instance);
  const { run, log } = tellable(instance, instance.db, deployment, masker);
  const lines = reportLines(run, maskedWish(wish, masker));
  const hasLog = lines.some(({ id }) => id === 'log') && !wish.struck.includes('log');
  const before = toldReport(instance, deployment);
  const { link } = run.deployment;
  return { deployment, link, lines, log: hasLog ? log : null, besides: besides(instance, link), before };
}

/**
 * Tells the author of the release of a run, once: the same wish again appends nothing, another one a report that stands
 * for the one before.
 *
 * @throws CommandError REPORT_UNKNOWN, REPORT_OWN, REPORT_TOO_EARLY, REPORT_WISH_UNFIT
 */
export async function tellReport(
  instance: Instance,
  deployment: string,
  wish: ReportWish,
): Promise<{ readonly told: ToldReport; readonly isNews: boolean }> {
  const masker = maskerOf(instance);
  const masked = maskedWish(wish, masker);
  const { run, log } = tellable(instance, instance.db, deployment, masker);
  // The bytes are there before the entry that names them, which is then the same run's: a log only grows while it runs.
  const { log: named } = composeReport(run, masked);
  if (named !== null && log !== null && !instance.holds(named.digest))
    await instance.blobs.putBytes(Buffer.from(log, 'utf8'));
  const appended = instance.record((db) => {
    const now = tellable(instance, db, deployment, masker).run;
    return tellRun({ ...now, log: run.log }, masked, toldReport(instance, deployment)?.report);
  });
  return { told: toldReport(instance, deployment)!, isNews: appended.length > 0 };
}

/** Entries for a link that it has not said to hold, with all that those tell of runs: a report of before leaves as well. */
function besides({ db, log }: Instance, link: string): ReportLine[] {
  const row = readLink(db, link);
  if (row === undefined) return [];
  const feed = log.feedTo(link);
  return [...sealedAfter(log, feed, row.confirmed)].map(({ epoch, seq }) => {
    const { event, header } = log.entryAt(feed, { epoch, seq })!;
    const said = event.known ? describeEvent(event) : `${header.type} of a newer version`;
    const told =
      event.known && event.name === 'deployment.reported' ? linesTold(event.data, header.actor) : [];
    return {
      id: `entry.${epoch === 1 ? '' : `${epoch}.`}${seq}`,
      text: [`entry ${seq}, written before: ${said}`, ...told.map((line) => `  ${line}`)].join('\n'),
      mayBeStruck: false,
    };
  });
}

const pageEntries = 100;

function* sealedAfter(log: Instance['log'], feed: string, after: Point): Generator<Point> {
  for (let { epoch, seq } = after; ;) {
    const page = log
      .readFeed(feed, { epoch, seq: seq + 1 }, pageEntries)
      .map(({ bytes }) => readHeader(bytes));
    yield* page;
    if (page.length < pageEntries) return;
    ({ epoch, seq } = page.at(-1)!);
  }
}

type Point = { readonly epoch: number; readonly seq: number };

function tellable(
  instance: Instance,
  db: Database,
  deployment: string,
  masker: Masker,
): { readonly run: TellableRun; readonly log: string | null } {
  const row = findDeployment(db, deployment);
  if (row === undefined)
    throw new CommandError('REPORT_UNKNOWN', `Cannot tell of deployment ${deployment}: it did not run here`, {
      hint: '`crossgap deployment list` shows the runs of this side.',
      details: { deployment },
    });
  refuseUntellable(row);
  const mask = (text: string): string => masker.mask(text);
  const runFolder = instance.folder.run(deployment);
  const end = readEndOfLog(runFolder, toldLogBytesMax);
  const log = end === undefined || end.text === '' ? null : endOf(mask(end.text));
  const error = row.error ?? whyInterrupted(row, runFolder);
  const run: TellableRun = {
    deployment: recorded(row),
    standing: {
      state: row.state as DeploymentReport['state'],
      startedAt: row.startedAt,
      endedAt: row.endedAt,
      failedAt: row.failedAt,
      error: error === null ? null : mask(error),
      lastLines: stopped.has(row.state) ? lastLinesOfRun(runFolder, row.failedAt?.step).map(mask) : [],
    },
    steps: readSteps(db, deployment).map((step) => ({
      ...step,
      error: step.error === null ? null : mask(step.error),
      conventions: step.conventions.map((line) => ({
        ...line,
        files: line.files.map(mask),
        detail: line.detail === null ? null : mask(line.detail),
      })),
    })),
    rules: instance.settings.report,
    by: instance.actor,
    log: end === undefined || log === null ? null : namedLog(log, end.wholeBytes),
  };
  return { run, log };
}

const stopped = new Set(['failed', 'interrupted']);

/** A run that broke off has no end that was recorded; its journal tells where. */
function whyInterrupted({ state }: DeploymentRow, runFolder: string): string | null {
  if (state !== 'interrupted' || !existsSync(runFolder)) return null;
  return readJournal(runFolder).error ?? null;
}

/** Masking may have made it longer: whole lines of its end, as many as may travel. */
function endOf(log: string): string {
  const bytes = Buffer.from(log, 'utf8');
  if (bytes.length <= toldLogBytesMax) return log;
  const end = bytes.subarray(bytes.length - toldLogBytesMax).toString('utf8');
  return end.slice(end.indexOf('\n') + 1);
}

function namedLog(log: string, wholeBytes: number): NonNullable<DeploymentReport['log']> {
  const bytes = Buffer.from(log, 'utf8');
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { digest, sizeBytes: bytes.length, wholeBytes: Math.max(wholeBytes, bytes.length) };
}

/** What must not leave, whatever wrote it down: every secret that the vault knows, in every form. */
function maskerOf(instance: Instance): Masker {
  const masker = new Masker();
  for (const value of [...instance.vault.values(), ...Object.values(valuesInClear(instance))])
    masker.add(value);
  return masker;
}

const maskedWish = (wish: ReportWish, masker: Masker): ReportWish => ({
  ...wish,
  comment: wish.comment === null ? null : masker.mask(wish.comment),
});
