import { existsSync, readFileSync } from 'node:fs';
import { recordedStep } from '../commands/index.ts';
import {
  entryHash,
  eventCatalog,
  headerBytes,
  readHead,
  readHeader,
  type CrossgapEvent,
  type EntryHeader,
  type FeedFacts,
  type LoggedEntry,
} from '../events/index.ts';
import { readJournal } from '../executor/index.ts';
import { fingerprintWords, introducedBy } from '../identity/index.ts';
import type { Instance } from '../instance/index.ts';
import { arrayInPieces, objectInPieces } from '../json-in-pieces.ts';
import { isLocked } from '../lock.ts';
import {
  allLinksInPieces,
  commonParts,
  decidesAtHome,
  deploymentView,
  describeEvent,
  findDeployment,
  findReport,
  fleetInPieces,
  linkSeries,
  linksLiveOf,
  linkViews,
  ownReleases,
  pageView,
  prepareFindLink,
  prepareLinkNames,
  readKnown,
  readLink,
  readLinks,
  readReleases,
  readSteps,
  readWaits,
  readUnknownEntries,
  isHere,
  readWantedBlobs,
  refusalInWords,
  releaseView,
  reportedView,
  statusView,
  stepView,
  toldLast,
  type DeploymentView,
  type FeedView,
  type FleetChoice,
  type Known,
  type LinkFacts,
  type LinkRow,
  type LinksLive,
  type LinkView,
  type OutboundLine,
  type PageView,
  type ReleaseView,
  type Series,
  type StatusFacts,
  type StatusView,
} from '../projections/index.ts';
import { programVersion } from '../installation.ts';
import { lastBundle } from './last-bundle.ts';
import { readLinkStates } from './daemon-state.ts';
import { logTrouble } from './readiness.ts';
import { toldReport } from './told-report.ts';
import { clockWarnings } from './clock-oddities.ts';
import { repositoryWarnings } from './repository-warnings.ts';

const outboundShown = 100;
const feedsShown = 100;
const feedsAPiece = 500;
const pageEntries = 256;
const deploymentsShown = 30;
const notesShown = 4000;

/** What a daemon knows of itself and shows with the rest. */
export type DaemonFacts = {
  readonly startedAt: number;
  readonly live: LinksLive;
};

/**
 * What `status` shows, with the steps of running deployments as their journals tell them. Where this process is not the
 * daemon, how links are right now is taken from what a running one left.
 */
export function readStatus(instance: Instance, daemon?: DaemonFacts): StatusView {
  const facts = statusFacts(instance, daemon);
  const view = statusView(instance.db, {
    ...facts,
    feeds: feedViews(instance),
    entries: instance.log.entryCount(),
  });
  return { ...view, deployments: liveDeployments(instance, view.deployments) };
}

/** The same as JSON, a piece at a time: of thousands of links and feeds a few are in memory at once. */
export function statusDocument(instance: Instance, daemon?: DaemonFacts): Iterable<string> {
  const { db, log } = instance;
  const facts = statusFacts(instance, daemon);
  const known = readKnown(db);
  const { instance: who, now, warnings, deployments, ...parts } = commonParts(db, facts, known);
  return objectInPieces({
    instance: who,
    now,
    warnings,
    links: arrayInPieces(linksInPieces(instance, facts)),
    fleet: arrayInPieces(fleetInPieces(db, facts.now, {})),
    releases: arrayInPieces(releasesInPieces(instance, known)),
    ...parts,
    deployments: liveDeployments(instance, deployments),
    log: objectInPieces({ entries: log.entryCount(), feeds: arrayInPieces(feedsInPieces(instance)) }),
  }).pieces;
}

/** How many entries there are, and every feed with its head, as JSON in pieces. */
export function logDocument(instance: Instance): Iterable<string> {
  const feeds = arrayInPieces(feedsInPieces(instance));
  return objectInPieces({ entries: instance.log.entryCount(), feeds }).pieces;
}

