import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findBundles, inspectBundles, madeBundles, type Exported } from '../../src/bundles/index.ts';
import { keptBundles } from '../../src/cli/bundles/bundle-ends.ts';
import { linkReplica } from '../../src/daemon/index.ts';
import { filesBelow, filesWith, furnish, password, publish } from '../daemon/company.ts';
import { codeOf, laterRefusal } from '../support/refusal.ts';
import { exportTo, importFrom, nextNumber, offerFile, receiverOf, reissueTo, stick } from './support.ts';
import { deskForEach, type Desk } from './desk.ts';

let { root, pair, marks, turn, number, out } = {} as Desk;
deskForEach((desk) => ({ root, pair, marks, turn, number, out } = desk));

/** A file of random bytes, or of a text. */
const fileOf = (content: number | string): string =>
  root.file(`notes-${turn}`, typeof content === 'number' ? randomBytes(content) : Buffer.from(content));

const reissue = (made: Exported, part: number | undefined, to: string): Promise<Exported> =>
  reissueTo(pair.vendor, pair.link, made.facts.number, { part, out: to });

describe('J2.1 a bundle', () => {
  test('has everything where no receipt came, and only what is missing after one', async () => {
    const { vendor, customer, link } = pair;
    await publish(pair, number, { marks });
    const first = await exportTo(vendor, link, out);
    expect(first.facts).toMatchObject({ number: 1, packages: 1, follows: null, after: { epoch: 0, seq: 0 } });
    await importFrom(customer, out);
    await exportTo(customer, link, stick(root.path, 'back'));
    await importFrom(vendor, stick(root.path, 'back'));
    await publish(pair, `${number}1`, { marks });
    const { facts } = await exportTo(vendor, link, out);
    // The revision is the same and was received; the package is new.
    expect(facts).toMatchObject({ number: 2, packages: 1, follows: 1, after: first.facts.last });
    expect(madeBundles(keptBundles(vendor), link).at(-1)?.manifest.blobs).toHaveLength(1);
  });

  test('is cut into parts of the size that was asked for, with names any file system holds', async () => {
    await offerFile(pair, number, fileOf(200_000));
    const stem = nameOf(nextNumber(pair));
    const made = await exportTo(pair.vendor, pair.link, out, { partBytes: 64 * 1024 });
    expect(made.parts.length).toBeGreaterThan(3);
    for (const { file: part, size } of made.parts) {
      expect(part).toMatch(new RegExp(`/c${stem}\\.00\\d$`));
      expect(statSync(part).size).toBe(size);
      expect(size).toBeLessThanOrEqual(64 * 1024);
    }
    expect(readdirSync(out).toSorted()).toEqual([
      ...made.parts.map((_, at) => `c${stem}.00${at + 1}`),
      `transport-c${stem}.txt`,
    ]);
    await importFrom(pair.customer, out);
    expect(linkReplica(pair.customer, pair.link).incomingBlobs()).toEqual([]);
  });

  test('refuses parts too small to hold anything, or too many of them', async () => {
    await publish(pair, number, { marks });
    const tooSmall = await laterRefusal(() => exportTo(pair.vendor, pair.link, out, { partBytes: 5000 }));
    expect(codeOf(tooSmall)).toBe('BUNDLE_PART_SIZE_UNFIT misused');
    await offerFile(pair, `${number}1`, root.file('large', Buffer.alloc(15_000_000)));
    const tooMany = await laterRefusal(() => exportTo(pair.vendor, pair.link, out, { partBytes: 16 * 1024 }));
    expect(codeOf(tooMany)).toBe('BUNDLE_PART_SIZE_UNFIT misused');
  });

  test('made again into the same folder does not mix with old parts', async () => {
    await offerFile(pair, number, fileOf(100_000));
    await exportTo(pair.vendor, pair.link, out, { partBytes: 64 * 1024 });
    await exportTo(pair.vendor, pair.link, out);
    const inspected = await inspectBundles(await findBundles([out]));
    expect(inspected.map(({ complete, parts }) => [complete, parts.length])).toEqual([
      [true, 2],
      [true, 1],
    ]);
  });

  test('of the same number for somebody else takes other names', async () => {
    await publish(pair, number, { marks });
    mkdirSync(out);
    const digits = nameOf(nextNumber(pair)).slice(1);
    const theirs = join(out, `CG${digits}.001`);
    writeFileSync(theirs, 'something that is not ours');
    const { parts } = await exportTo(pair.vendor, pair.link, out);
    expect(parts.map(({ file }) => file)).toEqual([join(out, `ch${digits}.001`)]);
    expect(readFileSync(theirs, 'utf8')).toBe('something that is not ours');
  });

  test('can be limited to the packages of one release', async () => {
    await publish(pair, number, { marks });
    const release = await publish(pair, `${number}1`, { marks });
    const { facts } = await exportTo(pair.vendor, pair.link, out, { release });
    expect(facts.packages).toBe(1);
    const [done] = await importFrom(pair.customer, out);
    expect(done?.failure).toBeUndefined();
    expect(done?.waiting).toHaveLength(1);
    expect(pair.customer.holds(release.document.packages[0]!.sha256)).toBe(true);
  });

  test('that leaves nothing half-written where the medium refuses', async () => {
    await publish(pair, number, { marks });
    const file = root.file('a-file', Buffer.from('not a folder'));
    const before = nextNumber(pair);
    const error = await laterRefusal(() => exportTo(pair.vendor, pair.link, join(file, 'below')));
    expect(codeOf(error)).toBe('BUNDLE_PART_NOT_WRITTEN refused');
    expect(nextNumber(pair)).toBe(before);
  });

  test('does not grow what is kept by what it carries', async () => {
    await offerFile(pair, number, fileOf(3_000_000));
    const kept = (): number =>
      filesBelow(keptBundles(pair.vendor)).reduce((sum, path) => sum + statSync(path).size, 0);
    const before = kept();
    await exportTo(pair.vendor, pair.link, out);
    expect(kept() - before).toBeLessThan(30_000);
  });
});

