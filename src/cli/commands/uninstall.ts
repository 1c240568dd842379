import { refuseUnready } from '../../daemon/index.ts';
import type { Database } from '../../db/index.ts';
import { foldersStay } from '../../guide/index.ts';
import { command, flag, needed, text, type Outcome } from '../command.ts';
import { deployedProcess } from '../given/deployed-process.ts';
import { newDeploymentId } from '../runs/deployment-id.ts';
import { deploymentOf, openToDecide, settle } from '../runs/settle.ts';
import { section } from '../table.ts';
import { foldersLeft, takeAway } from '../runs/take-away.ts';
import { askedFor, finished, onFailureOf } from './deploy.ts';

export const uninstall = command({
  path: 'uninstall',
  about: 'Take away what runs in one environment, by the steps for that; a run interrupted there is given up',
  example: 'crossgap uninstall Orders --env production --wait',
  args: { PROCESS: needed('PROCESS', 'PROCESS or LINK:PROCESS') },
  options: {
    env: needed('E', 'the environment'),
    wait: flag('show progress and end with the outcome'),
    'on-failure': text('WHAT', 'when a step fails: ask, fail, ignore or retry (else it fails)'),
  },
  async run(context, { PROCESS }, options): Promise<Outcome> {
    const { env, wait } = options;
    const onFailure = onFailureOf(options['on-failure']);
    const instance = await openToDecide(context);
    const { process, link } = deployedProcess(instance.db, PROCESS, env, 'uninstall');
    const fresh = newDeploymentId();
    const decide = (db: Database) =>
      takeAway(instance, db, { process, link, environment: env, deployment: fresh, onFailure });
    const { release, open } = decide(instance.db);
    await refuseUnready(instance, release, env, 'uninstall');
    context.terminal.talk(`${process} ${release.number} is taken away from ${env}`);
    if (open !== undefined)
      context.terminal.talk(`deployment ${open.deployment} of ${open.number} is given up for that`);
    instance.record((db) => decide(db).decision);
    if (!wait) return askedFor(context, instance, deploymentOf(instance, fresh));
    const view = await settle(context, instance, fresh);
    const outcome = finished(context, instance, view);
    if (view.state !== 'succeeded') return outcome;
    // What steps did not remove is the business of whoever looks after the machine.
    const folders = foldersLeft(instance, { link, process, environment: env });
    return {
      ...outcome,
      document: { ...view, folders },
      text: [...[outcome.text ?? []].flat(), ...section(foldersStay, folders)],
    };
  },
});
