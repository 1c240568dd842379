import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openWorkplace } from '../../src/installer/index.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-workplace-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('what is made is gone when it is done with', async () => {
  {
    await using place = await openWorkplace(root, 'making');
    expect(readdirSync(root)).toEqual([place.path.slice(root.length + 1)]);
  }
  expect(readdirSync(root)).toEqual([]);
});

test('what somebody left who was ended is removed; what belongs to anybody else stays', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const kept = ['node-24.0.0-linux-x64', `node-24.0.0-linux-x64.${process.pid}.tmp`];
  const others = [`bundle-${process.pid}-abc`, 'runner-linux-x64-abc', 'bundle-ours', ...kept];
  const left = [`making-${pid}-abc`, `fetching-${pid}-abc`, `bundle-${pid}-abc`, `${kept[0]}.${pid}.tmp`];
  for (const name of [...others, ...left]) mkdirSync(join(root, name));
  await using place = await openWorkplace(root, 'bundle');
  expect(readdirSync(root).toSorted()).toEqual([...others, place.path.slice(root.length + 1)].toSorted());
});
