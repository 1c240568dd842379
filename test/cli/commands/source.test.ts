import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nugetServer, type NugetServer } from '../../support/nuget-server.ts';
import { makeInstance, signedPackage, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder } from '../typed.ts';

const root = freshFolder(memory);
let acme: Company;
let server: NugetServer;
let file: string;

beforeAll(async () => {
  acme = await makeInstance(root, 'acme');
  server = await nugetServer();
  file = await signedPackage(acme, '1.0.0');
  await acme.asks(['package', 'add', file]);
  mkdirSync(join(root, 'share'));
  appendFileSync(
    join(acme.data, 'crossgap.toml'),
    `[[source]]\nname = "nexus"\nurl = "${server.index}"\nuser = "builds"\n[[source]]\nname = "share"\nfolder = "${join(root, 'share')}"\n`,
  );
});
afterEach(() => {
  server.special = () => undefined;
  server.requests.length = 0;
});
afterAll(() => server[Symbol.asyncDispose]());

type Pushed = { repository: string; packages: { outcome: string; code: string | null }[] };

const key = 'orders.web/1.0.0';
const push = (...more: string[]) => ['package', 'push', 'Orders.Web@1.0.0', ...more, '--json'];

describe('the password of a repository', () => {
  test('is missed by name, set from standard input, told there, and shown nowhere', async () => {
    const missed = await acme.types(push('--to', 'nexus'));
    expect(missed).toMatchObject({ exitCode: 5, error: { code: 'SOURCE_CREDENTIAL_MISSING' } });
    expect(missed.error.hint).toContain('crossgap source secret nexus');
    const checked = await acme.types('source check nexus --json');
    expect(checked).toMatchObject({ exitCode: 5, json: { sources: [{ name: 'nexus', ok: false }] } });
    for (const [input, more] of [
      ['hunter2-and-more\n', []],
      ['open-sesame', ['--api-key']],
    ] as const)
      expect(await acme.asks(['source', 'secret', 'NEXUS', ...more], { input })).toMatchObject({ set: true });
    expect(readFileSync(join(acme.data, 'vault'), 'utf8')).not.toContain('hunter2');
    const list = await acme.types('source list');
    expect(list.stdout).toContain('as builds, with a key');
    expect(list.stdout).not.toMatch(/hunter2|sesame/);
    expect(await acme.asks('source check')).toMatchObject({
      sources: [
        { name: 'nexus', ok: true, takesPushes: true },
        { name: 'share', ok: true },
      ],
    });
    const basic = `Basic ${Buffer.from('builds:hunter2-and-more').toString('base64')}`;
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([basic]);
  });

  test('is no argument, no second line, and none of a folder', async () => {
    expect(await acme.types('source secret nexus hunter2 --json')).toMatchObject({ exitCode: 2 });
    const two = await acme.types('source secret nexus --json', { input: 'one\ntwo\n' });
    expect(two).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
    expect(await acme.types('source secret share --json', { input: 'x' })).toMatchObject({ exitCode: 2 });
    expect(await acme.types('source secret nexsu --json', { input: 'x' })).toMatchObject({
      exitCode: 2,
      error: { code: 'SOURCE_UNKNOWN', message: expect.stringContaining('nexus, share') },
    });
  });
});

