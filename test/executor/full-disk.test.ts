import type * as filesystem from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { openJournal, readFacts, type Fact } from '../../src/executor/journal.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { logOf, packageStep, planOf, run, runStep } from '../support/scripts-run.ts';

/** What the disk takes only the half of; undefined where it has room. */
let refused: RegExp | undefined;

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof filesystem>();
  const writeSync = (file: number, bytes: Uint8Array, at: number): number => {
    if (refused?.test(Buffer.from(bytes).toString()) !== true) return fs.writeSync(file, bytes, at);
    const half = Math.floor(bytes.length / 2);
    if (at < half) return fs.writeSync(file, bytes, at, half - at);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  return { ...fs, writeSync };
});

afterEach(() => (refused = undefined));

const fact = (deployment: string): Fact => ({ kind: 'run-started', at: 1, deployment, planSha256: 'ff' });

test('a fact that the disk takes only the half of leaves the journal as it was, and later ones are read', () => {
  using folder = temporaryFolder();
  using journal = openJournal(folder.path);
  journal.append(fact('first'));
  refused = /second/;
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
  refused = /"kind":"folder"/;
  expect(await run(root, plan)).toMatchObject({ state: 'interrupted' });
  expect(logOf(root)).toContain('Cannot go on: the disk is full; the run can be resumed');
  refused = undefined;
  expect(await run(root, undefined, { mode: 'resume' })).toMatchObject({ state: 'succeeded' });
  expect(logOf(root)).toContain('  deployed\n');
  expect(logOf(root)).not.toContain('undone');
});
