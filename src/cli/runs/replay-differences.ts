import type { ForeseenStep } from '../../executor/index.ts';
import { struckState } from '../../commands/index.ts';
import type { StepView } from '../../projections/index.ts';

/** Where a repeated run is not what was recorded. */
export type ReplayDifference = {
  readonly step: string;
  /** The number of the convention, null for the step as a whole. */
  readonly convention: number | 'F' | null;
  readonly recorded: string;
  readonly repeated: string;
};

type Line = StepView['conventions'][number];

/** What can be asked of a record: who has only a report does not know values, nor what they were put into. */
export type Comparing = 'everything' | 'states-and-files';

/** States that say how far a run came, or that somebody struck it out, and nothing of what was decided. */
const unfinished = new Set(['not-run', 'interrupted', 'running', struckState]);
/** Where features act: what they come to is the machine's. */
const featureNumbers = new Set<number | 'F'>([1, 3, 9, 11, 12, 13, 15, 'F']);

/** The lines that were recorded and are not repeated as they were, in order. */
export function replayDifferences(
  recorded: readonly StepView[],
  repeated: readonly ForeseenStep[],
  comparing: Comparing,
): ReplayDifference[] {
  const differences: ReplayDifference[] = [];
  for (const [index, step] of recorded.entries()) {
    if (step.state === struckState) continue;
    const again = repeated[index];
    if (again === undefined || again.id !== step.id) {
      const found = again === undefined ? 'there is no such step' : `step ${again.name}`;
      differences.push({ step: step.name, convention: null, recorded: `step ${step.id}`, repeated: found });
      return differences;
    }
    for (const line of step.conventions.filter(({ state }) => !unfinished.has(state))) {
      // What follows a failure does so only where that is repeated, and no report has why something failed.
      if (line.number === 'F' && comparing === 'states-and-files') continue;
      const other = again.conventions.find(({ number }) => number === line.number);
      const said = other === undefined ? 'no such line' : differenceOf(line, other, comparing);
      if (said === undefined) continue;
      differences.push({ step: step.name, convention: line.number, recorded: inWords(line), repeated: said });
    }
    // Behind what failed for reasons that no report tells nothing can be repeated.
    const isCut = comparing === 'states-and-files' && step.state !== 'succeeded' && step.state !== 'skipped';
    if (isCut) return differences;
  }
  return differences;
}

function differenceOf(recorded: Line, repeated: Line, comparing: Comparing): string | undefined {
  const isFailed = recorded.state === 'failed' && comparing === 'states-and-files';
  if (recorded.state !== repeated.state && !isFailed) return inWords(repeated);
  if (isFailed || featureNumbers.has(recorded.number)) return undefined;
  if (!sameFiles(recorded.files ?? [], repeated.files ?? [], comparing)) return inWords(repeated);
  if (comparing === 'states-and-files' || recorded.number === 8) return undefined;
  return sameDetail(recorded.detail ?? '', repeated.detail ?? '') ? undefined : inWords(repeated);
}

/** A record keeps the first files of many and says how many there were; a report may keep none. */
function sameFiles(recorded: readonly string[], repeated: readonly string[], comparing: Comparing): boolean {
  if (recorded.length === 0 && comparing === 'states-and-files') return true;
  const cut = /^… and (\d+) more$/.exec(recorded.at(-1) ?? '');
  const kept = cut === null ? recorded : recorded.slice(0, -1);
  const total = kept.length + Number(cut?.[1] ?? 0);
  // The journal itself keeps the first thousand.
  const same = kept.every((file, at) => isMasked(file) || file === repeated[at]);
  return same && (total === repeated.length || total === Math.min(1000, repeated.length));
}

/** Masked values stand for anything; a long line was cut when it was recorded. */
function sameDetail(recorded: string, repeated: string): boolean {
  if (recorded === repeated) return true;
  const isCut = recorded.endsWith('…');
  const parts = (isCut ? recorded.slice(0, -1) : recorded).split(masked);
  if (parts.length === 1 && !isCut) return false;
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const found = index === 0 ? (repeated.startsWith(part) ? 0 : -1) : repeated.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return isCut || at === repeated.length || parts.at(-1) === '';
}

const masked = /\*{8,}/;
const isMasked = (text: string): boolean => masked.test(text);

function inWords({ state, files = [], detail = '' }: Line): string {
  const more = [detail, files.slice(0, 10).join(', ')].filter((part) => part !== '').join(': ');
  return more === '' ? state : `${state}: ${more}`;
}
