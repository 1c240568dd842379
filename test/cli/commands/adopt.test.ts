import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { program } from '../../support/companies.ts';
import { endsExecutor, hooks, makeVendor, secret, siteAt, takeIn, type Vendor } from '../site/vendor.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, personAt } from '../typed.ts';

const root = freshFolder(memory);
const cut = join(root, 'cut');
const env = 'production';
let vendor: Vendor;
let file: string;
let turn = 0;
/** A copy of the folder of an installer, and where a daemon's shall be. */
let from: string;
let to: string;

beforeAll(async () => {
  vendor = await makeVendor(root);
  await vendor.invite('plant');
  await vendor.release('1.0.0', { more: endsExecutor(cut) });
  file = await vendor.bundle('plant', '1.0.0');
  await using site = await siteAt(join(root, 'plant'), { file });
  await takeIn(site);
  await site.keep(env, { 'Db.Password': secret, 'Site.Port': '9090' });
  await site.run({ kind: 'install', environment: env, again: false }, hooks());
});

beforeEach(() => {
  turn += 1;
  from = join(root, `installer-${turn}`);
  to = join(root, 'srv', `daemon-${turn}`);
  cpSync(join(root, 'plant'), from, { recursive: true });
  for (const folder of [from, join(from, 'keys')]) chmodSync(folder, 0o700);
});

const result = {
  environment: env,
  deployment: null,
  rating: null,
  comment: null,
  withLog: false,
  struck: [],
};

/** A new certificate of a company, with its private key. */
async function companyFile(name: string): Promise<string> {
  const pfx = join(root, `${name}.pfx`);
  await personAt(join(root, `${name}-company`)).asks(['init', '--name', name, '--new-certificate', pfx]);
  return pfx;
}

test('what an installer keeps is moved to where a daemon shall have it, and goes on there', async () => {
  const person = personAt(to);
  const adopted = await person.asks<{ links: object[] }>(['adopt', '--from', from]);
  expect(adopted).toMatchObject({
    name: 'plant',
    folder: to,
    moved: true,
    links: [{ name: 'acme', state: 'confirmed' }],
    installed: [{ environment: env, process: 'Orders', release: '1.0.0' }],
    answers: [
      { name: 'Db.Password', environment: env, secret: true },
      { name: 'Site.Port', environment: env, secret: false },
    ],
    report: 'asked',
  });
  // What runs from the old paths finds them.
  const installed = join(from, 'apps', env, 'Orders.Web', '1.0.0', 'settings.json');
  expect(readFileSync(installed, 'utf8')).toContain('"9090"');
  await person.asks('run --once');
  await expect(person.asks('deploy 1.0.0 --env production --again --wait')).resolves.toMatchObject({
    state: 'succeeded',
  });
  expect(await person.asks(['adopt', '--from', from])).toMatchObject({ moved: false, installed: [{}] });
  expect(await person.asks('adopt')).toMatchObject({ moved: false });
});

test('a site that gets the certificate of its company is still believed by who knew it before', async () => {
  const pfx = await companyFile('plant');
  {
    await using site = await siteAt(from, { file });
    await takeIn(site);
    const written = await site.writeResult(result, root);
    await vendor.asks(['bundle', 'import', written.file]);
    await vendor.asks(['link', 'confirm', 'plant', '--fingerprint', written.words]);
  }
  const person = personAt(to);
  const adopted = await person.asks<{ words: string }>(['adopt', '--from', from, '--certificate', pfx]);
  expect(adopted).toMatchObject({ rotated: true });
  expect(await person.asks(['adopt', '--certificate', pfx])).toMatchObject({ rotated: false });
  const out = join(root, 'home');
  await person.asks(['bundle', 'export', '--to', 'acme', '--out', out]);
  expect(await vendor.asks(['bundle', 'import', out])).toMatchObject({ bundles: [{ outcome: 'taken in' }] });
  const [link] = await vendor.asks<{ state: string; words: string }[]>('link list');
  expect(link).toMatchObject({ state: 'confirmed', words: adopted.words });
  expect(await person.asks('identity show')).toMatchObject({ certificate: { subject: 'CN=plant' } });
});

