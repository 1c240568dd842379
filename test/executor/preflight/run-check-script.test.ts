import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { HostCheck, InlineScript, PlannedInput } from '../../../src/executor/index.ts';
import {
  lookByScript,
  runCheckScript,
  tryValue,
  type CheckRun,
} from '../../../src/executor/preflight/run-check-script.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { planOf } from '../../support/scripts-run.ts';

afterEach(() => vi.unstubAllEnvs());

const bash = (text: string): InlineScript => ({ kind: 'bash', text });
const inputs: PlannedInput[] = [
  { name: 'Db.Host', secret: false, version: 1, value: 'db-1' },
  { name: 'Db.Password', secret: true, version: 1 },
];
const secrets = { 'Db.Password': 'hunter2-and-more' };

/** How a check with this script ends; nothing of it is left where it ran. */
async function look(
  text: string,
  run: Partial<CheckRun> = {},
  hint: string | null = null,
): Promise<HostCheck> {
  vi.unstubAllEnvs();
  using folder = temporaryFolder();
  vi.stubEnv('TMPDIR', folder.path);
  const check = { name: 'Disk', hint, script: bash(text) };
  const found = await lookByScript(planOf(folder.path, [], { inputs }), check, { secrets, ...run });
  expect(readdirSync(folder.path)).toEqual([]);
  return found;
}

describe('a check that the process brings', () => {
  test.each([
    [
      'exit 0 is good, for what its last line says',
      'echo first; echo "room enough"; echo; exit 0',
      'good',
      'room enough',
    ],
    ['exit 0 without a word is good', 'true', 'good', 'good'],
    ['exit 10 is a note', 'echo "old, but it does"; exit 10', 'note', 'old, but it does'],
    [
      'exit 1 is lacking, for the reason in its last line',
      'echo "no room" >&2; exit 1',
      'lacking',
      'no room',
    ],
    ['exit 9 is lacking, said or not', 'exit 9', 'lacking', 'its script ended with exit code 9'],
    ['exit 11 is lacking', 'exit 11', 'lacking', 'its script ended with exit code 11'],
    [
      'a script that a signal ended is lacking',
      'kill -9 $$',
      'lacking',
      'its script ended with exit code 137',
    ],
    ['fail_step says why', 'fail_step "not this machine"', 'lacking', 'not this machine'],
  ])('%s', async (_name, text, state, found) => {
    expect(await look(text)).toMatchObject({ id: 'check:Disk', name: 'Disk', state, found });
  });

  test('says its hint where it is not good', async () => {
    expect(await look('exit 1', {}, 'Buy more')).toMatchObject({ state: 'lacking', hint: 'Buy more' });
    expect(await look('exit 10', {}, 'Buy more')).toMatchObject({ state: 'note', hint: 'Buy more' });
    expect(await look('exit 0', {}, 'Buy more')).toMatchObject({ state: 'good', hint: null });
    expect(await look('exit 1')).toMatchObject({ hint: 'Mend what it says, then look again.' });
  });

  test('gets every value, secrets among them, which are masked in what it says', async () => {
    expect(await look('echo "$(get_octopusvariable Db.Host) #{Octopus.Environment.Name}"')).toMatchObject({
      found: 'db-1 uat',
    });
    const told = await look('echo "tried $(get_octopusvariable Db.Password)"; exit 1');
    expect(told).toMatchObject({ state: 'lacking', found: 'tried ********' });
    expect((await look('echo "#{Db.Password}"; exit 1')).found).toBe('********');
  });

  test('is told without control characters, and not at any length', async () => {
    expect((await look(String.raw`printf 'a\033[31mb\n'; exit 1`)).found).toBe('a [31mb');
    expect((await look(`printf '%0600d' 0; exit 1`)).found).toBe('0'.repeat(500));
  });

  test('has no input, and an environment that is an allow-list', async () => {
    expect((await look('read -r line || echo "nothing to read"')).found).toBe('nothing to read');
    const environment = { ...process.env, AWS_SECRET_ACCESS_KEY: 'x', HOME: '/home/ada' };
    const text = 'echo "${AWS_SECRET_ACCESS_KEY-none} $HOME"';
    expect((await look(text, { environment })).found).toBe('none /home/ada');
  });

  test('runs in a folder of its own with nothing in it but itself', async () => {
    expect((await look('ls -A; pwd')).found).toMatch(/crossgap-check-[^/]+\/work$/);
    expect((await look('ls -A | tr "\\n" " "')).found).toBe('Script.sh');
  });

  test('that takes too long is ended and lacking', async () => {
    const found = await look('exec sleep 60', { timeLimitMs: 300 });
    expect(found).toMatchObject({
      state: 'lacking',
      found: expect.stringMatching(/^it took longer than 0\.3 s and was ended/),
    });
  });

  test('whose interpreter is not here is lacking and says so', async () => {
    expect(await look('true', { environment: { PATH: '/nowhere' } })).toMatchObject({
      state: 'lacking',
      found: 'Cannot run a Bash script: bash is not on this machine',
    });
  });

  test('ends with the reason of whoever gives up looking', async () => {
    const reason = new Error('page left');
    await expect(look('exec sleep 60', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

test('a machine without a folder for temporary files is told, and breaks nothing', async () => {
  using folder = temporaryFolder();
  vi.stubEnv('TMPDIR', folder.file('nowhere'));
  const end = await runCheckScript(planOf(folder.path, []), 'check Disk', bash('true'), { secrets: {} });
  expect(end).toEqual({
    ended: 'never-began',
    why: `there is no room for it in the folder for temporary files, ${folder.file('nowhere')} (ENOENT)`,
  });
  expect(existsSync(folder.file('nowhere'))).toBe(false);
});

test('a secret stands in no file while a check runs', async () => {
  using folder = temporaryFolder();
  const seen = folder.file('seen');
  const plan = planOf(folder.path, [], { inputs });
  const text = `cat "$0" ./* ../scratch/* > '${seen}' 2>/dev/null; echo "#{Db.Password}" >/dev/null`;
  const end = await runCheckScript(plan, 'check Disk', bash(text), { secrets });
  expect(end).toMatchObject({ ended: 'by-itself', exitCode: 0 });
  expect(readFileSync(seen, 'utf8')).not.toContain('hunter2');
  expect(dirname(seen)).toBe(folder.path);
});

describe('the test of an input', () => {
  const tried = async (text: string): Promise<HostCheck> => {
    using folder = temporaryFolder();
    const input = { name: 'Db.Host', label: 'Database', script: bash(text) };
    return await tryValue(planOf(folder.path, [], { inputs }), input, { secrets });
  };

  test('is good at exit 0 alone, else not, for the reason in its last line', async () => {
    expect(await tried('test "$(get_octopusvariable Db.Host)" = db-1')).toMatchObject({
      id: 'try:Db.Host',
      name: 'Database',
      state: 'good',
      found: 'it works',
    });
    expect(await tried('echo "nobody answers"; exit 1')).toMatchObject({
      state: 'lacking',
      found: 'nobody answers',
    });
    expect(await tried('exit 10')).toMatchObject({
      state: 'lacking',
      found: 'its test ended with exit code 10',
    });
  });
});
