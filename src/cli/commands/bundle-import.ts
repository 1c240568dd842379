import {
  BundleError,
  damagedFrom,
  findBundles,
  findHopNotes,
  importBundles,
  isForRelay,
  namingHop,
  namingWithholder,
  notesAbout,
  partDamaged,
  takeForRelay,
  takeNotes,
  type Found,
  type FoundBundle,
  type Imported,
  type ReadNote,
  type SpoiltPart,
  type TakenForRelay,
} from '../../bundles/index.ts';
import type { CrossgapError } from '../../errors.ts';
import { readRelease } from '../../events/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readLinks, readWantedBlobs } from '../../projections/index.ts';
import { ago, commandLine, count } from '../../words.ts';
import { importerOf } from '../bundle-ends.ts';
import { holdBundles } from '../bundle-lock.ts';
import { command, neededList, type Outcome } from '../command.ts';
import { indented } from '../table.ts';
import { entriesText } from './bundle-made.ts';
import { frontError } from './bundle-inspect.ts';
import { relayOf } from './relay-end.ts';
import { hopLine, hopOf, hopsOf, noteArrival, takeNotesOfOurs, type Hop } from './relay-hops.ts';

export const importCommand = command({
  path: 'bundle import',
  about: 'Take in what was carried here; may be repeated and goes on where it was',
  example: 'crossgap bundle import /media/stick',
  args: { PATH: neededList('PATH', 'folders or files') },
  options: {},
  async run(context, { PATH: paths }): Promise<Outcome> {
    const { terminal, signal } = context;
    const instance = await context.open();
    using _held = holdBundles(instance, 'import');
    const { notes, spoilt: spoiltNotes } = await findHopNotes(paths);
    const { bundles, spoilt } = await bundlesOn(paths, notes);
    const relay = relayOf(instance);
    const arrived = takeNotes(relay, notes);
    const ours = takeNotesOfOurs(instance, notes);
    for (const { path, why } of spoiltNotes) terminal.talk(`${path}: passed over: ${why}`);
    const { foreign = [], own = [] } = Object.groupBy(bundles, (one) =>
      isForRelay(one, relay) ? 'foreign' : 'own',
    );
    const before = instance.log.lastPosition();
    const told = (facts: Imported['facts'], outcome: string): void =>
      terminal.talk(`Bundle ${facts.number} from ${facts.from.name}: ${outcome}`);
    const imported = await importBundles(own, importerOf(instance), {
      signal,
      onDone: (done) => told(done.facts, outcomeOf(done)),
    });
    const all = await Promise.all(
      imported.map((done) =>
        withWay(
          instance,
          done,
          own.find(({ facts }) => facts === done.facts)!,
          notes,
        ),
      ),
    );
    const stored: TakenForRelay[] = [];
    for (const bundle of foreign) {
      if (signal.aborted) break;
      const taken = await takeForRelay(bundle, notes, relay, signal);
      told(taken.facts, storedOf(taken));
      stored.push(taken);
    }
    const offers = offersSince(instance, before);
    const failure = failureOf([...all, ...stored], spoilt, notes);
    const documents = all.map((done) => documentOf(instance, done));
    const news = ours.map(({ link, facts }) => ({
      link,
      bundle: facts.number,
      hops: hopsOf(instance, facts),
    }));
    return {
      document: {
        bundles: [...documents, ...stored.map(storedDocument)],
        entries: sumOf(all, 'entries'),
        offered: offers,
        hops: news,
        arrived: arrived.map(({ facts }) => ({ bundle: facts.number, to: facts.to.name })),
      },
      text: [
        ...textOf(instance, all, offers),
        ...stored.flatMap((taken) => storedLines(instance, taken)),
        ...arrived.map(
          ({ facts }) => `Bundle ${facts.number} arrived at ${facts.to.name}; it is let go here`,
        ),
        ...news.flatMap(({ link, bundle, hops }) =>
          hops.map((hop) => `Bundle ${bundle} for ${link} ${hopLine(hop, instance.clock.now())}`),
        ),
      ],
      ...(failure !== undefined && { failure }),
    };
  },
});

/** Hop notes alone are worth taking in. */
async function bundlesOn(paths: readonly string[], notes: readonly ReadNote[]): Promise<Found> {
  try {
    return await findBundles(paths);
  } catch (error) {
    if (notes.length === 0 || !(error instanceof BundleError) || error.code !== 'BUNDLE_NOT_FOUND')
      throw error;
    return { bundles: [], spoilt: [] };
  }
}

