/*
 * A result file is made in a folder of its own in the data folder, and carried from there to where it was asked for,
 * under its name with a `~` until it is whole. The folder says where that is: who is ended in between leaves both, and
 * the next start removes them.
 */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const begin = 'result-';
const placeName = 'place';

/** As the file is called beside its place until it is whole. */
export const unfinished = (place: string): string => `${place}~`;

/** A folder to make a result file in that is to be carried to `place`; gone with what is in it when it is done with. */
export function resultFolder(root: string, place: string): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(root, begin));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  try {
    writeFileSync(join(path, placeName), place, { mode: 0o600, flush: true });
  } catch (error) {
    remove();
    throw error;
  }
  return { path, [Symbol.dispose]: remove };
}

/** Removes what was left of results where somebody was ended. Only who holds the data folder makes any. */
export function clearLeftResults(root: string): void {
  for (const name of readdirSync(root).filter((one) => one.startsWith(begin))) {
    const folder = join(root, name);
    removeUnfinished(join(folder, placeName));
    rmSync(folder, { recursive: true, force: true });
  }
}

function removeUnfinished(note: string): void {
  if (lstatSync(note, { throwIfNoEntry: false })?.isFile() !== true) return;
  const left = unfinished(readFileSync(note, 'utf8'));
  try {
    if (lstatSync(left, { throwIfNoEntry: false })?.isFile() === true) rmSync(left);
  } catch (error) {
    // What lies on a medium that is gone, or can't be written to any more, is not in anybody's way here.
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
  }
}
