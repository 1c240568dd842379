import { refuseUnfitHost } from '../../daemon/index.ts';
import type { Database } from '../../db/index.ts';
import { findLink } from '../../instance/index.ts';
import { readDeployments, readLinks } from '../../projections/index.ts';
import { command, flag, misuse, needed, type Outcome } from '../command.ts';
import { newDeploymentId } from '../deployment-id.ts';
import { CliError } from '../errors.ts';
import { goBack } from '../go-back.ts';
import { deploymentOf, settle } from '../settle.ts';
import { askedFor, finished } from './deploy.ts';

export const rollback = command({
  path: 'rollback',
  about: 'Deploy what ran before, in one environment',
  example: 'crossgap rollback Orders --env production --wait',
  args: { PROCESS: needed('PROCESS', 'PROCESS or LINK:PROCESS') },
  options: { env: needed('E', 'the environment'), wait: flag('show progress and end with the outcome') },
  async run(context, { PROCESS }, { env, wait }): Promise<Outcome> {
    const instance = await context.open();
    const { process, link } = runningProcess(instance.db, PROCESS, env);
    const fresh = newDeploymentId();
    const decide = (db: Database) =>
      goBack(instance, db, { process, link, environment: env, deployment: fresh });
    const { release } = decide(instance.db);
    await refuseUnfitHost(instance, release, env);
    context.terminal.talk(`${process} in ${env} goes back to ${release.number}`);
    instance.record((db) => decide(db).decision);
    if (!wait) return askedFor(context, instance, deploymentOf(instance, fresh));
    return finished(context, instance, await settle(context, instance, fresh));
  },
});

/** Which process of whom: `LINK:PROCESS`, or its name where only one of that name was deployed there. */
function runningProcess(db: Database, named: string, environment: string): { process: string; link: string } {
  const here = readDeployments(db).filter((row) => row.environment === environment);
  const [, linkName, rest] = /^([^:]+):(.+)$/.exec(named) ?? [];
  if (linkName !== undefined && rest !== undefined)
    return { process: rest, link: findLink(db, linkName).link };
  const links = [...new Set(here.filter((row) => row.process === named).map(({ link }) => link))];
  if (links.length === 1) return { process: named, link: links[0]! };
  if (links.length > 1) {
    const names = new Map(readLinks(db).map(({ link, name }) => [link, name]));
    const candidates = links.map((link) =>
      link === '' ? `${named} of this side` : `${names.get(link)}:${named}`,
    );
    throw misuse(
      `Cannot tell which ${named} is meant: there are ${links.length} in ${environment}`,
      `Say one of: ${candidates.join(', ')}.`,
    );
  }
  const known = [...new Set(here.map(({ process }) => process))];
  throw new CliError(
    'PROCESS_UNKNOWN',
    `Cannot roll back ${named} in ${environment}: nothing of that name was deployed there`,
    {
      hint: known.length === 0 ? 'Nothing was deployed there yet.' : `Deployed there: ${known.join(', ')}.`,
      details: { process: named, environment },
    },
  );
}
