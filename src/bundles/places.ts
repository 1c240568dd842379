import type { Place } from '../sync/index.ts';

/** Whether `a` is before `b`, at it (0), or after it: negative, zero, positive. */
export function comparePlaces(a: Place, b: Place): number {
  return a.epoch - b.epoch || a.seq - b.seq;
}

/** `412`, and in a later epoch `2/7`. */
export function placeText({ epoch, seq }: Place): string {
  return epoch <= 1 ? String(seq) : `${epoch}/${seq}`;
}
