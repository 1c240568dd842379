import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeploymentView, OfferView } from '../../src/projections/index.ts';
import { Company, cross, documentOf, pair, refusalOf, type Start } from '../support/companies.ts';
import { requiresSmallDisk } from '../support/requires.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-bad-input-'));
const shared = join(root, 'shared');
const acme = new Company(root, 'acme');
const contoso = new Company(root, 'contoso');
const others: Company[] = [];

const goodProcess = `
process: Shop
steps:
  - name: App
    package: Shop.App
`;
const app = { 'index.html': 'the shop' };

/** Where name and time stand in the headers of an archive. */
const [localNameAt, localTimeAt, centralNameAt, centralTimeAt] = [30, 10, 46, 12];

beforeAll(async () => {
  mkdirSync(shared);
  await Promise.all([acme.init(), contoso.init()]);
});
afterAll(async () => {
  await Promise.all([acme, contoso, ...others].map((company) => company.endAll()));
  rmSync(root, { recursive: true, force: true });
});

test('a process file that is wrong is refused with line and column, all of it at once, and nothing of it is kept', async () => {
  const publish = async (text: string, line: number, column: number, ...parts: string[]): Promise<void> => {
    const answer = await acme.types(['process', 'publish', acme.file('shop.yaml', text)]);
    expect(answer.exitCode).toBe(2);
    for (const part of [`line ${line}, column ${column}`, ...parts]) expect(answer.stderr).toContain(part);
  };
  await publish('process: Shop\nsteps:\n  - name: App\n    pakage: Shop.App\n', 4, 5, 'pakage', 'package');
  await publish('process: Shop\nsteps:\n  - name: "App\n', 4, 1, 'missing closing "quote');
  const twice = 'proces: a\nsteps: []\ntimeout: 1\n';
  await publish(twice, 1, 1, 'process');
  await publish(twice, 3, 1, 'timeout');
  expect((await acme.isRefused(2, 'process', 'publish', 'missing.yaml')).message).toContain('missing.yaml');
  expect(await acme.does('process', 'show')).toEqual([]);

  acme.file('shop.yaml', goodProcess);
  expect(await acme.does('process', 'publish', 'shop.yaml')).toMatchObject({ revision: 1, changed: true });
});

test('J3.F9 a package that is unsigned, signed by somebody else, changed or broken is refused with the reason, and of several none is kept', async () => {
  const good = await acme.package('Shop.App', '1.0.0', app);
  const bytes = readFileSync(good);
  const damaged = Buffer.from(bytes);
  damaged[bytes.indexOf('index.html') + 'index.html'.length + 2]! ^= 1;
  // Still a good archive with good checksums, and not the one that was signed.
  const retimed = Buffer.from(bytes);
  const [local, central] = [bytes.indexOf('index.html'), bytes.lastIndexOf('index.html')];
  retimed[local - localNameAt + localTimeAt]! ^= 2;
  retimed[central - centralNameAt + centralTimeAt]! ^= 2;
  const unsigned = await acme.package('Shop.App', '1.0.1', app, { signed: false });
  const foreign = await acme.package('Shop.App', '1.0.2', app, { as: contoso });
  const refused: [file: string, code: string, ...parts: string[]][] = [
    [unsigned, 'PACKAGE_UNSIGNED'],
    [foreign, 'PACKAGE_UNTRUSTED', 'CN=contoso'],
    [acme.file('damaged.nupkg', damaged), 'PACKAGE_TAMPERED', 'index.html'],
    [acme.file('retimed.nupkg', retimed), 'PACKAGE_TAMPERED', 'that was no accident'],
    [acme.file('cut.nupkg', bytes.subarray(0, -100)), 'PACKAGE_ARCHIVE_MALFORMED'],
  ];
  for (const [file, code, ...parts] of refused) {
    const refusal = await acme.isRefused(4, 'package', 'add', file);
    expect(refusal.code, file).toBe(code);
    for (const part of parts) expect(refusal.message).toContain(part);
  }
  for (const file of [acme.file('empty.nupkg', ''), acme.file('text.nupkg', 'this is no package')])
    expect((await acme.isRefused(2, 'package', 'add', file)).code).toBe('NOT_A_PACKAGE');
  const before = blobsOf(acme);
  await acme.isRefused(4, 'package', 'add', good, unsigned);
  expect(blobsOf(acme)).toEqual(before);
  expect(await acme.does('package', 'add', good)).toMatchObject({ packages: [{ known: false }] });
});

