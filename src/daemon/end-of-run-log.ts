import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { logPath, parseLogLine } from '../executor/index.ts';
import type { Instance } from '../instance/index.ts';
import { findDeployment } from '../projections/index.ts';

const shownBytesMax = 256 * 1024;
const linesMax = 20;

/** The newest whole lines of what a run of this side wrote, masked as they are on disk; undefined where there is none. */
export function endOfRunLog({ db, folder }: Instance, deployment: string): string | undefined {
  if (findDeployment(db, deployment) === undefined) return undefined;
  return readEndOfLog(folder.run(deployment), shownBytesMax)?.text;
}

/** The newest whole lines of a run's log, at most `bytesMax` of them, and how many bytes all of it has. */
export function readEndOfLog(
  runFolder: string,
  bytesMax: number,
): { readonly text: string; readonly wholeBytes: number } | undefined {
  const file = openIfThere(logPath(runFolder));
  if (file === undefined) return undefined;
  try {
    const wholeBytes = fstatSync(file).size;
    const from = Math.max(0, wholeBytes - bytesMax);
    const bytes = Buffer.alloc(Math.min(wholeBytes, bytesMax));
    const text = bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, from));
    return { text: from === 0 ? text : text.slice(text.indexOf('\n') + 1), wholeBytes };
  } finally {
    closeSync(file);
  }
}

/** What a step of a run wrote last, secrets masked; of all steps where none is named. */
export function lastLinesOfRun(runFolder: string, step: number | undefined): string[] {
  const ofStep = step === undefined ? '' : `${step}/`;
  return (readEndOfLog(runFolder, shownBytesMax)?.text ?? '')
    .split('\n')
    .flatMap((line) => parseLogLine(line) ?? [])
    .filter(({ place, level }) => place.startsWith(ofStep) && place.includes(' · ') && level !== 'verbose')
    .slice(-linesMax)
    .map(({ text }) => text);
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
