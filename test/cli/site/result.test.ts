import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { ResultWish } from '../../../src/guide/index.ts';
import { openInstance, rotateKeys } from '../../../src/instance/index.ts';
import { companyOf } from '../../support/instances.ts';
import { freshFolder } from '../typed.ts';
import { hooks, makeVendor, secret, siteAt, takeIn, type Vendor } from './vendor.ts';

const root = freshFolder();
const data = join(root, 'site');
const env = 'production';
const wish: ResultWish = {
  environment: env,
  deployment: null,
  rating: 4,
  comment: `went well, with ${secret}`,
  withLog: true,
  struck: [],
};
let vendor: Vendor;
let file: string;

type FleetRow = { customer: string; environment: string; release: string | null; state: string };

beforeAll(async () => {
  vendor = await makeVendor(root);
  await vendor.invite('plant');
  await vendor.release('1.0.0', { more: 'echo the port is "#{Site.Port}"' });
  file = await vendor.bundle('plant', '1.0.0');
  await using site = await siteAt(data, { file });
  await takeIn(site);
  await site.keep(env, { 'Db.Password': secret, 'Site.Port': '9090' });
  expect(await site.run({ kind: 'install', environment: env, again: false }, hooks())).toMatchObject({
    state: 'succeeded',
  });
});

test('J2.17 the result file goes home and the fleet of the vendor knows, though nobody has met', async () => {
  await using site = await siteAt(data, { file });
  await takeIn(site);
  const lines = await site.previewResult(wish);
  expect(lines.find(({ id }) => id === 'release')).toMatchObject({ mayBeStruck: false });
  const entries = lines.filter(({ id }) => id.startsWith('entry.'));
  expect(entries[0]).toMatchObject({
    text: 'entry 1, written before: introduction: instance name, public keys and company certificate',
    mayBeStruck: false,
  });
  expect(JSON.stringify(lines)).not.toContain(secret);
  const result = await site.writeResult(wish, root);
  expect(result).toMatchObject({ file: join(root, 'plant.cgx'), to: 'acme' });
  const imported = await vendor.asks<{ entries: number }>(['bundle', 'import', result.file]);
  // What was shown, and the report.
  expect(imported.entries).toBe(entries.length + 1);
  const [row] = await vendor.asks<FleetRow[]>('fleet');
  expect(row).toMatchObject({ customer: 'plant', environment: env, release: '1.0.0', state: 'succeeded' });
  const links = await vendor.asks<{ name: string; state: string; words: string }[]>('link list');
  expect(links).toMatchObject([{ name: 'plant', state: 'pending', words: result.words }]);
});

test('of a result file that is damaged the site is asked, by what it can do there', async () => {
  await using site = await siteAt(data, { file });
  await takeIn(site);
  const result = await site.writeResult(wish, join(root, 'damaged.cgx'));
  const bytes = readFileSync(result.file);
  bytes[bytes.length - 100]! ^= 1;
  writeFileSync(result.file, bytes);
  for (const asked of ['import', 'inspect']) {
    const refused = await vendor.types(['bundle', asked, result.file, '--json']);
    expect(refused).toMatchObject({ exitCode: 4, error: { code: 'BUNDLE_PART_DAMAGED' } });
    expect(refused.error.hint).toContain('by starting that file with --result FILE');
  }
});

test('a result file that was lost is made again, and tells nothing twice', async () => {
  await using site = await siteAt(data, { file });
  await takeIn(site);
  const one = await site.writeResult(wish, join(root, 'one.cgx'));
  const other = await site.writeResult(wish, join(root, 'other.cgx'));
  expect(other.words).toBe(one.words);
  await vendor.asks(['bundle', 'import', one.file]);
  expect(await vendor.asks(['bundle', 'import', other.file])).toMatchObject({ entries: 0 });
});