describe('package push', () => {
  test('gives a package to a repository of the settings, once, and the list tells', async () => {
    const taken = await acme.asks<Pushed>(push('--to', 'nexus'));
    expect(taken).toMatchObject({ repository: 'nexus', packages: [{ outcome: 'taken', code: null }] });
    expect(Buffer.from(server.packages.get(key)!).equals(readFileSync(file))).toBe(true);
    expect(server.requests.at(-1)!.headers['x-nuget-apikey']).toBe('open-sesame');
    expect(await acme.asks<Pushed>(push('--to', 'nexus'))).toMatchObject({
      packages: [{ outcome: 'there' }],
    });
    expect(await acme.asks('source list')).toMatchObject({
      pushes: [{ repository: 'nexus', id: 'Orders.Web', outcome: 'taken' }],
    });
  });

  test('gives it to a folder, named or typed, and to an address with what is in files', async () => {
    expect(await acme.asks<Pushed>(push('--to', 'share'))).toMatchObject({
      packages: [{ outcome: 'taken' }],
    });
    const again = await acme.asks<Pushed>(push('--to', join(root, 'share')));
    expect(again).toMatchObject({ packages: [{ outcome: 'there' }] });
    await using other = await nugetServer();
    const keyFile = join(root, 'key');
    writeFileSync(keyFile, 'sesame\n');
    const url = `${other.index}?token=x`;
    const sent = await acme.asks<Pushed>(push('--to', url, '--api-key-file', keyFile));
    expect(sent).toMatchObject({ repository: other.index, packages: [{ outcome: 'taken' }] });
    expect(other.requests.at(-1)!.headers['x-nuget-apikey']).toBe('sesame');
    expect(other.requests[0]!.path).toBe('/v3/index.json?token=x');
  });

  test('that is refused ends with why, and stays in the list and in what the doctor finds until it is mended', async () => {
    server.packages.delete(key);
    server.special = ({ method }) =>
      method === 'PUT' ? { status: 403, body: 'key open-sesame may not' } : undefined;
    const refused = await acme.types(push('--to', 'nexus'));
    expect(refused).toMatchObject({ exitCode: 3, error: { code: 'SOURCE_FORBIDDEN' } });
    expect(refused.json).toMatchObject({ packages: [{ outcome: 'failed', code: 'SOURCE_FORBIDDEN' }] });
    expect(refused.stderr).toContain('key *** may not');
    const doctor = await acme.types('doctor --json');
    const { findings } = doctor.json as { findings: { about: string; code?: string; message: string }[] };
    const told = findings.filter(({ about }) => about === 'source');
    expect(told).toContainEqual(expect.objectContaining({ code: 'SOURCE_FORBIDDEN', level: 'wrong' }));
    expect(told).toContainEqual(
      expect.objectContaining({ level: 'good', message: expect.stringContaining('NuGet feed 3.0.0') }),
    );
    expect((await acme.types('status')).stdout).toContain('Orders.Web 1.0.0 is not in repository nexus');
    server.special = () => undefined;
    await acme.asks(push('--to', 'nexus'));
    expect((await acme.types('status')).stdout).not.toContain('is not in repository');
  });

  test.each([
    [['--to', 'nowhere'], 'SOURCE_UNKNOWN', 2],
    [['--to', './nowhere'], 'SOURCE_UNKNOWN', 2],
    [[], 'USAGE_INVALID', 2],
    [['--to', 'https://me:secret@nexus.example/index.json'], 'USAGE_INVALID', 2],
    [['--to', 'share', '--user', 'me', '--password-file', 'x'], 'USAGE_INVALID', 2],
    [['--to', 'nexus', '--user', 'me'], 'USAGE_INVALID', 2],
    [['--to', 'http://nexus.example/index.json'], 'SOURCE_INSECURE', 3],
    [['--to', 'nexus', '--link', 'nobody'], 'LINK_UNKNOWN', 2],
  ])('with %j is refused', async (more, code, exitCode) => {
    const answer = await acme.types(push(...more));
    expect(answer).toMatchObject({ exitCode, error: { code } });
    expect(answer.stderr).not.toContain('secret@');
  });

  test('of what is not here is refused', async () => {
    const answer = await acme.types('package push Orders.Web@9.0.0 --to share --json');
    expect(answer).toMatchObject({ exitCode: 2, error: { code: 'PACKAGE_UNKNOWN' } });
  });
});

test('a secret that is forgotten is missed again', async () => {
  await acme.asks('source secret nexus --remove');
  expect(await acme.types('source check nexus --json')).toMatchObject({
    exitCode: 5,
    error: { code: 'SOURCE_CREDENTIAL_MISSING' },
  });
});
