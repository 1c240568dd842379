import type * as Prometheus from 'prom-client';
import type { LinkFigures, OutstandingView, PageView, Series } from '../projections/index.ts';
import type { Readiness } from './source.ts';

export type Measured = {
  readonly view: PageView;
  readonly series: Series;
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
  // What is never scraped does without the library.
  const prometheus = await import('prom-client');
  const registry = new prometheus.Registry();
  const { view, series, readiness } = measured;
  const gauge: AddGauge = (name, help, ...samples) => {
    const labelNames = [...new Set(samples.flatMap(([, labels]) => Object.keys(labels ?? {})))];
    const made = new prometheus.Gauge({ name, help, labelNames, registers: [registry] });
    for (const [value, labels] of samples) made.set(labels ?? {}, value);
  };
  const { instance, log } = view;
  gauge('crossgap_info', 'The running program and instance.', [
    1,
    { version: instance.version, instance: instance.name },
  ]);
  gauge('crossgap_ready', '1 when the daemon does all it is there for.', [readiness.ready ? 1 : 0]);
  gauge('crossgap_log_entries', 'Entries in the log, all feeds together.', [log.entries]);
  gauge('crossgap_feeds', 'Feeds in the log.', [log.feeds.count]);
  gauge('crossgap_feeds_frozen', 'Feeds whose author signed two histories.', [log.feeds.frozen]);
  const { feeds } = series;
  gauge(
    'crossgap_feed_seq',
    'Sequence number of the newest entry held of a feed.',
    ...feeds.map(({ feed, seq }): Sample => [seq, { feed }]),
  );
  gauge(
    'crossgap_feed_info',
    'Whose feed it is and whom it is for.',
    ...feeds.map(({ feed, author, audience }): Sample => [1, { feed, author, audience }]),
  );
  gauge(
    'crossgap_feed_frozen',
    '1 when the author signed two different entries with one number.',
    ...feeds.map(({ feed, frozen }): Sample => [frozen ? 1 : 0, { feed }]),
  );
  linkGauges(gauge, series);
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
  for (const [name, total] of Object.entries(measured.counters))
    addCounter(prometheus, registry, name, total);
  return { text: await registry.metrics(), contentType: registry.contentType };
}

/** Series for more links and their feeds than this would be most of what is scraped; the sums are of all. */
export const linksMeasured = 1000;

function linkGauges(gauge: AddGauge, { links, states, connected, failing }: Series): void {
  const ways = (what: (way: OutstandingView) => number) => (link: LinkFigures) =>
    [
      [what(link.outstanding.toThem), { link: link.name, direction: 'out' }],
      [what(link.outstanding.toUs), { link: link.name, direction: 'in' }],
    ] as const;
  const isFailing = ({ live }: LinkFigures): boolean => live?.lastError?.over === false;
  const linkStates = ['invited', 'pending', 'confirmed'] as const;
  gauge(
    'crossgap_links',
    'Links by state.',
    ...linkStates.map((state): Sample => [states[state], { state }]),
  );
  gauge('crossgap_links_connected', 'Links whose connection to a NATS server is up.', [connected]);
  gauge('crossgap_links_failing', 'Links that something hinders now.', [failing]);
  const each = (name: string, help: string, samples: (link: LinkFigures) => readonly Sample[]): void =>
    gauge(name, help, ...links.flatMap(samples));
  each(
    'crossgap_link_connected',
    '1 while the connection to the NATS server is up; absent for links without one.',
    ({ name, live }) => (live?.connection ? [[live.connection.connected ? 1 : 0, { link: name }]] : []),
  );
  each('crossgap_link_failing', '1 while something hinders the link.', (link) => [
    [isFailing(link) ? 1 : 0, { link: link.name }],
  ]);
  each(
    'crossgap_link_refused_lately',
    'What came from the other side and was refused, until an hour has passed without; by reason.',
    ({ name, live }) =>
      (live?.refused?.reasons ?? []).map(({ code, count }) => [count, { link: name, code }] as const),
  );
  each(
    'crossgap_link_last_exchange_timestamp_seconds',
    'When both ways were last looked through without hindrance, seconds since 1970.',
    ({ name, live }) => (live?.exchangedAt ? [[Date.parse(live.exchangedAt) / 1000, { link: name }]] : []),
  );
  each(
    'crossgap_link_age_seconds',
    'Age of the newest thing heard from the other side; absent before the first.',
    ({ name, heardAgeSeconds }) => (heardAgeSeconds === null ? [] : [[heardAgeSeconds, { link: name }]]),
  );
  each(
    'crossgap_link_unconfirmed_entries',
    'Own entries of which the other side has not said that it holds them.',
    ({ name, unconfirmedEntries }) => [[unconfirmedEntries, { link: name }]],
  );
  each(
    'crossgap_link_head_seq',
    'Sequence number of the newest entry here, of our feed for them and of theirs for us.',
    ({ name, heads }) => [
      [heads.ours.seq, { link: name, author: 'self' }],
      [heads.theirs.seq, { link: name, author: 'peer' }],
    ],
  );
  each(
    'crossgap_link_outstanding_entries',
    'Entries that one side has and the other lacks, as far as it is known here.',
    ways(({ entries }) => entries),
  );
  each(
    'crossgap_link_outstanding_blob_bytes',
    'Bytes of packages and documents that have still to cross.',
    ways(({ blobBytes }) => blobBytes),
  );
}

type AddGauge = (name: string, help: string, ...samples: readonly Sample[]) => void;

type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];

function byState(states: readonly string[], rows: readonly { readonly state: string }[]): readonly Sample[] {
  return states.map((state) => [rows.filter((row) => row.state === state).length, { state }]);
}

/**
 * Read when asked for: the library's own set measures the event loop all the time, which an idle daemon should not
 * pay for.
 */
function processGauges(gauge: AddGauge): void {
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
function addCounter(
  { Counter }: typeof Prometheus,
  registry: Prometheus.Registry,
  name: string,
  total: number,
): void {
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