test('what was said when it was told is known, and by it a lost file is made again with its log', async () => {
  await using site = await siteAt(data, { file });
  await takeIn(site);
  const said = await site.lastRemark(env, null);
  expect(said).toMatchObject({ rating: 4, withLog: true, struck: [] });
  expect(said!.comment).toMatch(/^went well, with \*+$/);
  const lost = await site.writeResult(wish, join(root, 'lost.cgx'));
  const again = await site.writeResult({ ...wish, ...said! }, join(root, 'again.cgx'));
  // The log alone is larger than what two sealed files of the same differ by.
  expect(Math.abs(again.sizeBytes - lost.sizeBytes)).toBeLessThan(100);
  expect(await vendor.asks(['bundle', 'import', again.file])).toMatchObject({ entries: 0 });
});

test('a report that was written before leaves as well: all of it is shown, and can not be struck out any more', async () => {
  await using site = await siteAt(data, { file });
  await takeIn(site);
  const lines = await site.previewResult({ ...wish, struck: ['comment'] });
  const before = lines.find(({ id, text }) => id.startsWith('entry.') && text.includes('comment: went well'));
  expect(before).toMatchObject({ mayBeStruck: false });
  expect(before!.text).toMatch(/\n {2}step 1 .*: succeeded\n/);
  expect(lines.find(({ id }) => id === 'comment')!.text).toBe('comment: struck out');
  await expect(site.writeResult({ ...wish, struck: [before!.id] }, root)).rejects.toMatchObject({
    code: 'REPORT_WISH_UNFIT',
    message: expect.stringContaining('was written before') as string,
  });
});

test('a result goes nowhere that is not there, and can be made again elsewhere', async () => {
  await using site = await siteAt(data, { file });
  await takeIn(site);
  const nowhere = join(root, 'not-there', 'result.cgx');
  await expect(site.writeResult(wish, nowhere)).rejects.toMatchObject({
    code: 'FILE_NOT_WRITTEN',
    exitCode: 3,
  });
  const nothing = { ...wish, environment: 'uat' };
  await expect(site.previewResult(nothing)).rejects.toMatchObject({ code: 'NOTHING_RAN_HERE' });
});

test('a result takes the place of nothing that was carried here', async () => {
  const part = join(file, readdirSync(file)[0]!);
  const before = readFileSync(part);
  await using site = await siteAt(data, { file: part });
  await takeIn(site);
  await expect(site.writeResult(wish, part)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  expect(readFileSync(part).equals(before)).toBe(true);
  // A folder is no such place: what is written there has a name of its own.
  await expect(site.writeResult(wish, file)).resolves.toMatchObject({ file: join(file, 'plant.cgx') });
  rmSync(join(file, 'plant.cgx'));
});

test('J2.8 once the vendor knows the site, what it makes is sealed to it: opened where its key is, and nowhere else', async () => {
  const [{ words }] = await vendor.asks<[{ words: string }]>('link list');
  await vendor.asks(['link', 'confirm', 'plant', '--fingerprint', words]);
  await vendor.release('1.1.0');
  const sealed = await vendor.bundle('plant', '1.1.0');
  {
    await using site = await siteAt(join(root, 'fresh'), { file: sealed });
    await expect(site.verify(() => {})).rejects.toMatchObject({
      code: 'BUNDLE_NOT_FOR_US',
      exitCode: 4,
      message: expect.stringContaining(`key of plant (${words})`) as string,
    });
    expect(existsSync(join(root, 'fresh'))).toBe(false);
  }
  await using site = await siteAt(data, { file: sealed });
  expect(await site.verify(() => {})).toMatchObject({ name: 'acme', believed: true });
  expect(await site.takeIn(() => {})).toMatchObject({ number: '1.1.0' });
});

test('J2.F10 a maker whose certificate is another one since is believed on the word of the one before', async () => {
  {
    using acme = await openInstance(vendor.data);
    rotateKeys(acme, { company: companyOf('acme 2'), before: companyOf('acme') });
  }
  const rotated = await vendor.bundle('plant', '1.1.0');
  await using site = await siteAt(data, { file: rotated });
  expect(await site.verify(() => {})).toMatchObject({ name: 'acme', company: 'CN=acme 2', believed: true });
  expect(await site.takeIn(() => {})).toMatchObject({ number: '1.1.0' });
});