test('an invitation that is damaged, or none, is refused and nothing of it is kept; the good one is taken afterwards', async () => {
  const invite = ['link', 'invite', 'contoso', '--folder', shared, '--out', 'invitation.json'];
  const { words } = await acme.does<{ words: string }>(...invite);
  const good = readFileSync(join(acme.desk, 'invitation.json'));
  const flipped = (part: number): Buffer => {
    const bytes = Buffer.from(good);
    const at = Math.floor(bytes.length * part);
    bytes[at] = bytes[at] === 0x41 ? 0x42 : 0x41;
    return bytes;
  };
  const accept = (file: string) => ['link', 'accept', file, '--folder', shared, '--out', 'reply.json'];
  const wrong: Record<string, Buffer | string> = {
    'cut.json': good.subarray(0, -20),
    'empty.json': '',
    'text.json': 'you are invited',
    'other.json': '{"format":"something else"}',
    'flipped-1.json': flipped(0.4),
    'flipped-2.json': flipped(0.6),
    'flipped-3.json': flipped(0.9),
  };
  for (const [name, content] of Object.entries(wrong)) {
    const refusal = await contoso.isRefused(4, ...accept(contoso.file(name, content)));
    expect(refusal.code, name).toMatch(/^(?:INVITATION_INVALID|INTRODUCTION_.+)$/);
  }
  expect((await acme.isRefused(2, ...accept('invitation.json'))).code).toBe('INVITATION_OWN');
  expect(await contoso.does('link', 'list')).toEqual([]);

  const taken = await contoso.does(...accept(join(acme.desk, 'invitation.json')), '--fingerprint', words);
  expect(taken).toMatchObject({ state: 'confirmed' });
  // Said again, with the reply that comes back: it is the same pairing.
  await pair(acme, contoso, shared);
});

test('INV-10 garbage and damaged files in the shared folder hinder nothing that is good', async () => {
  await acme.does('release', 'create', 'Shop', '1.0.0', '--package', 'Shop.App@1.0.0');
  await acme.does('release', 'publish', '1.0.0', '--to', 'contoso');
  await acme.runsOnce();
  await cross(contoso, acme);
  const parcels = filesBelow(shared).filter((path) => path.endsWith('.cgp'));
  expect(parcels.length).toBeGreaterThan(1);
  for (const path of parcels) {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    const begin = path.slice(0, -'.cgp'.length);
    writeFileSync(`${begin}-0.cgp`, bytes.subarray(0, bytes.length >> 1));
    writeFileSync(`${begin}-1.cgp`, '');
    writeFileSync(`${begin} copy.txt`, 'a note of somebody');
    mkdirSync(`${begin}-2.cgp`, { recursive: true });
  }
  writeFileSync(join(shared, 'Thumbs.db'), 'what file managers leave');

  const seen = (await contoso.runsOnce()).exchanged.flatMap(({ refused }) => refused);
  expect(seen.join('\n')).toMatch(/PARCEL_DAMAGED/);
  await cross(acme, contoso);
  await cross(acme, contoso);
  expect(await contoso.does<OfferView[]>('inbox')).toMatchObject([
    { release: '1.0.0', state: 'offered', packages: [{ held: true }] },
  ]);
  expect(await contoso.does('log', 'verify', '--full')).toMatchObject({ ok: true });
});

