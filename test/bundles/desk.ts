import { afterAll, beforeAll, beforeEach } from 'vitest';
import { memoryFolder } from '../support/build-nupkg.ts';
import { makePair, type Pair } from '../support/instances.ts';
import { bringAll, stick } from './support.ts';

/** What a test finds: both sides have everything of each other, and nobody used the stick or the number before. */
export type Desk = {
  readonly root: ReturnType<typeof memoryFolder>;
  readonly pair: Pair;
  /** Where scripts of applications leave their marks. */
  readonly marks: string;
  readonly turn: number;
  /** Of a release. */
  readonly number: string;
  readonly out: string;
};

/** One pair of instances for all tests of a file; `sit` is told before each what it finds. */
export function deskForEach(sit: (desk: Desk) => void): void {
  let root: ReturnType<typeof memoryFolder>;
  let pair: Pair;
  let marks: string;
  let turn = 0;
  beforeAll(async () => {
    root = memoryFolder();
    pair = await makePair(root.path);
    marks = root.file('marks', new Uint8Array());
  });
  afterAll(() => {
    pair[Symbol.dispose]();
    root[Symbol.dispose]();
  });
  beforeEach(async () => {
    await bringAll(pair);
    turn += 1;
    sit({ root, pair, marks, turn, number: `1.${turn}.0`, out: stick(root.path, `stick-${turn}`) });
  });
}
