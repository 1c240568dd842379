/*
 * Stands in for src/faults.ts: the points are the same, and instead of a process the machine that is at work ends.
 * What it leaves on its disk is kept as it is at that very moment; what it would still do is thrown away with it.
 */

/** A machine ended at a fault point, or does something after its end. */
export class Crash extends Error {}

let armed: { readonly point: string; passesLeft: number; readonly end: () => void } | undefined;
let ended = false;

/** How often each point was passed since this process began; a point that is never passed is not tested. */
export const passes = new Map<string, number>();

/** Ends the machine at work when it passes this point for the n-th time. */
export function armCrash(point: string, pass: number, end: () => void): void {
  armed = { point, passesLeft: pass, end };
}

export function disarmCrash(): void {
  armed = undefined;
  ended = false;
}

export function faultPoint(point: string): void {
  if (ended) throw new Crash(`after the end, at ${point}`);
  passes.set(point, (passes.get(point) ?? 0) + 1);
  if (armed?.point !== point || --armed.passesLeft > 0) return;
  armed.end();
  ended = true;
  throw new Crash(point);
}
