import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { FileSite, Standing } from '../../../src/guide/index.ts';
import { effectsIn } from '../../support/companies.ts';
import { laterRefusal } from '../../support/refusal.ts';
import { requiresSmallDisk } from '../../support/requires.ts';
import { freshFolder, personAt } from '../typed.ts';
import { endsExecutor, hooks, makeVendor, secret, siteAt, takeIn, type Vendor } from './vendor.ts';

const root = freshFolder();
const cut = join(root, 'cut');
const env = 'production';
const answers = { 'Db.Password': secret, 'Site.Port': '9090' };
const once = { stop: 1, deploy: 1, start: 1 };
const install = { kind: 'install', environment: env, again: false } as const;
/** Bundles for the site that nobody has met: of the first release, and of both. */
let first: string;
let second: string;
/** One for another site. */
let elsewhere: string;
let vendor: Vendor;
let turn = 0;

const settingsOf = (data: string, number: string): string =>
  readFileSync(join(data, 'apps', env, 'Orders.Web', number, 'settings.json'), 'utf8');

/** A copy of the site on which the first release is installed. */
function installedSite(): string {
  const data = fresh();
  cpSync(join(root, 'plant'), data, { recursive: true });
  for (const folder of [data, join(data, 'keys')]) chmodSync(folder, 0o700);
  return data;
}

const fresh = (): string => join(root, `site-${turn}`);

/** What the site says of the release in the file. */
async function at(data: string, file: string): Promise<FileSite> {
  const site = await siteAt(data, { file });
  await takeIn(site);
  return site;
}

