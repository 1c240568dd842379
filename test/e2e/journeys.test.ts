import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeploymentView, FleetRow, OfferView } from '../../src/projections/index.ts';
import {
  Company,
  cross,
  documentOf,
  effectsIn,
  pair,
  refusalOf,
  untilFileHolds,
  type Files,
} from '../support/companies.ts';
import { filesHolding, secretForms } from '../support/secret-forms.ts';
import { memory } from '../support/in-memory.ts';

// One vendor and its customers live through a release's life; each test goes on where the one before it ended.
const root = mkdtempSync(join(memory, 'crossgap-journeys-'));
const shared = join(root, 'shared');
const effects = join(root, 'effects');
const gate = join(root, 'gate');
const acme = new Company(root, 'acme');
const contoso = new Company(root, 'contoso');
const metro = new Company(root, 'metro');

const password = 'Pa55"word\\of <contoso> & co';
const notes = `${"It's \"quoted\", 'twice'.\r\n\tTab, \\backslash\\, #{Octopus.Release.Number}, 𝄞 and 😀.\n".repeat(2600)}the end`;

const firstProcess = `
process: Shop
local:
  publish-when: { verdict: ok }
inputs:
  Db.Password: { label: Main database, secret: true }
  Shop.Port: { type: port }
  Mail.Host: { required: false }
variables:
  Shop.Title: "Shop #{Octopus.Release.Number}"
steps:
  - name: Note
    run: { bash: 'echo "first $(get_octopusvariable Octopus.Environment.Name)" >> ${effects}' }
  - name: App
    package: Shop.App
    features: { substitute-in-files: [settings.json], config-variables: true }
  - name: Tidy
    run: { bash: 'true' }
`;
const secondProcess = `
process: Shop
local:
  publish-when: { verdict: ok }
inputs:
  Db.Password: { label: Main database, secret: true }
  Shop.Port: { type: port }
  Mail.Host: { required: true }
  Shop.Theme: { type: choice, choices: [plain, dark], default: plain }
variables:
  Shop.Title: "Web shop #{Octopus.Release.Number}"
  Shop.Footer: "made by acme"
steps:
  - name: App
    package: Shop.App
    features: { substitute-in-files: [settings.json], config-variables: true }
  - name: Note
    run:
      bash: |
        echo "second $(get_octopusvariable Octopus.Environment.Name)" >> ${effects}
        if [ -p ${gate} ]; then read -r _ < ${gate}; fi
  - name: Warm up
    run: { bash: 'true' }
`;
const app: Files = {
  'settings.json': '{ "title": "#{Shop.Title}", "port": #{Shop.Port} }\n',
  'Web.config':
    '<configuration><appSettings><add key="Db.Password" value=""/></appSettings></configuration>\n',
  'Deploy.sh': 'mkdir -p results && echo "<testsuites/>" > results/TestResult.xml && [ ! -f fail ]\n',
};

type Release = {
  release: string;
  digest: string;
  notes: string | null;
  withdrawn: string | null;
  closedBecause: string[];
  verdict: { ok: boolean; by: string; note: string | null } | null;
  publishedTo: { customer: string; state: string; reason: string | null }[];
  created?: boolean;
  revision: { number: number };
};
type Offer = OfferView & {
  confirmed: boolean;
  differences: string[];
  newInputs: string[];
  missingInputs: { environment: string; name: string }[];
  runsHere: { release: string } | null;
  sizeBytes: number;
};

beforeAll(async () => {
  mkdirSync(shared);
  await Promise.all([
    (async () => {
      await acme.init();
      await acme.does('environment', 'add', 'integration');
      await acme.does('environment', 'add', 'qa', '--after', 'integration');
      acme.file('shop.yaml', firstProcess);
      await acme.does('process', 'publish', 'shop.yaml');
      await acme.gives('only-at-acme', 'input', 'set', 'Db.Password', '--secret');
      await acme.gives('8080', 'input', 'set', 'Shop.Port');
    })(),
    (async () => {
      await contoso.init();
      await contoso.does('environment', 'add', 'uat');
      await contoso.does('environment', 'add', 'production', '--after', 'uat');
    })(),
    (async () => {
      await metro.init();
      await metro.does('environment', 'add', 'live');
    })(),
  ]);
  await pair(acme, contoso, shared);
});
afterAll(async () => {
  await Promise.all([acme, contoso, metro].map((company) => company.endAll()));
  rmSync(root, { recursive: true, force: true });
});

