import type * as Planned from '../planned-scripts.ts';
import type * as Foreseeing from './foresee-run.ts';
import type * as Replaying from './replay-run.ts';

/*
 * Looking ahead takes all that a run takes, and comes in when somebody asks for it.
 */

export const foreseeRun: typeof Foreseeing.foreseeRun = async (...given) =>
  (await import('./foresee-run.ts')).foreseeRun(...given);

export const replayRun: typeof Replaying.replayRun = async (...given) =>
  (await import('./replay-run.ts')).replayRun(...given);

export const plannedScripts: typeof Planned.plannedScripts = async (...given) =>
  (await import('../planned-scripts.ts')).plannedScripts(...given);
