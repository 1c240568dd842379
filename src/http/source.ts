import type {
  DeploymentView,
  FleetChoice,
  FleetRow,
  FleetWish,
  LinkView,
  OutboundLine,
  PageView,
  Series,
} from '../projections/index.ts';

export type ReadinessCheck = {
  readonly name: string;
  readonly state: 'ok' | 'waiting' | 'failed';
  readonly detail: string;
};

/** Whether the daemon does all it is there for, and what it still waits for where it does not. */
export type Readiness = { readonly ready: boolean; readonly checks: readonly ReadinessCheck[] };

/**
 * All that the status server may know. It only reads; whatever is handed over is shown to anyone who can open a
 * connection to the machine's loopback address, so nothing secret may be in it.
 */
export interface StatusSource {
  /** What one look at the page shows, with the part of the fleet that was chosen. */
  page(choice: FleetChoice): PageView;
  /** What is measured of so many links at most, and of their feeds. */
  series(linksMax: number): Series;
  /** Everything, whole, as the pieces of a JSON document. */
  status(): Iterable<string>;
  /** Rows of the fleet, customers by name, some at a time. */
  fleet(wish: FleetWish): Iterable<readonly FleetRow[]>;
  /** The feeds with their heads, as the pieces of a JSON document. */
  ledger(): Iterable<string>;
  deployment(id: string): DeploymentView | undefined;
  /** The end of the masked log of a run here, a few hundred KiB at most; undefined where none is here. */
  log(deployment: string): string | undefined;
  /** A link with every line of its outward feed, oldest first; undefined where none has this name or id. */
  link(named: string): { readonly link: LinkView; readonly lines: readonly OutboundLine[] } | undefined;
  readiness(): Readiness;
  /** Calls `listener` after each change of what the other functions answer; gives back how to stop that. */
  changed(listener: () => void): () => void;
  /** Running totals since the daemon started, by name in camelCase, snake_case or words; shown in /metrics. */
  counters(): Readonly<Record<string, number>>;
}
