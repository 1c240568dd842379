import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { program } from '../../support/companies.ts';
import { makeVendor, type Company } from '../company.ts';
import { buildRelease, publish } from '../../daemon/company.ts';
import { deliver, makePair } from '../../support/instances.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, personAt, type Person } from '../typed.ts';

type Added = { sha256: string; contentDigest: string; known: boolean; sameContentAs: string | null };
type Shelved = {
  id: string;
  version: string;
  contentDigest: string;
  link: string | null;
  state: string;
  files: { sha256: string; held: boolean }[];
  releases: { release: string; sha256: string; withdrawn: boolean }[];
};
type Release = { digest: string; created: boolean; packages: { sha256: string; contentDigest: string }[] };

const root = freshFolder(memory);
let company: Company;
/** Two files of one content: 1.0.0 of the company, signed once more. */
let again: string;
let acme: Person;
let count = 0;

beforeAll(async () => {
  company = await makeVendor(root);
  const folder = join(root, 'app-1.0.0-Orders');
  again = join(root, 'again.nupkg');
  const identity = ['--id', 'Orders.Web', '--version', '1.0.0'];
  await company.asks(['package', 'pack', folder, ...identity, '--out', again]);
  await company.asks(['package', 'sign', again, '--certificate', company.pfx, '--hash', 'sha512']);
});

beforeEach(() => {
  count += 1;
  acme = company.copy(`copy-${count}`);
});

const blob = (digest: string): string => join(acme.data, 'blobs', 'sha256', digest.slice(0, 2), digest);
const shelf = async () => (await acme.asks<{ packages: Shelved[] }>('package list')).packages;
const addAgain = async () => (await acme.asks<{ packages: Added[] }>(['package', 'add', again])).packages[0]!;

test('a package that was signed again is the same content: no conflict, told in words, with both files', async () => {
  const [before] = await shelf();
  const answer = await acme.types(['package', 'add', again]);
  expect(answer.exitCode).toBe(0);
  expect(answer.stdout).toContain(`The same content as file ${before!.files[0]!.sha256}`);
  expect(answer.stdout).toContain(before!.contentDigest);
  const [after, ...others] = await shelf();
  expect(others).toEqual([]);
  expect(after).toMatchObject({ contentDigest: before!.contentDigest, state: 'here', link: null });
  expect(after!.files.map(({ sha256 }) => sha256).slice(1)).toEqual([before!.files[0]!.sha256]);
  expect(await addAgain()).toMatchObject({ known: true });
});

test('releases made from then on name the newest file; those made before stay as they are, and can be made again', async () => {
  const old = await acme.asks<Release>('release show 1.0.0');
  const { sha256, sameContentAs } = await addAgain();
  expect(sameContentAs).toBe(old.packages[0]!.sha256);
  const made = await acme.asks<Release>('release create Orders 1.0.1 --package Orders.Web@1.0.0');
  expect(made.packages).toMatchObject([{ sha256 }]);
  const repeated = await acme.asks<Release>('release create Orders 1.0.0 --package Orders.Web@1.0.0');
  expect(repeated).toMatchObject({ created: false, digest: old.digest, packages: old.packages });
  expect(await acme.asks('release diff 1.0.0 1.0.1')).toMatchObject({ packages: [] });
  expect((await shelf())[0]!.releases).toMatchObject([
    { release: 'Orders/1.0.0', sha256: old.packages[0]!.sha256 },
    { release: 'Orders/1.0.1', sha256 },
  ]);
});

test('where the file that a release names is gone, another of the same content is deployed', async () => {
  await addAgain();
  const { packages } = await acme.asks<Release>('release show 1.0.0');
  const named = packages[0]!.sha256;
  rmSync(blob(named));
  await acme.types('input set Db --secret', { input: 'secret-value' });
  const done = await acme.asks<{ id: string; state: string }>('deploy 1.0.0 --env integration --wait');
  expect(done.state).toBe('succeeded');
  expect(await acme.asks(`deployment replay ${done.id}`)).toMatchObject({ same: true });
});

test('the shelf tells of each package by what road it came, who signed it and which releases name it', async () => {
  const text = (await acme.types('package list')).stdout;
  expect(text).toMatch(/Orders\.Web +1\.0\.0 .*own +CN=acme +here +in 1 release/);
  const shown = (await acme.types('package show orders.web@1.0')).stdout;
  expect(shown).toMatch(/content: +[0-9a-f]{64}/);
  expect(shown).toMatch(/sha256 [0-9a-f]{64}/);
  expect(shown).toContain('Orders/1.0.0');
  expect(await acme.types('package show Orders.Web@9.0.0 --json')).toMatchObject({
    exitCode: 2,
    error: { code: 'PACKAGE_UNKNOWN', hint: 'Here are of Orders.Web: 1.0.0.' },
  });
});