/** What one look at the page shows. */
export function readPage(instance: Instance, daemon: DaemonFacts, choice: FleetChoice): PageView {
  const { log } = instance;
  const frozen = log.frozenFeeds();
  const view = pageView(instance.db, {
    ...statusFacts(instance, daemon),
    choice,
    log: {
      entries: log.entryCount(),
      feeds: {
        count: log.feedCount(),
        frozen: frozen.length,
        shown: firstFeeds(instance, frozen, feedsShown),
      },
    },
  });
  return { ...view, deployments: liveDeployments(instance, view.deployments) };
}

/** What is measured of the first links and feeds. */
export function readSeries(instance: Instance, daemon: DaemonFacts, linksMax: number): Series {
  const links = linkSeries(instance.db, linkFacts(instance, daemon.live), linksMax);
  // A link has two feeds, and the instance one of its own.
  const feeds = firstFeeds(instance, instance.log.frozenFeeds(), 2 * linksMax + 1);
  return { ...links, feeds };
}

/** One link with what its other side can see, oldest first; undefined where none has this name or id. */
export function readLinkPage(
  instance: Instance,
  daemon: DaemonFacts,
  named: string,
): { link: LinkView; lines: OutboundLine[] } | undefined {
  const { db } = instance;
  const found = prepareFindLink(db)(named);
  const row = found && readLink(db, found.link);
  if (row === undefined) return undefined;
  const [link] = linkViews(db, [row], linkFacts(instance, daemon.live));
  return { link: link!, lines: outboundLines(instance, row) };
}

function statusFacts(instance: Instance, daemon: DaemonFacts | undefined): StatusFacts {
  const { identity } = instance;
  const startedAt = daemon?.startedAt ?? null;
  return {
    ...linkFacts(instance, daemon === undefined ? liveElsewhere(instance) : daemon.live),
    instance: {
      name: identity.name,
      instanceId: identity.instanceId,
      certificate: identity.certificate.subject,
      fingerprint: identity.words,
      version: programVersion(),
      startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
    },
    warnings: readWarnings(instance),
    outbound: newestOutbound(instance),
    notes: ({ notes }) =>
      notes !== null && instance.holds(notes.digest)
        ? readFileSync(instance.blobs.path(notes.digest), 'utf8').slice(0, notesShown)
        : null,
    deploymentsMax: deploymentsShown,
  };
}

function* linksInPieces(instance: Instance, facts: LinkFacts): Generator<LinkView[]> {
  for (const links of allLinksInPieces(instance.db)) yield linkViews(instance.db, links, facts);
}

function* releasesInPieces({ db }: Instance, known: Known): Generator<ReleaseView[]> {
  for (const release of ownReleases(known)) yield [releaseView(db, release, known)];
}

function liveDeployments(instance: Instance, views: readonly DeploymentView[]): DeploymentView[] {
  return views.map((view) => live(instance, view));
}

/** The living links alone, by name, as the page shows them. */
export function readLinkViews(instance: Instance): LinkView[] {
  const { db } = instance;
  const living = readLinks(db).filter(({ state }) => state !== 'removed');
  return linkViews(db, living, linkFacts(instance, liveElsewhere(instance)));
}

/** How links are as the daemon that runs in another process says; undefined where none runs. */
function liveElsewhere(instance: Instance): LinksLive | undefined {
  const states = readLinkStates(instance);
  return states && linksLiveOf(states);
}

function linkFacts(instance: Instance, links: LinksLive | undefined): LinkFacts {
  const { clock, log } = instance;
  return {
    now: clock.now(),
    holds: (digest) => instance.holds(digest),
    wordsOf: (introduction) => fingerprintWords(introducedBy(introduction)),
    peerHead: (feed) => log.peerHead(feed),
    live: links,
    lastBundle: ({ link }) => lastBundle(instance, link),
  };
}

/** One deployment as design §8 shows it: of this side, running ones as far as their journal tells, or a customer's. */
export function readDeployment(instance: Instance, id: string): DeploymentView | undefined {
  const { db } = instance;
  const row = findDeployment(db, id);
  if (row === undefined) return readReport(instance, id);
  const release = readReleases(db).find(({ link, digest }) => link === row.link && digest === row.digest);
  const linkName = prepareLinkNames(db)(row.link).name;
  const view = deploymentView(row, readSteps(db, id), readWaits(db, id), {
    linkName,
    withdrawn: release?.withdrawn ?? null,
    toldAt: toldReport(instance, id)?.at ?? null,
  });
  return live(instance, view);
}

