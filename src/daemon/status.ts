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
  type LoggedEntry,
} from '../events/index.ts';
import { readJournal } from '../executor/index.ts';
import { fingerprintWords, introducedBy } from '../identity/index.ts';
import type { Instance } from '../instance/index.ts';
import {
  decidesAtHome,
  deploymentView,
  describeEvent,
  findDeployment,
  findReport,
  linkNames,
  readLinks,
  readReleases,
  readSteps,
  readWaits,
  readUnknownEntries,
  isHere,
  readWantedBlobs,
  refusalInWords,
  reportedView,
  statusView,
  stepView,
  linkViews,
  type DeploymentView,
  type FeedView,
  type LinkFacts,
  type LinkLive,
  type LinkRow,
  type LinkView,
  type OutboundLine,
  type StatusView,
} from '../projections/index.ts';
import { programVersion } from '../installation.ts';
import { lastBundle } from './last-bundle.ts';
import { readLinkStates } from './daemon-state.ts';
import { logTrouble } from './readiness.ts';
import { clockWarnings } from './clock-oddities.ts';

const outboundShown = 100;
const pageEntries = 256;
const deploymentsShown = 30;
const notesShown = 4000;

/** What a daemon knows of itself and shows with the rest. */
export type DaemonFacts = {
  readonly startedAt: number;
  readonly live: ReadonlyMap<string, LinkLive>;
};

/**
 * What the page and `status` show, with the steps of running deployments as their journals tell them. Where this process
 * is not the daemon, how links are right now is taken from what a running one left.
 */
export function readStatus(instance: Instance, daemon?: DaemonFacts): StatusView {
  const { db, identity, log } = instance;
  const startedAt = daemon?.startedAt ?? null;
  const links = readLinks(db);
  const feeds = feedViews(instance, links);
  const view = statusView(db, {
    ...linkFacts(instance, daemon?.live ?? readLinkStates(instance)),
    instance: {
      name: identity.name,
      instanceId: identity.instanceId,
      certificate: identity.certificate.subject,
      fingerprint: identity.words,
      version: programVersion(),
      startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
    },
    warnings: warningsOf(instance, links, feeds),
    feeds,
    entries: log.entryCount(),
    outbound: newestOutbound(instance, links),
    notes: ({ notes }) =>
      notes !== null && instance.holds(notes.digest)
        ? readFileSync(instance.blobs.path(notes.digest), 'utf8').slice(0, notesShown)
        : null,
    deploymentsMax: deploymentsShown,
  });
  return { ...view, deployments: view.deployments.map((deployment) => live(instance, deployment)) };
}

/** The living links alone, by name, as the page shows them. */
export function readLinkViews(instance: Instance): LinkView[] {
  return linkViews(instance.db, livingLinks(instance), linkFacts(instance, readLinkStates(instance)));
}

function linkFacts(instance: Instance, live: LinkFacts['live']): LinkFacts {
  const { clock, log } = instance;
  return {
    now: clock.now(),
    holds: (digest) => instance.holds(digest),
    wordsOf: (introduction) => fingerprintWords(introducedBy(introduction)),
    peerHeads: log.peerHeads(),
    live,
    lastBundle: ({ link }) => lastBundle(instance, link),
  };
}

/** One deployment as design §8 shows it: of this side, running ones as far as their journal tells, or a customer's. */
export function readDeployment(instance: Instance, id: string): DeploymentView | undefined {
  const { db } = instance;
  const row = findDeployment(db, id);
  if (row === undefined) return readReport(instance, id);
  const release = readReleases(db).find(({ link, digest }) => link === row.link && digest === row.digest);
  const linkName = linkNames(readLinks(db)).get(row.link) ?? null;
  const view = deploymentView(row, readSteps(db, id), readWaits(db, id), {
    linkName,
    withdrawn: release?.withdrawn ?? null,
  });
  return live(instance, view);
}

