import { collectYoung } from '../garbage.ts';

/** So much passes by between two collections. */
const everyBytes = 8 * 1024 * 1024;

let passedBytes = 0;

/**
 * Tells that so many bytes passed by, in memory of their own: what a cipher gives back, or a piece of another package. It
 * is garbage soon, and lies outside the heap, where the collector looks for it late: without being asked it lets some
 * 100 MB gather. Young garbage is collected in about a millisecond.
 */
export function passed(bytes: number): void {
  passedBytes += bytes;
  if (passedBytes < everyBytes) return;
  passedBytes = 0;
  collectYoung();
}
