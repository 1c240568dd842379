import { cpuUsage } from 'node:process';
import { getHeapSpaceStatistics } from 'node:v8';
import { collectAll } from '../garbage.ts';

const lookEveryMs = 5000;
/** Who worked no more than this since the last look is at rest. */
const restMicroseconds = 100_000;
/** Less than this is not worth the work. */
const roomBytesMin = 4 * 1024 * 1024;
/** With more than this in use, a collection takes long enough to be in the way of what comes next. */
const heapBytesMax = 256 * 1024 * 1024;

/** What a process is made of, as far as resting goes. */
export type Resting = {
  /** Processor time so far, in microseconds. */
  readonly worked: () => number;
  /** Bytes of room taken for what is young, and bytes in use in all. */
  readonly room: () => { readonly young: number; readonly used: number };
  readonly giveBack: () => void;
};

/**
 * Gives back what work left behind, once there is none: the engine keeps the room it took for the young, which after a
 * start, a page or a parcel is a fifth of what a daemon has, and it looks for garbage only when there is more.
 */
export function giveBackAtRest(process: Resting = thisProcess): Disposable {
  const look = lookForRest(process);
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** One look; the first only learns how much was worked before. */
export function lookForRest({ worked, room, giveBack }: Resting): () => void {
  let before = -Infinity;
  return () => {
    const now = worked();
    const isAtRest = now - before <= restMicroseconds;
    before = now;
    if (!isAtRest) return;
    const { young, used } = room();
    if (young < roomBytesMin || used > heapBytesMax) return;
    giveBack();
    // What it took was no work for anybody.
    before = worked();
  };
}

const thisProcess: Resting = {
  worked() {
    const { user, system } = cpuUsage();
    return user + system;
  },
  room() {
    const spaces = getHeapSpaceStatistics();
    const young = spaces.find(({ space_name: name }) => name === 'new_space')?.physical_space_size ?? 0;
    return { young, used: spaces.reduce((sum, { space_used_size: used }) => sum + used, 0) };
  },
  giveBack: collectAll,
};
