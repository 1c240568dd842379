import type { DeploymentReport } from '../events/index.ts';

/** Which run of a place something is known of: its number there, and when it was. */
export type RunMark = { readonly deployment: string; readonly ordinal: number | null; readonly at: number };

/** The mark of a reported run; `told` is when it was told, where its own times are not known. */
export function markOf({ deployment, ordinal, endedAt, startedAt }: DeploymentReport, told: number): RunMark {
  return { deployment, ordinal, at: endedAt ?? startedAt ?? told };
}

/**
 * Whether a run was before the one that is known: a person may tell of it later. Its number says so and its time does
 * not gainsay: numbers begin again where a side lost its log, and clocks are put back.
 */
export function isEarlierRun(report: DeploymentReport, known: RunMark): boolean {
  const { deployment, ordinal } = report;
  if (deployment === known.deployment || ordinal === null || known.ordinal === null) return false;
  if (ordinal >= known.ordinal) return false;
  const at = report.endedAt ?? report.startedAt;
  return at === null ? report.state !== 'running' : at < known.at;
}
