import { ChunksAsked } from '../events/index.ts';
import { cut } from './bounded.ts';
import { told, type Decision } from './decision.ts';

const runsMax = 1000;
const partsMax = 5;
const partLengthMax = 200;

/** Asks the author of a package for some of its pieces: those of these numbers, in ascending order. */
export function askForChunks(intent: {
  readonly link: string;
  readonly package: string;
  readonly attempt: number;
  readonly pieces: readonly number[];
  /** What came wrong. */
  readonly parts?: readonly string[];
}): Decision {
  const { link, attempt } = intent;
  if (intent.pieces.length === 0) return [];
  const parts = (intent.parts ?? []).slice(0, partsMax).map((part) => cut(part, partLengthMax));
  const pieces = runsOf(intent.pieces);
  return [told(link, ChunksAsked.make({ package: intent.package, attempt, pieces, parts }))];
}

/** Numbers as runs; where there would be too many, the last one spans all that is left. */
function runsOf(numbers: readonly number[]): { first: number; count: number }[] {
  const runs: { first: number; count: number }[] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && (number === last.first + last.count || runs.length === runsMax))
      last.count = number - last.first + 1;
    else runs.push({ first: number, count: 1 });
  }
  return runs;
}