/** Remembers the way a bundle came; where it is damaged or lacks something, the refusal names the hop. */
async function withWay(
  instance: Instance,
  done: Imported,
  found: FoundBundle,
  notes: readonly ReadNote[],
): Promise<Imported> {
  const { facts, failure, link } = done;
  if (link === undefined) return done;
  const { shelf } = relayOf(instance);
  shelf.keep(facts, notesAbout(notes, facts));
  noteArrival(instance, found, failure === undefined);
  if (!(failure instanceof BundleError)) return done;
  const way = shelf.of(facts);
  if (failure.code === 'BUNDLE_PART_MISSING') return { ...done, failure: namingWithholder(failure, way) };
  const named = failure.details['part'];
  if (failure.code !== 'BUNDLE_PART_DAMAGED' || typeof named !== 'number') return done;
  const damaged = await damagedFrom(found, named);
  if (damaged === undefined) return done;
  const refusal = damaged.part === named ? failure : partDamaged(found, found.parts.get(damaged.part)!);
  return { ...done, failure: namingHop(refusal, way, damaged) };
}

function sumOf(all: readonly Imported[], which: 'entries' | 'known'): number {
  return all.reduce((sum, done) => sum + done[which], 0);
}

type OutcomeWord = 'taken in' | 'nothing new' | 'not taken in' | 'taken in partly';

function outcomeOf({ failure, isNews }: Imported): OutcomeWord {
  if (failure === undefined) return isNews ? 'taken in' : 'nothing new';
  return isNews ? 'taken in partly' : 'not taken in';
}

function documentOf(instance: Instance, done: Imported): Record<string, unknown> {
  const { facts, link, entries, known, blobsHeld, waiting, refused, failure } = done;
  const now = instance.clock.now();
  return {
    bundle: facts.number,
    id: facts.id,
    from: facts.from.name,
    to: facts.to.name,
    link: link ?? null,
    outcome: outcomeOf(done),
    sentAt: facts.sentAt,
    ageSeconds: Math.max(0, Math.floor((now - Date.parse(facts.sentAt)) / 1000)),
    entries,
    known,
    after: facts.after,
    last: facts.last,
    packages: packagesIn(instance, blobsHeld),
    waiting: namesOf(instance, waiting),
    refused,
    hops: hopsOf(instance, facts),
    ...(failure !== undefined && { error: failure.code }),
  };
}

/** The packages among what came to be held, by name. */
function packagesIn({ db }: Instance, digests: readonly string[]): string[] {
  const held = new Set(digests);
  const names = readWantedBlobs(db).flatMap(({ digest, pin }) =>
    pin !== null && held.has(digest) ? [`${pin.id} ${pin.version}`] : [],
  );
  return [...new Set(names)];
}

function namesOf({ db }: Instance, digests: readonly string[]): string[] {
  const wanted = readWantedBlobs(db);
  return digests.map((digest) => {
    const blob = wanted.find((one) => one.digest === digest);
    return blob?.pin ? `${blob.pin.id} ${blob.pin.version}` : (blob?.what ?? digest);
  });
}

/** Releases that were offered by what came in since a position. */
function offersSince(instance: Instance, position: number): string[] {
  const names = new Map(readLinks(instance.db).map(({ link, name }) => [link, name]));
  const offers: string[] = [];
  for (const page of instance.log.pages({ after: position })) {
    for (const { event, header } of page) {
      if (!event.known || event.name !== 'release.offered') continue;
      const document = readRelease(event.data.document, event.data.digest);
      const link = names.get(header.audience);
      if (document !== undefined && header.feed !== instance.log.feedTo(header.audience))
        offers.push(`${link ?? header.audience}:${document.process}/${document.number}`);
    }
  }
  return offers;
}

function textOf(instance: Instance, all: readonly Imported[], offers: readonly string[]): string[] {
  const lines = all.flatMap((done) => linesOf(instance, done));
  lines.push(...offers.map((offer) => `${offer} is offered; see: crossgap inbox`));
  const backTo = new Set(all.flatMap(({ link, isNews }) => (link !== undefined && isNews ? [link] : [])));
  for (const link of backTo)
    lines.push(
      `The receipt goes back with: ${commandLine('bundle', 'export', '--to', link, '--out', 'FOLDER')}`,
    );
  return lines;
}

