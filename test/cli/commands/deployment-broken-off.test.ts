import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { tryLock } from '../../../src/lock.ts';
import { makeInstance } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder } from '../typed.ts';

const root = freshFolder(memory);
const program = resolve(import.meta.dirname, '../../../bin/crossgap.js');

test('a run whose processes are all gone is shown as broken off by who only looks, until that is recorded', async () => {
  const own = await makeInstance(root, 'own');
  const file = join(root, 'own.yaml');
  writeFileSync(file, 'process: Own\nsteps:\n  - { name: Hello, run: { bash: "echo hello" } }\n');
  await own.asks('environment add uat');
  await own.asks(['process', 'publish', file]);
  await own.asks('release create Own 1.0.0');
  const { id } = await own.asks<{ id: string }>('deploy 1.0.0 --env uat');
  const env = { ...process.env, CROSSGAP_FAULT: 'daemon.start-recorded' };
  const died = spawnSync(process.execPath, [program, '--data', own.data, 'run', '--once'], { env });
  expect(died.signal).toBe('SIGKILL');

  const looks = ['deployment list', `deployment show ${id}`, 'status'];
  const said = async (): Promise<string[]> =>
    Promise.all(looks.map(async (line) => (await own.types(line)).stdout));
  for (const text of await said()) expect(text).toContain('broken off: no process of it runs');
  const shown = `deployment show ${id}`;
  expect(await own.asks(shown)).toMatchObject({ state: 'running', brokenOff: true });
  // A daemon that is there is just about to begin it, or to record what came of it.
  {
    using _daemon = tryLock(join(own.data, 'daemon.lock'), 'run')!;
    for (const text of await said()) expect(text).not.toContain('broken off');
  }
  await own.asks(`deployment resume ${id} --wait`);
  const over = await own.asks(shown);
  expect(over).toMatchObject({ state: 'succeeded' });
  expect(over).not.toHaveProperty('brokenOff');
});
