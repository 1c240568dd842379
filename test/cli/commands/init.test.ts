import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { certificateFacts, newCompanyCertificate, readPfx } from '../../../src/identity/index.ts';
import type { Context } from '../../../src/cli/command.ts';
import { passwordOf } from '../../../src/cli/given/company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, personAt, type } from '../typed.ts';

const root = freshFolder(memory);
const pfx = join(root, 'company.pfx');
const closedPfx = join(root, 'closed.pfx');
const password = join(root, 'password');

beforeAll(async () => {
  const made = (secret: string) =>
    newCompanyCertificate({ commonName: 'Acme', validFrom: new Date(), validYears: 1, password: secret });
  writeFileSync(pfx, (await made('')).pfx);
  writeFileSync(closedPfx, (await made('open sesame')).pfx);
  writeFileSync(password, 'open sesame\n');
});

test('an instance is made with a certificate of its own, whose key stays outside of the data folder', async () => {
  const acme = personAt(join(root, 'acme'));
  const fresh = join(root, 'fresh.pfx');
  const answer = await acme.types(['init', '--name', 'acme', '--new-certificate', fresh]);
  expect(answer).toMatchObject({ exitCode: 0, stderr: '' });
  expect(answer.stdout).toContain('Instance acme is made');
  expect(answer.stdout).toMatch(/fingerprint words: +(?:[a-z]+ ){5}[a-z]+\n/);
  expect(statSync(fresh).mode & 0o777).toBe(0o600);
  expect(statSync(acme.data).mode & 0o777).toBe(0o700);
});

test('the same again is the instance that is there', async () => {
  const one = personAt(join(root, 'one'));
  const line = ['init', '--name', 'one', '--certificate', pfx];
  const first = await one.asks<{ instanceId: string; created: boolean; words: string }>(line);
  const second = await one.asks(line);
  const third = await one.asks(['init', '--name', 'one', '--new-certificate', join(root, 'never.pfx')]);
  expect(first.created).toBe(true);
  expect(second).toEqual({ ...first, created: false });
  expect(third).toEqual({ ...first, created: false });
  expect(existsSync(join(root, 'never.pfx'))).toBe(false);
});

test('another name in the same folder is refused', async () => {
  const taken = personAt(join(root, 'taken'));
  await taken.asks(['init', '--name', 'first', '--certificate', pfx]);
  const answer = await taken.types(['init', '--name', 'second', '--certificate', pfx, '--json']);
  expect(answer).toMatchObject({
    exitCode: 3,
    error: { code: 'DATA_FOLDER_TAKEN', details: { name: 'first' } },
  });
});

test('a folder that holds something else is refused, and the certificate made for it is not left behind', async () => {
  const data = join(root, 'full');
  mkdirSync(data);
  writeFileSync(join(data, 'thesis.txt'), 'mine');
  const fresh = join(root, 'orphan.pfx');
  const answer = await personAt(data).types(['init', '--name', 'x', '--new-certificate', fresh, '--json']);
  expect(answer).toMatchObject({ exitCode: 3, error: { code: 'DATA_FOLDER_TAKEN' } });
  expect(existsSync(fresh)).toBe(false);
  expect(readFileSync(join(data, 'thesis.txt'), 'utf8')).toBe('mine');
});

test('a PFX with a password opens with the password file', async () => {
  const line = ['init', '--name', 'x', '--certificate', closedPfx, '--password-file', password];
  expect((await personAt(join(root, 'closed')).types(line)).exitCode).toBe(0);
});

