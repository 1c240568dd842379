import { readFileSync } from 'node:fs';
import type * as filesystem from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openJournal, readFacts, type Fact } from '../../src/executor/journal.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { logOf, packageStep, planOf, run, runStep } from '../support/scripts-run.ts';

/** What the disk takes only the half of, and how many bytes it says are free; as it is where nothing is said. */
const disk = vi.hoisted((): { refused: RegExp | undefined; free: number | undefined } => ({
  refused: undefined,
  free: undefined,
}));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof filesystem>();
  const writeSync = (file: number, bytes: Uint8Array, at: number): number => {
    if (disk.refused?.test(Buffer.from(bytes).toString()) !== true) return fs.writeSync(file, bytes, at);
    const half = Math.floor(bytes.length / 2);
    if (at < half) return fs.writeSync(file, bytes, at, half - at);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  const statfsSync = (path: string): object => {
    const facts = fs.statfsSync(path);
    return disk.free === undefined ? facts : Object.assign(facts, { bavail: disk.free, bsize: 1 });
  };
  return { ...fs, writeSync, statfsSync };
});

afterEach(() => {
  disk.refused = undefined;
  disk.free = undefined;
});

const fact = (deployment: string): Fact => ({ kind: 'run-started', at: 1, deployment, planSha256: 'ff' });

test('a fact that the disk takes only the half of leaves the journal as it was, and later ones are read', () => {
  using folder = temporaryFolder();
  using journal = openJournal(folder.path);
  journal.append(fact('first'));
  disk.refused = /second/;
  expect(() => journal.append(fact('second'))).toThrow('ENOSPC');
  journal.append(fact('third'));
  expect(readFacts(folder.path)).toEqual([fact('first'), fact('third')]);
});

test('a run on a full disk breaks off as by a power cut, says why, and goes on where it was', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const scripts = {
    'Deploy.sh': `echo deployed >> ${root}/marks`,
    'DeployFailed.sh': `echo undone >> ${root}/marks`,
  };
  const plan = planOf(root, [await packageStep(root, scripts), runStep('Look', `cat ${root}/marks`)]);
  disk.refused = /"kind":"folder"/;
  expect(await run(root, plan)).toMatchObject({ state: 'interrupted' });
  expect(logOf(root)).toContain('Cannot go on: the disk is full; the run can be resumed');
  disk.refused = undefined;
  expect(await run(root, undefined, { mode: 'resume' })).toMatchObject({ state: 'succeeded' });
  expect(logOf(root)).toContain('  deployed\n');
  expect(logOf(root)).not.toContain('undone');
});

test('a package that has no room on a full disk breaks the run off too, and is extracted when there is room', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const plan = planOf(root, [await packageStep(root, { 'Deploy.sh': `echo deployed >> ${root}/marks` })]);
  disk.free = 0;
  expect(await run(root, plan)).toMatchObject({ state: 'interrupted' });
  expect(logOf(root)).toMatch(/Cannot extract .* are needed and 0 B are free; the run can be resumed/);
  disk.free = undefined;
  expect(await run(root, undefined, { mode: 'resume' })).toMatchObject({ state: 'succeeded' });
  expect(readFileSync(join(root, 'marks'), 'utf8')).toBe('deployed\n');
});

test('one that is too large for the room there is fails its step, so that others may clean up', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const large = { 'large.bin': 'x'.repeat(200_000) };
  const plan = planOf(root, [await packageStep(root, large)]);
  disk.free = 100_000;
  expect(await run(root, plan)).toMatchObject({
    state: 'failed',
    error: expect.stringMatching(/2\d\d kB are needed and 100 kB are free$/) as string,
  });
});
