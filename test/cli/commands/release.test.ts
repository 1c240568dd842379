import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { junit, makeVendor, processText, signedPackage, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type Person } from '../typed.ts';

type Release = {
  digest: string;
  created: boolean;
  revision: { number: number; digest: string };
  notes: string | null;
  closedBecause: string[];
  verdict: unknown;
  tests: unknown;
};

const root = freshFolder(memory);
let company: Company;
let acme: Person;
let here: string;
let count = 0;

beforeAll(async () => {
  company = await makeVendor(root);
});

beforeEach(() => {
  count += 1;
  here = join(root, `test-${count}`);
  mkdirSync(here);
  acme = company.copy(`acme-${count}`);
});

function written(name: string, content: string | Buffer): string {
  writeFileSync(join(here, name), content);
  return join(here, name);
}

const create = (...more: string[]) =>
  acme.types(['release', 'create', 'Orders', '2.0.0', '--package', 'Orders.Web@1.0.0', '--json', ...more]);
const shown = (number: string) => acme.asks<Release>(`release show ${number}`);
const entries = async () => (await acme.asks<{ log: { entries: number } }>('status')).log.entries;

test('the same process file again is the revision that is there; another content is the next', async () => {
  const file = written('p.yaml', processText);
  expect(await acme.asks(['process', 'publish', file])).toMatchObject({ revision: 1, changed: false });
  writeFileSync(file, processText.replace('echo hello', 'echo good morning'));
  const answer = await acme.types(['process', 'publish', file]);
  expect(answer.stdout).toContain('Process Orders revision 2 is published');
  expect(answer.stdout).toContain('+ echo good morning');
  expect((await acme.types('process diff 1 2')).stdout).toContain('Step changed: Hello');
  expect(await acme.asks('process diff Orders@2 Orders@1')).toMatchObject({ same: false });
  expect((await acme.types('process show Orders@1')).stdout).toContain('1.  Hello  runs bash');
});

test('a process file with mistakes names each with its place, and nothing is stored', async () => {
  const before = await entries();
  const file = written('p.yaml', 'process: Orders\nstepps: []\ninputs: { A: { type: number } }\n');
  const answer = await acme.types(['process', 'publish', file, '--json']);
  expect(answer).toMatchObject({ exitCode: 2, stdout: '', error: { code: 'PROCESS_FILE_INVALID' } });
  expect(answer.error.message).toContain('line 2, column 1: unknown key stepps (and 1 more)');
  expect(answer.stderr).toMatch(/\n {5}line 3, column \d+: .*\n {5}try: Did you mean steps\?/);
  expect(await entries()).toBe(before);
});

test('a name that nothing gives a value is told with the one that was probably meant', async () => {
  const file = written('p.yaml', processText.replace('echo hello', 'echo #{Site.Titel}'));
  const { stderr } = await acme.types(['process', 'publish', file]);
  expect(stderr).toContain('nothing gives Site.Titel a value');
  expect(stderr).toContain('is it Site.Title?');
});

test('a gate that names no environment of this side is told: it could never open', async () => {
  const file = written('p.yaml', processText.replace('[integration]', '[integration, qua]'));
  expect((await acme.types(['process', 'publish', file])).stdout).toContain('publish-when names qua');
});

test('the schema of the process file is JSON', async () => {
  expect(JSON.parse((await acme.types('process schema')).stdout)).toMatchObject({ type: 'object' });
});

test.each([
  ['process show Payments', 'PROCESS_UNKNOWN'],
  ['process show Orders@7', 'PROCESS_UNKNOWN'],
  ['process publish nowhere.yaml', 'FILE_NOT_READABLE'],
  ['release create Payments 1.0.0', 'PROCESS_UNKNOWN'],
  ['release create Orders v1 --package Orders.Web@1.0.0', 'USAGE_INVALID'],
  ['release create Orders 2.0.0', 'PACKAGE_NOT_NAMED'],
  ['release create Orders 2.0.0 --package Orders.Web@7.0.0', 'PACKAGE_UNKNOWN'],
  ['release create Orders 2.0.0 --package Orders.Web', 'USAGE_INVALID'],
  ['release create Orders a/b --package Orders.Web@1.0.0', 'USAGE_INVALID'],
  ['release show 7.0.0', 'RELEASE_UNKNOWN'],
  ['release verdict 1.0.0', 'USAGE_INVALID'],
  ['release verdict 1.0.0 --ok --not-ok', 'USAGE_INVALID'],
  ['release accept 1.0.0', 'OFFER_ONLY'],
  ['release publish 1.0.0 --to nobody', 'LINK_UNKNOWN'],
  ['tests import 1.0.0 nowhere.xml', 'FILE_NOT_READABLE'],
])('`%s` is refused as misuse and nothing is stored', async (line, code) => {
  const before = await entries();
  expect(await acme.types(`${line} --json`)).toMatchObject({ exitCode: 2, error: { code } });
  expect(await entries()).toBe(before);
});

