import {
  askAgain,
  BundleError,
  findHopNotes,
  inspectBundles,
  notesAbout,
  routeOf,
  type Found,
  type Inspection,
  type ReadNote,
  type SpoiltPart,
} from '../../bundles/index.ts';
import { ago, count, moment, short, size } from '../../words.ts';
import { command, neededList, type Outcome } from '../command.ts';
import { indented, table } from '../table.ts';
import { entriesText } from './bundle-made.ts';
import {
  findCarried,
  inspectedDocument,
  inspectedLines,
  inspectPrograms,
  programsFailure,
  type InspectedProgram,
} from './bundle-programs.ts';
import { hopLine, hopOf, type Hop } from './relay-hops.ts';

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
    const failure = spoiltPrograms[0] ?? programsFailure(inspected) ?? failureOf(inspections, found.spoilt);
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

/** A part whose front is damaged says itself which one it was, more often than not. */
function withSpoilt(inspection: Inspection, spoilt: readonly SpoiltPart[]): Inspection {
  const { bundle, missing } = inspection;
  const claimed = spoilt.filter(
    ({ claims }) => claims?.id === bundle.facts.id && missing.includes(claims.part),
  );
  const parts = claimed.map(({ path, fileBytes, why, claims }) => ({
    part: claims!.part,
    file: path,
    size: fileBytes,
    ok: false,
    sha256: claims!.content.sha256,
    why,
  }));
  const found = new Set(parts.map(({ part }) => part));
  return {
    ...inspection,
    parts: [...inspection.parts, ...parts].toSorted((a, b) => a.part - b.part),
    missing: missing.filter((part) => !found.has(part)),
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

/** What is wrong with bundles of which not every part is here and whole; undefined where all is well. */
export function incompleteError(
  { spoilt }: Pick<Found, 'spoilt'>,
  inspections: readonly Inspection[],
): BundleError | undefined {
  return failureOf(
    inspections.map((one) => withSpoilt(one, spoilt)),
    spoilt,
  );
}

function failureOf(
  inspections: readonly Inspection[],
  spoilt: readonly SpoiltPart[],
): BundleError | undefined {
  const [bad] = inspections.filter(({ complete }) => !complete);
  if (bad === undefined) {
    const [stray] = spoilt;
    return inspections.length === 0 && stray !== undefined ? frontError(stray) : undefined;
  }
  const { facts } = bad.bundle;
  const damaged = bad.parts.filter(({ ok }) => !ok);
  const wrong = [
    ...damaged.map(({ part, file }) => `part ${part} is damaged (${file})`),
    ...bad.missing.map((part) => `part ${part} is not here`),
  ];
  return new BundleError(
    damaged.length > 0 ? 'BUNDLE_PART_DAMAGED' : 'BUNDLE_PART_MISSING',
    `Cannot call bundle ${facts.number} complete: ${wrong.slice(0, 10).join(', ')}`,
    {
      hint: `Copy it again, or ${askAgain(facts, damaged[0]?.part ?? bad.missing[0] ?? 1)}`,
      details: { bundle: facts.number, damaged: damaged.map(({ part }) => part), missing: bad.missing },
    },
  );
}

/** The error for a file that begins like a part and is none that can be used. */
export function frontError({ path, why, unfit, claims }: SpoiltPart): BundleError {
  if (unfit === 'version')
    return new BundleError('BUNDLE_VERSION_UNKNOWN', `Cannot read ${path}: ${why}`, {
      hint: 'It was made by a newer crossgap; update the one here and run the command again.',
      details: { file: path },
    });
  const which = claims === undefined ? '' : ` (it says it is part ${claims.part} of bundle ${claims.number})`;
  return new BundleError('BUNDLE_FRONT_DAMAGED', `Cannot use ${path} as part of a bundle: ${why}${which}`, {
    hint: 'Copy the file again, or ask the sender to make that part again with --bundle and --part, a site that installs by a file with --result FILE.',
    details: { file: path, ...(claims && { bundle: claims.number, part: claims.part }) },
  });
}
