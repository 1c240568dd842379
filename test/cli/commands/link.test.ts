import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { makeInstance, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type Person } from '../typed.ts';

type Link = { name: string; state: string; words: string | null; folder: string };

const root = freshFolder(memory);
const shared = join(root, 'shared');
let companies: { acme: Company; contoso: Company };
let words: { acme: string; contoso: string };
let acme: Person;
let contoso: Person;
let here: string;
let count = 0;

beforeAll(async () => {
  mkdirSync(shared);
  companies = { acme: await makeInstance(root, 'acme'), contoso: await makeInstance(root, 'contoso') };
  const wordsOf = async (one: Company): Promise<string> =>
    (await one.asks<{ instance: { fingerprint: string } }>('status')).instance.fingerprint;
  words = { acme: await wordsOf(companies.acme), contoso: await wordsOf(companies.contoso) };
});

beforeEach(() => {
  count += 1;
  here = join(root, `test-${count}`);
  mkdirSync(here);
  acme = companies.acme.copy(`acme-${count}`);
  contoso = companies.contoso.copy(`contoso-${count}`);
});

const at = (name: string): string => join(here, name);
const links = (person: Person): Promise<Link[]> => person.asks('link list');
const invited = () => acme.asks(['link', 'invite', 'contoso', '--folder', shared, '--out', at('invitation')]);
const accepting = (...more: string[]) =>
  contoso.types([
    'link',
    'accept',
    at('invitation'),
    '--folder',
    shared,
    '--out',
    at('reply'),
    '--json',
    ...more,
  ]);

test('J1.20 two instances are paired when each has compared the words of the other', async () => {
  await invited();
  const accepted = await accepting('--fingerprint', words.acme.toUpperCase().replaceAll(' ', '-'));
  expect(accepted).toMatchObject({ exitCode: 0, json: { state: 'confirmed', theirWords: words.acme } });
  await acme.asks(['link', 'confirm', at('reply'), '--fingerprint', words.contoso]);
  expect(await links(acme)).toMatchObject([{ name: 'contoso', state: 'confirmed', words: words.contoso }]);
  expect(await links(contoso)).toMatchObject([{ name: 'acme', state: 'confirmed', words: words.acme }]);
});

test('an invitation taken in without words is pending until they are compared', async () => {
  await invited();
  expect(await accepting()).toMatchObject({ exitCode: 0, json: { state: 'pending' } });
  expect(await links(contoso)).toMatchObject([{ name: 'acme', state: 'pending' }]);
  const wrong = await contoso.types(['link', 'confirm', 'acme', '--fingerprint', words.contoso, '--json']);
  expect(wrong).toMatchObject({ exitCode: 4, error: { code: 'FINGERPRINT_DIFFERS' } });
  await contoso.asks(['link', 'confirm', 'acme', '--fingerprint', words.acme]);
  expect(await links(contoso)).toMatchObject([{ state: 'confirmed' }]);
});

test('wrong words at the invitation store nothing', async () => {
  await invited();
  const answer = await accepting('--fingerprint', words.contoso);
  expect(answer).toMatchObject({ exitCode: 4, stdout: '', error: { code: 'FINGERPRINT_DIFFERS' } });
  expect(answer.error.message).not.toContain(words.acme);
  expect(await links(contoso)).toEqual([]);
  expect(existsSync(at('reply'))).toBe(false);
});

test('a word with a digit in it is another word, and named', async () => {
  await invited();
  const [first, ...others] = words.acme.split(' ');
  const answer = await accepting('--fingerprint', [`${first}2`, ...others].join(' '));
  expect(answer).toMatchObject({ exitCode: 4, error: { code: 'FINGERPRINT_DIFFERS' } });
  expect(answer.error.message).toContain(`: ${first}2 is none of the words there are`);
  expect(await links(contoso)).toEqual([]);
});

test('wrong words at the reply store nothing', async () => {
  await invited();
  await accepting();
  const answer = await acme.types(['link', 'confirm', at('reply'), '--fingerprint', words.acme, '--json']);
  expect(answer).toMatchObject({ exitCode: 4, error: { code: 'FINGERPRINT_DIFFERS' } });
  expect(await links(acme)).toMatchObject([{ state: 'invited', words: null }]);
});

test('repeating each step changes nothing', async () => {
  await invited();
  const first = readFileSync(at('invitation'), 'utf8');
  await invited();
  expect((JSON.parse(readFileSync(at('invitation'), 'utf8')) as { link: string }).link).toBe(
    (JSON.parse(first) as { link: string }).link,
  );
  const words6 = ['--fingerprint', words.acme];
  await accepting(...words6);
  expect((await accepting(...words6)).exitCode).toBe(0);
  const confirm = ['link', 'confirm', at('reply'), '--fingerprint', words.contoso];
  await acme.asks(confirm);
  await acme.asks(confirm);
  expect(await links(acme)).toHaveLength(1);
  expect(await links(contoso)).toHaveLength(1);
});