test('stolen keys of a site are void once the certificate of its company is there, and the thief is not believed then', async () => {
  await vendor.invite('depot');
  await vendor.asks(['release', 'publish', '1.0.0', '--to', 'depot']);
  const data = join(root, 'depot');
  {
    await using site = await siteAt(data, { file: await vendor.bundle('depot', '1.0.0'), name: 'depot' });
    await takeIn(site);
    await site.keep(env, { 'Db.Password': secret, 'Site.Port': '9091' });
    await site.run({ kind: 'install', environment: env, again: false }, hooks());
    const written = await site.writeResult(result, root);
    await vendor.asks(['bundle', 'import', written.file]);
    await vendor.asks(['link', 'confirm', 'depot', '--fingerprint', written.words]);
  }
  const stolen = join(root, 'stolen');
  cpSync(data, stolen, { recursive: true });
  for (const folder of [stolen, join(stolen, 'keys')]) chmodSync(folder, 0o700);
  const sends = async (from: string) => {
    const out = `${from}-home`;
    await personAt(from).asks(['bundle', 'export', '--to', 'acme', '--out', out]);
    return await vendor.types(['bundle', 'import', out, '--json']);
  };
  const reason = ['--from', 'now', '--reason', 'stolen'];
  const certificate = await companyFile('depot');
  const { words } = await personAt(data).asks<{ words: string }>([
    'identity',
    'revoke',
    ...reason,
    '--certificate',
    certificate,
  ]);
  expect(await sends(data)).toMatchObject({ exitCode: 0 });
  await personAt(stolen).asks(['identity', 'rotate', '--certificate', await companyFile('thief')]);
  expect(await sends(stolen)).toMatchObject({ error: { code: 'BUNDLE_CONTENT_REFUSED' } });
  const links = await vendor.asks<{ name: string }[]>('link list');
  expect(links.find(({ name }) => name === 'depot')).toMatchObject({ state: 'confirmed', words });
});

test.each(['adopt.marked', 'adopt.moved', 'adopt.linked'])(
  'adopting that was killed at %s is finished by the next call',
  async (fault) => {
    const killed = spawnSync(process.execPath, [program, '--data', to, 'adopt', '--from', from], {
      env: { ...process.env, CROSSGAP_FAULT: fault },
    });
    expect(killed.signal).toBe('SIGKILL');
    expect(await personAt(to).asks(['adopt', '--from', from])).toMatchObject({ name: 'plant', folder: to });
    expect(lstatSync(from).isSymbolicLink()).toBe(true);
    expect(existsSync(join(to, 'adopted-from'))).toBe(false);
  },
);

test('nothing is adopted while a run waits for a person to decide', async () => {
  {
    await using site = await siteAt(from, { file });
    await takeIn(site);
    writeFileSync(cut, from);
    await site.run({ kind: 'install', environment: env, again: true }, hooks());
  }
  const refused = await personAt(to).types(['adopt', '--from', from, '--json']);
  expect(refused).toMatchObject({ exitCode: 8, error: { code: 'DEPLOYMENT_HELD' } });
  expect(existsSync(to)).toBe(false);
  expect(await personAt(from).types('adopt --json')).toMatchObject({ exitCode: 8 });
});

test('nothing is moved onto something else, from where there is nothing, or while an installer works there', async () => {
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, 'mine'), '');
  const person = personAt(to);
  expect(await person.types(['adopt', '--from', from, '--json'])).toMatchObject({
    exitCode: 3,
    error: { code: 'DATA_FOLDER_TAKEN' },
  });
  const elsewhere = personAt(join(root, 'nowhere'));
  expect(await elsewhere.types(['adopt', '--from', join(root, 'empty'), '--json'])).toMatchObject({
    error: { code: 'DATA_FOLDER_MISSING' },
  });
  await using _site = await siteAt(from, { file });
  expect(await elsewhere.types(['adopt', '--from', from, '--json'])).toMatchObject({
    exitCode: 8,
    error: { code: 'SITE_HELD' },
  });
});