type Added = { packages: { sha256: string; contentDigest: string; known: boolean }[] };

test('J1.1 a package is added with its signer; the same again is known; the same version with other content is refused', async () => {
  const file = await acme.package('Shop.App', '1.0.0', app);
  const first = await acme.does<Added>('package', 'add', file);
  expect(first.packages).toMatchObject([
    {
      id: 'Shop.App',
      version: '1.0.0',
      known: false,
      trusted: true,
      signature: { valid: true, kind: 'author', signer: { subject: 'CN=acme' } },
    },
  ]);
  const again = await acme.does<Added>('package', 'add', file);
  expect(again.packages).toMatchObject([{ known: true, sha256: first.packages[0]!.sha256 }]);

  const other = await acme.package(
    'Shop.App',
    '1.0.0',
    { ...app, more: 'a build stamp' },
    { name: 'other.nupkg' },
  );
  const held = blobsOf(acme);
  const entries = await entriesOf(acme);
  const refusal = await acme.isRefused(4, 'package', 'add', other);
  expect(refusal.code).toBe('PACKAGE_CONTENT_DIFFERS');
  const { contentDigest } = await acme.does<{ contentDigest: string }>('package', 'verify', other);
  expect(refusal.message).toContain(contentDigest);
  expect(refusal.message).toContain(first.packages[0]!.contentDigest);
  expect(blobsOf(acme)).toEqual(held);
  expect(await entriesOf(acme)).toBe(entries);
});

test('J1.2 a release is frozen once: the same again is there already, other content under its number is refused', async () => {
  acme.file('notes.md', notes);
  acme.file('other-notes.md', 'other');
  const create = ['release', 'create', 'Shop', '1.0.0', '--package', 'Shop.App@1.0.0', '--notes'];
  const made = await acme.does<Release>(...create, 'notes.md');
  expect(made).toMatchObject({ created: true, revision: { number: 1 } });
  const again = await acme.does<Release>(...create, 'notes.md');
  expect(again).toMatchObject({ created: false, digest: made.digest });
  expect((await acme.isRefused(3, ...create, 'other-notes.md')).code).toBe('RELEASE_EXISTS');
});

const collect = ['--wait', '--collect', '**/TestResult.xml', '--collect-to'];

test('J1.3 a deployment hands its test results to the job that asked for it', async () => {
  const deploy = ['deploy', '1.0.0', '--env', 'integration', ...collect, 'ci'];
  const deployed = await acme.does<DeploymentView & { collected: string[] }>(...deploy);
  expect(deployed).toMatchObject({ state: 'succeeded', steps: [{}, { id: 'app' }, {}] });
  expect(deployed.collected).toEqual([join(acme.desk, 'ci/TestResult.xml')]);
  expect(readFileSync(join(acme.desk, 'ci/TestResult.xml'), 'utf8')).toBe('<testsuites/>\n');
  expect(effectsIn(effects)).toEqual({ 'first integration': 1 });
});

test('J1.3 a deployment that fails returns the collected files all the same, with exit code 6', async () => {
  await addRelease('1.0.1', { ...app, fail: '' });
  const deploy = ['deploy', '1.0.1', '--env', 'integration', ...collect, 'failed-ci'];
  const refusal = await acme.isRefused(6, ...deploy);
  expect(refusal).toMatchObject({
    code: 'DEPLOYMENT_FAILED',
    details: { state: 'failed', failedAt: { step: 2, stepId: 'app', convention: 10 } },
  });
  expect(readdirSync(join(acme.desk, 'failed-ci'))).toEqual(['TestResult.xml']);
});

test('J1.4 a release runs the revision it was made with, and says that a newer one exists', async () => {
  acme.file('shop.yaml', secondProcess);
  expect(await acme.does('process', 'publish', 'shop.yaml')).toMatchObject({ revision: 2, changed: true });
  const args = ['deploy', '1.0.0', '--env', 'qa', '--wait', '--json'];
  const answer = await acme.types(args);
  expect(documentOf<DeploymentView>(args, answer).steps.map(({ id }) => id)).toEqual(['note', 'app', 'tidy']);
  expect(answer.stderr).toContain('process revision 1, as it was made; revision 2 exists');
  expect(effectsIn(effects)).toMatchObject({ 'first qa': 1 });
  expect(effectsIn(effects)).not.toHaveProperty('second qa');
});