test('an invitation taken in again stays the way it was: the same one says so, another one is refused', async () => {
  await invited();
  await accepting();
  const again = (...way: string[]) =>
    contoso.types(['link', 'accept', at('invitation'), ...way, '--out', at('reply')]);
  for (const way of [['--folder', shared], []]) {
    const { exitCode, stdout } = await again(...way);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('was taken in before')]);
    expect(stdout).toContain(`folder ${shared}`);
  }
  expect(await accepting()).toMatchObject({ json: { changed: false } });
  const other = at('elsewhere');
  for (const [way, named] of [
    [['--folder', other], `folder ${other}`],
    [['--by-hand'], 'bundles by hand'],
    [['--nats', 'tls://hub.acme.example:4222'], 'server tls://hub.acme.example:4222'],
  ] as const) {
    const answer = await again(...way, '--json');
    expect(answer).toMatchObject({ exitCode: 3, error: { code: 'LINK_ALREADY_PAIRED' } });
    expect(answer.error.message).toBe(
      `Cannot accept the invitation again with ${named}: this link uses folder ${shared}`,
    );
  }
  expect(existsSync(other)).toBe(false);
  expect(await links(contoso)).toMatchObject([{ folder: shared }]);
});

test('the other side can be called as this side likes, and found by its own name else', async () => {
  await invited();
  expect(await accepting('--name', 'our-vendor')).toMatchObject({ json: { name: 'our-vendor' } });
});

test('without a folder the outbox of the data folder is the place', async () => {
  const { folder } = await acme.asks<Link>(['link', 'invite', 'contoso', '--out', at('invitation')]);
  expect(folder).toBe(join(acme.data, 'outbox'));
});

test('a name that is taken is refused', async () => {
  await invited();
  await accepting();
  await acme.asks(['link', 'confirm', at('reply'), '--fingerprint', words.contoso]);
  const answer = await acme.types(['link', 'invite', 'contoso', '--out', at('again'), '--json']);
  expect(answer).toMatchObject({ exitCode: 2, error: { code: 'LINK_NAME_TAKEN' } });
});

test('an invitation of our own is refused', async () => {
  await invited();
  const answer = await acme.types(['link', 'accept', at('invitation'), '--out', at('reply'), '--json']);
  expect(answer).toMatchObject({ exitCode: 2, error: { code: 'INVITATION_OWN' } });
});

test('a reply to nothing that was invited here is refused', async () => {
  await invited();
  await accepting();
  const other = companies.acme.copy(`acme-other-${count}`);
  const answer = await other.types([
    'link',
    'confirm',
    at('reply'),
    '--fingerprint',
    words.contoso,
    '--json',
  ]);
  expect(answer).toMatchObject({ exitCode: 2, error: { code: 'LINK_UNKNOWN' } });
});

test.each([
  ['is no JSON', () => 'hello'],
  ['is a reply', (text: string) => text.replace('invitation/1', 'reply/1')],
  ['has an unknown key', (text: string) => text.replace('{', '{"more":1,')],
  [
    'was changed on the way',
    (text: string) => text.replace(/"link": "(.)/, (_all, c) => `"link": "${c === 'a' ? 'b' : 'a'}`),
  ],
])('an invitation that %s is refused and nothing is stored', async (_what, change) => {
  await invited();
  writeFileSync(at('invitation'), change(readFileSync(at('invitation'), 'utf8')));
  expect(await accepting()).toMatchObject({ exitCode: 4, error: { code: 'INVITATION_INVALID' } });
  expect(await links(contoso)).toEqual([]);
});

test('an invitation that is not there is named', async () => {
  expect(await accepting()).toMatchObject({ exitCode: 2, error: { code: 'FILE_NOT_READABLE' } });
});

test('a folder whose parent is not there is refused: more likely a mount that is lost', async () => {
  const answer = await acme.types([
    'link',
    'invite',
    'x',
    '--folder',
    at('no/where'),
    '--out',
    at('i'),
    '--json',
  ]);
  expect(answer).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
  expect(await links(acme)).toEqual([]);
});

test('an invitation or reply that can not be written stores nothing', async () => {
  const line = ['link', 'invite', 'contoso', '--folder', shared, '--out', at('no/where'), '--json'];
  expect(await acme.types(line)).toMatchObject({ exitCode: 3, error: { code: 'FILE_NOT_WRITTEN' } });
  expect(await links(acme)).toEqual([]);
  await invited();
  const accept = ['link', 'accept', at('invitation'), '--folder', shared, '--out', here, '--json'];
  expect(await contoso.types(accept)).toMatchObject({ exitCode: 3, error: { code: 'FILE_NOT_WRITTEN' } });
  expect(await links(contoso)).toEqual([]);
});

test('a name that is neither a file nor a pending link is refused with what there is', async () => {
  const answer = await acme.types(['link', 'confirm', 'nobody', '--fingerprint', 'x', '--json']);
  expect(answer).toMatchObject({ exitCode: 2, error: { code: 'LINK_UNKNOWN' } });
  await invited();
  const open = await acme.types(['link', 'confirm', 'contoso', '--fingerprint', 'x', '--json']);
  expect(open.error.message).toContain('it has not answered the invitation yet');
});

test('a link that is removed is gone, and removing it again changes nothing', async () => {
  await invited();
  expect(await acme.asks('link remove contoso')).toMatchObject({ changed: true });
  expect(await links(acme)).toEqual([]);
  expect(await acme.asks('link remove contoso')).toMatchObject({ changed: false });
  expect(await acme.types('link remove nobody --json')).toMatchObject({
    exitCode: 2,
    error: { code: 'LINK_UNKNOWN' },
  });
});
