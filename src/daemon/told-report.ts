import type { DeploymentReport } from '../events/index.ts';
import type { Instance } from '../instance/index.ts';
import { findToldReport } from '../projections/index.ts';

/** What an author was told of a run here, and the entry that tells it. */
export type ToldReport = { readonly seq: number; readonly at: number; readonly report: DeploymentReport };

/** What the author was told of a run here last; undefined where it was told nothing. */
export function toldReport({ db, log }: Instance, deployment: string): ToldReport | undefined {
  const told = findToldReport(db, deployment);
  if (told === undefined) return undefined;
  const [entry] = log.read({ after: told.pos - 1, limit: 1 });
  if (entry === undefined || !entry.event.known || entry.event.name !== 'deployment.reported')
    return undefined;
  return { seq: entry.header.seq, at: entry.header.at, report: entry.event.data };
}
