import { addEnvironment, findEnvironment, removeEnvironment } from '../../commands/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readEnvironments } from '../../projections/index.ts';
import { command, list, needed, notYet, text } from '../command.ts';
import { refuseUnfitName } from '../given/environment-name.ts';
import { table } from '../table.ts';

const name = needed('NAME', 'the environment');

const add = command({
  path: 'environment add',
  about: 'Add an environment, or change what it follows and carries',
  example: 'crossgap environment add production --after uat --tag live',
  args: { NAME: name },
  options: {
    after: list('OTHER', 'no release goes here that did not succeed there'),
    tag: list('TAG', 'a tag that values and steps of a process can name'),
    approvals: text('N', 'people who must agree (not in this version)'),
    window: text('SPAN', 'when deployments may start (not in this version)'),
  },
  async run(context, { NAME }, { after, tag, approvals, window }) {
    if (approvals !== undefined) throw notYet('ask for approvals');
    if (window !== undefined) throw notYet('keep a maintenance window');
    refuseUnfitName(NAME);
    for (const one of tag) refuseUnfitName(one);
    const instance = await context.open();
    const wanted = { name: NAME, after: [...new Set(after)], tags: [...new Set(tag)] };
    const entries = instance.record((db) => addEnvironment(readEnvironments(db), wanted));
    const order = wanted.after.length === 0 ? '' : `, after ${wanted.after.join(' and ')}`;
    const tags = wanted.tags.length === 0 ? '' : `, tagged ${wanted.tags.join(', ')}`;
    const is = entries.length === 0 ? 'is there already' : 'is set up';
    return {
      document: { ...wanted, changed: entries.length > 0 },
      text: `Environment ${NAME} ${is}${order}${tags}`,
    };
  },
});

const remove = command({
  path: 'environment remove',
  about: 'Remove an environment; what ran there stays in the history',
  example: 'crossgap environment remove staging',
  args: { NAME: name },
  options: {},
  async run(context, { NAME }) {
    const instance = await context.open();
    const entries = instance.record((db) => removeEnvironment(readEnvironments(db), NAME));
    const changed = entries.length > 0;
    // What was removed before is gone, as it was asked for; a name that never was one is a slip.
    if (!changed && !wasThere(instance, NAME)) findEnvironment(readEnvironments(instance.db), NAME);
    return {
      document: { name: NAME, changed },
      text: `Environment ${NAME} ${changed ? 'is removed' : 'was removed before'}`,
    };
  },
});

const listAll = command({
  path: 'environment list',
  about: "This side's environments and the order releases take through them",
  example: 'crossgap environment list',
  args: {},
  options: {},
  async run(context) {
    const instance = await context.open();
    const environments = readEnvironments(instance.db);
    const rows = environments.map((one) => [
      one.name,
      one.after.join(', ') || '-',
      one.tags.join(', ') || '-',
    ]);
    return {
      document: environments,
      text:
        rows.length === 0
          ? 'No environment yet; add one with `crossgap environment add NAME`'
          : table([['ENVIRONMENT', 'AFTER', 'TAGS'], ...rows]),
    };
  },
});

export const environmentCommands = [add, listAll, remove];

function wasThere({ log }: Instance, environment: string): boolean {
  for (const batch of log.history()) {
    const removed = batch.some(
      ({ event }) => event.known && event.name === 'environment.removed' && event.data.name === environment,
    );
    if (removed) return true;
  }
  return false;
}
