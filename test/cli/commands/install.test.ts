import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import { openInstance } from '../../../src/instance/index.ts';
import { effectsIn } from '../../support/companies.ts';
import { makeVendor, secret, type Vendor } from '../site/vendor.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type, type Answer } from '../typed.ts';

const root = freshFolder(memory);
const answers = join(root, 'answers.yaml');
const once = { stop: 1, deploy: 1, start: 1 };
let vendor: Vendor;
let words: string;
let first: string;
let second: string;
let turn = 0;
let data: string;

/** Types `crossgap install` for a site whose folder changes with each test, unless another one is named. */
const installs = (file: string, ...more: readonly string[]): Promise<Answer> =>
  type(['--data', data, 'install', file, ...more]);

function answering(...lines: readonly string[]): void {
  writeFileSync(answers, `${lines.join('\n')}\n`);
}

beforeAll(async () => {
  vendor = await makeVendor(root);
  const instance = await openInstance(vendor.data);
  words = instance.identity.words;
  instance.close();
  await vendor.invite('plant');
  await vendor.release('1.0.0');
  first = await vendor.bundle('plant', '1.0.0');
  await vendor.release('1.1.0', {
    last: '  - name: Ask the DBA\n    manual: { instructions: "Note the ticket" }\n',
  });
  second = await vendor.bundle('plant', '1.1.0');
  writeFileSync(join(root, 'password'), `${secret}\n`);
});

beforeEach(() => {
  turn += 1;
  data = join(root, `site-${turn}`);
  writeFileSync(vendor.marks, '');
  answering(
    `maker: "${words}"`,
    'name: plant',
    'environment: production',
    'values:',
    '  Db.Password: { file: password }',
    '  Site.Port: 9090',
  );
});

describe('what contradicts itself is refused before anything is looked at:', () => {
  test.each([
    [['--roll-back', '--uninstall'], '--roll-back and --uninstall exclude one another'],
    [['--fingerprint', 'a b', '--trust', 'x.pem'], '--fingerprint and --trust exclude one another'],
    [['--web', '--answers', 'x.yaml'], '--web and --answers exclude one another'],
    [['--web', '--write-answers', 'x.yaml'], '--web and --write-answers exclude one another'],
    [['--if-interrupted', 'rseume'], 'there is no such way'],
  ])('%j', async (more, why) => {
    const { exitCode, error } = await installs(join(root, 'not-there'), ...more, '--json');
    expect(exitCode).toBe(exitCodes.misused);
    expect(error).toMatchObject({ code: 'USAGE_INVALID', message: expect.stringContaining(why) as string });
    expect(existsSync(data)).toBe(false);
  });
});

test('answers that can not be read, and a file that is not there, are told; nothing is made', async () => {
  expect((await installs(first, '--answers', join(root, 'none'), '--json')).error.code).toBe(
    'FILE_NOT_READABLE',
  );
  answering('values: [');
  const unread = await installs(first, '--answers', answers, '--json');
  expect(unread).toMatchObject({ exitCode: exitCodes.misused, error: { code: 'ANSWERS_INVALID' } });
  const nowhere = await installs(join(root, 'none'), '--json');
  expect(nowhere.error.code).toBe('FILE_NOT_READABLE');
  expect(existsSync(data)).toBe(false);
});

test('where nobody can be asked and nothing is answered, what is missing is named', async () => {
  const { exitCode, error } = await installs(first, '--json');
  expect(exitCode).toBe(exitCodes.inputMissing);
  expect(error).toMatchObject({ code: 'ANSWERS_MISSING' });
  expect(error.message).toContain('maker: its six words');
  expect(existsSync(data)).toBe(false);
  answering(`maker: "${words}"`, 'name: plant');
  const more = await installs(first, '--answers', answers, '--json');
  expect(more).toMatchObject({ exitCode: exitCodes.inputMissing, error: { code: 'ANSWERS_MISSING' } });
  expect(more.error.message).toContain('Db.Password (Main database), a secret');
  expect(effectsIn(vendor.marks)).toEqual({});
});

test('a maker by other words is not believed, and nothing is made', async () => {
  const others = words.split(' ').toReversed().join(' ');
  const { exitCode, error, stderr } = await installs(first, '--fingerprint', others, '--json');
  expect(exitCode).toBe(exitCodes.verification);
  expect(error.code).toBe('FINGERPRINT_DIFFERS');
  // Whoever reads them here has no need to ask for them any more.
  expect(stderr).not.toContain(words);
  expect(existsSync(data)).toBe(false);
});