test('a release of this side whose package is gone says so, and what to do', async () => {
  const [{ sha256 }] = (await acme.asks<{ packages: [{ sha256: string }] }>('release show 1.0.0')).packages;
  rmSync(blob(sha256));
  expect((await acme.types('release show 1.0.0')).stdout).toContain('not here');
  await acme.types('input set Db --secret', { input: 'secret-value' });
  const answer = await acme.types('deploy 1.0.0 --env integration --json');
  expect(answer).toMatchObject({ exitCode: 7, error: { code: 'RELEASE_INCOMPLETE' } });
  expect(answer.error.message).toContain('not here any more: Orders.Web 1.0.0 (its file is gone)');
  expect(answer.error.hint).toContain('crossgap package add');
});

test("a package that an offer names can be added by hand, and is judged by that link's trust", async () => {
  const folder = join(root, 'pair');
  mkdirSync(folder);
  using pair = await makePair(folder);
  const marks = join(folder, 'marks');
  writeFileSync(marks, '');
  const { document } = await publish(pair, '1.0.0', { marks });
  await deliver(pair.vendor, pair.customer, pair.link);
  const file = pair.vendor.blobs.path(document.packages[0]!.sha256);
  const customer = personAt(pair.customer.folder.root);
  const answer = await customer.types(['package', 'add', file]);
  expect(answer.stdout).toMatch(/^Orders\.Web 1\.0\.0: taken for releases of acme$/m);
  expect(await customer.asks('package list')).toMatchObject({ packages: [{ link: 'acme', state: 'here' }] });
  const { sha256 } = (await buildRelease(pair.vendor, '2.0.0', { marks })).document.packages[0]!;
  const other = await customer.types(['package', 'add', pair.vendor.blobs.path(sha256), '--json']);
  expect(other).toMatchObject({ exitCode: 4, error: { code: 'PACKAGE_UNTRUSTED' } });
  expect(pair.customer.holds(sha256)).toBe(false);
});

describe('package gc', () => {
  type Cleared = {
    removable?: { digest: string; what: string; sizeBytes: number; why: string }[];
    removed?: { digest: string }[];
    freedBytes: number;
    leftOver: string[];
    kept: { why: string; files: number }[];
  };
  const withdraw = () => acme.types(['release', 'withdraw', '1.0.0', '--reason', 'a mistake']);

  test('shows what would go and why, and what stays; then it goes, and is told of until it is added again', async () => {
    const file = (await shelf())[0]!.files[0]!.sha256;
    const before = await acme.asks<Cleared>('package gc --plan');
    expect(before).toMatchObject({
      removable: [],
      kept: [{ why: 'a release that can be deployed names it', files: 1 }],
    });
    await withdraw();
    const planned = await acme.types('package gc --plan');
    expect(planned.stdout).toMatch(/1 file would go, .*\n +Orders\.Web 1\.0\.0 .*its release was withdrawn/);
    expect(existsSync(blob(file))).toBe(true);
    expect(await acme.asks<Cleared>('package gc')).toMatchObject({ removed: [{ digest: file }] });
    expect(existsSync(blob(file))).toBe(false);
    expect(await shelf()).toEqual([]);
    expect((await acme.types('package list --removed')).stdout).toContain('removed');
    expect((await acme.types('package show Orders.Web@1.0.0')).stdout).toContain('its release was withdrawn');
    const create = 'release create Orders 1.0.1 --package Orders.Web@1.0.0';
    const { error } = await acme.types(`${create} --json`);
    expect(error.code).toBe('PACKAGE_UNKNOWN');
    expect(error.message).toMatch(/it was removed by gc on 20.* since its release was withdrawn$/);
    expect(error.hint).toContain('crossgap package add Orders.Web.1.0.0.nupkg');
    expect(await addAgain()).toMatchObject({ known: false, sameContentAs: null });
    expect(await acme.asks<Release>(create)).toMatchObject({ created: true });
  });

  test.each(['gc.recorded', 'gc.file-removed'])(
    'that was killed at %s is finished by the next one',
    async (fault) => {
      const { sha256 } = await addAgain();
      const [{ files } = { files: [] }] = await shelf();
      await withdraw();
      const { signal } = spawnSync(
        process.execPath,
        [program, '--data', acme.data, 'package', 'gc', '--unreleased'],
        { env: { ...process.env, CROSSGAP_FAULT: fault } },
      );
      expect(signal).toBe('SIGKILL');
      const left = files.filter((one) => existsSync(blob(one.sha256))).map((one) => one.sha256);
      expect(left).toHaveLength(fault === 'gc.recorded' ? 2 : 1);
      expect(await acme.asks<Cleared>('package gc')).toMatchObject({
        removed: [],
        leftOver: left.toSorted(),
      });
      expect(existsSync(blob(sha256))).toBe(false);
      expect(await acme.asks('log rebuild')).toMatchObject({ changed: [] });
    },
  );
});
