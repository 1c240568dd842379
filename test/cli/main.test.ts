import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { patienceMs } from '../support/patience.ts';
import { makeInstance, type Company } from './company.ts';
import { memory } from '../support/in-memory.ts';
import { freshFolder } from './typed.ts';

const program = resolve(import.meta.dirname, '../../bin/crossgap.js');
const root = freshFolder(memory);
let acme: Company;

beforeAll(async () => {
  acme = await makeInstance(root, 'acme');
});

const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name !== 'CROSSGAP_DATA' && name !== 'NO_COLOR'),
);

function run(args: readonly string[], input = ''): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [program, ...args], {
    cwd: root,
    env: environment,
    input,
    encoding: 'utf8',
    timeout: patienceMs,
  });
}

test('a result is on stdout, nothing on stderr, exit 0', () => {
  const { status, stdout, stderr } = run(['--data', 'acme', 'status', '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ instance: { name: 'acme' } });
});

test('a misused command is exit 2, nothing on stdout, the nearest one named', () => {
  const { status, stdout, stderr } = run(['--data', 'acme', 'stauts']);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toBe(
    'crossgap: Cannot understand `crossgap`: there is no command stauts [USAGE_INVALID]\n     try: Did you mean status? See `crossgap --help`.\n',
  );
});

test('colours are not written where no terminal is', () => {
  const { stdout, stderr } = run(['--data', 'nowhere', 'status']);
  expect(stdout + stderr).not.toContain('\u001b');
});

test('who stops reading is not told of it, and ends the command', async () => {
  const child = spawn(process.execPath, [program, '--data', acme.data, 'log', 'show', '--follow'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child.stdout, 'data');
  child.stdout.destroy();
  await acme.asks('environment add broken-pipe');
  const [code] = (await once(child, 'exit')) as [number];
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('one who is asked to end ends well', async () => {
  const child = spawn(process.execPath, [program, '--data', acme.data, 'log', 'show', '--follow'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect({ code, signal }).toEqual({ code: 0, signal: null });
});

test('a second daemon of one identity is refused with its holder: exit 8', async () => {
  const daemon = spawn(process.execPath, [program, '--data', acme.data, 'run', '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(daemon.stdout.setEncoding('utf8'), 'data')) as [string];
  expect(line).toMatch(/^acme: status page at http:\/\/127\.0\.0\.1:\d+\/? /);
  const answer = await acme.types(['run', '--listen', '127.0.0.1:0', '--json']);
  daemon.kill('SIGTERM');
  const [code] = (await once(daemon, 'exit')) as [number];
  expect(answer).toMatchObject({
    exitCode: 8,
    error: { code: 'DAEMON_RUNNING', details: { pid: daemon.pid } },
  });
  expect(code).toBe(0);
});

test('a secret comes in by a pipe', () => {
  const data = join(root, 'acme');
  const { status, stdout } = run(['--data', data, 'input', 'set', 'Db', '--secret'], 'tiger\n');
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: 'Input Db is set for all environments, as a secret (version 1)\n',
  });
});
