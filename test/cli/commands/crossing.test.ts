import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { junit, makeInstance, makeVendor, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type Answer } from '../typed.ts';

const root = freshFolder(memory);
const shared = join(root, 'shared');
let acme: Company;
let contoso: Company;
let words: { acme: string; contoso: string };

const wordsOf = async (one: Company): Promise<string> =>
  (await one.asks<{ instance: { fingerprint: string } }>('status')).instance.fingerprint;

/** Each side looks into the shared folder, until what one said has come back answered. */
async function exchange(rounds = 2): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await acme.asks('run --once');
    await contoso.asks('run --once');
  }
  await acme.asks('run --once');
}

/** acme has published 1.0.0 to contoso, who has not compared the words yet. */
beforeAll(async () => {
  mkdirSync(shared);
  acme = await makeVendor(root);
  contoso = await makeInstance(root, 'contoso');
  words = { acme: await wordsOf(acme), contoso: await wordsOf(contoso) };
  const results = join(root, 'results.xml');
  writeFileSync(results, junit);
  await acme.asks('input set Db', { input: 'vendor-password' });
  await acme.asks('deploy 1.0.0 --env integration --wait');
  await acme.asks(['tests', 'import', '1.0.0', results]);
  await acme.asks('release verdict 1.0.0 --ok');
  const invitation = join(root, 'invitation.json');
  const reply = join(root, 'reply.json');
  await acme.asks(['link', 'invite', 'contoso', '--folder', shared, '--out', invitation]);
  await contoso.asks(['link', 'accept', invitation, '--folder', shared, '--out', reply]);
  await acme.asks(['link', 'confirm', reply, '--fingerprint', words.contoso]);
  await acme.asks('release publish 1.0.0 --to contoso');
  await contoso.asks('environment add uat --tag test');
  await contoso.asks('environment add production --after uat');
  await exchange(1);
});

const refused = (answer: Answer, exitCode: number, code: string): void => {
  expect(answer).toMatchObject({ exitCode, error: { code } });
};

test('J1.20 before the words are compared an offer is listed, and nothing of it can be done', async () => {
  const { stdout } = await contoso.types('inbox');
  expect(stdout).toMatch(/^acme:Orders\/1\.0\.0 {2}blocked, the link is pending/);
  expect(stdout).toContain('nobody has compared the words of acme yet');
  refused(await contoso.types('deploy 1.0.0 --env uat --wait --json'), 3, 'LINK_NOT_CONFIRMED');
  refused(await contoso.types('release accept 1.0.0 --json'), 3, 'LINK_NOT_CONFIRMED');
});

test('J1.12 once they are, the inbox tells what, from whom, by which signature, and what it asks for', async () => {
  await contoso.asks(['link', 'confirm', 'acme', '--fingerprint', words.acme]);
  await exchange();
  const [offer] = await contoso.asks<Record<string, unknown>[]>('inbox');
  expect(offer).toMatchObject({
    link: 'acme',
    process: 'Orders',
    release: '1.0.0',
    state: 'offered',
    confirmed: true,
    words: words.acme,
    packages: [{ id: 'Orders.Web', version: '1.0.0', held: true }],
    runsHere: null,
    newInputs: ['Db', 'Site.Port'],
    missingInputs: [
      { environment: 'uat', name: 'Db' },
      { environment: 'production', name: 'Db' },
    ],
    unknownPlaces: ['broken'],
    next: 'crossgap release check acme:Orders/1.0.0 --env uat',
  });
  // From the run that acme had of it in integration.
  expect(offer!['expectedMs']).toBeGreaterThan(0);
  const { stdout } = await contoso.types('inbox');
  expect(stdout).toMatch(/^ *takes: +about [\d.]+ s, as at acme$/m);
  expect(stdout).toMatch(/from: +acme, published (just now|\d+ s ago)/);
  expect(stdout).toContain('not set:     Db (uat, production)');
  expect(stdout).toContain(
    'the process names broken, which is no environment of yours; you have uat, production (fine where none',
  );
  expect(stdout).toMatch(/Next\n +crossgap release check acme:Orders\/1\.0\.0 --env uat$/m);
});

test('J1.13 what only this side knows is asked for, set, and never told', async () => {
  refused(await contoso.types('deploy 1.0.0 --env uat --wait --json'), 5, 'INPUT_MISSING');
  await contoso.asks('input set Db', { input: 'contoso-password' });
  expect(await contoso.asks('release check 1.0.0 --env uat')).toMatchObject({ ready: true });
});

test('what others made is neither judged, published nor withdrawn here', async () => {
  for (const line of ['verdict 1.0.0 --ok', 'publish 1.0.0 --to acme', 'withdraw 1.0.0 --reason no']) {
    refused(await contoso.types(`release ${line} --json`), 2, 'RELEASE_NOT_OURS');
  }
});

