import type { Findings } from './findings.ts';
import { oneScript, type ReadScript } from './read-action.ts';
import { checkText } from './read-values.ts';
import type { ProcessCheck } from './revision.ts';
import type { CheckEntry } from './schema.ts';

/** The checks of the file, in its order; what is wrong with one is added to the findings. */
export function readChecks(
  entries: readonly CheckEntry[],
  readScript: ReadScript,
  findings: Findings,
): ProcessCheck[] {
  const names = new Map<string, number>();
  return entries.map(({ name, run, hint, environments = [], tags = [] }, n) => {
    const path = ['checks', n];
    checkText([...path, 'name'], 'the name of a check', findings);
    const same = names.get(name.toLowerCase());
    if (same !== undefined) {
      findings.add(
        [...path, 'name'],
        `check ${same + 1} is called ${name} too`,
        'Give each check a name of its own; what it found is told by it.',
      );
    }
    names.set(name.toLowerCase(), n);
    const more = { message: 'run: has exactly one script', hint: 'Make a check of each script.' };
    const script = oneScript(run, [...path, 'run'], more, readScript, findings);
    return { name, hint: hint ?? null, environments, tags, script };
  });
}
