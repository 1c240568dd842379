import { doorbell, replicate, replicateOnce, type Exchange } from '../sync/index.ts';
import type { StatusServer, StatusSource } from '../http/index.ts';
import { InstanceError, type Instance } from '../instance/index.ts';
import { replaceFile } from '../replace-file.ts';
import { lockHolder, tryLock, type Lock } from '../lock.ts';
import type { Logger } from '../log.ts';
import { readLinks, type LinkRow } from '../projections/index.ts';
import { dispatcher } from './dispatch.ts';
import { linkReplica } from './link-replica.ts';
import { syncedLinks, transportOf } from './lines.ts';
import { outboundLines, readDeployment, readStatus } from './status.ts';
import { watchDatabase, type Watch } from './watch.ts';

/** Where the status page listens. */
export type ListenAt = { readonly host: string; readonly port: number };

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
  readonly exchanged: readonly {
    readonly link: string;
    readonly sent: number;
    readonly received: number;
    readonly refused: readonly string[];
  }[];
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

/** Holds the right to act for this instance, or says who does. */
export function holdIdentity(instance: Instance, who: string): Lock {
  const path = instance.folder.daemonLock;
  const lock = tryLock(path, `${who} by ${instance.actor}`);
  if (lock !== undefined) return lock;
  const holder = lockHolder(path);
  const named =
    holder === undefined ? 'another process' : `process ${holder.pid} (${holder.who}, since ${holder.since})`;
  throw new InstanceError(
    'DAEMON_RUNNING',
    `Cannot act for ${instance.identity.name}: ${named} does already`,
    {
      hint: 'One daemon per identity: let that one work, or stop it first.',
      details: { ...holder },
    },
  );
}

async function runOnce(
  instance: Instance,
  watch: Watch,
  { log, signal }: DaemonOptions,
): Promise<DaemonSummary> {
  const totals = new Map<string, Exchange[]>();
  const dispatch = dispatcher(instance, { watch, log, signal });
  const exchangeAll = async (): Promise<void> => {
    for (const link of syncedLinks(instance)) {
      await using transport = transportOf(instance, link);
      const exchange = await replicateOnce(linkReplica(instance, link.link), transport, { signal });
      totals.set(link.name, [...(totals.get(link.name) ?? []), exchange]);
      for (const failure of exchange.failures)
        log.warn({ err: failure, peer: link.name }, 'exchange hindered');
    }
  };
  await exchangeAll();
  dispatch.look();
  await dispatch.idle();
  // What the deployments had to report leaves too.
  if (dispatch.done.length > 0) await exchangeAll();
  const failures = [...totals.values()].flat().flatMap((exchange) => exchange.failures);
  const failure = failures[0] ?? dispatch.hindered()[0]?.error;
  if (failure !== undefined) throw failure;
  return {
    exchanged: [...totals].map(([link, exchanges]) => summary(link, exchanges)),
    deployments: dispatch.done,
  };
}

function summary(link: string, exchanges: readonly Exchange[]): DaemonSummary['exchanged'][number] {
  return {
    link,
    sent: exchanges.reduce((sum, exchange) => sum + exchange.entriesOut, 0),
    received: exchanges.reduce((sum, exchange) => sum + exchange.entriesIn, 0),
    refused: exchanges.flatMap(({ refusals }) =>
      refusals.map(({ what, code, message, parts }) =>
        [
          `${code} ${what}: ${message}`,
          ...(parts === undefined ? [] : [`changed: ${parts.join(', ')}`]),
        ].join('; '),
      ),
    ),
  };
}

