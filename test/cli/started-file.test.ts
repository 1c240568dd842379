import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, expect, test } from 'vitest';
import { firstWords } from '../../src/cli/program.ts';
import { hintHere, startedFile } from '../../src/cli/shell/started-file.ts';
import { programVersion } from '../../src/installation.ts';
import { dataFolder } from '../../src/instance/index.ts';
import { tryLock } from '../../src/lock.ts';
import { endsExecutor, makeVendor, type Vendor } from './site/vendor.ts';
import { freshFolder, type, type Answer } from './typed.ts';

const program = resolve(import.meta.dirname, '../../bin/crossgap.js');
const root = freshFolder();
const typed = './orders-installer';
const cut = join(root, 'cut');
let vendor: Vendor;
let words: string;
let first: string;
let second: string;
let elsewhere: string;
const answers = join(root, 'answers.yaml');
let turn = 0;

/** Starts the file that holds a bundle, on the data folder of the site. */
function starts(data: string, path: string, args: readonly string[] = []): Promise<Answer> {
  const file = { typed, path };
  return type(['--data', data, '--answers', answers, '--json', ...args], { file });
}

function siteLike(name: string): string {
  turn += 1;
  const data = join(root, `site-${turn}`);
  cpSync(join(root, name), data, { recursive: true });
  for (const folder of [data, join(data, 'keys')]) chmodSync(folder, 0o700);
  return data;
}

beforeAll(async () => {
  vendor = await makeVendor(root);
  ({ words } = await vendor.asks<{ words: string }>('identity show'));
  writeFileSync(join(root, 'password'), 'a-secret');
  writeFileSync(answers, `maker: ${words}\nname: plant\nvalues:\n  Db.Password: { file: password }\n`);
  await vendor.invite('plant');
  await vendor.release('1.0.0', { more: endsExecutor(cut) });
  first = await vendor.bundle('plant', '1.0.0');
  await vendor.release('1.1.0', { more: endsExecutor(cut) });
  second = await vendor.bundle('plant', '1.1.0');
  await vendor.invite('depot');
  await vendor.asks(['release', 'publish', '1.1.0', '--to', 'depot']);
  elsewhere = await vendor.bundle('depot', '1.1.0');
  const installed = await starts(join(root, 'one'), first);
  expect(installed.exitCode, installed.stderr).toBe(0);
});

/** What a refusal at the site says to do; it names no command that the machine has not. */
function hintOf({ error, exitCode }: Answer): string {
  expect(error.hint.replaceAll(/\.\/orders-installer crossgap/g, '')).not.toMatch(/\bcrossgap [a-z-]+/);
  return `${exitCode} ${error.code}: ${error.hint}`;
}

/** Types what a refusal names, with what stands for the words in capitals. */
async function typesHint({ error }: Answer, meant: Readonly<Record<string, string>>): Promise<Answer[]> {
  const lines = [...error.hint.matchAll(/`\.\/orders-installer (crossgap [^`]+)`/g)].map(([, line]) => line!);
  const answers: Answer[] = [];
  for (const line of lines)
    answers.push(
      await type(
        line.split(' ').map((word) => meant[word] ?? word),
        { file: { typed, path: second } },
      ),
    );
  return answers;
}

/** A site on which the second release was cut off; what it is called. */
async function cutSite(): Promise<string> {
  const data = siteLike('one');
  writeFileSync(cut, data);
  expect(hintOf(await starts(data, second))).toBe(
    `6 INSTALL_INTERRUPTED: Start \`${typed} --data ${data}\` again: it says where it stopped, and offers to go on, to start over or to go back.`,
  );
  return data;
}

test('what can be done with a run that was cut off is named by the file', async () => {
  const data = await cutSite();
  const undecided = hintOf(await starts(data, second));
  expect(undecided).toContain('with --if-interrupted or if-interrupted: in the answers');
  expect(undecided).toContain('resume, start-over, roll-back, leave');
  expect((await starts(data, second, ['--if-interrupted', 'resume'])).exitCode).toBe(0);
  expect((await starts(data, second, ['--uninstall'])).exitCode).toBe(0);
});

test('who goes back twice is told that there is nothing more, and not that nothing ever ran', async () => {
  const data = siteLike('one');
  for (const [path, args] of [
    [second, []],
    [second, ['--roll-back']],
  ] as const)
    expect((await starts(data, path, args)).exitCode).toBe(0);
  const twice = await starts(data, second, ['--roll-back']);
  expect(hintOf(twice)).toContain('3 WAY_IMPOSSIBLE');
  expect(twice.error.message).toBe('Cannot go back in production: there is no other release to go back to');
});

