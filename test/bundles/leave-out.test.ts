import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { madeBundles, type Exported } from '../../src/bundles/index.ts';
import { cargoOf, keptBundles } from '../../src/cli/bundles/bundle-ends.ts';
import { linkReplica } from '../../src/daemon/index.ts';
import type { PackagePin } from '../../src/events/index.ts';
import { chunkShelf } from '../../src/packages/index.ts';
import { readWantedBlobs } from '../../src/projections/index.ts';
import { noise, publishListed, shelve } from '../daemon/listed-support.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { linkOf, makePair, type Pair } from '../support/instances.ts';
import { codeOf } from '../support/refusal.ts';
import { blobRecord, forge } from './forge.ts';
import { exportTo, importFrom, reissueTo, stick, type ExportWish } from './support.ts';

const older = { 'lib/large.dll': noise('large', 400_000), 'lib/small.dll': noise('small', 60_000) };
const newer = { ...older, 'lib/small.dll': noise('smaller', 50_000) };

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
let first: PackagePin;
let second: PackagePin;
let turn = 0;
beforeEach(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
  first = await shelve(pair.vendor, '1.0.0', older);
  second = await shelve(pair.vendor, '1.1.0', newer);
  await publishListed(pair, '1.0.0', [first]);
});
afterEach(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

const at = (name: string): string => stick(root.path, `${name}-${(turn += 1)}`);
const send = (wish: ExportWish = {}): Promise<Exported> => exportTo(pair.vendor, pair.link, at('out'), wish);
const arrive = async ({ parts }: Exported) =>
  (await importFrom(pair.customer, ...parts.map(({ file }) => file)))[0]!;
/** The customer's bundle comes back. */
async function answer(): Promise<void> {
  const back = at('back');
  await exportTo(pair.customer, pair.link, back);
  const [done] = await importFrom(pair.vendor, back);
  expect(done!.failure).toBeUndefined();
}
/** What the newest bundle carries of a package. */
function carriedOf({ sha256 }: PackagePin) {
  const blob = madeBundles(keptBundles(pair.vendor), pair.link)
    .at(-1)!
    .manifest.blobs.find(({ digest }) => digest === sha256);
  return blob && (blob.stretches?.reduce((sum, [, length]) => sum + length, 0) ?? blob.sizeBytes);
}
const holds = ({ sha256 }: PackagePin): boolean => pair.customer.holds(sha256);

async function firstCrossed(): Promise<void> {
  expect((await arrive(await send())).failure).toBeUndefined();
  await answer();
  await publishListed(pair, '1.1.0', [second]);
}

/** One byte of the chunk that both packages have rots in the customer's store. */
async function rot(): Promise<void> {
  const { list } = await chunkShelf(pair.vendor.blobs).cut(first.sha256);
  const large = list.pieces.find(({ length }) => length > 300_000)!;
  const file = pair.customer.blobs.path(first.sha256);
  const bytes = readFileSync(file);
  bytes[large.offset + 5]! ^= 1;
  writeFileSync(file, bytes);
}

describe('J2.1 a package of which the receiver has most', () => {
  test('is carried without that once a receipt proved it, and put together there', async () => {
    await firstCrossed();
    const made = await send();
    expect(carriedOf(second)).toBeLessThan(50_000 + 12_000);
    expect(made.facts.sealedBytes).toBeLessThan(80_000);
    expect(readFileSync(made.sheet, 'utf8')).toMatch(/^Left out: {2}4\d\d kB of packages/m);
    const done = await arrive(made);
    expect(done).toMatchObject({ failure: undefined, refused: [], waiting: [] });
    expect(holds(second)).toBe(true);
    await answer();
    expect(linkReplica(pair.vendor, pair.link).blobsOwed()).toEqual([]);
  });

  test('is told of with what is left out and where the rest is', async () => {
    await firstCrossed();
    const { vendor, link } = pair;
    const wish = { release: undefined, again: false, whole: false, after: undefined };
    const cargo = await cargoOf(vendor, linkOf(vendor, link), linkReplica(vendor, link), wish);
    expect(cargo.leftOut).toMatchObject([
      { name: 'Shop 1.1.0', sizeBytes: second.sizeBytes, heldIn: ['Shop 1.0.0'] },
    ]);
    expect(cargo.leftOut[0]!.carriedBytes).toBeLessThan(62_000);
  });

  test('is carried as a whole before any receipt came, though a bundle has carried the other one', async () => {
    await send();
    await publishListed(pair, '1.1.0', [second]);
    const made = await send({
      release: undefined,
      after: madeBundles(keptBundles(pair.vendor), pair.link)[0],
    });
    expect(carriedOf(second)).toBe(second.sizeBytes);
    expect(readFileSync(made.sheet, 'utf8')).not.toContain('Left out');
  });

  test.each([['whole'], ['again']] as const)('is carried as a whole with --%s', async (wish) => {
    await firstCrossed();
    const made = await send({ [wish]: true });
    expect(carriedOf(second)).toBe(second.sizeBytes);
    expect((await arrive(made)).failure).toBeUndefined();
    expect(holds(second)).toBe(true);
  });

  test('is carried as a whole to a side that has shown no knowledge of chunks', async () => {
    pair[Symbol.dispose]();
    root[Symbol.dispose]();
    root = memoryFolder();
    pair = await makePair(root.path);
    first = await shelve(pair.vendor, '1.0.0', older);
    second = await shelve(pair.vendor, '1.1.0', newer);
    await publishListed(pair, '1.0.0', [first], { listed: false });
    expect((await arrive(await send())).failure).toBeUndefined();
    await answer();
    await publishListed(pair, '1.1.0', [second]);
    await send();
    expect(carriedOf(second)).toBe(second.sizeBytes);
  });

  test('is carried once where another one in the same bundle has the same chunks', async () => {
    await firstCrossed();
    const third = await shelve(pair.vendor, '2.0.0', { 'lib/new.dll': noise('new', 300_000) });
    const fourth = await shelve(pair.vendor, '2.1.0', {
      'lib/new.dll': noise('new', 300_000),
      'lib/more.dll': noise('more', 20_000),
    });
    await publishListed(pair, '2.0.0', [third]);
    await publishListed(pair, '2.1.0', [fourth]);
    const made = await send();
    expect(carriedOf(third)! + carriedOf(fourth)!).toBeLessThan(300_000 + 20_000 + 20_000);
    expect((await arrive(made)).failure).toBeUndefined();
    for (const pin of [second, third, fourth]) expect(holds(pin)).toBe(true);
  });

  test('J2.4 is made again byte for byte, and goes on where a part was missing', async () => {
    await firstCrossed();
    const made = await send({ partBytes: 20_000 });
    const lost = made.parts.at(-2)!;
    const before = readFileSync(lost.file);
    rmSync(lost.file);
    const [partly] = await importFrom(
      pair.customer,
      ...made.parts.filter((one) => one !== lost).map(({ file }) => file),
    );
    expect(partly!.failure?.code).toBe('BUNDLE_PART_MISSING');
    expect(holds(second)).toBe(false);
    const again = at('again');
    const order = { part: lost.part, out: again };
    const { parts } = await reissueTo(pair.vendor, pair.link, made.facts.number, order);
    expect(readFileSync(parts[0]!.file).equals(before)).toBe(true);
    writeFileSync(lost.file, before);
    expect((await arrive(made)).failure).toBeUndefined();
    expect(holds(second)).toBe(true);
  });
});

describe('J2.F4 what the receiver said to have and has not', () => {
  test('is named with exit 7; nothing of the package is to be seen, and the next bundle back asks for it', async () => {
    await firstCrossed();
    await rot();
    const done = await arrive(await send());
    expect(codeOf(done.failure!)).toBe('BUNDLE_PIECES_MISSING waiting');
    expect(done.failure!.message).toContain('of Shop 1.1.0 should be in packages that are here');
    expect(done.failure!.hint).toContain('--whole');
    expect(holds(second)).toBe(false);
    await answer();
    const made = await send();
    expect(carriedOf(second)).toBeGreaterThan(400_000);
    expect((await arrive(made)).failure).toBeUndefined();
    expect(holds(second)).toBe(true);
  });

  test('is not needed where the sender makes the bundle with whole packages', async () => {
    await firstCrossed();
    await rot();
    expect(codeOf((await arrive(await send())).failure!)).toBe('BUNDLE_PIECES_MISSING waiting');
    expect((await arrive(await send({ whole: true }))).failure).toBeUndefined();
    expect(holds(second)).toBe(true);
  });

  test('is named as the package it is where all of that is gone', async () => {
    await firstCrossed();
    rmSync(pair.customer.blobs.path(first.sha256));
    const done = await arrive(await send());
    expect(codeOf(done.failure!)).toBe('BUNDLE_PACKAGE_MISSING inputMissing');
    expect(done.failure!.message).toContain('Shop 1.0.0');
    expect(holds(second)).toBe(false);
    await answer();
    expect((await arrive(await send())).failure).toBeUndefined();
    for (const { digest } of readWantedBlobs(pair.customer.db))
      expect(pair.customer.holds(digest)).toBe(true);
  });

  test('is not called lacking when the same bundle comes again afterwards', async () => {
    await firstCrossed();
    const whole = readFileSync(pair.customer.blobs.path(first.sha256));
    await rot();
    const made = await send();
    expect(codeOf((await arrive(made)).failure!)).toBe('BUNDLE_PIECES_MISSING waiting');
    writeFileSync(pair.customer.blobs.path(first.sha256), whole);
    expect((await arrive(made)).failure).toBeUndefined();
    expect(holds(second)).toBe(true);
  });
});

test.each([
  [
    'overlap',
    [
      [0, 10],
      [5, 10],
    ],
  ],
  [
    'go backwards',
    [
      [50, 10],
      [5, 10],
    ],
  ],
  ['have no length', [[0, 0]]],
])('T-58 stretches that %s are refused with the manifest', async (_what, stretches) => {
  const bytes = Buffer.alloc(100, 7);
  const manifest = {
    blobs: [{ digest: 'a'.repeat(64), sizeBytes: 100, attempt: 0, kind: 'other', name: '', stretches }],
  };
  await forge(pair, at('forged'), { manifest, records: [blobRecord(bytes)] });
  const [done] = await importFrom(pair.customer, stick(root.path, `forged-${turn}`));
  expect(codeOf(done!.failure!)).toBe('BUNDLE_MALFORMED verification');
});
