import { findBundles, importBundles, type Imported, type SpoiltPart } from '../../bundles/index.ts';
import type { CrossgapError } from '../../errors.ts';
import { readRelease } from '../../events/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readLinks, readWantedBlobs } from '../../projections/index.ts';
import { ago, commandLine, count } from '../../words.ts';
import { importerOf } from '../bundle-ends.ts';
import { holdBundles } from '../bundle-lock.ts';
import { command, neededList, type Outcome } from '../command.ts';
import { indented } from '../table.ts';
import { entriesText } from './bundle-export.ts';
import { frontError } from './bundle-inspect.ts';

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
    const { bundles, spoilt } = await findBundles(paths);
    const before = instance.log.lastPosition();
    const all = await importBundles(bundles, importerOf(instance), {
      signal,
      onDone: (done) =>
        terminal.talk(`Bundle ${done.facts.number} from ${done.facts.from.name}: ${outcomeOf(done)}`),
    });
    const offers = offersSince(instance, before);
    const failure = failureOf(all, spoilt);
    const documents = all.map((done) => documentOf(instance, done));
    return {
      document: { bundles: documents, entries: sumOf(all, 'entries'), offered: offers },
      text: textOf(instance, all, offers),
      ...(failure !== undefined && { failure }),
    };
  },
});

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
    ]),
  ];
}

/** What hindered first. A part that is there and damaged is not called missing. */
function failureOf(all: readonly Imported[], spoilt: readonly SpoiltPart[]): CrossgapError | undefined {
  const failed = all.find(({ failure }) => failure !== undefined);
  const [stray] = spoilt;
  if (failed === undefined) return all.length === 0 && stray !== undefined ? frontError(stray) : undefined;
  const { failure, facts } = failed;
  const missing = failure?.code === 'BUNDLE_PART_MISSING' ? failure.details['missing'] : undefined;
  const damaged =
    Array.isArray(missing) &&
    spoilt.find(({ claims }) => claims?.id === facts.id && missing.includes(claims.part));
  return damaged ? frontError(damaged) : failure;
}
