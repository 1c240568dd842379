import { Counter, Gauge, Registry } from 'prom-client';
import type { StatusView } from '../projections/index.ts';
import type { Readiness } from './source.ts';

export type Measured = {
  readonly view: StatusView;
  readonly readiness: Readiness;
  readonly counters: Readonly<Record<string, number>>;
  /** Open `/events` streams. */
  readonly listeners: number;
};

/**
 * The state as Prometheus text. Built anew for each scrape from what the page shows, so that nothing has to be kept in
 * step and a link that is removed leaves no series behind.
 */
export async function metricsText(measured: Measured): Promise<{ text: string; contentType: string }> {
  const registry = new Registry();
  const { view, readiness } = measured;
  const gauge = (name: string, help: string, ...samples: readonly Sample[]): void => {
    const labelNames = [...new Set(samples.flatMap(([, labels]) => Object.keys(labels ?? {})))];
    const made = new Gauge({ name, help, labelNames, registers: [registry] });
    for (const [value, labels] of samples) made.set(labels ?? {}, value);
  };
  const { instance, log, links } = view;
  gauge('crossgap_info', 'The running program and instance.', [
    1,
    { version: instance.version, instance: instance.name },
  ]);
  gauge('crossgap_ready', '1 when the daemon does all it is there for.', [readiness.ready ? 1 : 0]);
  gauge('crossgap_log_entries', 'Entries in the log, all feeds together.', [log.entries]);
  gauge(
    'crossgap_feed_seq',
    'Sequence number of the newest entry held of a feed.',
    ...log.feeds.map(({ feed, seq }): Sample => [seq, { feed }]),
  );
  gauge(
    'crossgap_feed_info',
    'Whose feed it is and whom it is for.',
    ...log.feeds.map(({ feed, author, audience }): Sample => [1, { feed, author, audience }]),
  );
  gauge(
    'crossgap_feed_frozen',
    '1 when the author signed two different entries with one number.',
    ...log.feeds.map(({ feed, frozen }): Sample => [frozen ? 1 : 0, { feed }]),
  );
  const present = links.filter((link) => link.state !== 'removed');
  gauge(
    'crossgap_link_age_seconds',
    'Age of the newest thing heard from the other side; absent before the first.',
    ...present.flatMap(({ name, heardAgeSeconds }): Sample[] =>
      heardAgeSeconds === null ? [] : [[heardAgeSeconds, { link: name }]],
    ),
  );
  gauge(
    'crossgap_link_unconfirmed_entries',
    'Own entries of which the other side has not said that it holds them.',
    ...present.map(({ name, unconfirmedEntries }): Sample => [unconfirmedEntries, { link: name }]),
  );
  const deploymentStates = ['waiting', 'running', 'succeeded', 'failed', 'interrupted', 'cancelled'];
  gauge('crossgap_deployments', 'Deployments here by state.', ...byState(deploymentStates, view.deployments));
  const offerStates = ['offered', 'accepted', 'postponed', 'refused', 'blocked', 'withdrawn'];
  gauge('crossgap_offers', 'Offers to this instance by state.', ...byState(offerStates, view.offers));
  gauge('crossgap_missing_inputs', 'Values that only people here know and have not given.', [
    view.missingInputs.length,
  ]);
  gauge('crossgap_warnings', 'Warnings shown on the status page.', [view.warnings.length]);
  gauge('crossgap_status_listeners', 'Open live streams of the status page.', [measured.listeners]);
  processGauges(gauge);
  for (const [name, total] of Object.entries(measured.counters)) addCounter(registry, name, total);
  return { text: await registry.metrics(), contentType: registry.contentType };
}

type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];

function byState(states: readonly string[], rows: readonly { readonly state: string }[]): readonly Sample[] {
  return states.map((state) => [rows.filter((row) => row.state === state).length, { state }]);
}

/**
 * Read when asked for: the library's own set measures the event loop all the time, which an idle daemon should not
 * pay for.
 */
function processGauges(gauge: (name: string, help: string, ...samples: readonly Sample[]) => void): void {
  const { user, system } = process.cpuUsage();
  const memory = process.memoryUsage();
  gauge('process_cpu_seconds_total', 'Processor time used, user and system.', [(user + system) / 1e6]);
  gauge('process_resident_memory_bytes', 'Memory held.', [memory.rss]);
  gauge('process_heap_bytes', 'Heap in use.', [memory.heapUsed]);
  gauge('process_start_time_seconds', 'When the process started, seconds since 1970.', [
    Math.round((performance.timeOrigin / 1000) * 1000) / 1000,
  ]);
  gauge('nodejs_version_info', 'The Node.js that runs it.', [1, { version: process.version }]);
}

/** `entriesReceived` becomes `crossgap_entries_received_total`. */
function addCounter(registry: Registry, name: string, total: number): void {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$|_total$/g, '');
  const metric = `crossgap_${words}_total`;
  if (words === '' || registry.getSingleMetric(metric) !== undefined) return;
  const counter = new Counter({ name: metric, help: `Since the start: ${name}.`, registers: [registry] });
  counter.inc(Math.max(0, total));
}