test('a bundle with a changed byte is refused by name before anything is made', async () => {
  const damaged = join(root, `damaged-${turn}.cgb`);
  const bytes = readFileSync(join(first, readdirSync(first)[0]!));
  bytes[bytes.length - 100]! ^= 1;
  writeFileSync(damaged, bytes);
  const { exitCode, stdout } = await installs(damaged, '--answers', answers);
  expect(exitCode).toBe(exitCodes.verification);
  expect(stdout).not.toContain('Orders');
  expect(existsSync(data)).toBe(false);
});

test('a secret that stands in the answers is refused, and is in nothing that is said', async () => {
  answering(`maker: "${words}"`, 'name: plant', 'values:', `  Db.Password: ${JSON.stringify(secret)}`);
  const { exitCode, stdout, stderr, error } = await installs(first, '--answers', answers, '--json');
  expect(exitCode).toBe(exitCodes.misused);
  expect(error.message).toContain('line 4, column 16: Db.Password is a secret and stands here as text');
  for (const said of [stdout, stderr]) expect(said).not.toContain('tr0ub4dor');
});

test('--check looks at everything and installs nothing', async () => {
  const { exitCode, json } = await installs(first, '--answers', answers, '--check', '--json');
  expect(exitCode).toBe(exitCodes.done);
  expect(json).toMatchObject({
    did: 'checked',
    release: { number: '1.0.0' },
    deployment: null,
    result: null,
  });
  expect((json as { checks: object[] }).checks.length).toBeGreaterThan(0);
  expect(effectsIn(vendor.marks)).toEqual({});
});

test('J2.15 --check names the digest of the scripts; a site that asks takes only that, and asks of an unchanged script once', async () => {
  const looked = await installs(first, '--answers', answers, '--check');
  expect(looked.exitCode).toBe(0);
  const set = /approve-scripts: ([0-9a-f]{64})/.exec(looked.stdout)?.[1] ?? '';
  appendFileSync(join(data, 'crossgap.toml'), '\n[consent]\nscripts = "ask"\n');
  const refused = await installs(first, '--answers', answers, '--json');
  expect(refused).toMatchObject({ exitCode: exitCodes.refused, error: { code: 'SCRIPTS_NOT_APPROVED' } });
  expect(refused.error.message).toContain('step Web, deploy');
  expect(refused.error.hint).toContain(set);
  const written = readFileSync(answers, 'utf8');
  const approving = (digest: string): void =>
    writeFileSync(answers, `${written}approve-scripts: { set: ${digest}, by: S. Officer }\n`);
  approving('0'.repeat(64));
  expect(await installs(first, '--answers', answers, '--json')).toMatchObject({
    exitCode: exitCodes.refused,
    error: { code: 'SCRIPTS_NOT_APPROVED' },
  });
  expect(effectsIn(vendor.marks)).toEqual({});
  approving(set);
  const look = await installs(first, '--answers', answers, '--check');
  expect([look.exitCode, look.stdout]).toEqual([0, expect.stringContaining('these answers approve them')]);
  expect(look.stdout).not.toContain('not looked at');
  expect((await installs(first, '--answers', answers)).exitCode).toBe(0);
  expect(effectsIn(vendor.marks)).toEqual(once);
  const told = await type(['--data', data, 'release', 'scripts', 'Orders/1.0.0']);
  expect(told.stdout).toContain('approved by S. Officer');
  // The scripts of the next release are the same: nothing is said of them, and nothing asked.
  writeFileSync(answers, `${written}steps: { ask-the-dba: { answer: approve, by: M. Example } }\n`);
  expect((await installs(second, '--answers', answers)).exitCode).toBe(0);
});

