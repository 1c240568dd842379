import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: {
  readonly type: 'minor' | 'major';
  readonly execution: 'sync';
  readonly flavor: 'regular' | 'last-resort';
}) => void;

let collect: Collect | undefined;

/** Collects what is young and garbage: about a millisecond. */
export function collectYoung(): void {
  collect ??= collector();
  collect({ type: 'minor', execution: 'sync', flavor: 'regular' });
}

/** Collects all there is and gives the room back to the system: some 50 ms in a small process. */
export function collectAll(): void {
  collect ??= collector();
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

function collector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