beforeAll(async () => {
  vendor = await makeVendor(root);
  await vendor.invite('plant');
  await vendor.release('1.0.0', { more: endsExecutor(cut) });
  first = await vendor.bundle('plant', '1.0.0');
  await vendor.release('1.1.0', { more: 'echo changed' });
  second = await vendor.bundle('plant', '1.1.0');
  await vendor.invite('depot');
  await vendor.asks(['release', 'publish', '1.1.0', '--to', 'depot']);
  elsewhere = await vendor.bundle('depot', '1.1.0');
  await using site = await siteAt(join(root, 'plant'), { file: first });
  const { maker, release } = await takeIn(site);
  expect(maker).toMatchObject({ name: 'acme', company: 'CN=acme', believed: false });
  expect(release).toMatchObject({
    process: 'Orders',
    number: '1.0.0',
    packages: [{ id: 'Orders.Web', version: '1.0.0', signer: 'CN=acme' }],
    environments: [env],
    hasUninstall: true,
  });
  // J2.15: without a network, what a security officer asks of a signature.
  const [signature] = await site.judgeSignatures();
  const judged = signature!.steps.join('\n');
  for (const said of [/^chain \(/m, /^revocation \(/m, /^time stamp \(/m, /^validity \(passed\)/m])
    expect(judged).toMatch(said);
  expect(await site.standing(env)).toMatchObject({
    installed: null,
    compared: 'nothing-installed',
    previous: null,
    open: null,
    inTheWay: null,
    changes: [],
    inputs: [
      {
        name: 'Db.Password',
        label: 'Main database',
        secret: true,
        isKnown: false,
        value: null,
        required: true,
      },
      { name: 'Site.Port', type: 'port', default: '8080', isKnown: false },
      { name: 'Smtp.Host', required: false, wasAsked: false },
    ],
    scripts: expect.arrayContaining([
      expect.objectContaining({ where: 'step Stop', isNew: true }),
      expect.objectContaining({ where: expect.stringMatching(/^uninstall step /), isNew: true }),
    ]),
    steps: [{ name: 'Stop', kind: 'run', skippedBecause: null }, { name: 'Web' }, { name: 'Start' }],
  });
  await site.keep(env, answers);
  const outcome = await site.run(install, hooks());
  expect(outcome).toMatchObject({ state: 'succeeded', number: '1.0.0', wait: null, at: null });
  expect(outcome.steps.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(outcome.steps.every(({ durationMs }) => durationMs !== null)).toBe(true);
  expect(effectsIn(vendor.marks)).toEqual(once);
});

beforeEach(() => {
  turn += 1;
  writeFileSync(vendor.marks, '');
});

test('J2.9 a machine that nobody has met installs what was carried there', () => {
  expect(settingsOf(join(root, 'plant'), '1.0.0')).toBe(
    '{"title":"Orders 1.0.0 in production","port":"9090"}\n',
  );
});

test('a site is called as its maker calls it where nobody says otherwise, and keeps the name it has', async () => {
  const data = fresh();
  const named = async (name: string | undefined, file = first) => {
    await using site = await siteAt(data, { file, name });
    return (await takeIn(site)).maker.site;
  };
  expect(await named(undefined)).toEqual({ name: 'plant', isNew: true });
  expect(await named(undefined, second)).toEqual({ name: 'plant', isNew: false });
  expect(await personAt(data).asks('identity show')).toMatchObject({ name: 'plant' });
  await expect(named('mill')).rejects.toMatchObject({
    code: 'DATA_FOLDER_TAKEN',
    message: `Cannot work as mill in ${data}: that site is plant`,
    hint: expect.stringContaining('Leave the name out') as string,
  });
});

test('the name that is given at the first start is the one of the site', async () => {
  await using site = await siteAt(fresh(), { file: first, name: 'mill' });
  expect((await takeIn(site)).maker.site).toEqual({ name: 'mill', isNew: true });
  expect(await personAt(fresh()).asks('identity show')).toMatchObject({ name: 'mill' });
  await using unfit = await siteAt(`${fresh()}-unfit`, { file: first, name: 'a/b' });
  await expect(takeIn(unfit)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
});

test('J2.15 a site that asks runs no script before it was approved; a changed one is asked about again, with what changed', async () => {
  const data = installedSite();
  appendFileSync(join(data, 'crossgap.toml'), '\n[consent]\nscripts = "ask"\n');
  const open = ({ scripts }: Standing): string[] =>
    scripts.filter(({ approval }) => approval === null).map(({ where }) => where);
  {
    await using site = await at(data, first);
    const { consent, ...standing } = await site.standing(env);
    expect(consent.isAsked).toBe(true);
    expect(open({ consent, ...standing })).toHaveLength(standing.scripts.length);
    await site.approveScripts(env, { set: consent.set, by: 'S. Officer', note: 'CHG-1' });
    const after = await site.standing(env);
    expect(open(after)).toEqual([]);
    expect(after.scripts[0]?.approval).toMatchObject({ by: 'S. Officer', release: '1.0.0' });
  }
  await using site = await at(data, second);
  const { consent, ...standing } = await site.standing(env);
  expect(open({ consent, ...standing })).toEqual(['step Web, deploy']);
  const changed = standing.scripts.find(({ approval }) => approval === null);
  expect(changed?.before?.what).toBe('what was approved for 1.0.0');
  expect(changed?.before?.lines?.at(-1)).toContain('echo changed');
  const refused = await laterRefusal(() => site.run(install, hooks()));
  expect(refused.code).toBe('SCRIPTS_NOT_APPROVED');
  expect(effectsIn(vendor.marks)).toEqual({});
  const other = await laterRefusal(() =>
    site.approveScripts(env, { set: '0'.repeat(64), by: null, note: null }),
  );
  expect(other.code).toBe('SCRIPTS_NOT_APPROVED');
  await site.approveScripts(env, { set: consent.set, by: null, note: null });
  expect(await site.run(install, hooks())).toMatchObject({ state: 'succeeded', number: '1.1.0' });
});

test('J2.15 what was installed before anybody was asked can be approved, and is gone back to then', async () => {
  const data = installedSite();
  {
    await using site = await at(data, second);
    await site.run(install, hooks());
    expect((await site.standing(env)).previous?.asked).toBeNull();
  }
  appendFileSync(join(data, 'crossgap.toml'), '\n[consent]\nscripts = "ask"\n');
  await using site = await at(data, second);
  const { consent, previous } = await site.standing(env);
  const open = previous!.asked!.scripts.filter(({ approval }) => approval === null);
  expect(open).toHaveLength(previous!.asked!.scripts.length);
  expect(open.find(({ where }) => where === 'step Web, deploy')?.before?.what).toBe('what 1.1.0 runs here');
  const back = { kind: 'roll-back', environment: env } as const;
  expect((await laterRefusal(() => site.run(back, hooks()))).code).toBe('SCRIPTS_NOT_APPROVED');
  const approval = { by: 'S. Officer', note: null };
  const other = await laterRefusal(() =>
    site.approveScripts(env, { set: consent.set, ...approval }, 'before'),
  );
  expect(other.code).toBe('SCRIPTS_NOT_APPROVED');
  await site.approveScripts(env, { set: previous!.asked!.consent.set, ...approval }, 'before');
  expect(await site.run(back, hooks())).toMatchObject({ state: 'succeeded', number: '1.0.0' });
});

test('J2.9 J2.15 answers are kept for the next version, and what changes, scripts too, is told against what is installed', async () => {
  await using site = await at(installedSite(), second);
  const standing = await site.standing(env);
  expect(standing).toMatchObject({
    installed: { number: '1.0.0' },
    compared: 'newer',
    inputs: [
      { name: 'Db.Password', isKnown: true, value: null },
      { name: 'Site.Port', isKnown: true, value: '9090' },
      { name: 'Smtp.Host', isKnown: false, wasAsked: true },
    ],
  });
  expect(standing.scripts.filter(({ isNew }) => isNew).map(({ where }) => where)).toEqual([
    'step Web, deploy',
  ]);
  expect(standing.changes.flatMap(({ title, lines }) => [title, ...lines]).join('\n')).toMatch(
    /Orders\.Web +1\.0\.0 +→ +1\.1\.0/,
  );
  expect(await site.run(install, hooks())).toMatchObject({ state: 'succeeded', number: '1.1.0' });
});

test('J2.13 what ran before is gone back to, by its own process and with its package', async () => {
  const data = installedSite();
  await using site = await at(data, second);
  await site.run(install, hooks());
  expect(await site.standing(env)).toMatchObject({
    installed: { number: '1.1.0' },
    compared: 'same',
    previous: { number: '1.0.0' },
  });
  const outcome = await site.run({ kind: 'roll-back', environment: env }, hooks());
  expect(outcome).toMatchObject({ state: 'succeeded', number: '1.0.0' });
  expect(await site.standing(env)).toMatchObject({ installed: { number: '1.0.0' }, compared: 'newer' });
});

test('J2.13 values that were removed since are known to be lacking for the release that ran before', async () => {
  const data = installedSite();
  await using site = await at(data, second);
  await site.run(install, hooks());
  expect((await site.standing(env)).previous).toEqual({ number: '1.0.0', lacking: [], asked: null });
  await personAt(data).asks(['input', 'remove', 'Db.Password', '--env', env]);
  expect((await site.standing(env)).previous).toMatchObject({
    lacking: [{ name: 'Db.Password', label: 'Main database', secret: true }],
  });
  await expect(site.run({ kind: 'roll-back', environment: env }, hooks())).rejects.toMatchObject({
    code: 'INPUT_MISSING',
  });
  await site.keep(env, { 'Db.Password': secret });
  expect(await site.run({ kind: 'roll-back', environment: env }, hooks())).toMatchObject({
    state: 'succeeded',
    number: '1.0.0',
  });
});

test('J2.13 a release that was installed without the installer is gone back to by it', async () => {
  const data = installedSite();
  {
    await using site = await at(data, second);
    expect(await site.standing(env)).toMatchObject({ compared: 'newer' });
  }
  const operator = personAt(data);
  await operator.asks(['deploy', '1.1.0', '--env', env, '--wait']);
  await operator.asks(['deploy', '1.0.0', '--env', env, '--wait']);
  await using site = await at(data, second);
  expect(await site.standing(env)).toMatchObject({
    installed: { number: '1.0.0' },
    previous: { number: '1.1.0' },
  });
  const outcome = await site.run({ kind: 'roll-back', environment: env }, hooks());
  expect(outcome).toMatchObject({ state: 'succeeded', number: '1.1.0' });
  expect(settingsOf(data, '1.1.0')).toContain('Orders 1.1.0 in production');
});

test('what is installed already is not installed again unless a person asks for it', async () => {
  await using site = await at(installedSite(), first);
  expect(await site.standing(env)).toMatchObject({ compared: 'same', previous: null });
  expect(await site.run(install, hooks())).toMatchObject({ state: 'succeeded' });
  expect(effectsIn(vendor.marks)).toEqual({});
  expect(await site.run({ ...install, again: true }, hooks())).toMatchObject({ state: 'succeeded' });
  expect(effectsIn(vendor.marks)).toEqual(once);
});

test('what is installed is taken away by the steps of its process, and can be installed again', async () => {
  await using site = await at(installedSite(), first);
  const outcome = await site.run({ kind: 'uninstall', environment: env }, hooks());
  expect(outcome).toMatchObject({ state: 'succeeded', steps: [{ name: 'Take away', state: 'succeeded' }] });
  // Its steps remove nothing, and in the files of the package stand values of this site.
  const left = [join(root, 'plant', 'apps', env, 'Orders.Web', '1.0.0')];
  expect(outcome).toMatchObject({ kind: 'uninstall', foldersLeft: left, document: { folders: left } });
  expect(effectsIn(vendor.marks)).toEqual({ gone: 1 });
  expect(await site.standing(env)).toMatchObject({
    installed: null,
    compared: 'nothing-installed',
    open: null,
  });
  const again = site.run({ kind: 'uninstall', environment: env }, hooks());
  await expect(again).rejects.toMatchObject({ code: 'NOTHING_TO_UNINSTALL', exitCode: 3 });
  expect(await site.run(install, hooks())).toMatchObject({ state: 'succeeded' });
});

test('an older release than the one installed is refused: going back is a decision of its own', async () => {
  const data = installedSite();
  {
    await using site = await at(data, second);
    await site.run(install, hooks());
  }
  writeFileSync(vendor.marks, '');
  await using site = await at(data, first);
  expect(await site.standing(env)).toMatchObject({ compared: 'older', installed: { number: '1.1.0' } });
  await expect(site.run(install, hooks())).rejects.toMatchObject({ code: 'RELEASE_OLDER', exitCode: 3 });
  expect(effectsIn(vendor.marks)).toEqual({});
});

test('J2.12 a run that was cut off is found where it stopped, and goes on there', async () => {
  const data = installedSite();
  {
    await using site = await at(data, first);
    writeFileSync(cut, data);
    const outcome = await site.run({ ...install, again: true }, hooks());
    expect(outcome).toMatchObject({ state: 'interrupted', at: 'step 2 of 3, Web, at convention 10 of 15' });
  }
  await using site = await at(data, first);
  const { open } = await site.standing(env);
  expect(open).toMatchObject({ state: 'interrupted', number: '1.0.0', done: ['Stop'] });
  expect(open?.at).toBe('step 2 of 3, Web, at convention 10 of 15');
  await expect(site.run({ ...install, again: true }, hooks())).rejects.toMatchObject({ exitCode: 8 });
  const work = { kind: 'resume', environment: env, deployment: open!.deployment } as const;
  const told = hooks();
  expect(await site.run(work, told)).toMatchObject({ state: 'succeeded' });
  expect(effectsIn(vendor.marks)).toEqual({ ...once, deploy: 2 });
  // What was told before it was cut off is not told again; the step in which it was is named.
  const steps = told.lines.filter((line) => line.startsWith('step '));
  expect(steps).toEqual(['step 2 Web', 'step 2 Web: succeeded', 'step 3 Start', 'step 3 Start: succeeded']);
  expect(told.lines.join('\n')).not.toMatch(/ExtractPackage/);
  expect((await site.standing(env)).open).toBe(null);
});

test('J2.12 a run that was cut off can be started over', async () => {
  const data = installedSite();
  await using site = await at(data, first);
  writeFileSync(cut, data);
  const { deployment } = await site.run({ ...install, again: true }, hooks());
  const outcome = await site.run({ kind: 'start-over', environment: env, deployment }, hooks());
  expect(outcome).toMatchObject({ state: 'succeeded' });
  expect(outcome.deployment).not.toBe(deployment);
  expect(effectsIn(vendor.marks)).toEqual({ stop: 2, deploy: 2, start: 1 });
});

test('a person who wants to end while it runs breaks it off, and can go on later', async () => {
  const data = installedSite();
  await using site = await at(data, first);
  const end = new AbortController();
  const outcome = await site.run(
    { ...install, again: true },
    { ...hooks(), signal: end.signal, tell: ({ text }) => text.startsWith('step 1') && end.abort() },
  );
  expect(outcome.state).toBe('interrupted');
  const work = { kind: 'resume', environment: env, deployment: outcome.deployment } as const;
  expect(await site.run(work, hooks())).toMatchObject({ state: 'succeeded' });
});

test('another installer that works on the folder is named, with since when', async () => {
  const data = installedSite();
  await using _site = await siteAt(data, { file: first });
  await expect(siteAt(data, { file: first })).rejects.toMatchObject({
    code: 'SITE_HELD',
    exitCode: 8,
    message: expect.stringMatching(
      new RegExp(`process ${process.pid} \\(installer by .*, since 2`),
    ) as string,
  });
});

test('nothing is taken in from a maker whose words nobody has compared', async () => {
  const data = fresh();
  await using site = await siteAt(data, { file: first });
  const { words } = await site.verify(() => {});
  await expect(site.takeIn(() => {})).rejects.toMatchObject({ code: 'MAKER_NOT_BELIEVED', exitCode: 4 });
  const other = words.split(' ').toReversed().join(' ');
  await expect(site.believe({ words: other })).rejects.toMatchObject({
    code: 'FINGERPRINT_DIFFERS',
    exitCode: 4,
  });
  await expect(site.takeIn(() => {})).rejects.toMatchObject({ code: 'MAKER_NOT_BELIEVED' });
});

test('a folder in which other things lie, and a file in its place, are left as they are', async () => {
  const data = fresh();
  writeFileSync(data, 'mine');
  await expect(siteAt(data, { file: first })).rejects.toMatchObject({ code: 'DATA_FOLDER_TAKEN' });
  expect(readFileSync(data, 'utf8')).toBe('mine');
  const photos = join(root, 'photos');
  mkdirSync(photos);
  writeFileSync(join(photos, 'cat.jpg'), '');
  await expect(siteAt(photos, { file: first })).rejects.toMatchObject({ code: 'DATA_FOLDER_TAKEN' });
});

test('what was made for another site is refused before anything is asked', async () => {
  await using site = await siteAt(installedSite(), { file: elsewhere });
  await expect(site.verify(() => {})).rejects.toMatchObject({
    code: 'BUNDLE_NOT_FOR_US',
    exitCode: 4,
    message: expect.stringContaining('made for depot') as string,
  });
});

test('a changed byte in the bundle is found before anything of it is shown', async () => {
  const file = join(root, 'changed');
  cpSync(first, file, { recursive: true });
  const part = join(file, 'cg000001.001');
  const bytes = readFileSync(part);
  bytes[bytes.length - 100]! ^= 1;
  writeFileSync(part, bytes);
  await using site = await siteAt(fresh(), { file });
  await expect(site.verify(() => {})).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('part 1 is damaged') as string,
  });
});

test('a disk that is full, or read-only, is named; with room the same start goes through', async () => {
  if (!requiresSmallDisk('an installer on a full disk')) return;
  const disk = fresh();
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
  const data = join(disk, 'data');
  try {
    {
      await using site = await siteAt(data, { file: first });
      await expect(takeIn(site)).rejects.toMatchObject({
        code: 'DISK_FULL',
        exitCode: 3,
        message: expect.stringContaining('disk') as string,
      });
    }
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    await expect(siteAt(data, { file: first })).rejects.toMatchObject({
      code: 'DATA_FOLDER_NOT_WRITABLE',
      message: expect.stringContaining('read-only') as string,
    });
    execFileSync('mount', ['-o', 'remount,rw,size=200m', disk]);
    await using site = await siteAt(data, { file: first });
    expect((await takeIn(site)).release).toMatchObject({ number: '1.0.0' });
  } finally {
    execFileSync('umount', ['--lazy', disk]);
  }
});

test('a clock that is years behind takes in and installs all the same', async () => {
  const clock = { now: () => Date.UTC(2003, 0, 1) };
  await using site = await siteAt(fresh(), { file: first, clock });
  await takeIn(site);
  await site.keep(env, answers);
  expect(await site.run(install, hooks())).toMatchObject({ state: 'succeeded' });
  const clockCheck = (await site.check(env, {}, { signal: hooks().signal, approvedSet: null })).find(
    ({ name }) => /clock/i.test(name),
  );
  expect(clockCheck?.state).toBe('note');
});
