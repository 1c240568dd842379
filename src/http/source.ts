import type { DeploymentView, OutboundLine, StatusView } from '../projections/index.ts';

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
  view(): StatusView;
  deployment(id: string): DeploymentView | undefined;
  /** The end of the masked log of a run here, a few hundred KiB at most; undefined where none is here. */
  log(deployment: string): string | undefined;
  /** Every line of the link's outward feed, oldest first; undefined where no link has this name. */
  outbound(link: string): readonly OutboundLine[] | undefined;
  readiness(): Readiness;
  /** Calls `listener` after each change of what the other functions answer; gives back how to stop that. */
  changed(listener: () => void): () => void;
  /** Running totals since the daemon started, by name in camelCase, snake_case or words; shown in /metrics. */
  counters(): Readonly<Record<string, number>>;
}