/** `g000007`: what file names begin with after their first letter. */
const nameOf = (bundle: number): string => `g${String(bundle).padStart(6, '0')}`;

test('J2.2 the transport sheet is one page: number, parts, short hashes, receiver, what to do on damage', async () => {
  await offerFile(pair, number, fileOf(300_000));
  const made = await exportTo(pair.vendor, pair.link, out, { partBytes: 64 * 1024 });
  const sheet = readFileSync(made.sheet, 'utf8');
  expect(made.sheet).toBe(join(out, `transport-c${nameOf(made.facts.number)}.txt`));
  expect(sheet).toContain(`bundle ${made.facts.number} for contoso`);
  expect(sheet).toContain(receiverOf(made.facts).words);
  expect(sheet).toContain('If a part is missing or damaged');
  for (const { part, sha256 } of made.parts) {
    const short = `${sha256.slice(0, 4)} ${sha256.slice(4, 8)} ${sha256.slice(8, 12)} ${sha256.slice(12, 16)}`;
    expect(sheet).toMatch(
      new RegExp(`^ +${part} +c${nameOf(made.facts.number)}\\.00${part} .*${short}$`, 'm'),
    );
  }
  expect(sheet.split('\n').length).toBeLessThan(66);
});

describe('J2.4 a part that was lost', () => {
  test('is made again byte for byte, without the others', async () => {
    await offerFile(pair, number, fileOf(200_000));
    await publish(pair, `${number}1`, { marks });
    const made = await exportTo(pair.vendor, pair.link, out, { partBytes: 64 * 1024 });
    // Whatever happens afterwards is not in it.
    await publish(pair, `${number}2`, { marks });
    for (const { part, file } of made.parts) {
      const before = readFileSync(file);
      rmSync(file);
      await reissue(made, part, out);
      expect(readFileSync(file).equals(before)).toBe(true);
    }
    expect(readdirSync(out)).toHaveLength(made.parts.length + 1);
  });

  test('is made again together with all others', async () => {
    await offerFile(pair, number, fileOf(100_000));
    const made = await exportTo(pair.vendor, pair.link, out, { partBytes: 64 * 1024 });
    const again = await reissue(made, undefined, `${out}-again`);
    expect(again.parts.map(({ sha256 }) => sha256)).toEqual(made.parts.map(({ sha256 }) => sha256));
  });

  test('is not made where the store no longer has the same bytes: nothing of it is written', async () => {
    const digest = await offerFile(pair, number, fileOf(100_000));
    const bytes = readFileSync(pair.vendor.blobs.path(digest));
    const made = await exportTo(pair.vendor, pair.link, out);
    const other = `${out}-again`;
    for (const spoil of [
      () => writeFileSync(pair.vendor.blobs.path(digest), randomBytes(100_000)),
      () => pair.vendor.blobs.remove(digest),
    ]) {
      spoil();
      const error = await laterRefusal(() => reissue(made, 1, other));
      expect(codeOf(error)).toBe('BUNDLE_NOT_AS_BEFORE verification');
      expect(readdirSync(other)).toEqual([]);
    }
    await pair.vendor.blobs.putBytes(bytes);
  });

  test('is refused by name where there is no such part or bundle', async () => {
    await publish(pair, number, { marks });
    const made = await exportTo(pair.vendor, pair.link, out);
    const noPart = await laterRefusal(() => reissue(made, 2, out));
    expect(codeOf(noPart)).toBe('BUNDLE_NUMBER_UNKNOWN misused');
    const other = { ...made, facts: { ...made.facts, number: 700 } };
    expect((await laterRefusal(() => reissue(other, 1, out))).hint).toMatch(/^Made were 1–\d+\.$/);
  });
});

test('T-59 J2.10 no byte of a secret, of a file or of an entry can be read in a bundle or in what is kept of it', async () => {
  const canary = 'canary-in-a-package-7c1f';
  await offerFile(pair, number, fileOf(`${canary}\n`.repeat(500)));
  furnish(pair);
  await exportTo(pair.vendor, pair.link, out);
  await exportTo(pair.customer, pair.link, out);
  const encoded = [canary, password].flatMap((text) => [
    text,
    Buffer.from(text).toString('base64').slice(0, -4),
  ]);
  const places = [out, keptBundles(pair.vendor), keptBundles(pair.customer)];
  for (const text of encoded) expect(places.flatMap((place) => filesWith(place, text))).toEqual([]);
  for (const text of ['Orders', 'release.offered', number]) expect(filesWith(out, text)).toEqual([]);
});
