import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { senderOf } from '../../../src/cli/bundles/bundle-ends.ts';
import type { Runner } from '../../../src/installer/index.ts';
import { exportTo } from '../../bundles/support.ts';
import { smallInstaller, smallRunner } from '../../installer/small-installer.ts';
import { makePair, makeRelease, offer, type Pair } from '../../support/instances.ts';
import { freshFolder, type } from '../typed.ts';

const root = freshFolder();
const media = join(root, 'media');
const installer = join(media, 'orders-3.2.0-installer');
const runner = join(root, 'alone', 'crossgap-runner');
let pair: Pair;
let small: Runner;

beforeAll(async () => {
  pair = await makePair(root);
  const { vendor, link } = pair;
  offer(vendor, makeRelease(vendor, '3.2.0'), [link]);
  const made = await exportTo(vendor, link, join(root, 'made'), { withoutBlobs: true });
  small = await smallRunner(root);
  const maker = senderOf(vendor);
  const { id, number } = made.facts;
  const bundle = { file: made.parts[0]!.file, id, number };
  mkdirSync(media);
  await smallInstaller({ runner: small, maker, out: installer }, bundle);
  await smallInstaller({ runner: small, maker, out: runner }, undefined);
});
afterAll(() => pair[Symbol.dispose]());

/** The installer with one byte changed. */
function changed(name: string, at: number): string {
  const bytes = readFileSync(installer);
  bytes[at] = bytes[at]! ^ 1;
  const path = join(root, name);
  writeFileSync(path, bytes);
  return path;
}

test('an installer is told with its bundle: platform, program, who made it, of which release', async () => {
  const { exitCode, json } = await type(['bundle', 'inspect', media, '--json']);
  expect(exitCode).toBe(0);
  expect(json).toMatchObject({
    bundle: 1,
    from: 'acme',
    complete: true,
    parts: [{ part: 1, file: installer, ok: true }],
    missing: [],
    sealed: true,
    installer: {
      kind: 'installer',
      file: installer,
      platform: 'linux-x64',
      programVersion: '1.2.3',
      maker: { name: 'acme' },
      release: { process: 'Orders', number: '3.2.0' },
      complete: true,
      parts: [
        { name: 'program', offset: 0, ok: true },
        { name: 'bundle', offset: small.sizeBytes, ok: true },
      ],
    },
  });
});

test('people read the words of who made it, and that nothing was changed', async () => {
  const { stdout } = await type(['bundle', 'inspect', installer]);
  expect(stdout).toContain('Installer of Orders 3.2.0 for linux-x64: unchanged');
  expect(stdout).toMatch(/made by acme, CN=acme[^(]* \((?:\w+ ){5}\w+\)/);
});

test('a runner that lies alone is told with no bundle', async () => {
  const { exitCode, json } = await type(['bundle', 'inspect', runner, '--json']);
  expect(exitCode).toBe(0);
  expect(json).toMatchObject({ bundle: null, complete: true, parts: [], installer: { kind: 'runner' } });
});

test('a changed program is refused and named, its bundle stays good', async () => {
  const path = changed('changed-program', 200);
  const { exitCode, error, stdout } = await type(['bundle', 'inspect', path, '--json']);
  expect(exitCode).toBe(4);
  expect(error).toMatchObject({ code: 'INSTALLER_DAMAGED', details: { file: path, part: 'program' } });
  expect(JSON.parse(stdout)).toMatchObject({ complete: true, installer: { complete: false } });
  expect((await type(['bundle', 'inspect', path])).stdout).toContain('for linux-x64: DAMAGED');
});

test('a changed bundle is refused and named', async () => {
  const { exitCode, error } = await type([
    'bundle',
    'inspect',
    changed('changed-bundle', small.sizeBytes + 4000),
    '--json',
  ]);
  expect(exitCode).toBe(4);
  expect(error).toMatchObject({ code: 'INSTALLER_DAMAGED', details: { part: 'bundle' } });
});

test('an installer that was cut short is told from a file that is none', async () => {
  const cut = join(root, 'cut');
  writeFileSync(cut, readFileSync(installer).subarray(0, -100));
  const { exitCode, error, stdout } = await type(['bundle', 'inspect', cut, '--json']);
  expect(exitCode).toBe(4);
  expect(error).toMatchObject({ code: 'INSTALLER_DAMAGED', details: { part: 'index' } });
  expect(JSON.parse(stdout)).toEqual([]);
  const other = join(root, 'other');
  writeFileSync(other, Buffer.concat([Buffer.from('MZ'), Buffer.alloc(5000)]));
  expect((await type(['bundle', 'inspect', other, '--json'])).error.code).toBe('BUNDLE_NOT_FOUND');
});

test('other programs beside it are passed over', async () => {
  const folder = join(root, 'stick');
  mkdirSync(folder);
  copyFileSync(installer, join(folder, 'renamed.bin'));
  writeFileSync(join(folder, 'setup.exe'), Buffer.concat([Buffer.from('MZ'), Buffer.alloc(5000)]));
  const { exitCode, json } = await type(['bundle', 'inspect', folder, '--json']);
  expect(exitCode).toBe(0);
  expect(json).toMatchObject({ bundle: 1, installer: { kind: 'installer' } });
});

test('who has crossgap already imports the bundle that an installer carries', async () => {
  pair.customer.close();
  const data = ['--data', join(root, 'contoso')];
  const { exitCode, json, stderr } = await type(['bundle', 'import', installer, '--json', ...data]);
  expect(json, stderr).toMatchObject({ bundles: [{ bundle: 1 }], offered: ['acme:Orders/3.2.0'] });
  expect([0, 5, 7]).toContain(exitCode);
});

test('a damaged one is not imported', async () => {
  const path = changed('not-imported', readFileSync(installer).length - 100);
  const { exitCode, error } = await type([
    'bundle',
    'import',
    path,
    '--json',
    '--data',
    join(root, 'contoso'),
  ]);
  expect(exitCode).toBe(4);
  expect(error.message).toContain('its index is damaged');
});
