import assert from 'node:assert/strict';
import { closedBecause, type Gate, type Standing } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { freezeRelease } from '../../events/index.ts';
import { findRelease, releaseOf } from '../../instance/index.ts';
import {
  readEvidence,
  readReleases,
  readRevisions,
  readSucceededIn,
  type ReleaseRow,
} from '../../projections/index.ts';
import { CliError } from '../errors.ts';

/**
 * A release of this side; one of the same number that others made is not meant where only ours can be.
 *
 * @throws CliError RELEASE_NOT_OURS for an offer, and what `findRelease` throws
 */
export function ownRelease(db: Database, text: string, verb: string): ReleaseRow {
  const number = text.split('/').at(-1) ?? text;
  const own = readReleases(db, number).filter(
    ({ link, process }) => link === '' && [number, `${process}/${number}`].includes(text),
  );
  const release = own.length === 1 ? own[0]! : findRelease(db, text);
  if (release.link === '') return release;
  throw new CliError(
    'RELEASE_NOT_OURS',
    `Cannot ${verb} ${releaseOf(db, release)}: it was made by the other side of that link`,
    {
      hint: 'Only who made a release does that; an offer is accepted, refused, postponed or deployed.',
      details: { release: text },
    },
  );
}

/** What `publish-when` asked for in the revision the release was made from. */
export function gateOf(db: Database, release: ReleaseRow): Gate {
  const row = readRevisions(db).find(
    ({ process, revision }) => process === release.process && revision === release.document.revision.number,
  );
  return row?.local.publishWhen ?? { deployedTo: [], testsPassed: false, testTypes: [], verdictOk: false };
}

/** How a release of this side stands when it is to be published. */
export function standingOf(db: Database, release: ReleaseRow): Standing {
  const { process, number, digest, withdrawn, tests, verdict } = release;
  const frozen = freezeRelease(release.document);
  assert.equal(frozen.digest, digest, 'our own documents freeze to the bytes they were made from');
  return {
    process,
    number,
    digest,
    document: frozen.bytes,
    withdrawn,
    deployedTo: readSucceededIn(db, '', digest),
    tests,
    evidence: readEvidence(db, digest),
    verdict,
  };
}

/** Everything that keeps a release of this side from being published, in words. */
export function closedReasons(db: Database, release: ReleaseRow): string[] {
  const withdrawn = release.withdrawn === null ? [] : [`it was withdrawn: ${release.withdrawn}`];
  return [...withdrawn, ...closedBecause(gateOf(db, release), standingOf(db, release))];
}
