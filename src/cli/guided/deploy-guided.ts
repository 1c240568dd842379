import { findEnvironment } from '../../commands/index.ts';
import { refuseOtherAnswers } from '../../guide/index.ts';
import { findRelease } from '../../instance/index.ts';
import { readEnvironments } from '../../projections/index.ts';
import type { Context, Outcome } from '../command.ts';
import type { GuideFlags } from './guide-options.ts';
import { leadThrough, mannerOf } from './lead-through.ts';
import { instanceSite } from '../site/index.ts';
import { whatToNote } from '../told/what-to-note.ts';

/** What is to be deployed by the guide. */
export type GuidedDeployment = {
  /** The release, as it was named. */
  readonly named: string;
  readonly environment: string;
  readonly again: boolean;
  readonly flags: GuideFlags;
};

/** Deploys a release by the pages of the installer, at an instance that has it: with a daemon that does the work, or without. */
export async function deployGuided(
  context: Context,
  { named, environment, again, flags }: GuidedDeployment,
): Promise<Outcome> {
  const { terminal, json, signal } = context;
  const manner = mannerOf('deploy', flags);
  refuseOtherAnswers(manner.answers, environment);
  const instance = await context.open();
  const release = findRelease(instance.db, named);
  findEnvironment(readEnvironments(instance.db), environment);
  for (const line of whatToNote(instance, release))
    if (json) terminal.talkDocument({ note: line });
    else terminal.talk(`note: ${line}`);
  await using site = instanceSite(instance, release, signal);
  return await leadThrough(context, site, {
    what: `${release.process} ${release.number} in ${environment}`,
    asked: { environment, words: null, wanted: again ? 'again' : 'install', resultFile: null },
    manner,
  });
}