test.each([
  ['Orders', 'Its releases: self:Orders/1.0.0.'],
  ['orders', 'Its releases: self:Orders/1.0.0.'],
  ['orders/1.0.0', 'Did you mean self:Orders/1.0.0?'],
  ['2.0.0', 'Known here: self:Orders/1.0.0.'],
])('%s is no release, and what may be meant is named', async (text, hint) => {
  const { error } = await acme.types(`release show ${text} --json`);
  expect(error).toMatchObject({ code: 'RELEASE_UNKNOWN', hint });
});

test('a package in the place of a process file is told apart', async () => {
  const answer = await acme.types(['process', 'publish', await signedPackage(company, '9.0.0'), '--json']);
  expect(answer).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
  expect(answer.error.hint).toContain('crossgap package add');
});

test('what may be a mistake in a process is noted and is no refusal', async () => {
  const file = written(
    'notes.yaml',
    `process: Noted
inputs: { Db.Password: { secret: true }, Db.Host: }
steps:
  - { name: A, run: { bash: 'connect "#{db.password}" #{Db.Host}' } }
  - { name: B, package: Nobody.Added, scripts: { deploy: { powershell: '#{Db.Password}' } } }
`,
  );
  const { notes } = await acme.asks<{ notes: string[] }>(['process', 'publish', file]);
  expect(notes).toEqual([
    expect.stringMatching(/bash script of step A pastes the secret Db.Password .*get_octopusvariable/),
    expect.stringMatching(/powershell script of step B .*\$OctopusParameters\['Db.Password'\]/),
    'step B deploys package Nobody.Added, of which no version was added here yet',
  ]);
  expect((await acme.types(['process', 'publish', file])).stderr).toContain('note: step B deploys');
});

test('J1.2 a release binds the newest revision and exact packages, and keeps its notes as they are', async () => {
  const text = `${'"quotes" and \\ newlines\n'.repeat(8000)}\u{1f600}\r\n`;
  const answer = await create('--notes', written('notes.md', text));
  expect(answer).toMatchObject({
    exitCode: 0,
    json: { created: true, revision: { number: 1 }, packages: [{ id: 'Orders.Web', version: '1.0.0' }] },
  });
  expect((await shown('2.0.0')).notes).toBe(text);
  expect((await acme.types('release show 2.0.0')).stdout).toContain('more lines (all with --json)');
});

test('the same release again changes nothing; other parts under its number are refused', async () => {
  const first = (await create()).json as Release;
  expect((await create()).json).toMatchObject({ created: false, digest: first.digest });
  const other = await create('--notes', written('notes.md', 'other'));
  expect(other).toMatchObject({
    exitCode: 3,
    error: { code: 'RELEASE_EXISTS', details: { known: first.digest } },
  });
});

test('notes that are not UTF-8 are refused', async () => {
  const answer = await create('--notes', written('notes.md', Buffer.from([0xff, 0xfe, 0xfd])));
  expect(answer).toMatchObject({ exitCode: 2, error: { code: 'FILE_NOT_READABLE' } });
});

test('J1.5 a diff of releases tells packages, process, inputs and notes', async () => {
  await acme.asks(['package', 'add', await signedPackage(company, '1.1.0')]);
  const text = processText.replace('variables:\n', '  Smtp.Host: { required: true }\nvariables:\n');
  await acme.asks(['process', 'publish', written('p.yaml', text)]);
  const line = ['release', 'create', 'Orders', '1.1.0', '--package', 'Orders.Web@1.1.0'];
  await acme.asks([...line, '--notes', written('notes.md', 'Sends mail now')]);
  const { stdout } = await acme.types('release diff 1.0.0 1.1.0');
  expect(stdout).toMatch(/Orders\.Web +1\.0\.0 +→ +1\.1\.0/);
  expect(stdout).toContain('Now required: Smtp.Host');
  expect(stdout).toContain('Sends mail now');
  expect(await acme.asks('release diff 1.0.0 1.0.0')).toMatchObject({
    same: true,
    packages: [],
    notes: null,
  });
});

test('J1.6 J1.7 a verdict names release and author; a bad one closes the gate and is shown', async () => {
  const answer = await acme.types(['release', 'verdict', '1.0.0', '--not-ok', '--note', 'login fails']);
  expect(answer.stdout).toContain('Verdict on Orders/1.0.0: not ok, by ');
  expect(answer.stdout).toMatch(/digest: +[0-9a-f]{64}/);
  const release = await shown('1.0.0');
  expect(release.verdict).toMatchObject({ ok: false, note: 'login fails' });
  expect(release.closedBecause[0]).toMatch(/^the verdict of .* is: not ok \("login fails"\)$/);
  expect(await acme.asks('release verdict 1.0.0 --not-ok --note again')).toMatchObject({ changed: true });
  expect(await acme.asks('release verdict 1.0.0 --not-ok --note again')).toMatchObject({ changed: false });
});

