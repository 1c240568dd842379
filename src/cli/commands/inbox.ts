import { readStatus } from '../../daemon/index.ts';
import type { Database } from '../../db/index.ts';
import { fingerprintWords, introducedBy } from '../../identity/index.ts';
import type { Instance } from '../../instance/index.ts';
import {
  missingInputs,
  nameKey,
  nextEnvironment,
  readDeployments,
  readEnvironments,
  readGivenValues,
  readInputs,
  readLinks,
  readReleases,
  type LinkRow,
  type OfferView,
  type ReleaseRow,
  type StatusView,
} from '../../projections/index.ts';
import { command, type Outcome } from '../command.ts';
import { releaseDiff } from '../told/release-diff.ts';
import { firstLines } from '../told/release-facts.ts';
import { facts, indented, section } from '../table.ts';
import { unknownPlacesInWords, unknownPlacesOf } from '../told/unknown-places.ts';
import { ago, commandLine, size, took } from '../../words.ts';

export const inbox = command({
  path: 'inbox',
  about: 'Releases offered to this side: what, from whom, what differs, what they need, what blocks them',
  example: 'crossgap inbox',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const instance = await context.open();
    const now = instance.clock.now();
    const view = readStatus(instance);
    const newest = new Set(
      [...Map.groupBy(view.offers, ({ link, process }) => `${link}:${process}`).values()].map(
        ([first]) => first,
      ),
    );
    const offers = view.offers.map((offer) => {
      const known = offerFacts(instance, offer);
      return { ...known, next: newest.has(offer) ? nextFor(view, known) : null };
    });
    return {
      document: offers,
      text:
        offers.length === 0
          ? 'No offers; nobody has published a release to this side yet'
          : offers.flatMap((offer) => ['', ...describeOffer(instance, offer, now)]).slice(1),
    };
  },
});

type OfferFacts = OfferView & {
  readonly confirmed: boolean;
  readonly words: string | null;
  readonly sizeBytes: number;
  readonly runsHere: { readonly release: string; readonly digest: string } | null;
  readonly differences: readonly string[];
  readonly newInputs: readonly string[];
  /** Where this side has no environment yet, `environment` is null: nothing would have a value anywhere. */
  readonly missingInputs: readonly { readonly environment: string | null; readonly name: string }[];
  readonly unknownPlaces: readonly string[];
};

function offerFacts(instance: Instance, offer: OfferView): OfferFacts {
  const { db } = instance;
  const links = new Map(readLinks(db).map((row) => [row.link, row]));
  const release = readReleases(db).find(
    (row) => row.digest === offer.digest && links.get(row.link)?.name === offer.link,
  );
  const link = release === undefined ? undefined : links.get(release.link);
  const runs = release === undefined ? undefined : runsHere(db, release);
  const isOther = release !== undefined && runs !== undefined && runs.digest !== release.digest;
  const before = new Set(runs?.document.inputs.map(({ name }) => nameKey(name)));
  return {
    ...offer,
    confirmed: link?.state === 'confirmed',
    words: wordsOf(link),
    sizeBytes: offer.packages.reduce((sum, one) => sum + one.sizeBytes, 0),
    runsHere: runs === undefined ? null : { release: runs.number, digest: runs.digest },
    differences: isOther ? releaseDiff(instance, runs, release).text.slice(1) : [],
    newInputs: offer.inputs.filter(({ name }) => !before.has(nameKey(name))).map(({ name }) => name),
    missingInputs: release === undefined ? [] : missingEverywhere(db, release),
    unknownPlaces: release === undefined ? [] : unknownPlacesOf(instance, release),
  };
}

function wordsOf(link: LinkRow | undefined): string | null {
  if (link === undefined || link.introduction === null) return null;
  return fingerprintWords(introducedBy(link.introduction));
}

