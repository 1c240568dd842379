import {
  findHopNotes,
  incompleteness,
  inspectBundles,
  notesAbout,
  routeOf,
  type Inspection,
  type ReadNote,
  type SpoiltPart,
  withSpoilt,
} from '../../bundles/index.ts';
import { ago, count, moment, short, size } from '../../words.ts';
import { command, neededList, type Outcome } from '../command.ts';
import { indented, table } from '../table.ts';
import { entriesText } from '../bundles/bundle-made.ts';
import {
  findCarried,
  inspectedDocument,
  inspectedLines,
  inspectPrograms,
  programsFailure,
  type InspectedProgram,
} from '../bundles/bundle-programs.ts';
import { hopLine, hopOf, type Hop } from '../bundles/relay-hops.ts';

export const inspectCommand = command({
  path: 'bundle inspect',
  about: 'Whether a bundle is complete and unchanged, and for whom; needs no key and no data folder',
  example: 'crossgap bundle inspect media',
  args: { PATH: neededList('PATH', 'folders or files') },
  options: {},
  async run(_context, { PATH: paths }): Promise<Outcome> {
    const { found, programs, spoiltPrograms } = await findCarried(paths);
    const inspected = await inspectPrograms(programs);
    const { notes } = await findHopNotes(paths);
    const inspections = (await inspectBundles(found)).map((one) => withSpoilt(one, found.spoilt));
    const documents = [
      ...inspections.map((one) => ({
        ...documentOf(one),
        hops: hopsOn(notes, one),
        ...installerOf(one, inspected),
      })),
      ...inspected.filter(({ file }) => file.index.bundle === null).map(runnerDocument),
    ];
    const failure =
      spoiltPrograms[0] ?? programsFailure(inspected) ?? incompleteness(inspections, found.spoilt);
    return {
      // One bundle is what most media hold, and what scripts ask about.
      document: documents.length === 1 ? documents[0] : documents,
      text: [
        ...inspected.flatMap(inspectedLines),
        ...spoiltPrograms.map(({ message }) => `NOT GOOD: ${message}`),
        ...inspections.flatMap((one) => linesOf(one, hopsOn(notes, one))),
        ...strayLines(inspections, found.spoilt),
      ],
      ...(failure !== undefined && { failure }),
    };
  },
});

/** The installer that a bundle lies in. */
function installerOf({ bundle }: Inspection, programs: readonly InspectedProgram[]): Record<string, unknown> {
  const carrying = programs.find(({ file }) =>
    [...bundle.parts.values()].some(({ path }) => path === file.path),
  );
  return carrying === undefined ? {} : { installer: inspectedDocument(carrying) };
}

/** A program alone, in the form of a bundle: there is none. */
function runnerDocument(program: InspectedProgram): Record<string, unknown> {
  const installer = inspectedDocument(program);
  return {
    bundle: null,
    from: program.file.maker.name,
    to: null,
    complete: installer['complete'],
    parts: [],
    missing: [],
    entries: 0,
    packages: 0,
    sealed: false,
    installer,
  };
}

function documentOf({ bundle, parts, missing, complete }: Inspection): Record<string, unknown> {
  const { facts, sender } = bundle;
  return {
    bundle: facts.number,
    from: facts.from.name,
    to: facts.to.name,
    complete,
    parts,
    missing,
    entries: facts.entries,
    packages: facts.packages,
    sealed: facts.format === 1,
    id: facts.id,
    sentAt: facts.sentAt,
    after: facts.after,
    last: facts.last,
    follows: facts.follows,
    words: { from: sender.words, to: facts.format === 1 ? facts.to.words : null },
  };
}

/** By which hops it came, as their notes on this very medium say. */
function hopsOn(notes: readonly ReadNote[], { bundle: { facts } }: Inspection): Hop[] {
  return routeOf(notesAbout(notes, facts)).map((note) => hopOf(note, facts));
}

function linesOf({ bundle, parts, missing, complete }: Inspection, hops: readonly Hop[]): string[] {
  const { facts, sender } = bundle;
  const { number, from, sentAt, after, follows } = facts;
  const order =
    after.seq === 0
      ? 'begins at the beginning'
      : follows === null
        ? 'goes on after a receipt'
        : `goes after bundle ${follows}`;
  const rows = parts.map(({ part, file, size: bytes, ok, sha256, why }) => [
    `${part} of ${facts.parts}`,
    file,
    size(bytes),
    short(sha256),
    ok ? 'good' : `NOT GOOD: ${why ?? ''}`,
  ]);
  return [
    `Bundle ${number} from ${from.name} for ${facts.to.name}: ${complete ? 'complete' : 'NOT COMPLETE'}`,
    ...indented([
      `signed by ${sender.subject} (${sender.words})`,
      facts.format === 1
        ? `sealed to ${facts.to.name} (${facts.to.words})`
        : `OPEN: made for whoever answers the invitation in it; who has the file can read it`,
      `made ${moment(sentAt)} (${ago(sentAt, Date.now())}), ${entriesText(facts)}, ${count(facts.packages, 'package')}, ${order}`,
      ...hops.map((hop) => `${hopLine(hop, Date.now())} (${hop.words})`),
      ...table(rows),
      ...missing.map((part) => `${part} of ${facts.parts}  MISSING`),
    ]),
  ];
}

/** Files that belong to none of the bundles. */
function strayLines(inspections: readonly Inspection[], spoilt: readonly SpoiltPart[]): string[] {
  const told = new Set(inspections.flatMap(({ parts }) => parts.map(({ file }) => file)));
  return spoilt.filter(({ path }) => !told.has(path)).map(({ path, why }) => `${path}: NOT GOOD: ${why}`);
}