test('a certificate in PEM makes the same instance, its key in the file, beside it, or encrypted', async () => {
  const { chain, privateKey } = await readPfx(readFileSync(pfx), '');
  const written = (name: string, text: string): string => {
    writeFileSync(join(root, name), text);
    return join(root, name);
  };
  const certificate = new X509Certificate(chain[0]!).toString();
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const sealing = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const;
  const [alone, both] = [written('alone.pem', certificate), written('both.pem', certificate + keyPem)];
  const key = written('key.pem', keyPem);
  const sealed = written('sealed.pem', privateKey.export(sealing).toString());
  const { fingerprint } = certificateFacts(chain[0]!);
  for (const [at, words] of [
    [both],
    [alone, '--key', key],
    [alone, '--key', sealed, '--password-file', password],
  ].entries()) {
    const line = ['init', '--name', 'pem', '--certificate', ...words];
    const made = await personAt(join(root, `pem-${at}`)).asks<{ fingerprint: string; created: boolean }>(
      line,
    );
    expect(made).toMatchObject({ fingerprint, created: true });
  }
  for (const [words, code] of [
    [['--certificate', alone], 'PEM_WITHOUT_KEY'],
    [['--certificate', alone, '--key', sealed], 'PEM_PASSWORD_WRONG'],
    [['--certificate', pfx, '--key', key], 'USAGE_INVALID'],
    [['--new-certificate', join(root, 'y.pfx'), '--key', key], 'USAGE_INVALID'],
  ] as const) {
    const answer = await personAt(join(root, 'pem-none')).types(['init', '--name', 'x', ...words, '--json']);
    expect({ words, code: answer.error.code }).toEqual({ words, code });
  }
  expect(existsSync(join(root, 'pem-none'))).toBe(false);
});

test.each([
  ['no certificate at all', [], 'USAGE_INVALID', 2],
  ['two ways to a certificate', ['--certificate', pfx, '--new-certificate', 'x.pfx'], 'USAGE_INVALID', 2],
  ['a PFX that is not there', ['--certificate', join(root, 'nowhere.pfx')], 'FILE_NOT_READABLE', 2],
  ['a file that is no PFX', ['--certificate', password], 'PFX_UNREADABLE', 2],
  ['a PFX whose password was not given', ['--certificate', closedPfx], 'PFX_PASSWORD_WRONG', 2],
  ['a new PFX over one that is there', ['--new-certificate', pfx], 'CERTIFICATE_FILE_EXISTS', 3],
  ['a new PFX in the data folder', ['--new-certificate', join(root, 'refused', 'x.pfx')], 'USAGE_INVALID', 2],
  [
    'a new PFX in a folder that is not there',
    ['--new-certificate', join(root, 'no', 'x.pfx')],
    'FILE_NOT_WRITTEN',
    3,
  ],
])('%s is refused and nothing is made', async (_what, options, code, exitCode) => {
  const data = join(root, 'refused');
  const answer = await personAt(data).types(['init', '--name', 'x', ...options, '--json']);
  expect(answer).toMatchObject({ exitCode, stdout: '', error: { code } });
  expect(existsSync(data)).toBe(false);
});

test.each(['', ' ', 'a/b', 'a:b', '\u001b[2J', 'x'.repeat(101)])('%j is refused as a name', async (name) => {
  const answer = await personAt(join(root, 'refused')).types(['init', '--name', name, '--certificate', pfx]);
  expect(answer.exitCode).toBe(2);
});

test('without an instance every command says how to make one', async () => {
  const answer = await type(['--data', join(root, 'nowhere'), 'status', '--json']);
  expect(answer).toMatchObject({ exitCode: 2, stdout: '', error: { code: 'DATA_FOLDER_MISSING' } });
  expect(answer.error.hint).toContain('crossgap init');
});

test('the data folder is the one of the environment where no other is named', async () => {
  const data = join(root, 'by-environment');
  await type(['init', '--name', 'x', '--certificate', pfx], { env: { CROSSGAP_DATA: data } });
  expect(existsSync(join(data, 'crossgap.db'))).toBe(true);
});

test('settings that can not be used are named before anything is done', async () => {
  const person = personAt(join(root, 'settings'));
  await person.asks(['init', '--name', 'x', '--certificate', pfx]);
  const file = join(person.data, 'crossgap.toml');
  chmodSync(file, 0o600);
  writeFileSync(file, 'lisen = "127.0.0.1:1"\n');
  expect(await person.types('status --json')).toMatchObject({
    exitCode: 2,
    error: { code: 'SETTINGS_INVALID' },
  });
});

test.each([
  ['without a password', () => pfx, []],
  ['with one', () => closedPfx, ['Password of']],
])('at a terminal a certificate %s is asked for it only where it has one', async (_what, file, asked) => {
  const questions: string[] = [];
  const ask = async (question: string): Promise<string> => {
    questions.push(question.split(' ').slice(0, 2).join(' '));
    return 'open sesame';
  };
  const terminal = { asks: true, ask } as unknown as Context['terminal'];
  const password = await passwordOf({ terminal } as Context, undefined, file(), false);
  expect(questions).toEqual(asked);
  expect(password).toBe(asked.length === 0 ? '' : 'open sesame');
});