/** A customer's deployment, as its newest report tells. */
function readReport(instance: Instance, id: string): DeploymentView | undefined {
  const { db, log } = instance;
  const report = findReport(db, id);
  if (report === undefined) return undefined;
  const [entry] = log.read({ after: report.pos - 1, limit: 1 });
  if (entry === undefined || !entry.event.known || entry.event.name !== 'deployment.reported')
    return undefined;
  const { data } = entry.event;
  const { at, actor: by } = entry.header;
  const holds = (digest: string): boolean => instance.holds(digest);
  const customer = prepareLinkNames(db)(report.link).name ?? report.link;
  const release = readReleases(db, data.release).find(({ digest }) => digest === data.digest);
  return reportedView(data, { customer, at, by, withdrawn: release?.withdrawn ?? null, holds });
}

/**
 * A run as its journal tells, where the log says that it is under way. Who only looks records nothing, so where its process
 * is gone and nobody is there who records that, it is said beside what is recorded.
 */
function live(instance: Instance, view: DeploymentView): DeploymentView {
  const runFolder = instance.folder.run(view.id);
  if (view.state !== 'running' || !existsSync(runFolder)) return view;
  const run = readJournal(runFolder);
  const steps = run.steps.map((step, index) => stepView(recordedStep(step, index + 1)));
  const { daemonLock } = instance.folder;
  const isBroken = run.state === 'interrupted' && !(existsSync(daemonLock) && isLocked(daemonLock));
  return { ...view, steps, ...(isBroken && { brokenOff: true }) };
}

/** What the other sides can see of this instance, the newest of all links together, newest first. */
function newestOutbound({ db, log }: Instance): OutboundLine[] {
  const names = new Map<string, string>();
  const audiences = function* (): Generator<string> {
    for (const { link, name } of toldLast(db)) {
      names.set(link, name);
      yield link;
    }
  };
  return log
    .newestTold(audiences(), outboundShown)
    .map(({ header, event }) => outboundLine(names.get(header.audience)!, header, event))
    .toSorted((a, b) => (a.at < b.at ? 1 : -1));
}

/** What the other side of a link can see of this instance, oldest first; of all that, what comes behind a place. */
export function outboundLines(
  { log }: Instance,
  link: LinkRow,
  after: { readonly epoch: number; readonly seq: number } = { epoch: 0, seq: 0 },
): OutboundLine[] {
  const feed = log.feedTo(link.link);
  const lines: OutboundLine[] = [];
  let from = { epoch: after.epoch, seq: after.seq + 1 };
  for (;;) {
    const page = log.readFeed(feed, from, pageEntries);
    for (const { bytes } of page) {
      const header = readHeader(bytes);
      const { type, schemaVersion } = header;
      const event = eventCatalog.decodeChecked(type, schemaVersion, bytes.subarray(headerBytes));
      lines.push(outboundLine(link.name, header, event));
    }
    if (page.length < pageEntries) return lines;
    const last = readHeader(page.at(-1)!.bytes);
    from = { epoch: last.epoch, seq: last.seq + 1 };
  }
}

function outboundLine(
  link: string,
  { seq, at, type }: EntryHeader,
  event: LoggedEntry<CrossgapEvent>['event'],
): OutboundLine {
  return {
    link,
    seq,
    at: new Date(at).toISOString(),
    type,
    summary: event.known ? describeEvent(event) : `${type} of a newer version`,
  };
}

/** The feeds of the log with their heads; audience and author by name where this side knows one. */
export function feedViews(instance: Instance): FeedView[] {
  return [...feedsInPieces(instance)].flat();
}

function* feedsInPieces(instance: Instance): Generator<FeedView[]> {
  const viewOf = feedViewer(instance);
  for (let last = ''; ;) {
    const feeds = instance.log.feedsAfter(last, feedsAPiece);
    if (feeds.length === 0) return;
    yield feeds.map(viewOf);
    last = feeds.at(-1)!.feed;
  }
}

