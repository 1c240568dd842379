import { doorbell, replicate, replicateOnce, waitOut, type Exchange, type Transport } from '../sync/index.ts';
import { CrossgapError } from '../errors.ts';
import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import { giveBackAtRest } from './at-rest.ts';
import { concernedLinks } from './concerned-links.ts';
import { dispatcher } from './dispatch.ts';
import { fetchPackages } from './fetch-packages.ts';
import { holdIdentity } from './hold-identity.ts';
import { keepLinkStates } from './daemon-state.ts';
import { headEveryMs } from './head-pace.ts';
import { linkHealth, type LinkHealth } from './link-health.ts';
import { openLines, syncedLinks, type Lines, type SyncedLink } from './lines.ts';
import { lineReplica, type BetweenExchanges } from './link-replica.ts';
import { linkTurns, type LinkTurns } from './link-turns.ts';
import { linkTotals, type LinkTotal } from './link-totals.ts';
import { openFeed } from './open-feed.ts';
import { openPage, type ListenAt } from './open-page.ts';
import { pushPackages } from './push-packages.ts';
import { repositoryWork } from './repository-work.ts';
import { watchDatabase, type Watch } from './watch.ts';

export type DaemonOptions = {
  /** Do all there is to do, then end. */
  readonly once: boolean;
  readonly listen?: ListenAt;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onReady?: (address: string) => void;
};

/** What a daemon did while it ran, link by link. */
export type DaemonSummary = {
  readonly exchanged: readonly LinkTotal[];
  readonly deployments: readonly string[];
};

/**
 * The daemon: syncs every link, runs what was asked for, shows how it stands.
 *
 * @throws InstanceError DAEMON_RUNNING where another one holds this identity
 */
export async function runDaemon(instance: Instance, options: DaemonOptions): Promise<DaemonSummary> {
  using _lock = holdIdentity(instance, 'run');
  using watch = watchDatabase(instance);
  await instance.blobs.sweep(instance.clock.now(), staleAfterMs);
  // Awaited here: lock and watch are let go of when this function ends.
  return await (options.once ? runOnce(instance, watch, options) : runForever(instance, watch, options));
}

const staleAfterMs = 30 * 24 * 3600 * 1000;

async function runOnce(
  instance: Instance,
  watch: Watch,
  { log, signal }: DaemonOptions,
): Promise<DaemonSummary> {
  const totals = linkTotals();
  const failures: unknown[] = [];
  const dispatch = dispatcher(instance, { watch, log, signal });
  await using lines = openLines(instance, log);
  const exchangeAll = async (): Promise<void> => {
    for (const link of syncedLinks(instance)) {
      await using transport = await lines.open(link, signal);
      const exchange = await replicateOnce(lineReplica(instance, link.link), transport, { signal });
      totals.add(link.name, exchange);
      failures.push(...exchange.failures);
      for (const failure of exchange.failures)
        log.warn({ err: failure, peer: link.name }, 'exchange hindered');
    }
  };
  await exchangeAll();
  const kept = await useRepositories(instance, log, signal);
  dispatch.look();
  await dispatch.idle();
  // What the deployments had to report leaves too, and that nobody needs to send what a repository had.
  if (dispatch.done.length + kept > 0) await exchangeAll();
  const failure = failures[0] ?? dispatch.hindered()[0]?.error;
  if (failure !== undefined) throw failure;
  return { exchanged: totals.all(), deployments: dispatch.done };
}

/** Fetches and pushes what there is to, and tells how many packages came. What could not be asked is told, and keeps nothing else from being done. */
async function useRepositories(instance: Instance, log: Logger, signal: AbortSignal): Promise<number> {
  let kept = 0;
  try {
    const looked = await fetchPackages(instance, { log, signal });
    ({ kept } = looked);
    for (const failure of looked.failures) log.warn({ err: failure }, 'repository not asked');
    await pushPackages(instance, { log, signal });
  } catch (error) {
    if (!(error instanceof CrossgapError)) throw error;
    log.error({ err: error }, 'work with repositories hindered');
  }
  return kept;
}