/** A customer's deployment, as its newest report tells. */
function readReport({ db, log }: Instance, id: string): DeploymentView | undefined {
  const report = findReport(db, id);
  if (report === undefined) return undefined;
  const [entry] = log.read({ after: report.pos - 1, limit: 1 });
  if (entry === undefined || !entry.event.known || entry.event.name !== 'deployment.reported')
    return undefined;
  const { data } = entry.event;
  const customer = linkNames(readLinks(db)).get(report.link) ?? report.link;
  const release = readReleases(db, data.release).find(({ digest }) => digest === data.digest);
  return reportedView(data, { customer, at: entry.header.at, withdrawn: release?.withdrawn ?? null });
}

function live(instance: Instance, view: DeploymentView): DeploymentView {
  const runFolder = instance.folder.run(view.id);
  if (view.state !== 'running' || !existsSync(runFolder)) return view;
  const run = readJournal(runFolder);
  return { ...view, steps: run.steps.map((step, index) => stepView(recordedStep(step, index + 1))) };
}

/** What the other sides can see of this instance, the newest of all links together, newest first. */
function newestOutbound({ log }: Instance, links: readonly LinkRow[]): OutboundLine[] {
  const living = new Map(
    links.filter(({ state }) => state !== 'removed').map(({ link, name }) => [link, name]),
  );
  return log
    .newestTold(new Set(living.keys()), outboundShown)
    .map(({ header, event }) => outboundLine(living.get(header.audience)!, header, event))
    .toSorted((a, b) => (a.at < b.at ? 1 : -1));
}

/** What the other side of a link can see of this instance, oldest first. */
export function outboundLines({ log }: Instance, link: LinkRow): OutboundLine[] {
  const feed = log.feedTo(link.link);
  const lines: OutboundLine[] = [];
  let from = { epoch: 0, seq: 1 };
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

function livingLinks({ db }: Instance): LinkRow[] {
  return readLinks(db).filter(({ state }) => state !== 'removed');
}

/** The feeds of the log with their heads; audience and author by name where this side knows one. */
export function feedViews(
  { db, log, identity }: Instance,
  links: readonly LinkRow[] = readLinks(db),
): FeedView[] {
  const names = linkNames(links);
  return log.feeds().map((feed) => {
    const link = names.get(feed.audience);
    return {
      feed: feed.feed,
      author: feed.own ? identity.name : (link ?? feed.author),
      audience: feed.audience === identity.instanceId ? 'self' : (link ?? feed.audience),
      epoch: feed.epoch,
      seq: feed.seq,
      head: feed.hash,
      frozen: feed.frozen,
    };
  });
}

/** Own feeds that their receivers say hold more, or something else, than is here. */
function doubtWarnings(instance: Instance, feeds: readonly FeedView[]): StatusView['warnings'] {
  const doubts = instance.log.doubts();
  if (doubts.length === 0) return [];
  const views = new Map(feeds.map((view) => [view.feed, view]));
  return doubts.map(({ feed, doubt: { code, said } }) => {
    const { audience = feed, seq = 0, head = '' } = views.get(feed) ?? {};
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
  const links = readLinks(instance.db);
  return warningsOf(instance, links, feedViews(instance, links));
}

function warningsOf(
  instance: Instance,
  links: readonly LinkRow[],
  feeds: readonly FeedView[],
): StatusView['warnings'] {
  const unread = readUnknownEntries(instance.db);
  const unknown = unread.filter(({ type }) => !decidesAtHome(type));
  const presumed = unread.filter(({ type }) => decidesAtHome(type));
  const frozen = feeds.filter((feed) => feed.frozen);
  const refused = readWantedBlobs(instance.db).filter(
    (blob) => blob.refused !== null && !isHere(blob, (digest) => instance.holds(digest)),
  );
  const trouble = logTrouble(instance);
  return [
    ...(trouble === undefined ? [] : [trouble]),
    ...doubtWarnings(instance, feeds),
    ...clockWarnings(instance, links),
    ...frozen.map((feed) => ({ code: 'FEED_FROZEN', message: frozenInWords(instance, feed) })),
    ...refused.map((blob) => ({
      code: 'BLOB_REFUSED',
      message: refusalInWords(blob),
    })),
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