test('J1.5 what differs between two releases is told: steps, values, packages and notes', async () => {
  await addRelease('2.0.0', app);
  const diff = await acme.does<Record<string, unknown>>('release', 'diff', '1.0.0', '2.0.0');
  expect(diff).toMatchObject({
    same: false,
    packages: [{ id: 'Shop.App', before: '1.0.0', after: '2.0.0' }],
    process: {
      steps: {
        added: [{ id: 'warm-up', position: 3 }],
        removed: [{ id: 'tidy' }],
        moved: [{}],
        changed: [{ id: 'note' }],
      },
      variables: {
        added: [{ field: 'Shop.Footer', after: 'made by acme' }],
        changed: [{ field: 'Shop.Title' }],
      },
      inputs: { added: [{ name: 'Shop.Theme' }], nowRequired: ['Mail.Host'] },
    },
    notes: { before: notes, after: null },
  });
});

test('J1.6 a verdict is of one release, by its digest, and names who gave it', async () => {
  const { digest } = await acme.does<Release>('release', 'show', '1.0.0');
  const judge = ['release', 'verdict', '1.0.0', '--ok', '--note', 'all cases passed'];
  const given = await acme.does<Release & { changed: boolean }>(...judge);
  expect(given).toMatchObject({ digest, changed: true, verdict: { ok: true, note: 'all cases passed' } });
  expect(given.verdict?.by).not.toBe('');
});

test('J1.7 a failing verdict is shown and blocks publishing, as none at all does', async () => {
  const publish = ['release', 'publish', '1.0.1', '--to', 'contoso'];
  expect((await acme.isRefused(3, ...publish)).code).toBe('GATE_CLOSED');
  await acme.does('release', 'verdict', '1.0.1', '--not-ok', '--note', 'its Deploy script fails');
  expect(await acme.isRefused(3, ...publish)).toMatchObject({
    code: 'GATE_CLOSED',
    message: expect.stringContaining('not ok') as string,
  });
  const shown = await acme.does<Release>('release', 'show', '1.0.1');
  expect(shown).toMatchObject({ verdict: { ok: false }, publishedTo: [] });
  expect(shown.closedBecause).toHaveLength(1);
});

test('J1.20 before the words are compared offers are listed and nothing of them can be run or answered', async () => {
  const invite = ['link', 'invite', 'metro', '--folder', shared, '--out', 'metro.json'];
  const { words } = await acme.does<{ words: string }>(...invite);
  const accept = ['link', 'accept', join(acme.desk, 'metro.json'), '--folder', shared, '--out', 'reply.json'];
  const wrong = words.split(' ').toReversed().join(' ');
  expect((await metro.isRefused(4, ...accept, '--fingerprint', wrong)).code).toBe('FINGERPRINT_DIFFERS');
  expect(await metro.does('link', 'list')).toEqual([]);
  const accepted = await metro.does<{ state: string; ourWords: string }>(...accept);
  expect(accepted.state).toBe('pending');
  const reply = join(metro.desk, 'reply.json');
  expect((await acme.isRefused(4, 'link', 'confirm', reply, '--fingerprint', wrong)).code).toBe(
    'FINGERPRINT_DIFFERS',
  );
  await acme.does('link', 'confirm', reply, '--fingerprint', accepted.ourWords);

  const published = await acme.does<Release>('release', 'publish', '1.0.0', '--to', 'contoso', 'metro');
  expect(published.publishedTo).toMatchObject([{ state: 'queued' }, { state: 'queued' }]);
  await Promise.all([acme.runsOnce(), metro.runsOnce()]);
  await cross(acme, metro);
  expect(await metro.does<Offer[]>('inbox')).toMatchObject([
    { link: 'acme', release: '1.0.0', confirmed: false, packages: [{ held: true }] },
  ]);
  const deploy = ['deploy', '1.0.0', '--env', 'live', '--wait'];
  expect((await metro.isRefused(3, ...deploy)).code).toBe('LINK_NOT_CONFIRMED');
  expect((await metro.isRefused(3, 'release', 'accept', '1.0.0')).code).toBe('LINK_NOT_CONFIRMED');
  expect((await metro.isRefused(4, 'link', 'confirm', 'acme', '--fingerprint', wrong)).code).toBe(
    'FINGERPRINT_DIFFERS',
  );
  expect((await metro.isRefused(3, ...deploy)).code).toBe('LINK_NOT_CONFIRMED');

  expect(await metro.does('link', 'confirm', 'acme', '--fingerprint', words)).toMatchObject({
    state: 'confirmed',
  });
  expect((await metro.isRefused(5, ...deploy)).code).toBe('INPUT_MISSING');
});