test('--write-answers writes what is to be filled in, and what is filled in is installed; secrets are said nowhere', async () => {
  const template = join(root, `template-${turn}.yaml`);
  const written = await installs(
    first,
    '--fingerprint',
    words,
    '--name',
    'plant',
    '--write-answers',
    template,
    '--json',
  );
  expect(written).toMatchObject({ exitCode: exitCodes.done, json: { did: 'asked', answers: template } });
  const text = readFileSync(template, 'utf8');
  expect(text).toContain('  # Main database (a secret, needed). As your DBA wrote it down\n');
  expect(text).not.toContain(words);
  writeFileSync(
    template,
    text.replace('{ file: "" }', '{ file: password }').replace('# Site.Port: 8080', 'Site.Port: 9090'),
  );
  const { exitCode, json, stdout, stderr } = await installs(first, '--answers', template, '--json');
  expect(exitCode).toBe(exitCodes.done);
  expect(json).toMatchObject({
    did: 'installed',
    environment: 'production',
    deployment: { state: 'succeeded' },
  });
  expect(effectsIn(vendor.marks)).toEqual(once);
  // Each line of progress is a document.
  const told = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { page: string });
  expect(told.map(({ page }) => page)).toContain('running');
  for (const said of [stdout, stderr]) expect(said).not.toContain('tr0ub4dor');
});

test('a file that was filled in is not written over', async () => {
  const before = readFileSync(answers);
  const { exitCode, error } = await installs(
    first,
    '--fingerprint',
    words,
    '--write-answers',
    answers,
    '--json',
  );
  expect(exitCode).toBe(exitCodes.refused);
  expect(error).toMatchObject({ code: 'FILE_NOT_WRITTEN' });
  expect(readFileSync(answers).equals(before)).toBe(true);
});

test('a step of a person is in what is to be filled in, and its answer is what the run goes on with', async () => {
  const template = join(root, `template-${turn}.yaml`);
  const written = await installs(
    second,
    '--fingerprint',
    words,
    '--name',
    'plant',
    '--write-answers',
    template,
  );
  expect(written.exitCode).toBe(exitCodes.done);
  const text = readFileSync(template, 'utf8');
  expect(text).toContain('steps:\n  # Ask the DBA\n  # ask-the-dba: { answer: approve, by: "", note: "" }\n');
  const filled = text.replace('{ file: "" }', '{ file: password }');
  writeFileSync(template, filled);
  const waits = await installs(second, '--answers', template, '--json');
  expect(waits).toMatchObject({ exitCode: exitCodes.refused, error: { code: 'INSTALL_WAITS' } });
  expect(effectsIn(vendor.marks)).toEqual(once);
  writeFileSync(
    template,
    filled.replace(
      '# ask-the-dba: { answer: approve, by: ""',
      'ask-the-dba: { answer: approve, by: M. Example',
    ),
  );
  // Who wrote the answer to the step that is waited for has said how it goes on.
  const done = await installs(second, '--answers', template, '--json');
  expect(done).toMatchObject({ exitCode: exitCodes.done, json: { did: 'installed' } });
  expect(effectsIn(vendor.marks)).toEqual(once);
});

test('what is installed already is not installed twice, and an older release not over a newer one', async () => {
  const filled = readFileSync(answers, 'utf8');
  answering(filled, 'steps: { ask-the-dba: { answer: approve, by: M. Example } }');
  expect(await installs(second, '--answers', answers)).toMatchObject({ exitCode: exitCodes.done });
  expect(effectsIn(vendor.marks)).toEqual(once);
  const again = await installs(second, '--answers', answers, '--json');
  expect(again).toMatchObject({ exitCode: exitCodes.done, json: { did: 'nothing' } });
  answering(filled);
  const older = await installs(first, '--answers', answers, '--json');
  expect(older).toMatchObject({ exitCode: exitCodes.refused, error: { code: 'INSTALLER_TOO_OLD' } });
  const back = await installs(second, '--answers', answers, '--roll-back', '--json');
  expect(back).toMatchObject({ exitCode: exitCodes.refused, error: { code: 'WAY_IMPOSSIBLE' } });
  expect(effectsIn(vendor.marks)).toEqual(once);
  const other = await installs(second, '--answers', answers, '--fingerprint', 'not its words', '--json');
  expect(other).toMatchObject({ exitCode: exitCodes.verification, error: { code: 'FINGERPRINT_DIFFERS' } });
  const off = await installs(second, '--uninstall', '--result', join(root, `r-${turn}.cgx`), '--json');
  expect(off).toMatchObject({
    exitCode: exitCodes.done,
    json: { did: 'uninstalled', result: { to: 'acme' } },
  });
  expect(existsSync(join(root, `r-${turn}.cgx`))).toBe(true);
});