/** What of the same process and author succeeded here last. */
function runsHere(db: Database, release: ReleaseRow): ReleaseRow | undefined {
  const last = readDeployments(db).find(
    (row) =>
      row.link === release.link &&
      row.process === release.process &&
      row.state === 'succeeded' &&
      row.reason !== 'uninstall',
  );
  return last && readReleases(db).find((row) => row.link === last.link && row.digest === last.digest);
}

function missingEverywhere(db: Database, release: ReleaseRow): OfferFacts['missingInputs'] {
  const known = { inputs: readInputs(db), given: readGivenValues(db, release.link, false) };
  const environments = readEnvironments(db);
  const places = environments.length === 0 ? [null] : environments.map(({ name }) => name);
  return places.flatMap((environment) =>
    // No environment has an empty name: what is set for all is found, and nothing else.
    missingInputs(release.document, environment ?? '', known).map(({ name }) => ({ environment, name })),
  );
}

/** The command that brings an offer further; null where nothing is to be done, or only its author can. */
function nextFor(view: StatusView, offer: OfferFacts): string | null {
  if (offer.state === 'withdrawn' || offer.state === 'refused') return null;
  if (!offer.confirmed) return commandLine('link', 'confirm', offer.link, '--fingerprint', 'SIX WORDS');
  if (offer.state === 'blocked' || offer.packages.some(({ held }) => !held))
    return commandLine('run', '--once');
  if (view.environments.length === 0) return commandLine('environment', 'add', 'NAME');
  const environment = nextEnvironment(view.environments, offer);
  if (environment === undefined) return null;
  const name = `${offer.link}:${offer.process}/${offer.release}`;
  return offer.missingInputs.some((one) => one.environment === environment)
    ? commandLine('release', 'check', name, '--env', environment)
    : commandLine('deploy', name, '--env', environment, '--wait');
}

function describeOffer(
  instance: Instance,
  offer: OfferFacts & { readonly next: string | null },
  now: number,
): string[] {
  const state = [offer.state, offer.until && `until ${offer.until}`, offer.reason].filter(Boolean).join(', ');
  return [
    `${offer.link}:${offer.process}/${offer.release}  ${state}`,
    ...indented([
      ...facts([
        ['from', `${offer.link}, published ${ago(offer.offeredAt, now)}`],
        ['signatures', signatures(offer)],
        ['packages', packages(offer)],
        ['size', size(offer.sizeBytes)],
        ['takes', offer.expectedMs === null ? null : `about ${took(offer.expectedMs)}, as at ${offer.link}`],
        ['runs here', offer.runsHere?.release ?? 'nothing of it yet'],
        ['asks for', offer.newInputs.join(', ')],
        ['not set', notSet(offer)],
        ['note', unknownPlacesInWords(instance, offer.unknownPlaces)],
      ]),
      ...section(
        `Differs from ${offer.runsHere?.release}`,
        offer.differences.filter((line) => line !== ''),
      ),
      ...section('Notes', firstLines(offer.notes ?? '')),
      ...section('Next', offer.next === null ? [] : [offer.next]),
    ]),
  ];
}

function signatures({ confirmed, link, words }: OfferFacts): string {
  return confirmed
    ? `chain good, by ${link}: ${words}`
    : `chain good, but nobody has compared the words of ${link} yet`;
}

function packages({ packages: all }: OfferFacts): string {
  const lines = all.map(({ id, version, held, removed }) => {
    const where = held ? '' : removed === true ? ' (removed)' : ' (not here yet)';
    return `${id} ${version}${where}`;
  });
  return lines.join(', ') || 'none';
}

function notSet({ missingInputs: missing }: OfferFacts): string {
  const byName = Map.groupBy(missing, ({ name }) => name);
  return [...byName]
    .map(([name, where]) => {
      const places = where.flatMap(({ environment }) => environment ?? []);
      return places.length === 0 ? name : `${name} (${places.join(', ')})`;
    })
    .join(', ');
}