async function runForever(
  instance: Instance,
  watch: Watch,
  { log, signal: stopAsked, listen, onReady }: DaemonOptions,
): Promise<DaemonSummary> {
  const over = new AbortController();
  const signal = AbortSignal.any([stopAsked, over.signal]);
  const counters = {
    entriesReceived: 0,
    entriesSent: 0,
    blobBytesReceived: 0,
    blobBytesSent: 0,
    refusals: 0,
  };
  const totals = linkTotals();
  const dispatch = dispatcher(instance, { watch, log, signal, diskAgainMs: 15_000 });
  await using lines = openLines(instance, log);
  using health = linkHealth(lines, instance.clock);
  const links = new Map<string, KeptLink>();
  const turns = linkTurns();
  const count = (name: string, exchange: Exchange): void => {
    totals.add(name, exchange);
    counters.entriesReceived += exchange.entriesIn;
    counters.entriesSent += exchange.entriesOut;
    counters.blobBytesReceived += exchange.blobBytesIn;
    counters.blobBytesSent += exchange.blobBytesOut;
    counters.refusals += exchange.refusals.length;
  };
  // One that tells all: of thousands of links each would need a signal more that ends with this one.
  signal.addEventListener('abort', () => links.forEach(({ stop }) => stop()), { once: true });
  const keepLinks = (): void => {
    const wanted = new Map(syncedLinks(instance).map((link) => [`${link.link} ${link.peer ?? ''}`, link]));
    for (const [key, running] of links) if (!wanted.has(key)) running.stop();
    for (const [key, link] of wanted) {
      if (!links.has(key))
        links.set(
          key,
          keepLink(instance, link, {
            lines,
            health,
            log,
            signal,
            count,
            turns,
            linkCount: () => links.size,
            ended: () => links.delete(key),
          }),
        );
    }
  };
  // First, since they may be refused: nothing else is under way then.
  await using feed = await openFeed(instance, log);
  await using server = await openPage(instance, watch, { listen, log, counters, health, feed });
  await using _states = keepLinkStates(instance, health, log);
  using _rest = giveBackAtRest();
  const lookAtLog = concernedLinks(instance);
  const repositories = repositoryWork(instance, { log, signal });
  const unlisten = watch.onChange(() => {
    const concerned = lookAtLog();
    repositories.look();
    if (concerned.linksChanged) keepLinks();
    dispatch.lookAgain();
    for (const { link, ring } of links.values())
      if (concerned.links === 'all' || concerned.links.has(link)) ring();
  });
  try {
    keepLinks();
    dispatch.look();
    repositories.look();
    onReady?.(server.address);
    log.info({ address: server.address, instance: instance.identity.name }, 'ready');
    await fired(signal);
  } finally {
    // Nothing is begun any more, however it ended; what is under way ends before the lock is let go.
    unlisten();
    over.abort();
    await Promise.all([...[...links.values()].map(({ task }) => task), dispatch.idle(), repositories.idle()]);
  }
  return { exchanged: totals.all(), deployments: dispatch.done };
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

type KeptLink = {
  readonly link: string;
  readonly task: Promise<void>;
  readonly ring: () => void;
  readonly stop: () => void;
};

type LinkLoop = {
  readonly lines: Lines;
  readonly health: LinkHealth;
  readonly turns: LinkTurns;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly count: (link: string, exchange: Exchange) => void;
  /** How many links are kept going, this one among them. */
  readonly linkCount: () => number;
  readonly ended: () => void;
};

function keepLink(
  instance: Instance,
  link: SyncedLink,
  { lines, health, turns, log, signal, count, linkCount, ended }: LinkLoop,
): KeptLink {
  const stopped = new AbortController();
  const changes = doorbell();
  let mending = Promise.resolve();
  const between: BetweenExchanges = {};
  const ending = stopped.signal;
  if (signal.aborted) stopped.abort();
  const open = async (): Promise<Transport> => {
    const opened = await turns.turn(ending);
    try {
      return await lines.open(link, ending);
    } finally {
      opened();
    }
  };
  const exchange = async (): Promise<void> => {
    await using transport = await open();
    await replicate(() => lineReplica(instance, link.link, between), transport, {
      signal: ending,
      log: log.child({ peer: link.name }),
      changes,
      headEveryMs: () => headEveryMs(instance.settings.sync['head-every'], linkCount()),
      // A connection has its own patience; what is back there is not to wait for ours on top of it.
      ...(link.transport.kind === 'nats' && { retry: { firstMs: 1000, mostMs: 15_000 } }),
      turn: (asked) => turns.turn(asked),
      onExchange(done) {
        health.exchanged(link.link, done);
        count(link.name, done);
        mending = mending.then(() => lines.mend(link, done, ending));
      },
    });
  };
  /** Where a line can't be had at all, what a person mends is found at the next try. */
  const run = async (): Promise<void> => {
    let told: string | undefined;
    for (let failed = 0; !ending.aborted; failed += 1) {
      try {
        await exchange();
      } catch (error) {
        if (ending.aborted) return;
        health.failed(link.link, error);
        const said = error instanceof Error ? error.message : String(error);
        if (said !== told) log.error({ err: error, peer: link.name }, 'link stopped');
        told = said;
        await waitOut(Math.min(60_000, 1000 * 2 ** Math.min(failed, 6)), ending);
      }
    }
  };
  const kept = async (): Promise<void> => {
    try {
      await run();
      await mending;
    } finally {
      ended();
    }
  };
  return { link: link.link, task: kept(), ring: () => changes.ring(), stop: () => stopped.abort() };
}