test('J1.2 notes with quotes, line ends and characters of four bytes arrive at the customer as they were written', async () => {
  await contoso.runsOnce();
  await cross(acme, contoso);
  expect(Buffer.byteLength(notes)).toBeGreaterThan(200_000);
  const { notes: arrived } = await contoso.does<Release>('release', 'show', 'acme:Shop/1.0.0');
  expect(arrived === notes).toBe(true);
});

test('J1.12 the inbox tells from whom an offer is, what it brings, what it asks for and what is not set', async () => {
  const [offer, ...others] = await contoso.does<Offer[]>('inbox');
  expect(others).toEqual([]);
  expect(offer).toMatchObject({
    link: 'acme',
    process: 'Shop',
    release: '1.0.0',
    state: 'offered',
    confirmed: true,
    runsHere: null,
    packages: [{ id: 'Shop.App', version: '1.0.0', held: true }],
    newInputs: ['Db.Password', 'Shop.Port', 'Mail.Host'],
  });
  expect(offer!.sizeBytes).toBeGreaterThan(0);
  expect(offer!.missingInputs).toEqual(
    ['uat', 'production'].flatMap((environment) =>
      ['Db.Password', 'Shop.Port'].map((name) => ({ environment, name })),
    ),
  );
});

test('J1.13 everything that is missing is listed at once; a secret is taken from standard input and the vendor learns only that it is set', async () => {
  const check = ['release', 'check', '1.0.0', '--env', 'uat', '--json'];
  const lacking = await contoso.types(check);
  expect(refusalOf(5, check, lacking)).toMatchObject({
    code: 'INPUT_MISSING',
    details: { missing: ['Db.Password', 'Shop.Port'] },
  });
  expect(JSON.parse(lacking.stdout)).toMatchObject({
    ready: false,
    missing: [
      { name: 'Db.Password', secret: true },
      { name: 'Shop.Port', type: 'port' },
    ],
  });

  const refused = await contoso.types(['input', 'set', 'Shop.Port', '--json'], {
    input: 'none of your business',
  });
  expect(refusalOf(2, ['input', 'set', 'Shop.Port'], refused).code).toBe('INPUT_INVALID');
  await contoso.gives('8443\n', 'input', 'set', 'Shop.Port');
  const set = await contoso.gives(`${password}\n`, 'input', 'set', 'Db.Password', '--env', 'uat');
  expect(set).toMatchObject({ environment: 'uat', secret: true, version: 1, changed: true });
  await contoso.gives(password, 'input', 'set', 'Db.Password', '--env', 'production', '--secret');
  expect(await contoso.does('release', 'check', '1.0.0', '--env', 'uat')).toMatchObject({ ready: true });
  expect((await contoso.types(['input', 'list'])).stdout).not.toContain(password);

  await cross(contoso, acme);
  const { reported } = await acme.does<{ reported: Record<string, string>[] }>('input', 'list');
  expect(reported).toContainEqual(
    expect.objectContaining({ name: 'Db.Password', environment: 'uat', state: 'set', link: 'contoso' }),
  );
  expect([...filesHolding(root, secretForms(password)).keys()]).toEqual([]);
});

test('J1.14 the lifecycle holds: production only after uat, and what runs already is not run again', async () => {
  const toProduction = ['deploy', '1.0.0', '--env', 'production', '--wait'];
  expect((await contoso.isRefused(3, ...toProduction)).code).toBe('PREDECESSOR_MISSING');
  expect(await contoso.does('deploy', '1.0.0', '--env', 'uat', '--wait')).toMatchObject({
    state: 'succeeded',
    link: 'acme',
  });
  const there = await contoso.does<DeploymentView>(...toProduction);
  expect(there).toMatchObject({ state: 'succeeded', steps: [{}, { id: 'app', state: 'succeeded' }, {}] });
  expect(await contoso.does(...toProduction)).toMatchObject({ id: there.id, already: true });
  expect(effectsIn(effects)).toMatchObject({ 'first uat': 1, 'first production': 1 });

  const deployed = join(contoso.data, 'apps/production/Shop.App/1.0.0');
  const settings = JSON.parse(readFileSync(join(deployed, 'settings.json'), 'utf8')) as unknown;
  expect(settings).toEqual({ title: 'Shop 1.0.0', port: 8443 });
  // INV-8: where the application was deployed to, and nowhere else.
  const holding = [...filesHolding(root, secretForms(password)).keys()].toSorted();
  expect(holding).toEqual(
    [deployed, deployed.replace('production', 'uat')].map((folder) => join(folder, 'Web.config')),
  );
});

