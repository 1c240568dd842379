import { refuseUnready } from '../../daemon/index.ts';
import type { Database } from '../../db/index.ts';
import { command, flag, needed, type Outcome } from '../command.ts';
import { deployedProcess } from '../given/deployed-process.ts';
import { newDeploymentId } from '../runs/deployment-id.ts';
import { goBack } from '../runs/go-back.ts';
import { deploymentOf, openToDecide, settle } from '../runs/settle.ts';
import { askedFor, finished } from './deploy.ts';

export const rollback = command({
  path: 'rollback',
  about: 'Deploy what ran before, in one environment; a run that was interrupted there is given up for it',
  example: 'crossgap rollback Orders --env production --wait',
  args: { PROCESS: needed('PROCESS', 'PROCESS or LINK:PROCESS') },
  options: { env: needed('E', 'the environment'), wait: flag('show progress and end with the outcome') },
  async run(context, { PROCESS }, { env, wait }): Promise<Outcome> {
    const instance = await openToDecide(context);
    const { process, link } = deployedProcess(instance.db, PROCESS, env, 'roll back');
    const fresh = newDeploymentId();
    const decide = (db: Database) =>
      goBack(instance, db, { process, link, environment: env, deployment: fresh });
    const { release, open } = decide(instance.db);
    await refuseUnready(instance, release, env);
    context.terminal.talk(`${process} in ${env} goes back to ${release.number}`);
    if (open !== undefined)
      context.terminal.talk(`deployment ${open.deployment} of ${open.number} is given up for that`);
    instance.record((db) => decide(db).decision);
    if (!wait) return askedFor(context, instance, deploymentOf(instance, fresh));
    return finished(context, instance, await settle(context, instance, fresh));
  },
});
