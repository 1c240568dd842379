import { readFileSync } from 'node:fs';
import type { PackagePin } from '../../events/index.ts';
import { releaseOf, type Instance } from '../../instance/index.ts';
import {
  fileFor,
  prepareLinkNames,
  preparePublication,
  readEvidence,
  readLinks,
  readPublications,
  readRemovedBlobs,
  readSucceededIn,
  type ReleaseRow,
} from '../../projections/index.ts';
import { closedReasons, gateOf } from '../given/own-release.ts';
import { facts, section, table } from '../table.ts';
import { moment, short, size } from '../../words.ts';

const notesLinesShown = 20;

/** What became of a release at those it was published to. */
export type PublishedTo = {
  readonly customer: string;
  readonly state: string;
  readonly at: string;
  readonly reason: string | null;
};

/** What became of a release at some of those it was published to, else at all of them. */
export function publishedTo(
  { db }: Instance,
  { digest }: ReleaseRow,
  some?: readonly { readonly link: string }[],
): PublishedTo[] {
  const nameOf = prepareLinkNames(db);
  const publication = preparePublication(db);
  const rows =
    some?.flatMap(({ link }) => publication(digest, link) ?? []) ??
    readPublications(db).filter((row) => row.digest === digest);
  return rows.map(({ link, state, stateAt, reason }) => ({
    customer: nameOf(link).name ?? link,
    state,
    at: new Date(stateAt).toISOString(),
    reason,
  }));
}

/** The text of a release's notes, null where it has none or they have not come yet. */
export function notesOf(instance: Instance, { document: { notes } }: ReleaseRow): string | null {
  if (notes === null || !instance.holds(notes.digest)) return null;
  return readFileSync(instance.blobs.path(notes.digest), 'utf8');
}

/** All that is known of a release, for machines. */
export function releaseDocument(instance: Instance, release: ReleaseRow): Record<string, unknown> {
  const { db } = instance;
  const own = release.link === '';
  const link = readLinks(db).find((row) => row.link === release.link);
  return {
    release: releaseOf(db, release),
    link: own ? null : (link?.name ?? release.link),
    process: release.process,
    number: release.number,
    digest: release.digest,
    revision: release.document.revision,
    packages: release.document.packages.map((pin) => ({ ...pin, ...standingOf(instance, release, pin) })),
    inputs: release.document.inputs,
    notes: notesOf(instance, release),
    createdAt: new Date(release.createdAt).toISOString(),
    createdBy: release.actor,
    withdrawn: release.withdrawn,
    deployedTo: readSucceededIn(db, release.link, release.digest),
    ...(own
      ? {
          publishWhen: gateOf(db, release),
          closedBecause: closedReasons(db, release),
          tests: release.tests,
          evidence: readEvidence(db, release.digest),
          verdict: release.verdict,
          publishedTo: publishedTo(instance, release),
        }
      : { answer: release.answer }),
  };
}

/** The same for people. */
export function describeRelease(instance: Instance, release: ReleaseRow): string[] {
  const { db } = instance;
  const { document, withdrawn } = release;
  const deployed = readSucceededIn(db, release.link, release.digest);
  return [
    `Release ${releaseOf(db, release)}`,
    ...facts([
      ['digest', release.digest],
      ['process', `revision ${document.revision.number}, ${document.revision.digest}`],
      ['created', `${moment(release.createdAt)} by ${release.actor}`],
      ['withdrawn', withdrawn],
      ['deployed to', deployed.join(', ') || 'nothing yet'],
      ...(release.link === '' ? ownFacts(instance, release) : offerFacts(release)),
    ]),
    ...(release.link === '' ? section('Closed because', closedReasons(db, release)) : []),
    ...section('Packages', packageRows(release, instance)),
    ...section('Inputs', inputRows(release)),
    ...section(
      'Evidence',
      table(
        readEvidence(db, release.digest).map((one) => [
          one.file,
          one.type ?? '',
          one.format,
          `${one.passed} passed, ${one.failed} failed, ${one.skipped} skipped`,
          short(one.sha256),
        ]),
      ),
    ),
    ...section(
      'Published to',
      table(
        publishedTo(instance, release).map((one) => [
          one.customer,
          one.state,
          moment(one.at),
          one.reason ?? '',
        ]),
      ),
    ),
    ...section('Notes', firstLines(notesOf(instance, release) ?? '')),
  ];
}

type Fact = readonly [name: string, value: string | null];

function ownFacts({ db }: Instance, release: ReleaseRow): Fact[] {
  const { tests, verdict } = release;
  const note = verdict === null || verdict.note === null ? '' : `: ${verdict.note}`;
  return [
    ['tests', tests && `${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped`],
    ['verdict', verdict && `${verdict.ok ? 'ok' : 'not ok'}, by ${verdict.by}${note}`],
    ['publishing', closedReasons(db, release).length === 0 ? 'open' : 'closed'],
  ];
}

function offerFacts({ answer }: ReleaseRow): Fact[] {
  if (answer === null) return [['answer', 'none yet']];
  const until = answer.until === null ? '' : ` until ${answer.until}`;
  const reason = answer.reason === null ? '' : `: ${answer.reason}`;
  return [['answer', `${answer.answer}${until}${reason}`]];
}

/** Which file stands for a package of a release here, and whether it was removed. */
function standingOf(
  instance: Instance,
  { link }: ReleaseRow,
  pin: PackagePin,
): { readonly file: string | null; readonly removed: { at: string; why: string } | null } {
  const { db } = instance;
  const file = fileFor(db, link, pin, (digest) => instance.holds(digest))?.pin.sha256 ?? null;
  const gone = file === null ? readRemovedBlobs(db, pin.sha256).get(pin.sha256) : undefined;
  return { file, removed: gone ? { at: new Date(gone.removedAt).toISOString(), why: gone.why } : null };
}

/** The packages of a release: what they are, by which file each was named, and with an instance how they stand there. */
export function packageRows(release: ReleaseRow, instance?: Instance): string[] {
  return release.document.packages.flatMap((pin) => [
    `${pin.id} ${pin.version}, ${size(pin.sizeBytes)}`,
    `  content ${pin.contentDigest}`,
    `  sha256  ${pin.sha256}`,
    ...(instance === undefined ? [] : standingLines(pin, standingOf(instance, release, pin))),
  ]);
}

function standingLines(pin: PackagePin, { file, removed }: ReturnType<typeof standingOf>): string[] {
  if (file === pin.sha256) return [];
  if (file !== null) return [`  here is another file of this content: ${file}`];
  return [removed === null ? '  not here' : `  removed by gc on ${moment(removed.at)}, since ${removed.why}`];
}

/** The inputs of a release, one line each. */
export function inputRows({ document }: ReleaseRow): string[] {
  return table(
    document.inputs.map(({ name, type, required, secret, default: otherwise, label }) => [
      name,
      type,
      otherwise === null ? (required ? 'required' : 'optional') : `default ${otherwise}`,
      secret ? 'secret' : '',
      label ?? '',
    ]),
  );
}

/** The first lines of a text, with how many follow. */
export function firstLines(text: string): string[] {
  const lines = text.trimEnd() === '' ? [] : text.trimEnd().split('\n');
  if (lines.length <= notesLinesShown) return lines;
  return [
    ...lines.slice(0, notesLinesShown),
    `… ${lines.length - notesLinesShown} more lines (all with --json)`,
  ];
}
