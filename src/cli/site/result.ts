import { constants, copyFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exportBundle } from '../../bundles/index.ts';
import { linkReplica, previewReport, tellReport, toldReport } from '../../daemon/index.ts';
import { syncPath } from '../../durable.ts';
import { faultPoint } from '../../faults.ts';
import type { Remark, ResultLine, ResultWish, WrittenResult } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import {
  findDeployment,
  readDeployments,
  readLinks,
  type LinkRow,
  type ReleaseRow,
} from '../../projections/index.ts';
import { cargoOf, recipientOf, senderOf } from '../bundles/bundle-ends.ts';
import { holdBundles } from '../bundles/bundle-lock.ts';
import { CliError } from '../errors.ts';
import { systemReason } from '../given/files.ts';
import { resultFolder, unfinished } from './result-folder.ts';

/**
 * Every line that would go home, by the wish: what was written before and the maker has not said to hold, then the
 * report. Nothing is written.
 *
 * @throws CliError NOTHING_RAN_HERE
 */
export function previewResult(instance: Instance, release: ReleaseRow, wish: ResultWish): ResultLine[] {
  const { besides, lines } = previewReport(instance, runMeant(instance, release, wish), wish);
  return [...besides, ...lines];
}

/**
 * Tells of a run and writes all that the maker has not said to hold as one file, sealed to it. It may be made again: the
 * same wish adds nothing to what is told.
 *
 * @throws CliError NOTHING_RAN_HERE, FILE_NOT_WRITTEN
 */
export async function writeResult(
  instance: Instance,
  release: ReleaseRow,
  { wish, out }: { readonly wish: ResultWish; readonly out: string },
): Promise<WrittenResult> {
  const deployment = runMeant(instance, release, wish);
  const place = placeFor(instance, out);
  await tellReport(instance, deployment, wish);
  const link = readLinks(instance.db).find((row) => row.link === release.link)!;
  using folder = resultFolder(instance.folder.root, place);
  const { file, size, sha256 } = await bundleFor(instance, link, folder.path);
  carryTo(file, place);
  return { file: place, sizeBytes: size, sha256, to: link.name, words: instance.identity.words };
}

/** What was said of a run when it was told last: the same wish again tells the same, with its log. */
export function lastRemark(
  instance: Instance,
  release: ReleaseRow,
  which: Pick<ResultWish, 'environment' | 'deployment'>,
): Remark | null {
  const report = toldReport(instance, runMeant(instance, release, which))?.report;
  if (report === undefined) return null;
  const { remark, log, struck } = report;
  return {
    rating: (remark?.rating ?? null) as Remark['rating'],
    comment: remark?.comment ?? null,
    withLog: log !== null || struck.includes('log'),
    struck,
  };
}

/** The run that is meant: the newest in the environment where none is named. */
function runMeant(
  { db }: Instance,
  release: ReleaseRow,
  { environment, deployment }: Pick<ResultWish, 'environment' | 'deployment'>,
): string {
  if (deployment !== null && findDeployment(db, deployment) !== undefined) return deployment;
  const { process, link } = release;
  const newest = readDeployments(db).find(
    (row) => row.link === link && row.process === process && row.environment === environment,
  );
  if (deployment === null && newest !== undefined) return newest.deployment;
  throw new CliError(
    'NOTHING_RAN_HERE',
    deployment === null
      ? `Cannot make a result: nothing of ${process} ran in ${environment} here`
      : `Cannot make a result: there is no run ${deployment} here`,
    { hint: 'Install first; then there is something to tell.', details: { environment, deployment } },
  );
}

async function bundleFor(
  instance: Instance,
  link: LinkRow,
  out: string,
): Promise<{ readonly file: string; readonly size: number; readonly sha256: string }> {
  using _held = holdBundles(instance, 'export');
  const replica = linkReplica(instance, link.link);
  const wish = { release: undefined, again: false, whole: false, after: undefined };
  const made = await exportBundle({
    sender: senderOf(instance),
    recipient: recipientOf(instance, link),
    source: replica,
    link: link.link,
    feed: instance.log.feedTo(link.link),
    sentAt: new Date(instance.clock.now()).toISOString(),
    head: replica.outgoingHead(),
    ...(await cargoOf(instance, link, replica, wish)),
    out,
    // However large the log beside it is: one file is what people carry and count.
    partBytes: Number.MAX_SAFE_INTEGER,
  });
  return made.parts[0]!;
}

/** A folder gets a file of a name that every file system can hold. */
function placeFor({ identity }: Instance, out: string): string {
  const path = resolve(out);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path;
  const stem = identity.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(0, 8);
  return join(path, `${stem === '' ? 'result' : stem}.cgx`);
}

/** Puts the file there whole or not at all; the medium is most often another one. */
function carryTo(file: string, place: string): void {
  const temporary = unfinished(place);
  try {
    copyFileSync(file, temporary, constants.COPYFILE_FICLONE);
    faultPoint('result.copied');
    syncPath(temporary);
    renameSync(temporary, place);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new CliError('FILE_NOT_WRITTEN', `Cannot write ${place}: ${systemReason(cause)}`, {
      hint: 'Name a file in a folder that is there and that you may write to; the same result can be made again.',
      details: { path: place },
      cause,
    });
  }
}
