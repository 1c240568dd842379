import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Instance } from '../../src/instance/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { noise, publishListed, shelve } from '../daemon/listed-support.ts';
import { makePair, type Pair } from '../support/instances.ts';
import { carryProcess } from './killing.ts';
import { bringAll, offerFile, stick } from './support.ts';

/** What a process may have at most, in bytes, however large a bundle is. */
export const memoryMax = 150_000_000;

const piece = 1024 * 1024;
const preload = join(import.meta.dirname, 'peak-memory.mjs');
/** As it is delivered: a program that is read as source also holds what takes the types out of it. */
const built = join(import.meta.dirname, '../../dist/cli/main.js');

type Peaks = { readonly exporting: number; readonly importing: number };

/** Carries a file of so many MiB; returns what the processes of both sides had at most, in bytes. */
export async function peakOf(mebibytes: number): Promise<Peaks> {
  using root = memoryFolder();
  using pair = await makePair(root.path);
  const path = join(root.path, 'large');
  const file = openSync(path, 'w');
  const bytes = Buffer.alloc(piece);
  for (let at = 0; at < mebibytes; at += 1) {
    bytes.writeUInt32BE(at, 0);
    writeSync(file, bytes);
  }
  closeSync(file);
  const digest = await offerFile(pair, '1.0.0', path);
  const peaks = await peaksOf(pair, root.path);
  expect(pair.customer.holds(digest)).toBe(true);
  return peaks;
}

/** Carries the next version of a signed package of so many MiB, of which nearly all is there. */
export async function peakOfNextVersion(mebibytes: number): Promise<Peaks> {
  using root = memoryFolder();
  using pair = await makePair(root.path);
  const same = { 'lib/large.dll': noise('large', mebibytes * piece) };
  const first = await shelve(pair.vendor, '1.0.0', { ...same, 'lib/own.dll': noise('1', piece) });
  await publishListed(pair, '1.0.0', [first]);
  await bringAll(pair);
  const second = await shelve(pair.vendor, '1.1.0', { ...same, 'lib/own.dll': noise('2', piece) });
  await publishListed(pair, '1.1.0', [second]);
  const peaks = await peaksOf(pair, root.path);
  expect(pair.customer.holds(second.sha256)).toBe(true);
  return peaks;
}

async function peaksOf(pair: Pair, root: string): Promise<Peaks> {
  const out = stick(root);
  const measured = async (side: Instance, ...args: string[]): Promise<number> => {
    const file = join(root, 'peak');
    const env = { NODE_OPTIONS: `--import=${preload}`, PEAK_FILE: file };
    const { ended, said } = await carryProcess(side, args, env, built);
    expect(ended, said).toBe(0);
    return Number(readFileSync(file, 'utf8'));
  };
  const wish = ['--to', pair.link, '--out', out, '--part-size', '500MB'];
  const exporting = await measured(pair.vendor, 'export', ...wish);
  const importing = await measured(pair.customer, 'import', out);
  return { exporting, importing };
}
