import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { makeVendor, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type Person } from '../typed.ts';

const root = freshFolder(memory);
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
  ['Free --plain', 'a\0b', 'NUL'],
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
  expect(await set('Free --plain', '')).toMatchObject({ exitCode: 2, error: { code: 'VALUE_MISSING' } });
  expect((await listed()).inputs).toEqual([]);
});

test.each(['Site.Prot', 'Site.Prot --env integration', 'Site.Prot --for contoso'])(
  '`input set %s`, which nothing asks for, is refused: nobody knows whether it is a secret',
  async (line) => {
    await acme.asks(['link', 'invite', 'contoso', '--out', join(root, `invitation-${count}`)]);
    const before = await acme.asks<{ entries: number }>('log verify');
    const answer = await set(line, secret);
    expect(answer).toMatchObject({ exitCode: 2, error: { code: 'INPUT_UNKNOWN' } });
    expect(answer.error.hint).toMatch(/Did you mean Site\.Port\?.*--secret.*--plain/);
    expect(await acme.asks('log verify')).toMatchObject({ entries: before.entries });
  },
);

test('a name nothing asks for is taken as what a person says it is', async () => {
  expect(await set('Api.Key --secret', secret)).toMatchObject({ exitCode: 0, json: { secret: true } });
  expect(await set('Api.Host --plain', 'api')).toMatchObject({ exitCode: 0, json: { secret: false } });
  expect(await set('Api.Host --plain --secret', 'api')).toMatchObject({ exitCode: 2 });
});

test('a process that no release was made of yet is asked too', async () => {
  const file = join(root, `later-${count}.yaml`);
  writeFileSync(
    file,
    'process: Later\ninputs: { Token: { secret: true }, Color: {} }\nsteps: [{ name: A, run: { bash: ls } }]\n',
  );
  await acme.asks(['process', 'publish', file]);
  expect(await set('Token', secret)).toMatchObject({ json: { secret: true } });
  expect(await set('Color', 'violet')).toMatchObject({ json: { secret: false } });
});

test('a secret can not be kept readable', async () => {
  expect(await set('Db --plain', secret)).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
  expect((await listed()).inputs).toEqual([]);
});

test('what was set in clear before a release called it a secret is not shown, not used, and set again', async () => {
  await set('Late --plain', 'in-clear-4711');
  await set('Late --env integration --plain', 'in-clear-4712');
  const file = join(root, `late-${count}.yaml`);
  writeFileSync(
    file,
    'process: Late\ninputs: { Late: { secret: true } }\nsteps: [{ name: A, run: { bash: "echo seen in-clear-4711 in-clear-4712" } }]\n',
  );
  await acme.asks(['process', 'publish', file]);
  await acme.asks('release create Late 7');
  const list = await acme.types('input list');
  expect(list.stdout).toContain('set it again');
  expect(list.stdout).not.toContain('in-clear');
  expect(JSON.stringify(await listed())).not.toContain('in-clear');
  expect(await acme.types('deploy 7 --env integration --wait --json')).toMatchObject({
    exitCode: 5,
    error: { code: 'INPUT_MISSING' },
  });
  await set('Late --env integration', secret);
  const { id } = await acme.asks<{ id: string }>('deploy 7 --env integration --wait');
  const log = readFileSync(join(acme.data, 'runs', id, 'log.txt'), 'utf8');
  // Also the value in whose place the secret was set just now.
  expect(log).toContain('seen ******** ********');
  expect(log).not.toContain('in-clear');
});

test('an input is removed, and a secret with every version of it', async () => {
  await set('Site.Port --env integration', '8081');
  await set('Site.Port', '8082');
  expect(await acme.asks('input remove site.port --env integration')).toMatchObject({ changed: true });
  expect((await listed()).inputs).toMatchObject([{ name: 'Site.Port', environment: null, value: '8082' }]);
  expect(await acme.asks('input remove Site.Port --env integration')).toMatchObject({ changed: false });
  expect(await set('Site.Port --env integration', '8083')).toMatchObject({ json: { version: 3 } });

  await set('Db', secret);
  await set('Db', `${secret}!`);
  await acme.asks('input remove Db');
  expect(Object.keys(JSON.parse(readFileSync(join(acme.data, 'vault'), 'utf8')).secrets)).toEqual([]);
  expect(await acme.types('release check 1.0.0 --env integration')).toMatchObject({ exitCode: 5 });
});

test('a value that was set in clear is masked once the input is a secret, though no release calls it one', async () => {
  const file = join(root, `loose-${count}.yaml`);
  const script = 'echo seen first-4713 and second-4714';
  writeFileSync(file, `process: Loose\nsteps: [{ name: A, run: { bash: "${script}" } }]\n`);
  await acme.asks(['process', 'publish', file]);
  await acme.asks('release create Loose 1');
  for (const value of ['first-4713', 'second-4714']) await set('Loose --plain', value);
  const logOf = async (): Promise<string> => {
    const { id } = await acme.asks<{ id: string }>('deploy 1 --env integration --wait --again');
    return readFileSync(join(acme.data, 'runs', id, 'log.txt'), 'utf8');
  };
  expect(await logOf()).toContain('seen first-4713 and second-4714');
  await set('Loose --secret', secret);
  expect(await logOf()).toContain('seen ******** and ********');
});

test('what is not set is not removed, and what is set is named', async () => {
  await set('Site.Port --env integration', '8081');
  for (const line of ['input remove Site.Port', 'input remove Site.Prot']) {
    const answer = await acme.types(`${line} --json`);
    expect(answer).toMatchObject({ exitCode: 2, error: { code: 'INPUT_UNKNOWN' } });
    expect(answer.error.hint).toMatch(/--env integration|Site\.Port/);
  }
});

test('a value given as an argument is refused and not repeated', async () => {
  for (const line of ['Db hunter2', 'Db --value=hunter2', 'Db --env integration hunter2 more']) {
    const answer = await acme.types(`input set ${line}`);
    expect(answer.exitCode).toBe(2);
    expect(answer.stdout + answer.stderr).not.toContain('hunter2');
  }
  expect((await acme.types('input set Db hunter2')).stderr).toContain('A value is never an argument');
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

test('a check is not passed while something else is in the way', async () => {
  await set('Db', secret);
  await acme.asks('environment add qa --after integration');
  const answer = await acme.types('release check 1.0.0 --env qa --json');
  expect(answer).toMatchObject({
    exitCode: 3,
    json: { ready: false, missing: [] },
    error: { code: 'PREDECESSOR_MISSING' },
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