type Wrong = readonly [what: string, damage: (database: string) => void, exitCode: number, code: string];
const sql = (text: string) => (path: string) => {
  const db = new Database(path);
  db.exec(text);
  db.close();
};
const wrongDatabases: readonly Wrong[] = [
  ['of a newer version', sql('PRAGMA user_version = 999'), 3, 'DATABASE_NEWER'],
  ['of another program', sql('PRAGMA application_id = 4711'), 2, 'DATABASE_FOREIGN'],
  ['without a byte', (path) => truncateSync(path), 4, 'DATABASE_EMPTY'],
  ['that is a text', (path) => writeFileSync(path, 'my notes\n'.repeat(900)), 2, 'DATABASE_FOREIGN'],
  [
    'that is cut in half',
    (path) => truncateSync(path, readFileSync(path).length >> 1),
    4,
    'DATABASE_DAMAGED',
  ],
];

test.each(wrongDatabases)(
  'a database %s is refused by name and left exactly as it is',
  async (_what, damage, exitCode, code) => {
    const other = copyOf(acme);
    const database = join(other.data, 'crossgap.db');
    const good = readFileSync(database);
    damage(database);
    const damaged = readFileSync(database);
    for (const command of [
      ['environment', 'add', 'uat'],
      ['run', '--once'],
    ]) {
      const refusal = await other.isRefused(exitCode, ...command);
      expect(refusal.code).toBe(code);
      expect(refusal.message).toContain(database);
    }
    expect(readFileSync(database).equals(damaged)).toBe(true);

    writeFileSync(database, good);
    expect(await other.does('environment', 'add', 'uat')).toMatchObject({ changed: true });
  },
);

const isRoot = process.geteuid?.() === 0;
const nobody: Start = isRoot ? { user: { uid: 65_534, gid: 65_534 } } : {};

test('a data folder that may not be written, or not be read, is refused by name and works again afterwards', async () => {
  const other = copyOf(acme);
  if (isRoot) execFileSync('chown', ['-R', '65534:65534', other.data, other.desk]);
  chmodSync(root, 0o755);
  const add = ['environment', 'add', 'uat', '--json'];
  const refused = async (): Promise<string> => refusalOf(3, add, await other.types(add, nobody)).code;

  chmodSync(other.data, 0o500);
  expect(await refused()).toBe('DATABASE_READ_ONLY');
  const init = ['init', '--name', 'new', '--new-certificate', 'new.pfx', '--json'];
  const inside = new Company(other.data, 'inside-of-it', other.desk);
  expect(refusalOf(2, init, await inside.types(init, nobody)).code).toBe('DATA_FOLDER_NOT_WRITABLE');
  expect(readdirSync(other.desk)).not.toContain('new.pfx');
  chmodSync(other.data, 0o700);
  chmodSync(join(other.data, 'crossgap.db'), 0o400);
  expect(await refused()).toBe('DATABASE_READ_ONLY');
  chmodSync(join(other.data, 'crossgap.db'), 0o600);

  if (isRoot) chownSync(other.data, 0, 0);
  else chmodSync(other.data, 0);
  const unreadable = await other.types(add, nobody);
  expect(unreadable.exitCode).toBe(2);
  expect(unreadable.stderr).toContain(other.data);
  if (isRoot) chownSync(other.data, 65_534, 65_534);
  else chmodSync(other.data, 0o700);
  expect(documentOf(add, await other.types(add, nobody))).toMatchObject({ changed: true });
});