test('J1.16 a refused offer is not deployed, its author reads why, and it can be taken after all', async () => {
  await contoso.asks(['release', 'refuse', 'acme:Orders/1.0.0', '--reason', 'Oracle upgrade first']);
  refused(await contoso.types('deploy 1.0.0 --env uat --json'), 3, 'OFFER_NOT_TAKEN');
  await exchange();
  const [row] = await acme.asks<{ blockedBy: string }[]>('fleet');
  expect(row!.blockedBy).toContain('Oracle upgrade first');
  const postponed = await contoso.types('release postpone 1.0.0 --until 2027-02-30 --json');
  refused(postponed, 2, 'USAGE_INVALID');
  expect(await contoso.asks('release postpone 1.0.0 --until 2027-02-01')).toMatchObject({
    answer: { answer: 'postponed', until: '2027-02-01' },
  });
  expect(await contoso.asks('release accept 1.0.0')).toMatchObject({ changed: true });
  expect(await contoso.asks('release accept 1.0.0')).toMatchObject({ changed: false });
});

test('J1.14 J1.25 it runs here by the same steps, and the author’s fleet knows', async () => {
  refused(await contoso.types('deploy 1.0.0 --env production --json'), 3, 'PREDECESSOR_MISSING');
  expect(await contoso.asks('deploy 1.0.0 --env uat --wait')).toMatchObject({
    link: 'acme',
    state: 'succeeded',
  });
  await exchange();
  expect(await acme.asks('fleet')).toMatchObject([
    {
      customer: 'contoso',
      environment: 'uat',
      process: 'Orders',
      release: '1.0.0',
      state: 'succeeded',
      behind: 0,
    },
  ]);
  expect(await acme.asks('fleet --behind 1')).toEqual([]);
  refused(await acme.types('fleet --behind many --json'), 2, 'USAGE_INVALID');
  const [offer] = await contoso.asks<{ next: string }[]>('inbox');
  expect(offer!.next).toBe('crossgap deploy acme:Orders/1.0.0 --env production --wait');
  expect(await acme.asks('release list')).toMatchObject([
    { release: 'Orders/1.0.0', state: 'published to contoso', deployedTo: ['integration'] },
  ]);
  expect((await contoso.types('release list')).stdout).toMatch(/^acme:Orders\/1\.0\.0 .* accepted +uat$/m);
  const { stdout } = await acme.types('release show 1.0.0');
  expect(stdout).toMatch(/contoso +done/);
});

test('J1.25 who lacks an input is found: set is reported, its value never', async () => {
  expect(await acme.asks('fleet --missing Db')).toEqual([]);
  expect(await acme.asks('fleet --missing Site.Port')).toMatchObject([{ customer: 'contoso' }]);
  const { stdout } = await contoso.types('feed show acme --json');
  expect(stdout).toContain('"name":"Db"');
  expect(stdout).not.toContain('contoso-password');
  const kinds = stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type: string }).type);
  expect(kinds.slice(0, 1)).toEqual(['feed.opened']);
  expect(kinds).toContain('deployment.reported');
});

test('a value for one receiver arrives there and is used', async () => {
  await acme.asks('input set Site.Port --for contoso', { input: '9999' });
  expect(await acme.asks('input set Site.Port --for contoso', { input: '9999' })).toMatchObject({
    changed: false,
  });
  await exchange();
  expect(await contoso.asks('input list')).toMatchObject({
    received: [{ name: 'Site.Port', value: '9999', from: 'acme' }],
  });
  expect((await contoso.types('release check 1.0.0 --env uat')).stdout).toMatch(
    /Site\.Port +given by the author/,
  );
});

test('J1.22 both sides verify the whole history and print the same heads', async () => {
  await exchange();
  const [ours, theirs] = [await acme.types('log verify --full'), await contoso.types('log verify --full')];
  const heads = (text: string): string[] => text.match(/^ {2}\w+ → \w+ .* [0-9a-f]{64}$/gm) ?? [];
  const shown = heads(ours.stdout).filter((line) => heads(theirs.stdout).includes(line));
  expect(shown.map((line) => line.trim().split('  ')[0])).toEqual(
    expect.arrayContaining(['acme → contoso', 'contoso → acme']),
  );
});

test('J1.11 a withdrawn release warns who runs it, and nobody can deploy it any more', async () => {
  await acme.asks(['release', 'withdraw', '1.0.0', '--reason', 'data loss on upgrade']);
  await exchange();
  const { stdout } = await contoso.types('status');
  expect(stdout).toContain('uat runs Orders 1.0.0, which was withdrawn: data loss on upgrade');
  refused(await contoso.types('deploy 1.0.0 --env production --json'), 3, 'RELEASE_WITHDRAWN');
});

test('of a release of the same number from two sides each must be named in full', async () => {
  const own = join(root, 'own.yaml');
  writeFileSync(own, 'process: Orders\nsteps: [{ name: Nothing, run: { bash: "true" } }]\n');
  await contoso.asks(['process', 'publish', own]);
  await contoso.asks('release create Orders 1.0.0');
  refused(await contoso.types('release show 1.0.0 --json'), 2, 'RELEASE_AMBIGUOUS');
  expect(await contoso.asks('release show acme:Orders/1.0.0')).toMatchObject({ link: 'acme' });
  expect(await contoso.asks('release verdict Orders/1.0.0 --ok')).toMatchObject({ verdict: { ok: true } });
});
