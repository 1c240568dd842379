import { commentLengthMax, type ReportWish } from '../../commands/index.ts';
import { previewReport, tellReport, type ReportPreview, type ToldReport } from '../../daemon/index.ts';
import { partInWords } from '../../events/index.ts';
import type { Instance } from '../../instance/index.ts';
import {
  prepareLinkNames,
  readDeployments,
  readLink,
  readUntoldRuns,
  type DeploymentRow,
} from '../../projections/index.ts';
import { commandLine, count, moment } from '../../words.ts';
import { command, flag, list, misuse, text, type Outcome } from '../command.ts';
import { CliError } from '../errors.ts';
import { section, table } from '../table.ts';

export const report = command({
  path: 'report',
  about:
    'Tell the author of a release how a run of it went here: what stays here is struck out, and seen to be',
  example: 'crossgap report d-4kq7mbx2wz --strike step.3.error --rating 4 --comment "went well" --preview',
  args: { ID: text('ID', "id of the deployment; else the newest run of another's release") },
  options: {
    preview: flag('only print every line that would leave'),
    strike: list('LINE', 'a line that stays here, by its name in the preview; told is that there is a gap'),
    rating: text('N', 'how it was, from 1 to 5'),
    comment: text('TEXT', 'said with it'),
    'with-log': flag('with the log of the run, secrets masked; at most its last MB'),
    untold: flag('list the runs that nobody was told of'),
  },
  async run(context, { ID: id }, options): Promise<Outcome> {
    const instance = await context.open();
    if (options.untold) return untold(instance);
    const wish = wishOf(options);
    const deployment = id ?? newestOf(instance);
    const preview = previewReport(instance, deployment, wish);
    const link = prepareLinkNames(instance.db)(preview.link).name ?? preview.link;
    if (options.preview) return previewed(preview, link);
    const { told, isNews } = await tellReport(instance, deployment, wish);
    return {
      document: documentOf(deployment, link, told, isNews),
      text: [
        isNews ? `${link} is told of deployment ${deployment}` : `${link} was told exactly this before`,
        ...gapsIn(told),
        ...leftBefore(preview.before, told),
        ...(isNews ? [howItGoes(instance, preview.link, link)] : []),
      ],
    };
  },
});

type Options = {
  readonly strike: readonly string[];
  readonly rating: string | undefined;
  readonly comment: string | undefined;
  readonly 'with-log': boolean;
};

function wishOf({ strike, rating, comment, 'with-log': withLog }: Options): ReportWish {
  if (rating !== undefined && !/^[1-5]$/.test(rating))
    throw misuse(
      `Cannot understand --rating ${rating}: it is no number from 1 to 5`,
      'Write, for example, 4.',
    );
  if (comment !== undefined && comment.length > commentLengthMax)
    throw misuse(`Cannot tell that: it is longer than ${commentLengthMax} characters`, 'Write less.');
  return {
    rating: rating === undefined ? null : (Number(rating) as NonNullable<ReportWish['rating']>),
    comment: comment ?? null,
    withLog,
    struck: [...new Set(strike)],
  };
}

const over: ReadonlySet<DeploymentRow['state']> = new Set([
  'succeeded',
  'failed',
  'interrupted',
  'cancelled',
]);

function newestOf({ db }: Instance): string {
  const newest = readDeployments(db).find(({ link, state }) => link !== '' && over.has(state));
  if (newest !== undefined) return newest.deployment;
  throw new CliError('DEPLOYMENT_UNKNOWN', "Cannot tell of a run: no other's release came to an end here", {
    hint: 'See `crossgap deployment list`.',
  });
}

function untold({ db }: Instance): Outcome {
  const nameOf = prepareLinkNames(db);
  const runs = readUntoldRuns(db).map(({ link, number: release, ...run }) => ({
    ...run,
    release,
    link: nameOf(link).name ?? link,
  }));
  return {
    document: runs,
    text:
      runs.length === 0
        ? 'Every run was told to the author of its release'
        : table(
            runs.map(({ deployment, link, process, release, environment, state }) => [
              deployment,
              `${link}:${process}/${release}`,
              environment,
              state,
            ]),
          ),
  };
}

function previewed({ deployment, lines, log, besides, before }: ReportPreview, link: string): Outcome {
  return {
    document: {
      deployment,
      to: link,
      lines,
      log,
      besides,
      toldBefore: before === undefined ? null : before.seq,
    },
    text: [
      `To ${link} would go of deployment ${deployment}, and nothing else of it:`,
      '',
      ...lines.flatMap(({ id, text: said, mayBeStruck }) => [
        mayBeStruck ? `  ${id}` : `  ${id} (always told)`,
        ...said.split('\n').map((line) => `      ${line}`),
      ]),
      ...section('The log', log === null ? [] : log.trimEnd().split('\n')),
      ...section(
        `On its way to ${link} already`,
        besides.flatMap(({ text: said }) => said.split('\n')),
      ),
      '',
      'What is to stay here: --strike NAME for each; that it was struck out is told.',
      ...(before === undefined
        ? []
        : [
            `${link} was told of this run before, by entry ${before.seq}, ${moment(before.at)}; that stays told`,
          ]),
    ],
  };
}

function gapsIn({ report: { struck } }: ToldReport): string[] {
  if (struck.length === 0) return [];
  return [`${count(struck.length, 'line')} struck out, which is told: ${struck.map(partInWords).join('; ')}`];
}

/** What was told before can't be taken back: an entry stays as it was signed. */
function leftBefore(before: ToldReport | undefined, told: ToldReport): string[] {
  if (before === undefined || before.seq === told.seq) return [];
  const late = told.report.struck.filter((name) => !before.report.struck.includes(name));
  if (late.length === 0) return [];
  return [
    `Entry ${before.seq} told of it before and stays: whoever holds it knows ${late.map(partInWords).join('; ')}`,
  ];
}

function howItGoes({ db }: Instance, link: string, name: string): string {
  const transport = readLink(db, link)?.transport;
  return transport?.kind === 'hand'
    ? `It goes with the next bundle: \`${commandLine('bundle', 'export', '--to', name, '--out', 'DIR')}\``
    : 'It goes with the next exchange';
}

function documentOf(deployment: string, link: string, told: ToldReport, isNews: boolean): unknown {
  const { state, struck, remark, log } = told.report;
  return {
    deployment,
    to: link,
    changed: isNews,
    entry: told.seq,
    at: new Date(told.at).toISOString(),
    state,
    struck,
    rating: remark?.rating ?? null,
    comment: remark?.comment ?? null,
    log,
  };
}
