import { createHash } from 'node:crypto';
import { recordComparison } from '../commands/index.ts';
import type { PackagePin } from '../events/index.ts';
import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import { forgetDownload, largestCarrier, NugetError, openSource, type Patience } from '../nuget/index.ts';
import { nameKey, readLinks, readSourceAlarms, readWantedBlobs } from '../projections/index.ts';
import { isNamed, type SourceSettings } from '../settings/index.ts';
import { admitFile, lackingPackages } from './admit-packages.ts';
import { blobRoom } from './blob-room.ts';
import { repositoryOf } from './repositories.ts';
import { noteSourceFailures } from './source-failures.ts';

/** A package that a release of a link names and that is not here. */
type Lacking = { readonly link: string; readonly pin: PackagePin };

/** How a look at the repositories ended: whether anything came, and what could not be asked. */
export type Looked = { readonly kept: number; readonly failures: readonly NugetError[] };

export type LookOptions = {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  /** Which packages may be looked for now, and where; all, where it is not said. */
  readonly mayAsk?: (source: string, pin: PackagePin) => boolean;
  /** Told of each that a repository has not, or not as it should be. */
  readonly onVain?: (source: string, pin: PackagePin) => void;
};

/** The packages that releases of confirmed links name and that are not here; each by its content once. */
export function lacking(instance: Instance): Lacking[] {
  const { db } = instance;
  const confirmed = new Set(
    readLinks(db).flatMap(({ link, state }) => (state === 'confirmed' ? [link] : [])),
  );
  if (confirmed.size === 0) return [];
  return readWantedBlobs(db).flatMap(({ link, pin, final, files }) =>
    pin !== null && !final && confirmed.has(link) && !files.some((digest) => instance.holds(digest))
      ? [{ link, pin }]
      : [],
  );
}

/**
 * Looks for what is lacking in the repositories of the settings, in their order, and takes what has the right content
 * and is signed by whom the link trusts. What is found there under the right name with another content is an alarm, and
 * changes nothing else: the link brings the package all the same.
 */
export async function fetchPackages(instance: Instance, options: LookOptions): Promise<Looked> {
  const { mayAsk = () => true } = options;
  const sources = instance.settings.source.filter((source) => source.fetch);
  let kept = 0;
  const [failures, answered]: [NugetError[], string[]] = [[], []];
  if (sources.length === 0) return { kept, failures };
  const wanted = lacking(instance);
  for (const source of sources) {
    const named = wanted.filter(({ pin }) => isNamed(pin.id, source.packages) && mayAsk(source.name, pin));
    if (named.length === 0) continue;
    try {
      kept += await fetchFrom(instance, source, named, options);
      answered.push(source.name);
    } catch (error) {
      if (!(error instanceof NugetError)) throw error;
      // One that fails for one package is not asked for the next: it would not do better.
      failures.push(error);
    }
  }
  if (failures.length + answered.length > 0) keepHowItWent(instance, { failures, answered }, options.log);
  return { kept, failures };
}

function keepHowItWent(
  instance: Instance,
  asked: Parameters<typeof noteSourceFailures>[1],
  log: Logger,
): void {
  try {
    noteSourceFailures(instance, asked);
  } catch (error) {
    // A full disk is told of elsewhere; what was fetched is here all the same.
    log.warn({ err: error }, 'failures of repositories not written');
  }
}

async function fetchFrom(
  instance: Instance,
  settings: SourceSettings,
  wanted: readonly Lacking[],
  { log, signal, patience, onVain = () => {} }: LookOptions,
): Promise<number> {
  const repository = repositoryOf(instance, settings);
  using source = openSource(repository, {
    signal,
    ...(patience && { patience }),
    onAgain({ id, version, keptBytes, lostBytes }) {
      const fields = { repository: settings.name, package: `${id} ${version}` };
      if (lostBytes === 0) log.info({ ...fields, keptBytes }, 'download goes on where it broke off');
      else log.warn({ ...fields, lostBytes }, 'download begins again: the rest of it can not be had');
    },
  });
  let kept = 0;
  for (const one of wanted) {
    // Another repository, or the link, may have brought it meanwhile.
    const isLacking = lackingPackages(instance, one.link).some(({ pin }) => pin.sha256 === one.pin.sha256);
    if (!isLacking) continue;
    const { id, version, sha256 } = one.pin;
    // Apart from what another repository may have begun of it.
    const path = `${instance.blobs.incomingPath(sha256)}.${createHash('sha256').update(settings.name).digest('hex').slice(0, 8)}.source`;
    const noRoom = blobRoom(instance).lacks(
      { digest: sha256, sizeBytes: one.pin.sizeBytes, attempt: 0 },
      path,
    );
    if (noRoom !== undefined) continue;
    // What broke off stays, for the next look to go on from; the store sweeps away what nobody comes back to.
    const isThere = await source.fetch(one.pin, { path, bytesMax: largestCarrier(one.pin.sizeBytes) });
    try {
      if (!isThere || !(await takeIn(instance, settings.name, one, path, log))) {
        onVain(settings.name, one.pin);
        continue;
      }
      kept += 1;
      log.info({ repository: settings.name, package: `${id} ${version}` }, 'package fetched');
    } finally {
      await forgetDownload(path);
    }
  }
  return kept;
}

/** Judges a file that a repository gave under a name; true where it is what was looked for. */
async function takeIn(
  instance: Instance,
  repository: string,
  { link, pin }: Lacking,
  path: string,
  log: Logger,
): Promise<boolean> {
  const admission = await admitFile(instance, link, path);
  const fields = { repository, package: `${pin.id} ${pin.version}` };
  switch (admission.outcome) {
    case 'kept':
    case 'known':
      noteComparison(instance, repository, pin, pin.contentDigest);
      return true;
    case 'other-content': {
      const { contentDigest: found } = admission.found;
      noteComparison(instance, repository, pin, found);
      log.error({ ...fields, expected: pin.contentDigest, found }, 'repository has other content');
      return false;
    }
    case 'not-wanted':
      log.warn(
        { ...fields, found: `${admission.id} ${admission.version}` },
        'repository gave another package',
      );
      return false;
    case 'refused':
      log.warn({ ...fields, problems: admission.problems }, 'package of repository not taken');
      return false;
  }
}

/** Keeps in the log what a repository has under a name, where that is an alarm or the end of one. */
export function noteComparison(
  instance: Pick<Instance, 'record' | 'db'>,
  repository: string,
  { id, version, contentDigest: expected }: Pick<PackagePin, 'id' | 'version' | 'contentDigest'>,
  found: string,
): void {
  instance.record((db) => {
    const key = (name: string): string => nameKey(name);
    const known = readSourceAlarms(db).find(
      (alarm) =>
        key(alarm.repository) === key(repository) &&
        key(alarm.id) === key(id) &&
        key(alarm.version) === key(version) &&
        alarm.expected === expected,
    );
    return recordComparison(known, { repository, package: { id, version }, expected, found });
  });
}