/** The frozen feeds, since of many these are the ones to be seen, then others. */
function firstFeeds(instance: Instance, frozen: readonly string[], limit: number): FeedView[] {
  const { log } = instance;
  const first = frozen.slice(0, limit).flatMap((feed) => log.feed(feed) ?? []);
  const others = log.feedsAfter('', limit).filter((feed) => !feed.frozen);
  return [...first, ...others].slice(0, limit).map(feedViewer(instance));
}

function feedViewer({ db, identity }: Instance): (feed: FeedFacts) => FeedView {
  const nameOf = prepareLinkNames(db);
  return (feed) => {
    const { name } = nameOf(feed.audience);
    return {
      feed: feed.feed,
      author: feed.own ? identity.name : (name ?? feed.author),
      audience: feed.audience === identity.instanceId ? 'self' : (name ?? feed.audience),
      epoch: feed.epoch,
      seq: feed.seq,
      head: feed.hash,
      frozen: feed.frozen,
    };
  };
}

/** Own feeds that their receivers say hold more, or something else, than is here. */
function doubtWarnings(instance: Instance): StatusView['warnings'] {
  const { log } = instance;
  const viewOf = feedViewer(instance);
  return log.doubts().map(({ feed, doubt: { code, said } }) => {
    const facts = log.feed(feed);
    const { audience = feed, seq = 0, head = '' } = facts === undefined ? {} : viewOf(facts);
    const heads = `${audience} holds entry ${said.seq} (${said.hash}) of our feed, here the newest is ${seq} (${head})`;
    const why = code === 'UNSURE' ? 'this instance lost entries' : 'somebody else signs with our key';
    return { code, message: `${heads}: ${why}, nothing is signed on that feed` };
  });
}

/** Which two things froze a feed: both sides are told the same hashes. */
function frozenInWords({ log, identity }: Instance, { feed, author, audience }: FeedView): string {
  const [fork] = log.frozenBy(feed);
  const reader = author === identity.name ? audience : identity.name;
  const frozen = `the feed of ${author} for ${reader} was signed with two histories and is frozen`;
  if (fork === undefined) return frozen;
  const { epoch, seq, kind, first, second } = fork;
  const other =
    kind === 'head'
      ? readHead(Buffer.concat([second.bytes, second.signature])).hash
      : entryHash(second.bytes);
  return `${frozen}: at entry ${seq} of epoch ${epoch}, ${entryHash(first.bytes)} and ${other}`;
}

/** What of an instance's log a person should look at. */
export function readWarnings(instance: Instance): StatusView['warnings'] {
  const { log } = instance;
  const unread = readUnknownEntries(instance.db);
  const unknown = unread.filter(({ type }) => !decidesAtHome(type));
  const presumed = unread.filter(({ type }) => decidesAtHome(type));
  const frozen = log
    .frozenFeeds()
    .flatMap((feed) => log.feed(feed) ?? [])
    .map(feedViewer(instance));
  const refused = readWantedBlobs(instance.db).filter(
    (blob) => blob.refused !== null && !isHere(blob, (digest) => instance.holds(digest)),
  );
  const trouble = logTrouble(instance);
  return [
    ...(trouble === undefined ? [] : [trouble]),
    ...doubtWarnings(instance),
    ...clockWarnings(instance),
    ...frozen.map((feed) => ({ code: 'FEED_FROZEN', message: frozenInWords(instance, feed) })),
    ...refused.map((blob) => ({
      code: 'BLOB_REFUSED',
      message: refusalInWords(blob),
    })),
    ...repositoryWarnings(instance),
    ...(presumed.length === 0
      ? []
      : [
          {
            code: 'ENTRIES_PRESUMED',
            message: `${presumed.length} entries of others would decide what only this side decides (${[...new Set(presumed.map(({ type }) => type))].join(', ')}); nothing follows from them, but ask their author`,
          },
        ]),
    ...(unknown.length === 0
      ? []
      : [
          {
            code: 'ENTRIES_UNKNOWN',
            message: `${unknown.length} entries are of types this version does not know (${[...new Set(unknown.map(({ type }) => type))].join(', ')}); update crossgap to read them`,
          },
        ]),
  ];
}
