import { CommandError, requestDeployment, requestUninstall, type Decision } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { placeOf, type Instance } from '../../instance/index.ts';
import type { DeploymentRow } from '../../projections/index.ts';
import { commandLine } from '../../words.ts';
import { giveUp } from './give-up.ts';
import { deployableRelease } from './obstacle.ts';
import { releaseOfRun } from './release-of-run.ts';
import { uninstallStepsOf } from './take-away.ts';

const retriable = new Set(['failed', 'interrupted', 'cancelled']);

/** Asks for the same once more, with today's values; a run that was interrupted is given up for it. */
export function startOver(instance: Instance, db: Database, row: DeploymentRow, fresh: string): Decision {
  if (!retriable.has(row.state)) {
    const again = commandLine('deploy', row.number, '--env', row.environment, '--again');
    throw new CommandError(
      'DEPLOYMENT_STATE',
      `Cannot retry deployment ${row.deployment}: it is ${row.state}`,
      {
        hint:
          row.state === 'succeeded'
            ? `Deploy it once more: \`${again}\`.`
            : 'Only one that failed, was interrupted or cancelled can be.',
        details: { deployment: row.deployment, state: row.state },
      },
    );
  }
  const givenUp = row.state === 'interrupted' ? giveUp(instance, db, row) : [];
  const place = placeOf(db, row.process, row.link, row.environment);
  const free = place.open?.deployment === row.deployment ? { ...place, open: undefined } : place;
  const release = deployableRelease(instance, db, releaseOfRun(db, row), row.environment);
  if (row.reason === 'uninstall') {
    const hasUninstall = uninstallStepsOf(instance, releaseOfRun(db, row)) !== undefined;
    const intent = { deployment: fresh, of: row.deployment, onFailure: row.onFailure };
    return [...givenUp, ...requestUninstall({ ...release, hasUninstall }, free, intent)];
  }
  const asked = requestDeployment(release, free, {
    deployment: fresh,
    // What a rollback leaves behind is not come back to, at whichever start it succeeds.
    reason: row.reason === 'rollback' ? 'rollback' : 'retry',
    of: row.deployment,
    onFailure: row.onFailure,
  });
  return [...givenUp, ...asked.decision];
}