test('a file for another site says how the pairing is ended, on the folder that was named', async () => {
  const data = siteLike('one');
  const refused = hintOf(await starts(data, elsewhere));
  expect(refused).toContain(`end the pairing before: ${typed} crossgap --data ${data} link remove acme.`);
  const ending = ['crossgap', '--data', data, 'link', 'remove', 'acme'];
  expect((await type(ending, { file: { typed, path: elsewhere } })).exitCode).toBe(0);
});

test('a folder that a daemon or another installer holds is left alone', async () => {
  const data = siteLike('one');
  using daemon = tryLock(dataFolder(data).daemonLock, 'daemon')!;
  const held = await starts(data, second);
  expect(held.error.message).toMatch(/^Cannot work in .*: process \d+ \(daemon, since .*\) does already$/);
  expect(hintOf(held)).toMatch(
    /^8 SITE_HELD: Stop the daemon, or let it do the work: `\.\/orders-installer crossgap /,
  );
  daemon.release();
  using deploying = tryLock(dataFolder(data).daemonLock, 'deployment d-4kq7mbx2wz by somebody')!;
  expect(hintOf(await starts(data, second))).toContain('8 SITE_HELD: Wait until that deployment is over');
  // As an installer does while it runs something.
  using other = tryLock(join(data, 'installer.lock'), 'installer by somebody')!;
  expect(hintOf(await starts(data, second))).toContain('8 SITE_HELD: Finish there');
  deploying.release();
  expect(hintOf(await starts(data, second))).toContain('8 SITE_HELD: Finish there');
  other.release();
  expect((await starts(data, second, ['--check'])).exitCode).toBe(0);
});

test('a signer that the site distrusts is found before anything begins, and told in the words of the file', async () => {
  const data = siteLike('one');
  const { json } = await type(['--data', data, 'trust', 'list', '--json']);
  const { certificates } = json as { certificates: { fingerprint: string; source: string }[] };
  const { fingerprint } = certificates.find(({ source }) => source === 'company of the link')!;
  const distrusting = ['crossgap', '--data', data, 'trust', 'distrust', fingerprint, '--reason', 'stolen'];
  expect((await type(distrusting, { file: { typed, path: second } })).exitCode).toBe(0);
  writeFileSync(vendor.marks, '');
  const refused = await starts(data, second);
  expect(hintOf(refused)).toMatch(/^3 CHECKS_LACKING: /);
  expect(refused.stderr).toContain('\\"CN=acme\\" is distrusted here');
  expect(readFileSync(vendor.marks, 'utf8')).toBe('');
});

test('a folder that a newer program was at is left as it is, and a newer file is asked for', async () => {
  const data = siteLike('one');
  const db = new Database(dataFolder(data).database);
  db.pragma('user_version = 99');
  db.close();
  const before = readFileSync(dataFolder(data).database);
  const refused = await starts(data, second);
  expect(hintOf(refused)).toMatch(/ DATABASE_NEWER: .*ask its maker for a newer one\.$/);
  expect(refused.exitCode).toBe(3);
  expect(readFileSync(dataFolder(data).database).equals(before)).toBe(true);
});

test('what is left of a result where the power went is removed by the next start, and not by one that may not work there', async () => {
  const data = siteLike('one');
  const media = mkdtempSync(join(root, 'media-'));
  const out = join(media, 'plant.cgx');
  const args = ['--data', data, 'install', first, '--answers', answers, '--result', out];
  const cutOff = spawnSync(process.execPath, [program, ...args], {
    env: { ...process.env, CROSSGAP_FAULT: 'result.copied' },
  });
  expect(cutOff.signal).toBe('SIGKILL');
  const left = () => readdirSync(data).filter((name) => name.startsWith('result-'));
  expect([left().length, readdirSync(media)]).toEqual([1, ['plant.cgx~']]);
  using other = tryLock(join(data, 'installer.lock'), 'installer by somebody')!;
  expect((await starts(data, first)).exitCode).toBe(8);
  expect([left().length, readdirSync(media)]).toEqual([1, ['plant.cgx~']]);
  other.release();
  expect((await starts(data, first)).exitCode).toBe(0);
  expect([left(), readdirSync(media)]).toEqual([[], []]);
  expect((await starts(data, first, ['--result', out])).exitCode).toBe(0);
  expect([left(), readdirSync(media)]).toEqual([[], ['plant.cgx']]);
});

test('what a site passes on to the maker keeps the words of the maker', () => {
  const here = { file: { typed, path: first }, folder: undefined, isGuide: true };
  const said = (code: string, hint: string): string => hintHere({ code, hint }, here, firstWords);
  expect(said('BUNDLE_PART_MISSING', 'Ask acme: crossgap bundle export --to LINK --part 2.')).toBe(
    'Ask acme: crossgap bundle export --to LINK --part 2.',
  );
  expect(said('LOG_BROKEN', 'See `crossgap log verify` of this crossgap here.')).toBe(
    'See `./orders-installer crossgap log verify` of this crossgap here.',
  );
  const spaced = { ...here, file: { typed: "./it's here/x", path: first } };
  expect(hintHere({ code: 'X', hint: 'Start the program again.' }, spaced, firstWords)).toBe(
    "Start `'./it'\\''s here/x'` again.",
  );
});

