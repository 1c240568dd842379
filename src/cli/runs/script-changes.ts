import { installedRun } from '../../commands/index.ts';
import { scriptsOfRelease, type ReleaseScripts } from '../../daemon/index.ts';
import type { PlannedScript } from '../../executor/index.ts';
import { placeOf, type Instance } from '../../instance/index.ts';
import { unifiedLines } from '../../process/index.ts';
import {
  fileFor,
  readEnvironments,
  readReleases,
  type ApprovedScript,
  type ReleaseRow,
} from '../../projections/index.ts';
import { releaseOfRun } from './release-of-run.ts';

/** A script as a person looks at it before it may run here. */
export type LookedAtScript = PlannedScript & {
  /** Who let this very text run at this place; null where nobody did. */
  readonly approval: ApprovedScript | null;
  /** What stood at its place before: what was approved last, else what runs here; null where nothing did. */
  readonly before: {
    /** `what was approved for 1.0.0`, `what 1.0.0 runs here`. */
    readonly what: string;
    /** What differs from it, as people read it; none where nothing does, null where its text is not here any more. */
    readonly lines: readonly string[] | null;
  } | null;
  /** Whether the release that runs here has another script at this place, or none. */
  readonly isNew: boolean;
};

/** The scripts of a release as a person looks at them. */
export type LookedAtScripts = Omit<ReleaseScripts, 'scripts'> & {
  readonly scripts: readonly LookedAtScript[];
};

/**
 * The scripts of a release with what was approved of them, and what changed since. Without an environment they are those
 * of every step; what was never approved is compared with what runs in `beside`. Errors: those of `scriptsOfRelease`.
 */
export async function lookAtScripts(
  instance: Instance,
  release: ReleaseRow,
  environment: string | null,
  beside: string | null = environment,
): Promise<LookedAtScripts> {
  const of = await scriptsOfRelease(instance, release, environment);
  const texts = textsOf(instance, release.link);
  const runs = beside === null ? undefined : runningThere(instance, release, beside);
  const scripts: LookedAtScript[] = [];
  for (const script of of.scripts) {
    const last = of.approvalAt(script);
    const running = runs && (await texts(runs.digest))?.find(({ place }) => place === script.place);
    const isApproved = last?.digest === script.digest;
    scripts.push({
      ...script,
      approval: last !== undefined && isApproved ? last : null,
      before: isApproved ? null : await standingBefore(script, last, running),
      isNew: running?.digest !== script.digest,
    });
  }
  return { ...of, scripts };

  async function standingBefore(
    script: PlannedScript,
    last: ApprovedScript | undefined,
    running: PlannedScript | undefined,
  ): Promise<LookedAtScript['before']> {
    if (last === undefined)
      return running === undefined || runs === undefined
        ? null
        : { what: `what ${runs.number} runs here`, lines: differing(running, script) };
    const { place, digest, release: number, releaseDigest } = last;
    const then = (await texts(releaseDigest))?.find((one) => one.place === place && one.digest === digest);
    return { what: `what was approved for ${number}`, lines: differing(then, script) };
  }
}

function differing(
  before: PlannedScript | undefined,
  { text, digest }: PlannedScript,
): readonly string[] | null {
  if (before === undefined) return null;
  const lines = unifiedLines(before.text, text);
  const isUnseen = lines.length === 0 && before.digest !== digest;
  return isUnseen ? ['(only what is not shown differs: ends of lines, or what was cut)'] : lines;
}

/** The environments of this side in which another release of the same process runs. */
export function otherReleaseIn(instance: Instance, release: ReleaseRow): string[] {
  return readEnvironments(instance.db)
    .map(({ name }) => name)
    .filter((name) => runningThere(instance, release, name) !== undefined);
}

/** The release that runs in an environment, where it is another one. */
function runningThere(
  { db }: Instance,
  { process, link, digest }: ReleaseRow,
  environment: string,
): ReleaseRow | undefined {
  const run = installedRun(placeOf(db, process, link, environment).past);
  const row = run && releaseOfRun(db, { link, ...run });
  return row?.digest === digest ? undefined : row;
}

/** Scripts of other releases of a link by their digests, each read once; undefined of one that is not whole here any more. */
function textsOf(
  instance: Instance,
  link: string,
): (digest: string) => Promise<readonly PlannedScript[] | undefined> {
  const known = new Map<string, readonly PlannedScript[] | undefined>();
  return async (digest) => {
    if (known.has(digest)) return known.get(digest);
    const row = readReleases(instance.db).find((one) => one.link === link && one.digest === digest);
    const isHere = row !== undefined && isWhole(instance, row);
    const scripts = isHere ? (await scriptsOfRelease(instance, row, null)).scripts : undefined;
    known.set(digest, scripts);
    return scripts;
  };
}

/** Whether the process and every package of a release are here. */
function isWhole(instance: Instance, { link, document }: ReleaseRow): boolean {
  const holds = (digest: string): boolean => instance.holds(digest);
  return (
    holds(document.revision.digest) &&
    document.packages.every((pin) => fileFor(instance.db, link, pin, holds) !== undefined)
  );
}
