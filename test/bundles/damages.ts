import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import { findBundles, importBundles, BundleError } from '../../src/bundles/index.ts';
import { importerOf } from '../../src/cli/bundles/bundle-ends.ts';
import type { Pair } from '../support/instances.ts';
import { ReleaseWithdrawn } from '../../src/events/index.ts';
import { recordOf, forge } from './forge.ts';
import { exportTo, importFrom, never } from './support.ts';

/** A way to damage a file, at one offset after the other. */
export type Damages = { readonly kind: 'flip' | 'cut'; readonly stride: number };

export const damagesOf = (kind: Damages['kind'], stride: number): Damages => ({ kind, stride });

/**
 * Damages a bundle of one part at every `stride`-th offset: each time the import is refused by name and leaves the
 * log as it was; the untouched bundle is taken in afterwards.
 */
export async function everyDamageIsRefused(
  pair: Pair,
  out: string,
  { kind, stride }: Damages,
): Promise<void> {
  const { vendor, customer, link } = pair;
  const { parts } = await exportTo(vendor, link, out, { again: true });
  const path = parts[0]!.file;
  const whole = readFileSync(path);
  const importer = importerOf(customer);
  const before = customer.log.entryCount();
  for (let at = 0; at < whole.length; at += stride) {
    const damaged = kind === 'cut' ? whole.subarray(0, at) : Buffer.from(whole);
    if (kind === 'flip') damaged[at] = damaged[at]! ^ (1 << (at % 8));
    writeFileSync(path, damaged);
    const codes = await refusedAs(path, importer);
    expect(codes, `${kind} at ${at}`).toMatch(/^BUNDLE_/);
    expect(customer.log.entryCount()).toBe(before);
  }
  writeFileSync(path, whole);
  expect((await importFrom(customer, path))[0]!.failure).toBeUndefined();
}

async function refusedAs(path: string, importer: ReturnType<typeof importerOf>): Promise<string> {
  try {
    const { bundles, spoilt } = await findBundles([path]);
    const done = await importBundles(bundles, importer, { signal: never });
    if (spoilt.length > 0) return 'BUNDLE_FRONT';
    const [failure] = done.map((one) => one.failure);
    expect(failure?.exitCode).toBe(exitCodes.verification);
    return failure?.code ?? 'taken in';
  } catch (error) {
    if (error instanceof BundleError) return error.code;
    throw error;
  }
}

/** Tells the customer something, in an entry about as long as the text. */
export function tell({ vendor, link }: Pair, text: string): void {
  vendor.record(() => [
    { to: { link }, event: ReleaseWithdrawn.make({ digest: '0'.repeat(64), reason: text }) },
  ]);
}

/** Bundles whose entries stand in another order each time end in the sender's log. */
export async function shuffledEntriesHeal(pair: Pair, out: string, seeds: number): Promise<void> {
  const { vendor, customer, link } = pair;
  await exportTo(vendor, link, `${out}-first`);
  await importFrom(customer, `${out}-first`);
  const feed = vendor.log.feedTo(link);
  for (let seed = 0; seed < seeds; seed += 1) {
    const before = customer.log.pointAt(feed)!;
    for (let at = 0; at < 5; at += 1) tell(pair, `${seed} ${at}`);
    const entries = vendor.log.readFeed(feed, { epoch: before.epoch, seq: before.seq + 1 }, 100);
    const last = { epoch: before.epoch, seq: before.seq + entries.length };
    const facts = { entries: entries.length, after: { epoch: before.epoch, seq: before.seq }, last };
    const path = await forge(pair, `${out}-${seed}`, {
      facts,
      records: shuffle(entries, seed).map(recordOf),
    });
    expect((await importFrom(customer, path))[0], `seed ${seed}`).toMatchObject({
      failure: undefined,
      refused: [],
    });
    expect(customer.log.pointAt(feed), `seed ${seed}`).toEqual(vendor.log.pointAt(feed));
  }
}

/** The same order for the same seed. */
function shuffle<T>(items: readonly T[], seed: number): T[] {
  let state = seed + 1;
  const next = (): number => (state = (state * 48_271) % 2_147_483_647);
  return items
    .map((item) => ({ item, key: next() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
