import type { StatusServer, StatusSource } from '../http/index.ts';
import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import { fleetInPieces } from '../projections/index.ts';
import { endOfRunLog } from './end-of-run-log.ts';
import { hostAndPort } from './host-and-port.ts';
import type { LinkHealth } from './link-health.ts';
import type { OpenFeed } from './open-feed.ts';
import { readReadiness } from './readiness.ts';
import { logDocument, readDeployment, readLinkPage, readPage, readSeries, statusDocument } from './status.ts';
import { readToldLog } from './told-log.ts';
import type { Watch } from './watch.ts';

/** Where the status page listens. */
export type ListenAt = { readonly host: string; readonly port: number };

type PageOptions = {
  readonly listen?: ListenAt | undefined;
  readonly log: Logger;
  readonly counters: Readonly<Record<string, number>>;
  readonly health: LinkHealth;
  readonly feed: OpenFeed;
};

/** Shows how the instance stands at `listen`, else where the settings say. @throws HttpError where that is refused */
export async function openPage(
  instance: Instance,
  watch: Watch,
  { listen = hostAndPort(instance.settings.listen), log, counters, health, feed }: PageOptions,
): Promise<StatusServer> {
  // Only a daemon that stays needs the web server; commands that end soon don't read it.
  const { statusServer } = await import('../http/index.ts');
  const daemon = { startedAt: instance.clock.now(), live: health.live };
  const source: StatusSource = {
    page: (choice) => readPage(instance, daemon, choice),
    series: (linksMax) => readSeries(instance, daemon, linksMax),
    status: () => statusDocument(instance, daemon),
    fleet: (wish) => fleetInPieces(instance.db, instance.clock.now(), wish),
    ledger: () => logDocument(instance),
    deployment: (id) => readDeployment(instance, id),
    log: (id) => endOfRunLog(instance, id) ?? readToldLog(instance, id)?.text,
    link: (name) => readLinkPage(instance, daemon, name),
    readiness: () => readReadiness(instance),
    changed(listener) {
      const stops = [watch.onChange(listener), health.onChange(listener)];
      return () => stops.forEach((stop) => stop());
    },
    counters: () => counters,
  };
  const names = instance.settings['allowed-hosts'];
  return statusServer({
    source,
    listen: { ...listen, names },
    log,
    clock: instance.clock,
    feed: feed.handler,
  });
}
