import type { StatusView } from '../../src/projections/index.ts';
import type { Readiness, StatusSource } from '../../src/http/index.ts';
import { pageOf, seriesOf } from './page-of.ts';

/** What a run writes: time, place, level, text. */
export const exampleLog = `2026-03-03T13:56:12.120Z  1/3 Stop service · 10 Deploy scripts  info       stopped
2026-03-03T13:56:13.004Z  2/3 Web · 10 Deploy scripts  error      orders.db is of version 7, this release needs 8
`;

/** A source whose view a test holds in its hand and exchanges; each exchange is a change. */
export type ExampleSource = StatusSource & {
  show(view: StatusView): void;
  readyWhen(readiness: Readiness): void;
  /** How often the view was read. */
  readonly readings: number;
  readonly listeners: number;
};

export function exampleSource(first: StatusView): ExampleSource {
  let [view, readings] = [first, 0];
  let readiness: Readiness = { ready: true, checks: [{ name: 'log', state: 'ok', detail: 'verified' }] };
  const listeners = new Set<() => void>();
  const tell = (): void => listeners.forEach((listener) => listener());
  return {
    page(choice) {
      readings += 1;
      return pageOf(view, choice);
    },
    series: (linksMax) => seriesOf(view, linksMax),
    status: () => [JSON.stringify(view)],
    *fleet({ after = '', limit = Infinity, behind = 0 }) {
      const customers = [...Map.groupBy(view.fleet, ({ customer }) => customer)].filter(
        ([customer]) => customer > after,
      );
      for (const [, rows] of customers.slice(0, limit)) yield rows.filter((row) => row.behind >= behind);
    },
    ledger: () => [JSON.stringify(view.log)],
    deployment: (id) => view.deployments.find((one) => one.id === id),
    log: (id) => (view.deployments.some((one) => one.id === id) ? exampleLog : undefined),
    link(name) {
      const link = view.links.find((one) => one.name === name);
      return link && { link, lines: view.outbound.filter((line) => line.link === name) };
    },
    readiness: () => readiness,
    changed(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    counters: () => ({ entriesReceived: 12, 'parcels refused': 1 }),
    show(next) {
      view = next;
      tell();
    },
    readyWhen(next) {
      readiness = next;
      tell();
    },
    get readings() {
      return readings;
    },
    get listeners() {
      return listeners.size;
    },
  };
}