test('J1.9 a publishing that is killed is done whole or not at all, and repeating it finishes the rest', async () => {
  await acme.does('release', 'verdict', '2.0.0', '--ok');
  await acme.gives('mail.acme.example', 'input', 'set', 'Mail.Host', '--for', 'contoso');
  const publish = ['release', 'publish', '2.0.0', '--to', 'contoso', 'metro'];
  const killedAt = (point: string, args: readonly string[]) =>
    acme.types(args, { env: { CROSSGAP_FAULT: point } });

  expect((await killedAt('log.append.inserted', publish)).signal).toBe('SIGKILL');
  expect(await acme.does('release', 'show', '2.0.0')).toMatchObject({ publishedTo: [] });
  expect((await killedAt('log.append.committed', publish)).signal).toBe('SIGKILL');
  const repeated = await acme.does<Release & { offered: number }>(...publish);
  expect(repeated.offered).toBe(0);
  expect(repeated.publishedTo).toMatchObject([
    { customer: 'contoso', state: 'queued' },
    { customer: 'metro', state: 'queued' },
  ]);

  for (const point of ['sync.parcel-written', 'sync.parcel-renamed'])
    expect((await killedAt(point, ['run', '--once'])).signal, point).toBe('SIGKILL');
  await cross(acme, contoso);
  await cross(acme, contoso);
  expect(await offersOf('2.0.0')).toBe(1);
  const told = await acme.does<Release>('release', 'show', '2.0.0');
  expect(told.publishedTo).toMatchObject([
    { customer: 'contoso', state: 'delivered' },
    { customer: 'metro', state: 'queued' },
  ]);
});

test('J1.9 publishing twice changes nothing, here or at the customer', async () => {
  const entries = await entriesOf(acme);
  const again = await acme.does<Release & { offered: number }>(
    'release',
    'publish',
    '1.0.0',
    '--to',
    'contoso',
  );
  expect(again).toMatchObject({ offered: 0, publishedTo: [{ customer: 'contoso', state: 'done' }] });
  expect(await entriesOf(acme)).toBe(entries);
});

test('J1.12 an offer over something that runs here tells what differs from it', async () => {
  const offers = await contoso.does<Offer[]>('inbox');
  const offer = offers.find(({ release }) => release === '2.0.0');
  expect(offer).toMatchObject({
    runsHere: { release: '1.0.0' },
    newInputs: ['Shop.Theme'],
    missingInputs: [],
    packages: [{ held: true }],
  });
  const differences = offer!.differences.join('\n');
  for (const one of ['Shop.App', 'Warm up', 'Tidy', 'Shop.Title']) expect(differences).toContain(one);
});

test('J1.16 a refused offer stays refused, its author is told why, and it runs once it is accepted', async () => {
  await contoso.does('release', 'refuse', '2.0.0', '--reason', 'Oracle upgrade first');
  const deploy = ['deploy', '2.0.0', '--env', 'uat', '--wait'];
  expect(await contoso.isRefused(3, ...deploy)).toMatchObject({
    code: 'OFFER_NOT_TAKEN',
    message: expect.stringContaining('Oracle upgrade first') as string,
  });
  await cross(contoso, acme);
  const told = await acme.does<Release>('release', 'show', '2.0.0');
  expect(told.publishedTo[0]).toMatchObject({ state: 'refused', reason: 'Oracle upgrade first' });
  await acme.does('release', 'publish', '2.0.0', '--to', 'contoso');
  await cross(acme, contoso);
  const offers = await contoso.does<Offer[]>('inbox');
  expect(offers.filter(({ release }) => release === '2.0.0')).toMatchObject([
    { state: 'refused', reason: 'Oracle upgrade first' },
  ]);
  await contoso.does('release', 'postpone', '2.0.0', '--until', '2099-02-01');
  expect((await contoso.isRefused(3, ...deploy)).message).toContain('2099-02-01');
  expect(await contoso.does('release', 'accept', '2.0.0')).toMatchObject({ answer: { answer: 'accepted' } });
});

