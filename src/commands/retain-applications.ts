import { ApplicationRemoved } from '../events/index.ts';
import { atHome, type Decision } from './decision.ts';

/** How long what was installed before is kept; nothing given keeps everything. */
export type Retention = { readonly releases?: number | undefined; readonly days?: number | undefined };

/** An installation as retention sees it. */
export type KeptApplication = {
  readonly deployment: string;
  readonly step: number;
  readonly stepId: string;
  readonly extractedTo: string;
  readonly succeeded: boolean;
  /** Milliseconds since 1970. */
  readonly installedAt: number;
};

const dayMs = 86_400_000;

/**
 * Which installations of one process in one environment are kept no longer, given newest first. Per step stay: what
 * was put there last and everything since the newest success, that success, the one before it, to go back to, as many
 * before it as `releases` says, what is younger than `days`, and what a run that is not over put there. A folder that is
 * kept for one of them is kept.
 */
export function superfluousApplications<Row extends KeptApplication>(
  rows: readonly Row[],
  given: { readonly retention: Retention; readonly now: number; readonly open: ReadonlySet<string> },
): Row[] {
  const { retention, now, open } = given;
  const { releases, days } = retention;
  if (releases === undefined && days === undefined) return [];
  const earlierKept = Math.max(1, releases ?? 0);
  const superfluous: Row[] = [];
  const keptFolders = new Set<string>();
  for (const ofStep of Map.groupBy(rows, ({ stepId }) => stepId).values()) {
    let successes = 0;
    for (const row of ofStep) {
      const isYoung = days !== undefined && now - row.installedAt < days * dayMs;
      const isWanted = row.succeeded ? successes <= earlierKept : successes === 0;
      if (row.succeeded) successes += 1;
      if (isWanted || isYoung || open.has(row.deployment)) keptFolders.add(row.extractedTo);
      else superfluous.push(row);
    }
  }
  return superfluous.filter(({ extractedTo }) => !keptFolders.has(extractedTo));
}

/** The folder of an installation is gone. */
export function removeApplication({ deployment, step }: KeptApplication): Decision {
  return [atHome(ApplicationRemoved.make({ deployment, position: step }))];
}
