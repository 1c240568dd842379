import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { asDiskError, DiskError } from '../../disk-error.ts';
import { faultPoint } from '../../faults.ts';
import {
  extractPackage as unpack,
  openTrust,
  PackageError,
  removePartialExtraction,
  samePackage,
  verifyPackage,
} from '../../packages/index.ts';
import { flag } from '../../variables/index.ts';
import { packageAction, type Done, type Work } from '../convention.ts';
import { ExecutorError, systemCode } from '../errors.ts';
import { syncFolder } from '../journal.ts';

/**
 * Checks the package's signature and digests, then extracts it to a folder of its own that never existed before:
 * `PACKAGE/VERSION`, with `_1`, `_2` … where that is taken. It is written under a hidden name and
 * renamed when it is whole, so a folder under its final name is always complete.
 */
export async function extractPackage(work: Work): Promise<Done> {
  const action = packageAction(work.step);
  const { id, version, sha256, file } = action.package;
  const already = installedAlready(work);
  if (already !== undefined) return already;
  removeEarlierAttempt(work);
  await verify(work);
  const wanted = join(work.plan.appsFolder, safeName(id), safeName(version));
  mkdirSync(dirname(wanted), { recursive: true });
  const hidden = join(dirname(wanted), `.${basename(wanted)}.${safeName(work.plan.deployment)}`);
  work.intend(hidden, 'extracting');
  rmSync(hidden, { recursive: true, force: true });
  const { packageLimits: limits, appsFolder } = work.plan;
  const { files } = await unpack(file, hidden, {
    expectedSha256: sha256,
    within: appsFolder,
    ...(limits !== undefined && { limits }),
    signal: work.signal,
    onFile: () => faultPoint('executor.extract.during'),
  }).catch((error: unknown) => {
    throw ofDisk(error) ?? error;
  });
  const folder = moveIntoPlace(work, hidden, wanted);
  work.setFolder('extracted', folder);
  work.setOutput('Package.InstallationDirectoryPath', folder, false);
  work.setOutput('Package.ExtractedFileCount', String(files.length), false);
  return { state: 'done', files, detail: `${files.length} files to ${folder}` };
}

/** That the disk was full: nothing of the package is there, and the run is to go on from here when there is room. */
function ofDisk(error: unknown): DiskError | undefined {
  const disk = error instanceof PackageError ? asDiskError(error) : undefined;
  if (disk?.code !== 'DISK_FULL') return undefined;
  const { hint, details } = disk;
  return new DiskError('DISK_FULL', (error as PackageError).message, { hint, details, cause: error });
}

/**
 * Where the step wants it: the newest installation by this step is of this very version and content and succeeded, and
 * its folders are still there, so that nothing is done. Octopus looks neither at the content nor for the folders.
 * Undefined where there is work to do.
 */
export function installedAlready(
  work: Pick<Work, 'step' | 'variables' | 'log' | 'setOutput'>,
): Done | undefined {
  const { package: wanted, previous } = packageAction(work.step);
  if (!flag(work.variables, 'Octopus.Action.Package.SkipIfAlreadyInstalled', false)) return undefined;
  if (previous === undefined || !samePackage({ id: previous.packageId, version: previous.version }, wanted))
    return undefined;
  const name = `${wanted.id} ${wanted.version}`;
  if (previous.contentDigest !== undefined && previous.contentDigest !== wanted.contentDigest) {
    work.log('info', `${name} was installed before with another content: it is installed again`);
    return undefined;
  }
  if (!previous.succeeded) {
    work.log('info', `${name} was installed before and failed: it is installed again`);
    return undefined;
  }
  const { extractedTo, installedTo } = previous;
  const gone = [extractedTo, installedTo].find((folder) => folder !== null && !existsSync(folder));
  if (gone !== undefined) {
    work.log('info', `${name} was installed before, and ${gone} is gone: it is installed again`);
    return undefined;
  }
  work.setOutput('Package.InstallationDirectoryPath', extractedTo, false);
  const detail = `already installed: ${name} in ${installedTo ?? extractedTo}`;
  return { state: 'nothing-to-do', detail, skipRest: 'already installed' };
}