test('test results become evidence once, all files or none', async () => {
  const good = written('good.xml', junit);
  const answer = await acme.types(['tests', 'import', '1.0.0', good, written('bad.xml', '<trx/>'), '--json']);
  expect(answer).toMatchObject({ exitCode: 2, error: { code: 'EVIDENCE_FORMAT_NOT_SUPPORTED' } });
  expect((await shown('1.0.0')).tests).toBeNull();
  const once = await acme.asks(['tests', 'import', '1.0.0', good]);
  expect(once).toMatchObject({ tests: { passed: 1, failed: 0, skipped: 1 }, files: [{ known: false }] });
  const twice = await acme.asks(['tests', 'import', '1.0.0', good]);
  expect(twice).toMatchObject({ tests: { passed: 1 }, files: [{ known: true }] });
});

test('failed tests are named and close the gate', async () => {
  const file = written(
    't.xml',
    '<testsuite><testcase name="login"><failure message="500"/></testcase></testsuite>',
  );
  expect((await acme.types(['tests', 'import', '1.0.0', file])).stdout).toContain('failed: login: 500');
  expect((await shown('1.0.0')).closedBecause).toContain('1 tests failed');
});

test('J1.9 publishing before the gate is open is refused with every reason; a plan says so too', async () => {
  await acme.asks(['link', 'invite', 'contoso', '--out', join(here, 'invitation')]);
  const refused = await acme.types('release publish 1.0.0 --to contoso --json');
  expect(refused).toMatchObject({ exitCode: 3, error: { code: 'GATE_CLOSED' } });
  expect(refused.error.details['reasons']).toEqual([
    'it was not deployed to integration with success',
    'no test results were imported',
    'nobody has given a verdict yet',
  ]);
  const plan = await acme.types('release publish 1.0.0 --to contoso --plan --json');
  expect(plan).toMatchObject({
    exitCode: 3,
    json: {
      receivers: [{ customer: 'contoso', published: false, open: true, inTheWay: null }],
    },
  });
});

test('J1.11 a withdrawn release is not deployed from any command, and withdrawing again changes nothing', async () => {
  expect(await acme.types(['release', 'withdraw', '1.0.0', '--reason', ' '])).toMatchObject({ exitCode: 2 });
  await acme.asks(['release', 'withdraw', '1.0.0', '--reason', 'data loss']);
  expect(await acme.asks(['release', 'withdraw', '1.0.0', '--reason', 'again'])).toMatchObject({
    withdrawn: 'data loss',
    changed: false,
  });
  for (const line of ['deploy 1.0.0 --env integration', 'deploy 1.0.0 --env integration --again']) {
    const answer = await acme.types(`${line} --json`);
    expect(answer).toMatchObject({ exitCode: 3, error: { code: 'RELEASE_WITHDRAWN' } });
    expect(answer.error.message).toContain('data loss');
  }
});

test('names of environments and tags are ones that can name a folder', async () => {
  for (const name of ['../etc', 'a b', '', 'x\u001b']) {
    expect((await acme.types(['environment', 'add', name])).exitCode).toBe(2);
  }
  expect(await acme.types('environment add uat --after nowhere --json')).toMatchObject({
    exitCode: 2,
    error: { code: 'ENVIRONMENT_UNKNOWN' },
  });
  expect(await acme.asks('environment add uat --after integration --tag test live')).toMatchObject({
    after: ['integration'],
    tags: ['test', 'live'],
    changed: true,
  });
  expect(await acme.types('environment remove integration --json')).toMatchObject({ exitCode: 3 });
  expect(await acme.asks('environment remove uat')).toMatchObject({ changed: true });
  expect(await acme.asks('environment remove uat')).toMatchObject({ changed: false });
  const slip = await acme.types('environment remove Integration --json');
  expect(slip).toMatchObject({ exitCode: 2, error: { code: 'ENVIRONMENT_UNKNOWN' } });
  expect(slip.error.hint).toContain('Did you mean integration?');
  expect((await acme.types(['environment', 'add', 'my env', '--json'])).error.hint).toContain('my-env');
  expect(await acme.types('environment add x --approvals 2 --json')).toMatchObject({
    exitCode: 2,
    error: { code: 'NOT_IN_THIS_VERSION' },
  });
});

test('a blob store that lost a revision is told as that', async () => {
  const { revision } = await shown('1.0.0');
  const blob = join(acme.data, 'blobs', 'sha256', revision.digest.slice(0, 2), revision.digest);
  expect(readFileSync(blob).length).toBeGreaterThan(0);
  rmSync(blob);
  expect(await create()).toMatchObject({ exitCode: 7, error: { code: 'BLOB_MISSING' } });
});
