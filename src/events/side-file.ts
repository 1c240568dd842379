/*
 * The side file: the heads of this instance's own feeds, kept outside the database so that a database put back from
 * a backup is noticed before anything new is signed. Text, one line each:
 *
 *   crossgap heads 1
 *   verified POS HASH          every entry up to here was verified; absent before the first time
 *   FEED EPOCH SEQ HASH        one line for each own feed, ordered by feed
 *   given-up FEED EPOCH SEQ HASH
 *                              one line for each own feed of which entries up to there were signed, are not in the
 *                              database, and were given up by a person without a new epoch; ordered by feed
 *   sha256 DIGEST              of all the lines before it
 *
 * It is written to a temporary name, synced and renamed, so that it is the old one or the new one, never a half.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { faultPoint } from '../faults.ts';
import type { FeedPoint } from './entry.ts';

export type VerifiedPosition = { readonly pos: number; readonly hash: string };

/** What the side file holds. */
export type SideFile = {
  readonly heads: ReadonlyMap<string, FeedPoint>;
  /** Own feeds that lack entries, and can't be signed before they come back. */
  readonly givenUp: ReadonlyMap<string, FeedPoint>;
  readonly verified: VerifiedPosition | undefined;
};

const firstLine = 'crossgap heads 1';

/** The side file, or why there is none to go by. */
export function readSideFile(path: string): SideFile | 'missing' | 'damaged' {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'missing';
    throw error;
  }
  return parse(text) ?? 'damaged';
}

function parse(text: string): SideFile | undefined {
  const end = text.lastIndexOf('sha256 ');
  if (end === -1 || text.slice(end) !== checksumLine(text.slice(0, end))) return undefined;
  const [first, ...lines] = text.slice(0, end).trimEnd().split('\n');
  if (first !== firstLine) return undefined;
  const heads = new Map<string, FeedPoint>();
  const givenUp = new Map<string, FeedPoint>();
  let verified: VerifiedPosition | undefined;
  for (const line of lines) {
    const place = /^verified (\d+) ([0-9a-f]{64})$/.exec(line);
    const head = /^(given-up )?([0-9a-f]{32}) (\d+) (\d+) ([0-9a-f]{64})$/.exec(line);
    if (place !== null) verified = { pos: Number(place[1]), hash: place[2]! };
    else if (head !== null)
      (head[1] === undefined ? heads : givenUp).set(head[2]!, {
        epoch: Number(head[3]),
        seq: Number(head[4]),
        hash: head[5]!,
      });
    else return undefined;
  }
  return { heads, givenUp, verified };
}

/** Writes the side file so that it survives a power cut from here on. */
export function writeSideFile(path: string, { heads, givenUp, verified }: SideFile): void {
  const lines = [firstLine];
  if (verified !== undefined) lines.push(`verified ${verified.pos} ${verified.hash}`);
  for (const [prefix, points] of [
    ['', heads],
    ['given-up ', givenUp],
  ] as const)
    for (const feed of [...points.keys()].toSorted()) {
      const { epoch, seq, hash } = points.get(feed)!;
      lines.push(`${prefix}${feed} ${epoch} ${seq} ${hash}`);
    }
  const text = `${lines.join('\n')}\n`;
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, text + checksumLine(text), null, 'latin1');
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  faultPoint('side-file.written');
  renameSync(temporary, path);
  faultPoint('side-file.renamed');
  syncFolder(dirname(path));
  faultPoint('side-file.saved');
}

function checksumLine(text: string): string {
  return `sha256 ${createHash('sha256').update(text, 'latin1').digest('hex')}\n`;
}

function syncFolder(path: string): void {
  // Windows keeps no such handle; the rename itself is journalled there.
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