test('its help is its own: its name, its data folder, and nothing that it does not take', async () => {
  const file = { typed, path: first };
  const { stdout } = await type(['--help'], { file, env: { CROSSGAP_DATA: '/var/lib/crossgap' } });
  expect(stdout).toContain('Usage: ./orders-installer [options]\n');
  expect(stdout).toMatch(/--data <DIR> .*\n +\/var\/lib\/crossgap\)/);
  expect(stdout).toContain('./orders-installer --answers answers.yaml --check\n');
  expect(stdout).not.toMatch(/crossgap install|crossgap-data|FILE\]|<FILE> .*installer/);
  const command = await type(['crossgap', 'status', '--help'], { file });
  expect(command.stdout).toContain('Usage: ./orders-installer crossgap status [options]');
  expect(command.stdout).toContain('Example:\n  ./orders-installer crossgap status\n');
});

test('words that mean nothing to it are refused with what would', async () => {
  const file = { typed, path: first };
  const status = await type(['status', '--json'], { file });
  expect([status.exitCode, status.error.code]).toEqual([2, 'USAGE_INVALID']);
  expect(status.error.message).toContain('Cannot understand `./orders-installer`');
  expect(status.error.hint).toContain('`./orders-installer crossgap status`');
  const misspelt = await type(['--roll-bak', '--json'], { file });
  expect(misspelt.error.hint).toBe('Did you mean --roll-back? See `./orders-installer --help`.');
  expect((await type(['--version'], { file })).stdout).toBe(`${programVersion()}\n`);
  expect((await type(['version'], { file })).stdout).toBe(`${programVersion()}\n`);
});

test('the file is known by how it was typed, where that leads to it, and only where a person started it', () => {
  const execPath = process.execPath;
  const start = { argv: [execPath, execPath], argv0: execPath, execPath };
  expect(startedFile(start)).toEqual({ typed: execPath, path: execPath });
  expect(startedFile({ ...start, argv0: 'installer' })).toEqual({ typed: execPath, path: execPath });
  const link = join(root, 'link');
  symlinkSync(execPath, link);
  expect(startedFile({ ...start, argv0: link })).toEqual({ typed: link, path: execPath });
  expect(startedFile({ ...start, argv: [execPath, '/data/program/x/bin/crossgap.js'] })).toBeUndefined();
});

test('scripts that nobody approved are read by what the refusal names', async () => {
  const data = siteLike('one');
  appendFileSync(join(data, 'crossgap.toml'), '\n[consent]\nscripts = "ask"\n');
  const refused = await starts(data, second);
  expect(hintOf(refused)).toContain('3 SCRIPTS_NOT_APPROVED');
  const [read] = await typesHint(refused, {});
  expect(read).toMatchObject({ exitCode: 0 });
  expect(read!.stdout).toContain('not approved; the same as what 1.0.0 runs here');
});

test('beside a daemon the work is left to it by what the refusal names', async () => {
  const data = siteLike('one');
  using _daemon = tryLock(dataFolder(data).daemonLock, 'daemon')!;
  const held = await starts(data, second);
  const ways = await typesHint(held, { FILE: second, NUMBER: '1.1.0', ENVIRONMENT: 'production' });
  expect(ways.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
});
