import { recordPush } from '../commands/index.ts';
import type { PackagePin } from '../events/index.ts';
import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import { NugetError, pushPackage, type Patience, type Pushed, type Repository } from '../nuget/index.ts';
import { fileFor, nameKey, readLinks, readPackages, readPushes, type PushRow } from '../projections/index.ts';
import { isNamed } from '../settings/index.ts';
import { repositoryNamed } from './repositories.ts';

/** A package that is to be given to a repository: what it is, and the file that carries it. */
export type ToPush = { readonly to: string; readonly pin: PackagePin; readonly path: string };

export type PushOptions = {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  /** Which repositories may be tried now; all, where it is not said. */
  readonly mayAsk?: (to: string) => boolean;
};

/** Errors that stay for as long as nobody mends something, and may be over whenever the daemon starts. */
const isForGood = (row: PushRow): boolean =>
  row.outcome === 'differs' || (row.outcome === 'refused' && row.code === 'PUSH_REFUSED');

/** What links brought, and is to be given to repositories by the settings, and was not yet taken there. */
export function duePushes(instance: Instance): ToPush[] {
  const { db, settings } = instance;
  if (settings.push.length === 0) return [];
  const names = new Map(readLinks(db).map(({ link, name }) => [link, name.toLowerCase()]));
  const rows = new Map(readPushes(db).map((row) => [keyOf(row.repository, row), row]));
  const brought = readPackages(db).filter(({ link }) => link !== '');
  const due = new Map<string, ToPush>();
  for (const { to, links, packages } of settings.push) {
    const wanted = links && new Set(links.map((name) => name.toLowerCase()));
    for (const { link, pin } of brought) {
      if (wanted !== undefined && !wanted.has(names.get(link) ?? '')) continue;
      if (!isNamed(pin.id, packages)) continue;
      const key = keyOf(to, pin);
      const row = rows.get(key);
      if (row !== undefined && (row.outcome === 'taken' || row.outcome === 'there' || isForGood(row)))
        continue;
      const file = fileFor(db, link, pin, (digest) => instance.holds(digest));
      if (file === undefined) continue;
      due.set(key, { to, pin, path: instance.blobs.path(file.pin.sha256) });
    }
  }
  return [...due.values()];
}

/** Gives what is due to the repositories, one after the other; what became of it stands in the log. */
export async function pushPackages(
  instance: Instance,
  { log, signal, patience, mayAsk = () => true }: PushOptions,
): Promise<{ readonly done: number; readonly failures: readonly NugetError[] }> {
  let done = 0;
  const failures: NugetError[] = [];
  const failing = new Set<string>();
  for (const { to, pin, path } of duePushes(instance)) {
    // A repository that can't be reached for one package can't for the next.
    if (signal.aborted || failing.has(to) || !mayAsk(to)) continue;
    const fields = { repository: to, package: `${pin.id} ${pin.version}` };
    try {
      const repository = repositoryNamed(instance, to);
      const options = { signal, ...(patience && { patience }) };
      const { outcome, warnings } = await pushAndRecord(instance, repository, pin, path, options);
      done += 1;
      log.info({ ...fields, outcome, ...(warnings.length > 0 && { warnings }) }, 'package pushed');
    } catch (error) {
      if (!(error instanceof NugetError)) throw error;
      failures.push(error);
      if (error.again !== 'never') failing.add(to);
      log[error.again === 'soon' ? 'warn' : 'error']({ ...fields, err: error }, 'package not pushed');
    }
  }
  return { done, failures };
}

export type RecordOptions = {
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  /** Who pushes by hand is told at once what is wrong, and may have mistyped: only what was recorded before changes. */
  readonly isByHand?: boolean;
};

/**
 * Gives one package to a repository and keeps in the log what became of it. Errors: those of `pushPackage`, after they
 * were recorded.
 */
export async function pushAndRecord(
  instance: Instance,
  repository: Repository,
  pin: PackagePin,
  path: string,
  { isByHand = false, ...options }: RecordOptions,
): Promise<Pushed> {
  const record = (outcome: PushRow['outcome'], error?: NugetError): void => {
    const { id, version, contentDigest } = pin;
    const push = { repository: repository.name, package: { id, version }, contentDigest, outcome };
    const why = { code: error?.code ?? null, message: error?.message ?? null };
    instance.record((db) => {
      const key = keyOf(push.repository, pin);
      const known = readPushes(db).find((row) => keyOf(row.repository, row) === key);
      if (isByHand && error !== undefined && known === undefined) return [];
      return recordPush(known, { ...push, ...why });
    });
  };
  try {
    const pushed = await pushPackage(
      repository,
      { path, contentDigest: pin.contentDigest },
      { ...options, limits: instance.packageLimits },
    );
    record(pushed.outcome);
    return pushed;
  } catch (error) {
    if (error instanceof NugetError) record(outcomeOf(error), error);
    throw error;
  }
}

function outcomeOf({ code, again }: NugetError): PushRow['outcome'] {
  if (code === 'SOURCE_CONTENT_DIFFERS') return 'differs';
  return again === 'soon' ? 'failed' : 'refused';
}

function keyOf(
  repository: string,
  { id, version, contentDigest }: Pick<PackagePin, 'id' | 'version' | 'contentDigest'>,
): string {
  return [nameKey(repository), nameKey(id), nameKey(version), contentDigest].join('\n');
}