/** A part of a path made of a name: as Octopus writes ids and versions, and never a dot folder. */
export function safeName(name: string): string {
  const encoded = name.replaceAll(
    /[%<>:"/\\|?@\p{Cc}]/gu,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return /^\.*$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
}

/** What an extraction that was cut off left behind: its hidden folders, and one that was renamed but never told. */
function removeEarlierAttempt(work: Work): void {
  for (const [path, mark] of work.intentions()) {
    if (!isBelow(path, work.plan.appsFolder)) continue;
    if (mark === 'extracting') {
      rmSync(path, { recursive: true, force: true });
      if (existsSync(dirname(path))) removePartialExtraction(path);
    } else if (existsSync(path) && folderMark(path) === mark) {
      rmSync(path, { recursive: true });
    }
  }
}

/** Throws where the package is not the very file that the plan names, or nobody who is trusted here signed it. */
export async function verify(work: Work): Promise<void> {
  const expected = packageAction(work.step).package;
  const { id, version, sha256, contentDigest } = expected;
  const report = await verifyPackage(expected.file, {
    trust: openTrust(expected.trustedFingerprints, expected.trustRules),
    signal: work.signal,
    ...(work.plan.packageLimits !== undefined && { limits: work.plan.packageLimits }),
    ...(expected.verifyAt !== undefined && { at: new Date(expected.verifyAt) }),
  });
  const reasons = report.problems
    .filter((problem) => problem.severity === 'error')
    .filter((problem) => !(expected.unsigned === true && problem.code === notSigned))
    .map((problem) => problem.message);
  if (report.contentDigest !== contentDigest) {
    const found = report.contentDigest ?? 'none that can be told';
    reasons.unshift(`it is not the content that the release names (${found} instead of ${contentDigest})`);
  }
  if (report.sha256 !== sha256) {
    reasons.unshift(
      `it is not the file that the plan was made with (SHA-256 ${report.sha256} instead of ${sha256})`,
    );
  }
  const isNamed =
    report.id?.toLowerCase() === id.toLowerCase() && report.version?.toLowerCase() === version.toLowerCase();
  if (!isNamed) reasons.push(`inside it is ${report.id ?? 'no package'} ${report.version ?? ''}`.trim());
  if (reasons.length === 0 && !report.ok && !(expected.unsigned === true && report.signature === null)) {
    reasons.push('nobody who is trusted here signed it');
  }
  if (reasons.length === 0) return;
  const message = `Cannot use package ${id} ${version}: ${reasons.join('; ')}`;
  throw new ExecutorError('PACKAGE_NOT_TRUSTED', message, {
    hint: 'Get the package again from its author; `crossgap package verify FILE` shows all that is wrong with a file.',
    details: { file: expected.file, problems: report.problems },
  });
}

/** NuGet's number for a package without any signature. */
const notSigned = 'NU3004';

/** Renames the whole folder to the first name that is free; the mark tells a resumed run that it made this one. */
function moveIntoPlace(work: Work, hidden: string, wanted: string): string {
  for (let n = 0; ; n += 1) {
    const folder = n === 0 ? wanted : `${wanted}_${n}`;
    if (isThere(folder)) continue;
    work.intend(folder, folderMark(hidden));
    faultPoint('executor.extract.before-rename');
    try {
      renameSync(hidden, folder);
    } catch (error) {
      // Another run took the name a moment ago.
      if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(systemCode(error) ?? '')) continue;
      throw error;
    }
    syncFolder(dirname(folder));
    faultPoint('executor.extract.after-rename');
    return folder;
  }
}

function folderMark(folder: string): string {
  const { dev, ino, birthtimeMs } = statSync(folder);
  return `${dev}:${ino}:${birthtimeMs}`;
}

/** What a journal names is removed only where extractions are made, whatever the journal says. */
function isBelow(path: string, folder: string): boolean {
  const below = relative(folder, path);
  return below !== '' && !isAbsolute(below) && below.split(sep)[0] !== '..';
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
