import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../replace-file.ts';
import type { Place } from '../sync/index.ts';
import { systemCode } from './errors.ts';
import { PlaceAt } from './records.ts';

/*
 * Where the other side of a link stands in its own feed by its newest bundle, in `DATA/bundles/LINK/stands.json`, while
 * that is before what is held of it here: it was put back to a backup, and needs what it signed since. Days may lie
 * between the bundle that tells it and the one that gives it back. To give back too much is harmless.
 */
const pathOf = (root: string, link: string): string => join(root, link, 'stands.json');

/** Where the other side stands; undefined where it lacks nothing of its own, as far as is known here. */
export function readStand(root: string, link: string): Place | undefined {
  let text: string;
  try {
    text = readFileSync(pathOf(root, link), 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  // What was spoilt is told again by the next bundle from there.
  return PlaceAt.safeParse(parsed(text)).data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Remembers it, or that it lacks nothing. */
export function keepStand(root: string, link: string, stand: Place | undefined): void {
  if (stand === undefined) return rmSync(pathOf(root, link), { force: true });
  mkdirSync(join(root, link), { recursive: true, mode: 0o700 });
  replaceFile(pathOf(root, link), JSON.stringify({ epoch: stand.epoch, seq: stand.seq }));
}
