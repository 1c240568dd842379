import { openRun, type Known } from './known.ts';

/** What a run from before that came to no good end has done to this machine; undefined where it never began. */
export function changedBefore(known: Known): string | undefined {
  const { open } = openRun(known) ?? {};
  if (open === undefined || (open.at === null && open.done.length === 0)) return undefined;
  const { kind, number, state, at, done } = open;
  const of = { install: `of ${number}`, 'roll-back': `back to ${number}`, uninstall: 'that uninstalls' };
  const where = at === null ? '' : `, and it ${state === 'failed' ? 'failed' : 'stopped'} in ${at}`;
  return done.length === 0
    ? `The last run, ${of[kind]}, may have changed this machine already: no step was finished${where}.`
    : `The last run, ${of[kind]}, has changed this machine already: done are ${done.join(', ')}${where}.`;
}
