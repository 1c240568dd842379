import { afterEach, beforeEach } from 'vitest';
import { memoryFolder } from './build-nupkg.ts';
import { makePair, type Pair } from './instances.ts';

/** Two companies with a link, in a folder of their own. */
export type PairOfTest = {
  readonly root: ReturnType<typeof memoryFolder>;
  readonly pair: Pair;
  /** Where scripts of applications leave their marks. */
  readonly marks: string;
};

/** Makes a pair for each test of a file and takes it away after it; `meet` is told before each what was made. */
export function pairForEach(meet: (made: PairOfTest) => void): void {
  let made: PairOfTest;
  beforeEach(async () => {
    const root = memoryFolder();
    made = { root, pair: await makePair(root.path), marks: root.file('marks', new Uint8Array()) };
    meet(made);
  });
  afterEach(() => {
    made.pair[Symbol.dispose]();
    made.root[Symbol.dispose]();
  });
}