test('J1.F7 a full disk is named by every command that meets it, nothing is half done, and all goes on when there is space', async () => {
  if (!requiresSmallDisk('a full disk')) return;
  const disk = join(root, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
  try {
    const tight = new Company(disk, 'tight');
    others.push(tight);
    const filler = join(disk, 'filler');
    const fill = (leave: number): void => {
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(filler, Buffer.alloc(Math.max(0, Number(bavail) * Number(bsize) - leave)));
    };
    const makeSpace = (): void => rmSync(filler);
    const isFull = async (exitCode: number, ...args: string[]): Promise<void> => {
      const { message } = await tight.isRefused(exitCode, ...args);
      expect(message).toMatch(/the disk is full|no space left/);
    };

    for (const [left, exitCode] of [
      [128, 3],
      [8, 2],
      [0, 3],
    ] as const) {
      fill(left * 1024);
      await isFull(exitCode, 'init', '--name', 'tight', '--new-certificate', 'company.pfx');
      expect(filesBelow(tight.data)).toEqual([]);
      expect(readdirSync(tight.desk)).toEqual([]);
      makeSpace();
    }
    await tight.init();
    await tight.does('environment', 'add', 'uat');

    fill(0);
    await isFull(3, 'environment', 'add', 'production');
    makeSpace();
    expect(await tight.does('environment', 'list')).toMatchObject([{ name: 'uat' }]);

    const large = { ...app, 'large.bin': randomBytes(700_000) };
    const file = await tight.package('Shop.App', '1.0.0', large);
    const before = blobsOf(tight);
    fill(256 * 1024);
    await isFull(3, 'package', 'add', file);
    makeSpace();
    expect(blobsOf(tight)).toEqual(before);
    expect(await tight.does('package', 'add', file)).toMatchObject({ packages: [{ known: false }] });

    await tight.does('process', 'publish', tight.file('shop.yaml', goodProcess));
    await tight.does('release', 'create', 'Shop', '1.0.0', '--package', 'Shop.App@1.0.0');
    fill(512 * 1024);
    const refusal = await tight.isRefused(6, 'deploy', '1.0.0', '--env', 'uat', '--wait');
    expect(refusal.message).toMatch(/, convention 0 \(ExtractPackage\): .* are needed and .* are free$/);
    expect(readdirSync(join(tight.data, 'apps/uat/Shop.App'))).toEqual([]);
    makeSpace();
    const id = String(refusal.details['deployment']);
    const retried = await tight.does<DeploymentView>('deployment', 'retry', id, '--wait');
    expect(retried.state).toBe('succeeded');

    // The disk fills up while a script runs: neither journal nor log can be written any more.
    const please = tight.file('please-fill', '');
    const filling = `if [ -e ${please} ]; then head -c 20M /dev/zero > ${filler}; rm ${please}; fi; true`;
    const longer = `${goodProcess}  - name: Fill\n    run: { bash: '${filling}' }\n`;
    await tight.does('process', 'publish', tight.file('longer.yaml', longer));
    await tight.does('release', 'create', 'Shop', '1.1.0', '--package', 'Shop.App@1.0.0');
    await isFull(3, 'deploy', '1.1.0', '--env', 'uat', '--wait');
    makeSpace();
    await tight.runsOnce();
    // How far its journal came decides whether it is over or waits for a person.
    const [run] = (await tight.does<{ deployments: DeploymentView[] }>('status')).deployments;
    if (run!.state === 'interrupted') await tight.does('deployment', 'resume', run!.id, '--wait');
    expect(await tight.does('deployment', 'show', run!.id)).toMatchObject({
      release: '1.1.0',
      state: 'succeeded',
    });
    expect(await tight.does('log', 'verify', '--full')).toMatchObject({ ok: true });
    expect(await tight.does('log', 'rebuild')).toMatchObject({ ok: true, changed: [] });
  } finally {
    execFileSync('umount', ['--lazy', disk]);
  }
});

/** The same company once more, in a folder of its own. */
function copyOf(company: Company): Company {
  const copy = new Company(root, `${company.name}-${others.length + 1}`);
  others.push(copy);
  execFileSync('cp', ['-a', company.data, copy.data]);
  return copy;
}

function blobsOf(company: Company): string[] {
  return filesBelow(join(company.data, 'blobs'));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
