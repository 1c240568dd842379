import type { Known } from './known.ts';
import type { OpenRun, RunKind } from './site.ts';

/** How a run from before stands, after its name. */
export const howItStands = {
  interrupted: 'was cut off',
  waiting: 'waits for a person',
  running: 'is still under way',
  failed: 'failed',
} as const satisfies Record<OpenRun['state'], string>;

/** `going back to Orders 1.2.0`: a run by what it is for. */
export function runInWords(kind: RunKind, what: string): string {
  return { install: what, 'roll-back': `going back to ${what}`, uninstall: `uninstalling ${what}` }[kind];
}

/** Which values count where others were answered than those that a run began with; none where none were. */
export function unusedLines({ unused, way }: Known): string[] {
  if (unused.length === 0) return [];
  const each = unused.map(({ name, given, used }) => {
    if (given === null) return `${name} is another one than is answered now`;
    return `${name} is ${used === '' ? 'not given' : used}, and not ${given === '' ? 'left out' : given}`;
  });
  const [which, how] =
    way === 'resume' || way === 'decide'
      ? ['The run keeps the values that it began with', 'start over']
      : ['It keeps the values that it was installed with', 'install it again: if-installed: again'];
  return [`${which}: ${each.join('; ')}. To use what is answered now, ${how}.`];
}

/** Above the folders that are left of what was uninstalled. */
export const foldersStay =
  'These folders stay, with the values that were written into their files; remove what is needed no longer';