async function runForever(
  instance: Instance,
  watch: Watch,
  { log, signal, listen, onReady }: DaemonOptions,
): Promise<DaemonSummary> {
  const counters = {
    entriesReceived: 0,
    entriesSent: 0,
    blobBytesReceived: 0,
    blobBytesSent: 0,
    refusals: 0,
  };
  const exchanges = new Map<string, Exchange[]>();
  const dispatch = dispatcher(instance, { watch, log, signal });
  const links = new Map<string, { readonly task: Promise<void>; readonly ring: () => void; stop(): void }>();
  const count = (name: string, exchange: Exchange): void => {
    exchanges.set(name, [...(exchanges.get(name) ?? []).slice(-1), exchange]);
    counters.entriesReceived += exchange.entriesIn;
    counters.entriesSent += exchange.entriesOut;
    counters.blobBytesReceived += exchange.blobBytesIn;
    counters.blobBytesSent += exchange.blobBytesOut;
    counters.refusals += exchange.refusals.length;
  };
  const keepLinks = (): void => {
    const wanted = new Map(syncedLinks(instance).map((link) => [`${link.link} ${link.peer ?? ''}`, link]));
    for (const [key, running] of links) if (!wanted.has(key)) running.stop();
    for (const [key, link] of wanted) {
      if (!links.has(key))
        links.set(key, keepLink(instance, link, { log, signal, count, ended: () => links.delete(key) }));
    }
  };
  // First, since it may be refused: nothing else is under way then.
  const server = await openPage(instance, watch, { listen: listen ?? listenAt(instance), log, counters });
  watch.onChange(() => {
    keepLinks();
    dispatch.lookAgain();
    for (const { ring } of links.values()) ring();
  });
  keepLinks();
  dispatch.look();
  replaceFile(instance.folder.address, server.address);
  onReady?.(server.address);
  log.info({ address: server.address, instance: instance.identity.name }, 'ready');
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await server.close();
  await Promise.allSettled([...links.values()].map(({ task }) => task));
  await dispatch.idle();
  return { exchanged: [...exchanges].map(([name, all]) => summary(name, all)), deployments: dispatch.done };
}

function listenAt({ settings }: Instance): ListenAt {
  const colon = settings.listen.lastIndexOf(':');
  return { host: settings.listen.slice(0, colon), port: Number(settings.listen.slice(colon + 1)) };
}

type LinkLoop = {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly count: (link: string, exchange: Exchange) => void;
  readonly ended: () => void;
};

function keepLink(instance: Instance, link: LinkRow, { log, signal, count, ended }: LinkLoop) {
  const stopped = new AbortController();
  const changes = doorbell();
  const run = async (): Promise<void> => {
    await using transport = transportOf(instance, link);
    await replicate(linkReplica(instance, link.link), transport, {
      signal: AbortSignal.any([signal, stopped.signal]),
      log: log.child({ peer: link.name }),
      changes,
      headEveryMs: instance.settings.sync['head-every'] * 1000,
      onExchange: (exchange) => count(link.name, exchange),
    });
  };
  const task = run()
    .catch((error: unknown) => log.error({ err: error, peer: link.name }, 'link stopped'))
    .finally(ended);
  return { task, ring: () => changes.ring(), stop: () => stopped.abort() };
}

async function openPage(
  instance: Instance,
  watch: Watch,
  { listen, log, counters }: { listen: ListenAt; log: Logger; counters: Record<string, number> },
): Promise<StatusServer> {
  // Only a daemon that stays needs the web server; commands that end soon don't read it.
  const { statusServer } = await import('../http/index.ts');
  const startedAt = instance.clock.now();
  const source: StatusSource = {
    view: () => readStatus(instance, startedAt),
    deployment: (id) => readDeployment(instance, id),
    outbound(name) {
      const link = readLinks(instance.db).find((row) => row.name === name);
      return link && outboundLines(instance, link);
    },
    readiness() {
      const frozen = instance.log.feeds().filter((feed) => feed.frozen).length;
      return {
        ready: frozen === 0,
        checks: [
          { name: 'log', state: 'ok', detail: `${instance.log.entryCount()} entries` },
          {
            name: 'feeds',
            state: frozen === 0 ? 'ok' : 'failed',
            detail: frozen === 0 ? 'none is frozen' : `${frozen} frozen`,
          },
        ],
      };
    },
    changed: (listener) => watch.onChange(listener),
    counters: () => counters,
  };
  const names = instance.settings['allowed-hosts'];
  return statusServer({ source, listen: { ...listen, names }, log, clock: instance.clock });
}
