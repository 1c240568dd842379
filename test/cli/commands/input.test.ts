import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { makeVendor, type Company } from '../company.ts';
import { freshFolder, type Person } from '../typed.ts';

const root = freshFolder();
const secret = 'Server=db;Password=violet-Harbour-4711';
let company: Company;
let acme: Person;
let count = 0;

beforeAll(async () => {
  company = await makeVendor(root);
});

beforeEach(() => {
  count += 1;
  acme = company.copy(`acme-${count}`);
});

const set = (line: string, input: string) => acme.types(`input set ${line} --json`, { input });
const listed = () => acme.asks<{ inputs: Record<string, unknown>[]; given: unknown[] }>('input list');

test('J1.13 a secret is known by name only, and its value stands in no file in clear', async () => {
  const answer = await set('Db --env integration --secret', `${secret}\n`);
  expect(answer).toMatchObject({
    exitCode: 0,
    json: { name: 'Db', environment: 'integration', secret: true, version: 1 },
  });
  expect((await listed()).inputs).toMatchObject([{ name: 'Db', secret: true, value: null }]);
  for (const line of ['input list', 'log show', 'status']) {
    expect((await acme.types(line)).stdout).not.toContain(secret);
  }
  for (const entry of readdirSync(acme.data, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    expect(readFileSync(join(entry.parentPath, entry.name)).includes(secret)).toBe(false);
  }
});

test('an input that a release calls a secret is one without being told, in any spelling', async () => {
  expect(await set('dB', secret)).toMatchObject({ json: { name: 'Db', secret: true } });
});

test('once secret, always secret', async () => {
  await set('Other --secret', 'one-secret');
  expect(await set('Other', 'two-secret')).toMatchObject({ json: { secret: true, version: 2 } });
});

test('the same value again changes nothing, a secret one too', async () => {
  await set('Db', secret);
  expect(await set('Db', secret)).toMatchObject({ json: { version: 1, changed: false } });
  expect(await set('Db', `${secret}!`)).toMatchObject({ json: { version: 2, changed: true } });
  await set('Site.Port', '8081');
  expect(await set('Site.Port', '8081\n')).toMatchObject({ json: { version: 1, changed: false } });
});

test.each([
  ['Site.Port', '99999', 'must be a port'],
  ['Site.Port', 'eighty', 'must be a port'],
  ['Site.Port', '8080\n\n', 'must be a port'],
  ['Free', 'a\0b', 'NUL'],
])('%s does not take %j, and nothing is stored', async (name, value, why) => {
  const answer = await set(name, value);
  expect(answer).toMatchObject({ exitCode: 2, error: { code: 'INPUT_INVALID' } });
  expect(answer.error.message).toContain(why);
  expect((await listed()).inputs).toEqual([]);
});

test.each([
  ['Db --env nowhere', 'ENVIRONMENT_UNKNOWN'],
  ['Db --env integration --for contoso', 'USAGE_INVALID'],
  ['Site.Port --for nobody', 'LINK_UNKNOWN'],
])('`input set %s` is refused before the value is read', async (line, code) => {
  expect(await set(line, 'x')).toMatchObject({ exitCode: 2, error: { code } });
});

test('no value at all is refused', async () => {
  expect(await set('Free', '')).toMatchObject({ exitCode: 2, error: { code: 'VALUE_MISSING' } });
  expect((await listed()).inputs).toEqual([]);
});

test('a name nobody asks for is taken with a note', async () => {
  const answer = await acme.types('input set Site.Prot', { input: '1' });
  expect(answer.exitCode).toBe(0);
  expect(answer.stderr).toContain('no release known here asks for Site.Prot yet');
  expect(answer.stderr).toContain('Site.Port');
});

test('a secret is not given to a receiver, and nothing to one whose words were not compared', async () => {
  await acme.asks(['link', 'invite', 'contoso', '--out', join(root, `invitation-${count}`)]);
  expect(await set('Db --for contoso', secret)).toMatchObject({
    exitCode: 3,
    error: { code: 'SECRET_FOR_LINK' },
  });
  expect(await set('Site.Port --for contoso', '80')).toMatchObject({
    exitCode: 3,
    error: { code: 'LINK_NOT_CONFIRMED' },
  });
  expect((await listed()).given).toEqual([]);
});

test('J1.13 a check lists everything missing at once, with the command for each', async () => {
  const answer = await acme.types('release check 1.0.0 --env integration');
  expect(answer.exitCode).toBe(5);
  expect(answer.stdout).toContain('Db (text, secret): Main database');
  expect(answer.stdout).toContain('As your DBA wrote it down');
  expect(answer.stdout).toContain('crossgap input set Db --env integration --secret');
  expect(answer.stdout).toMatch(/Site\.Port +default/);
  await set('Db', secret);
  expect(await acme.asks('release check 1.0.0 --env integration')).toMatchObject({
    ready: true,
    missing: [],
  });
});

test('a check of a withdrawn release is refused, of an unknown environment misused', async () => {
  await set('Db', secret);
  expect(await acme.types('release check 1.0.0 --env nowhere')).toMatchObject({ exitCode: 2 });
  await acme.asks(['release', 'withdraw', '1.0.0', '--reason', 'bad']);
  expect(await acme.types('release check 1.0.0 --env integration')).toMatchObject({ exitCode: 3 });
});

test('places a process names and this side does not have are shown', async () => {
  expect(await acme.types('release check 1.0.0 --env integration --json')).toMatchObject({
    json: { unknownPlaces: [] },
  });
  await acme.asks('environment remove broken');
  expect(await acme.types('release check 1.0.0 --env integration --json')).toMatchObject({
    json: { unknownPlaces: ['broken'] },
  });
});