test('J1.F9 of two who start the same deployment one wins, and the other is told who, with exit code 8', async () => {
  execFileSync('mkfifo', [gate]);
  await using daemon = await contoso.daemon();
  const deploy = ['deploy', '2.0.0', '--env', 'uat', '--wait', '--json'];
  const starts = [contoso.types(deploy), contoso.types(deploy)];
  const second = await Promise.race(starts);
  const refusal = refusalOf(8, deploy, second);
  expect(refusal.code).toBe('DEPLOYMENT_HELD');
  expect(refusal.details).toMatchObject({ by: expect.stringMatching(/./) as string });
  expect(refusal.message).toContain(`asked for by ${String(refusal.details['by'])}`);

  // While the daemon lives nobody else acts for this company.
  const other = await contoso.isRefused(8, 'run', '--once');
  expect(other).toMatchObject({ code: 'DAEMON_RUNNING', details: { pid: daemon.pid } });
  expect(other.message).toContain(String(daemon.pid));

  await untilFileHolds(effects, (text) => text.includes('second uat'));
  await writeFile(gate, 'go on\n');
  const answers = await Promise.all(starts);
  expect(new Set(answers.map(({ exitCode }) => exitCode))).toEqual(new Set([0, 8]));
  const winner = answers.find(({ exitCode }) => exitCode === 0)!;
  expect(JSON.parse(winner.stdout)).toMatchObject({
    id: refusal.details['deployment'],
    state: 'succeeded',
  });
  expect(effectsIn(effects)).toMatchObject({ 'second uat': 1 });
  rmSync(gate);
});

test('J1.25 the fleet tells what runs where, how old that is, who lacks what, and what was published since', async () => {
  await contoso.runsOnce();
  await acme.runsOnce();
  const fleet = await acme.does<FleetRow[]>('fleet');
  expect(fleet).toHaveLength(3);
  expect(fleet).toContainEqual(
    expect.objectContaining({
      customer: 'contoso',
      environment: 'production',
      process: 'Shop',
      release: '1.0.0',
      state: 'succeeded',
      behind: 1,
    }),
  );
  expect(fleet).toContainEqual(
    expect.objectContaining({ customer: 'contoso', environment: 'uat', release: '2.0.0', behind: 0 }),
  );
  for (const { customer, ageSeconds } of fleet)
    if (customer === 'contoso') expect(ageSeconds).toBeGreaterThanOrEqual(0);
  const behind = await acme.does<FleetRow[]>('fleet', '--behind', '2');
  expect(behind).toMatchObject([{ customer: 'metro', release: null }]);
  const missing = await acme.does<FleetRow[]>('fleet', '--missing', 'Db.Password');
  expect(missing.map(({ customer }) => customer)).toEqual(['metro']);
});

test('J1.25 a withdrawn release can not be deployed by any command, and those who run it are warned', async () => {
  const reason = 'data loss on upgrade';
  const withdrawn = await acme.does<{ toldTo: string[] }>('release', 'withdraw', '1.0.0', '--reason', reason);
  expect(withdrawn.toldTo).toEqual(['contoso', 'metro']);
  const refusals = [
    await acme.isRefused(3, 'deploy', '1.0.0', '--env', 'qa', '--again'),
    await acme.isRefused(3, 'release', 'publish', '1.0.0', '--to', 'contoso'),
  ];
  await Promise.all([cross(acme, contoso), metro.runsOnce()]);
  await cross(acme, metro);
  refusals.push(
    await contoso.isRefused(3, 'deploy', '1.0.0', '--env', 'production'),
    await contoso.isRefused(3, 'deploy', '1.0.0', '--env', 'production', '--again'),
    await contoso.isRefused(3, 'rollback', 'Shop', '--env', 'uat'),
    await metro.isRefused(3, 'release', 'accept', '1.0.0'),
  );
  for (const { code, message } of refusals) {
    expect(code).toBe('RELEASE_WITHDRAWN');
    expect(message).toContain(reason);
  }
  type Status = { warnings: { code: string; message: string }[] };
  expect((await contoso.does<Status>('status')).warnings).toMatchObject([
    { code: 'RUNS_WITHDRAWN', message: `production runs Shop 1.0.0, which was withdrawn: ${reason}` },
  ]);
  expect(await acme.does<FleetRow[]>('fleet')).toContainEqual(
    expect.objectContaining({ customer: 'contoso', environment: 'production', withdrawn: reason }),
  );
  // The release after it is as good as before.
  expect(await contoso.does('deploy', '2.0.0', '--env', 'production', '--wait')).toMatchObject({
    state: 'succeeded',
  });
});