function linesOf(instance: Instance, done: Imported): string[] {
  const { facts, words, entries, blobsHeld, waiting, refused, failure, isNews } = done;
  const title = `Bundle ${facts.number} from ${facts.from.name}`;
  if (failure !== undefined && !isNews) return [`${title}: not taken in`];
  const made = `made ${ago(facts.sentAt, instance.clock.now())}`;
  if (!isNews) return [`${title}: nothing new (${made})`];
  const packages = packagesIn(instance, blobsHeld);
  const came =
    entries === facts.entries ? entriesText(facts) : `${count(entries, 'new entry', 'new entries')}`;
  return [
    `${title}: ${came}, chain good, ${count(packages.length, 'package')} verified (${made}, ${words})`,
    ...indented([
      ...packages.map((name) => `${name} verified`),
      ...refused.map(({ what, code, message }) => `REFUSED ${what}: ${code}: ${message}`),
      ...namesOf(instance, waiting).map((name) => `${name} is still to come`),
      ...wayLines(instance, hopsOf(instance, facts)),
    ]),
  ];
}

/** By which hops it came here, as these say themselves. */
function wayLines({ clock, identity }: Instance, hops: readonly Hop[]): string[] {
  return hops
    .filter(({ instance }) => instance !== identity.instanceId)
    .map((hop) => `${hopLine(hop, clock.now())} (${hop.words})`);
}

function storedOf({ failure, partsIn, arrivedAt }: TakenForRelay): string {
  if (arrivedAt !== null) return 'has arrived';
  if (partsIn.length > 0) return failure === undefined ? 'stored' : 'stored partly';
  return failure === undefined ? 'nothing new' : 'not stored';
}

function storedDocument(taken: TakenForRelay): Record<string, unknown> {
  const { facts, partsIn, partsKnown, failure } = taken;
  return {
    bundle: facts.number,
    id: facts.id,
    from: facts.from.name,
    to: facts.to.name,
    link: null,
    relayed: true,
    outcome: storedOf(taken),
    sentAt: facts.sentAt,
    parts: facts.parts,
    stored: [...partsIn, ...partsKnown].toSorted((a, b) => a - b),
    ...(failure !== undefined && { error: failure.code }),
  };
}

function storedLines(instance: Instance, taken: TakenForRelay): string[] {
  const { facts, words, partsIn, partsKnown } = taken;
  const made = `made ${ago(facts.sentAt, instance.clock.now())}, ${words}`;
  const lines = [
    `Bundle ${facts.number} from ${facts.from.name} for ${facts.to.name}: ${storedOf(taken)} (${made}); sealed, nobody here can read it`,
    `  ${count(partsIn.length, 'new part')}, ${partsIn.length + partsKnown.length} of ${facts.parts} lie here`,
    ...indented(
      wayLines(
        instance,
        taken.route.map((note) => hopOf(note, facts)),
      ),
    ),
  ];
  if (partsIn.length > 0)
    lines.push(
      `It goes on with: ${commandLine('bundle', 'export', '--to', facts.to.name, '--out', 'FOLDER')}`,
    );
  return lines;
}

/** What hindered first. A part that is there and damaged is not called missing. */
function failureOf(
  all: readonly Pick<Imported, 'facts' | 'failure'>[],
  spoilt: readonly SpoiltPart[],
  notes: readonly ReadNote[],
): CrossgapError | undefined {
  const failed = all.find(({ failure }) => failure !== undefined);
  const [stray] = spoilt;
  if (failed === undefined)
    return all.length === 0 && stray !== undefined ? spoiltError(stray, notes) : undefined;
  const { failure, facts } = failed;
  const missing = failure?.code === 'BUNDLE_PART_MISSING' ? failure.details['missing'] : undefined;
  const damaged =
    Array.isArray(missing) &&
    spoilt.find(({ claims }) => claims?.id === facts.id && missing.includes(claims.part));
  return damaged ? spoiltError(damaged, notes) : failure;
}

/** A front that does not hold is none that a hop has noted. */
function spoiltError(one: SpoiltPart, notes: readonly ReadNote[]): BundleError {
  const { claims } = one;
  const refusal = frontError(one);
  if (claims === undefined || refusal.code !== 'BUNDLE_FRONT_DAMAGED') return refusal;
  return namingHop(refusal, notesAbout(notes, claims), {
    part: claims.part,
    signed: undefined,
    found: undefined,
  });
}
