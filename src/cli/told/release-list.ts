import type { Instance } from '../../instance/index.ts';
import {
  linkNames,
  readLinks,
  readReleases,
  readSucceededIn,
  type ReleaseRow,
} from '../../projections/index.ts';
import { moment } from '../../words.ts';
import type { Outcome } from '../command.ts';
import { publishedTo } from './release-facts.ts';
import { table } from '../table.ts';

/** Every release made here or offered by a living link, newest first. */
export function listReleases(instance: Instance, columns: number | undefined): Outcome {
  const { db } = instance;
  const links = readLinks(db).filter(({ state }) => state !== 'removed');
  const names = linkNames(links);
  const releases = readReleases(db)
    .filter(({ link }) => link === '' || names.has(link))
    .toReversed();
  const rows = releases.map((release) => ({
    release: `${release.link === '' ? '' : `${names.get(release.link)}:`}${release.process}/${release.number}`,
    link: release.link === '' ? null : (names.get(release.link) ?? null),
    process: release.process,
    number: release.number,
    digest: release.digest,
    createdAt: new Date(release.createdAt).toISOString(),
    state: stateOf(instance, release),
    deployedTo: readSucceededIn(db, release.link, release.digest),
  }));
  const headings = ['RELEASE', 'MADE', 'STATE', 'DEPLOYED TO'];
  const cells = rows.map(({ release, createdAt, state, deployedTo }) => [
    release,
    moment(createdAt),
    state,
    deployedTo.join(', ') || '-',
  ]);
  return {
    document: rows,
    text:
      rows.length === 0
        ? 'No release yet; make one with `crossgap release create PROCESS NUMBER --package ID@VERSION`'
        : table([headings, ...cells], columns),
  };
}

function stateOf(instance: Instance, release: ReleaseRow): string {
  if (release.withdrawn !== null) return 'withdrawn';
  if (release.link !== '') return release.answer?.answer ?? 'offered';
  const customers = publishedTo(instance, release).map(({ customer }) => customer);
  return customers.length === 0 ? 'not published' : `published to ${customers.join(', ')}`;
}
