import { CommandError } from '../commands/index.ts';
import type { Database } from '../db/index.ts';
import { linkNames, readLinks, readReleases, type LinkRow, type ReleaseRow } from '../projections/index.ts';

/** The living link of this name (or id). @throws CommandError LINK_UNKNOWN, with the names there are */
export function findLink(db: Database, name: string): LinkRow {
  return findLinks(db, [name])[0]!;
}

/** The living links of these names (or ids), in their order. @throws CommandError LINK_UNKNOWN for the first there is none of */
export function findLinks(db: Database, names: readonly string[]): LinkRow[] {
  const links = readLinks(db).filter(({ state }) => state !== 'removed');
  // A name goes before an id that reads the same.
  const byName = new Map([
    ...links.map((link) => [link.link, link] as const),
    ...links.map((link) => [link.name, link] as const),
  ]);
  return names.map((name) => {
    const found = byName.get(name);
    if (found !== undefined) return found;
    throw new CommandError('LINK_UNKNOWN', `Cannot use link ${name}: there is none of that name`, {
      hint: `Links here: ${links.map((link) => link.name).join(', ') || 'none'}; see \`crossgap link list\`.`,
      details: { link: name },
    });
  });
}

/** What stands in the place of a link's name for releases of this side. */
const ownLink = 'self';

/**
 * The release that `text` means: `NUMBER`, `PROCESS/NUMBER` or `LINK:PROCESS/NUMBER`, whichever is enough; `self:` names
 * this side's own.
 */
export function findRelease(db: Database, text: string): ReleaseRow {
  const parsed = /^(?:(?<link>[^:/]+):)?(?:(?<process>.+)\/)?(?<number>[^/]+)$/.exec(text);
  const { link, process, number } = parsed?.groups ?? {};
  const wanted = link === undefined ? undefined : link === ownLink ? '' : findLink(db, link).link;
  const links = linkNames(readLinks(db));
  const gone = new Set(
    readLinks(db)
      .filter(({ state }) => state === 'removed')
      .map((row) => row.link),
  );
  const fitting = readReleases(db, number ?? text).filter(
    (release) =>
      (wanted === undefined || release.link === wanted) &&
      (process === undefined || release.process === process),
  );
  // What a removed link brought stays to be looked at, but stands in the way of nothing that is alive.
  const living = fitting.filter((release) => !gone.has(release.link));
  const found = living.length > 0 ? living : fitting;
  if (found.length === 1) return found[0]!;
  const full = (release: ReleaseRow): string =>
    `${links.get(release.link) ?? ownLink}:${release.process}/${release.number}`;
  if (found.length > 1) {
    throw new CommandError(
      'RELEASE_AMBIGUOUS',
      `Cannot tell which release ${text} means: there are ${found.length}`,
      {
        hint: `Say one of: ${found.map(full).join(', ')}.`,
        details: { candidates: found.map(full) },
      },
    );
  }
  const all = readReleases(db);
  const { why, hint } = whatWasMeant(text, all, full);
  throw new CommandError('RELEASE_UNKNOWN', `Cannot find release ${text}: ${why}`, {
    hint,
    details: { release: text },
  });
}

/** The name of a process is no release, and capitals count: both are easily typed. */
function whatWasMeant(
  text: string,
  all: readonly ReleaseRow[],
  full: (release: ReleaseRow) => string,
): { readonly why: string; readonly hint: string } {
  if (all.length === 0) return { why: 'there is none', hint: 'No release is known here yet.' };
  const wanted = text.toLowerCase();
  const ofProcess = all.filter(({ process }) => process.toLowerCase() === wanted);
  if (ofProcess.length > 0) {
    const names = ofProcess.slice(-8).map(full).join(', ');
    return { why: 'it is a process, and a release has a number', hint: `Its releases: ${names}.` };
  }
  const sameLetters = all.filter((release) => {
    const name = full(release).toLowerCase();
    return name === wanted || name.endsWith(`:${wanted}`);
  });
  if (sameLetters.length > 0) {
    return { why: 'there is none', hint: `Did you mean ${sameLetters.map(full).join(' or ')}?` };
  }
  return { why: 'there is none', hint: `Known here: ${all.slice(-8).map(full).join(', ')}.` };
}

/** How a release is called so that it can't be mistaken. */
export function releaseOf(db: Database, release: ReleaseRow): string {
  const link = readLinks(db).find((row) => row.link === release.link)?.name;
  return `${link === undefined ? '' : `${link}:`}${release.process}/${release.number}`;
}
