import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { program, untilFileHolds } from '../support/companies.ts';
import { isGone } from '../support/scripts-run.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-ended-'));
afterAll(() => rmSync(root, { recursive: true }));

type Trying = { readonly child: ChildProcess; readonly scriptPid: number; readonly gate: string };

/** A process file is tried whose first script waits for a line in `gate`, and whose second never ends. */
async function trying(name: string): Promise<Trying> {
  const folder = join(root, name);
  mkdirSync(folder);
  const [file, pid, gate] = ['process.yaml', 'pid', 'gate'].map((each) => join(folder, each)) as [
    string,
    string,
    string,
  ];
  const wait = `mkfifo '${gate}'; echo $$ > '${pid}'; read -r _ < '${gate}'`;
  const steps = [
    ['Wait', wait],
    ['Sleep', 'exec sleep 600'],
  ].map(([step, script]) => `  - name: ${step}\n    run: { bash: ${JSON.stringify(script)} }\n`);
  writeFileSync(file, `process: Orders\nsteps:\n${steps.join('')}`);
  const words = [program, '--data', join(folder, 'none'), 'try', 'deploy', file, '--env', 'uat'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  await untilFileHolds(pid, (text) => text.endsWith('\n'));
  return { child, gate, scriptPid: Number(readFileSync(pid, 'utf8')) };
}

test.each(['SIGHUP', 'SIGINT', 'SIGTERM'] as const)(
  'what is tried is cancelled by %s, and nothing that it began goes on',
  async (signal) => {
    const { child, scriptPid } = await trying(signal);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([3, null]);
    expect(isGone(scriptPid)).toBe(true);
  },
);

test('what is tried is cancelled where nobody reads of it any more, which is no success', async () => {
  const { child, scriptPid, gate } = await trying('unread');
  child.stdout!.destroy();
  child.stderr!.destroy();
  writeFileSync(gate, '\n');
  expect(await once(child, 'exit')).toEqual([3, null]);
  expect(isGone(scriptPid)).toBe(true);
});
