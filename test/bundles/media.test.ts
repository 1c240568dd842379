import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  findBundles,
  importBundles,
  inspectBundles,
  madeBundles,
  type Exported,
} from '../../src/bundles/index.ts';
import { importerOf, keptBundles } from '../../src/cli/bundles/bundle-ends.ts';
import { linkReplica } from '../../src/daemon/index.ts';
import { makeInstance, pair as pairWith } from '../support/instances.ts';
import { codeOf } from '../support/refusal.ts';
import { deskForEach, type Desk } from './desk.ts';
import { exportTo, importFrom, offerFile } from './support.ts';

/* What happens to media between two companies, and what an import makes of it. */

let { root, pair, turn, number, out } = {} as Desk;
deskForEach((desk) => ({ root, pair, turn, number, out } = desk));

/** A bundle of four parts or more, with a file in it that no other has. */
async function parts(to = out, which = number): Promise<Exported & { readonly digest: string }> {
  const digest = await offerFile(pair, which, root.file(`file-${which}`, randomBytes(180_000)));
  return { ...(await exportTo(pair.vendor, pair.link, to, { partBytes: 64 * 1024 })), digest };
}
const wanted = (): number => linkReplica(pair.customer, pair.link).incomingBlobs().length;

describe('J2.3 J2.7 a medium that', () => {
  test('was pulled out while it was copied gives what is whole, and the rest when it comes again', async () => {
    const made = await parts();
    const medium = `${out}-copy`;
    mkdirSync(medium);
    for (const { file } of made.parts.slice(0, 3)) copyFileSync(file, join(medium, basename(file)));
    truncateSync(join(medium, basename(made.parts[2]!.file)), 20_000);
    const [partly] = await importFrom(pair.customer, medium);
    expect(partly!.failure?.exitCode).toBe(4);
    expect(partly!.entries).toBe(made.facts.entries);
    expect(pair.customer.holds(made.digest)).toBe(false);
    for (const { file } of made.parts) copyFileSync(file, join(medium, basename(file)));
    expect((await importFrom(pair.customer, medium))[0]!.failure).toBeUndefined();
    expect(pair.customer.holds(made.digest)).toBe(true);
  });

  test('is pulled out while it is read leaves what came, and goes on when it is there again', async () => {
    const made = await parts();
    const { bundles } = await findBundles([out]);
    const away = made.parts.slice(1).map(({ file }) => ({ file, bytes: readFileSync(file) }));
    for (const { file } of away) rmSync(file);
    const signal = new AbortController().signal;
    const [partly] = await importBundles(bundles, importerOf(pair.customer), { signal });
    expect(codeOf(partly!.failure!)).toBe('BUNDLE_PART_UNREADABLE refused');
    for (const { file, bytes } of away) writeFileSync(file, bytes);
    expect((await importFrom(pair.customer, out))[0]!.failure).toBeUndefined();
    expect(wanted()).toBe(0);
  });

  test('holds the parts of two bundles, flattened and renamed, is sorted out', async () => {
    const first = await parts(`${out}-1`);
    const second = await parts(`${out}-2`, `${number}1`);
    mkdirSync(out);
    for (const [at, { file }] of [...first.parts, ...second.parts].entries())
      copyFileSync(file, join(out, `F${String(97 - at * 7).padStart(7, '0')}.DAT`));
    const done = await importFrom(pair.customer, out);
    expect(done.map(({ failure }) => failure)).toEqual([undefined, undefined]);
    for (const { digest } of [first, second]) expect(pair.customer.holds(digest)).toBe(true);
  });

  test('holds one part of each of two bundles says of each what it lacks', async () => {
    const first = await parts(`${out}-1`);
    const second = await parts(`${out}-2`, `${number}1`);
    mkdirSync(out);
    copyFileSync(first.parts[0]!.file, join(out, 'a'));
    copyFileSync(second.parts[1]!.file, join(out, 'b'));
    const inspected = await inspectBundles(await findBundles([out]));
    expect(inspected.map(({ missing }) => missing.includes(1))).toEqual([false, true]);
    expect(inspected.every(({ complete }) => !complete)).toBe(true);
    const done = await importFrom(pair.customer, out);
    expect(done.map(({ failure }) => failure?.code)).toEqual(['BUNDLE_PART_MISSING', 'BUNDLE_PART_MISSING']);
    expect(pair.customer.holds(first.digest)).toBe(false);
  });

  test('can only be read is taken in', async () => {
    const made = await parts();
    for (const name of readdirSync(out)) chmodSync(join(out, name), 0o444);
    chmodSync(out, 0o555);
    try {
      expect((await importFrom(pair.customer, out))[0]).toMatchObject({ isNews: true, failure: undefined });
      expect(pair.customer.holds(made.digest)).toBe(true);
    } finally {
      chmodSync(out, 0o755);
    }
  });

  test('comes twice, and in two copies at once, changes nothing the second time', async () => {
    const made = await parts();
    const medium = join(out, 'copy');
    mkdirSync(medium);
    for (const { file } of made.parts) copyFileSync(file, join(medium, basename(file)));
    expect((await importFrom(pair.customer, out)).map(({ isNews }) => isNews)).toEqual([true]);
    const entries = pair.customer.log.entryCount();
    for (const path of [out, medium])
      expect(await importFrom(pair.customer, path)).toMatchObject([{ isNews: false, failure: undefined }]);
    expect(pair.customer.log.entryCount()).toBe(entries);
  });

  test('has a part without any byte, or one that leads in a circle, is missing exactly that', async () => {
    const made = await parts();
    writeFileSync(made.parts[1]!.file, '');
    symlinkSync(out, join(out, 'loop'));
    const [done] = await importFrom(pair.customer, out);
    expect(done!.failure).toMatchObject({ code: 'BUNDLE_PART_MISSING', details: { missing: [2] } });
  });

  test('brings what comes after a bundle that is still under way takes in nothing of it, and says which', async () => {
    const first = await parts(`${out}-1`);
    const after = madeBundles(keptBundles(pair.vendor), pair.link).at(-1);
    await offerFile(pair, `${number}1`, root.file('later', randomBytes(1000)));
    await exportTo(pair.vendor, pair.link, out, { after });
    const before = pair.customer.log.entryCount();
    const [early] = await importFrom(pair.customer, out);
    expect(codeOf(early!.failure!)).toBe('BUNDLE_EARLIER_MISSING waiting');
    expect(early!.failure!.message).toContain(`bundle ${first.facts.number} is missing`);
    expect(pair.customer.log.entryCount()).toBe(before);
    const both = await importFrom(pair.customer, out, `${out}-1`);
    expect(both.map(({ failure }) => failure)).toEqual([undefined, undefined]);
  });

  test('holds a part of another link under the name of one of ours is not mistaken for it', async () => {
    const made = await parts();
    using metro = await makeInstance(root.path, `metro-${turn}`, pair.clock);
    const theirs = await exportTo(pair.vendor, pairWith(pair.vendor, metro, pair.between), `${out}-theirs`);
    const [lost] = made.parts.slice(-1);
    copyFileSync(theirs.parts[0]!.file, lost!.file);
    const done = await importFrom(pair.customer, out);
    const codes = new Map(done.map(({ facts, failure }) => [facts.to.name, failure?.code]));
    expect(codes).toEqual(
      new Map([
        ['contoso', 'BUNDLE_PART_MISSING'],
        [`metro-${turn}`, 'BUNDLE_NOT_FOR_US'],
      ]),
    );
  });
});
