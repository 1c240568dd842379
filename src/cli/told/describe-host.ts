import type { HostCheck } from '../../executor/index.ts';
import { table } from '../table.ts';

const marks: Readonly<Record<HostCheck['state'], string>> = { good: 'ok', note: 'note', lacking: 'LACKING' };

/** What was looked at on this machine, a line each, with what to do about it below where there is something to do. */
export function describeHost(checks: readonly HostCheck[]): string[] {
  const lines = table(checks.map(({ state, name, found }) => [marks[state], name, found]));
  return checks.flatMap(({ hint }, at) => [lines[at] ?? '', ...(hint === null ? [] : [`  -> ${hint}`])]);
}

/** The names of what is lacking. */
export function lackingIn(checks: readonly HostCheck[]): string[] {
  return checks.flatMap(({ name, state }) => (state === 'lacking' ? [name] : []));
}