test('J1.22 the whole history verifies offline at all three, and shared feeds have the same heads', async () => {
  await cross(contoso, acme);
  await cross(metro, acme);
  type Report = { ok: boolean; feeds: { feed: string; head: string; audience: string }[] };
  const [vendor, ...customers] = await Promise.all(
    [acme, contoso, metro].map((one) => one.does<Report>('log', 'verify', '--full')),
  );
  const heads = new Map(vendor!.feeds.map(({ feed, head }) => [feed, head]));
  for (const { ok, feeds } of customers) {
    expect(ok).toBe(true);
    const both = feeds.filter(({ audience }) => audience !== 'self');
    expect(both).toHaveLength(2);
    for (const { feed, head } of both) expect(head).toBe(heads.get(feed));
  }
});

test('INV-6 the views of all three follow from their logs', async () => {
  const rebuilt = await Promise.all([acme, contoso, metro].map((one) => one.does('log', 'rebuild')));
  for (const one of rebuilt) expect(one).toMatchObject({ ok: true, changed: [] });
});

for (const column of ['bytes', 'signature'] as const) {
  test(`J1.22 one flipped byte in the ${column} of an entry is found and located`, async () => {
    await using copy = new Company(root, `copy-${column}`);
    execFileSync('cp', ['-a', contoso.data, copy.data]);
    const { feed, epoch, seq } = flipOneByte(copy, column);
    const args = ['log', 'verify', '--full', '--json'];
    const answer = await copy.types(args);
    expect(refusalOf(4, args, answer)).toMatchObject({ code: 'LOG_BROKEN', details: { feed, epoch, seq } });
    expect(JSON.parse(answer.stdout)).toMatchObject({ ok: false, firstBad: { feed, epoch, seq } });
  });
}

/** What somebody with another tool could do: the triggers are no obstacle, and stand again afterwards. */
function flipOneByte(company: Company, column: string): { feed: string; epoch: number; seq: number } {
  using db = disposable(new Database(join(company.data, 'crossgap.db')));
  const triggers = db.prepare<[], { name: string; sql: string }>(
    `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`,
  );
  const all = triggers.all();
  for (const { name } of all) db.exec(`DROP TRIGGER "${name}"`);
  const entry = db
    .prepare<[], { pos: number; feed: Buffer; epoch: number; seq: number; value: Buffer }>(
      `SELECT pos, feed, epoch, seq, ${column} AS value FROM entry ORDER BY pos LIMIT 1 OFFSET 20`,
    )
    .get()!;
  entry.value[entry.value.length >> 1]! ^= 1;
  db.prepare(`UPDATE entry SET ${column} = ? WHERE pos = ?`).run(entry.value, entry.pos);
  for (const { sql } of all) db.exec(sql);
  return { feed: entry.feed.toString('hex'), epoch: entry.epoch, seq: entry.seq };
}

function disposable(db: Database.Database): Database.Database & Disposable {
  return Object.assign(db, { [Symbol.dispose]: () => void db.close() });
}

async function addRelease(number: string, files: Files): Promise<void> {
  await acme.does('package', 'add', await acme.package('Shop.App', number, files));
  await acme.does('release', 'create', 'Shop', number, '--package', `Shop.App@${number}`);
}

/** How many offers of a release contoso holds. */
async function offersOf(number: string): Promise<number> {
  const { stdout } = await contoso.types(['log', 'show', '--feed', 'acme', '--json']);
  const entries = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });
  return entries.filter(
    (one) => one.type === 'release.offered' && JSON.stringify(one).includes(`"${number}"`),
  ).length;
}

async function entriesOf(company: Company): Promise<number> {
  return (await company.does<{ entries: number }>('log', 'verify')).entries;
}

function blobsOf(company: Company): string[] {
  return readdirSync(join(company.data, 'blobs'), { recursive: true, encoding: 'utf8' }).toSorted();
}
