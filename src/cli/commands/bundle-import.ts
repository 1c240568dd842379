import {
  BundleError,
  findBundles,
  findHopNotes,
  importBundles,
  isForRelay,
  takeForRelay,
  takeNotes,
  type Found,
  type Imported,
  type ReadNote,
  type TakenForRelay,
} from '../../bundles/index.ts';
import { readRelease } from '../../events/index.ts';
import { bundleInInstaller } from '../../installer/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readLinks } from '../../projections/index.ts';
import { importerOf } from '../bundles/bundle-ends.ts';
import { holdBundles } from '../bundles/bundle-lock.ts';
import { command, neededList, type Outcome } from '../command.ts';
import { hindrance, withWay } from '../bundles/bundle-blame.ts';
import { outcomeOf, takenDocument, takenLines } from '../bundles/bundle-taken.ts';
import { relayOf } from '../bundles/relay-end.ts';
import { hopLine, hopsOf, takeNotesOfOurs } from '../bundles/relay-hops.ts';
import { storedDocument, storedLines, storedOf } from '../bundles/relay-taken.ts';

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
    const foreign = bundles.filter((one) => isForRelay(one, relay));
    const own = bundles.filter((one) => !isForRelay(one, relay));
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
    const failure = hindrance([...all, ...stored], spoilt, notes);
    const documents = all.map((done) => takenDocument(instance, done));
    const news = ours.map(({ link, facts }) => ({
      link,
      bundle: facts.number,
      hops: hopsOf(instance, facts),
    }));
    return {
      document: {
        bundles: [...documents, ...stored.map(storedDocument)],
        entries: all.reduce((sum, one) => sum + one.entries, 0),
        offered: offers,
        hops: news,
        arrived: arrived.map(({ facts }) => ({ bundle: facts.number, to: facts.to.name })),
      },
      text: [
        ...takenLines(instance, all, offers),
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
    return await findBundles(paths, bundleInInstaller);
  } catch (error) {
    if (notes.length === 0 || !(error instanceof BundleError) || error.code !== 'BUNDLE_NOT_FOUND')
      throw error;
    return { bundles: [], spoilt: [] };
  }
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
