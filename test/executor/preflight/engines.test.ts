import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { PlannedStep } from '../../../src/executor/index.ts';
import {
  enginesAsked,
  lookAtEngine,
  lookAtPipes,
  type EngineAsked,
} from '../../../src/executor/preflight/engines.ts';
import type { HostCheck } from '../../../src/executor/preflight/host-check.ts';
import { packagesAhead, stepsAhead } from '../../../src/executor/preflight/planned-folders.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { packageStep, planOf, pythonScript, runStep } from '../../support/scripts-run.ts';

const never = new AbortController().signal;
const bash: EngineAsked = { kind: 'bash', programs: ['bash'], for: ['step Stop'] };

async function askedBy(root: string, steps: PlannedStep[]): Promise<EngineAsked[]> {
  const plan = planOf(root, steps);
  const ahead = stepsAhead(plan, {});
  return enginesAsked(ahead, await packagesAhead(plan, ahead), []);
}

/** Looks at an engine on a machine that has this program alone, which says this of its version. */
async function look(asked: EngineAsked, program: string, says: string): Promise<HostCheck> {
  using folder = temporaryFolder();
  const file = folder.file(program);
  writeFileSync(file, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(file, 0o755);
  return await lookAtEngine(asked, { PATH: folder.path }, never);
}

test('J2.F6 an engine that is not on this machine is lacking, with the scripts that need it', async () => {
  using folder = temporaryFolder();
  const asked = { ...bash, for: ['step Stop', 'step Start', 'check Disk', 'step Warm up'] };
  expect(await lookAtEngine(asked, { PATH: folder.path }, never)).toEqual({
    id: 'engine:bash:bash',
    name: 'Bash',
    state: 'lacking',
    found: 'bash is not on this machine; step Stop, step Start, check Disk and 1 more need it',
    hint: 'Install bash, on the PATH of the account that this runs as.',
  });
});

test.each([
  ['bash', 'GNU bash, version 4.3.48(1)-release', '4.3.48', 'lacking'],
  ['bash', 'GNU bash, version 4.4.20(1)-release', '4.4.20', 'good'],
  ['bash', 'GNU bash, version 5.2.15(1)-release', '5.2.15', 'good'],
  ['python', 'Python 2.7.18', '2.7.18', 'lacking'],
  ['python', 'Python 3.11.2', '3.11.2', 'good'],
  ['powershell', 'PowerShell 5.0.1', '5.0.1', 'lacking'],
  ['powershell', 'PowerShell 7.4.6', '7.4.6', 'good'],
] as const)('J2.F6 %s that says "%s" is version %s, which is %s', async (kind, says, version, state) => {
  const program = { bash: 'bash', python: 'python3', powershell: 'pwsh' }[kind];
  const check = await look({ kind, programs: [program], for: ['step Stop'] }, program, says);
  expect(check.state).toBe(state);
  expect(check.found).toContain(version);
  if (state === 'lacking') expect(check.found).toMatch(/is version .*; step Stop needs it, \d\.\d or newer$/);
});

test('an engine that does not say its version is a note', async () => {
  expect(await look(bash, 'bash', 'no number')).toMatchObject({ state: 'note' });
});

test('an engine that hangs when it is asked is given up when the look ends', async () => {
  using folder = temporaryFolder();
  const file = folder.file('bash');
  writeFileSync(file, '#!/bin/sh\nexec /bin/sleep 60\n');
  chmodSync(file, 0o755);
  const over = new AbortController();
  const looking = lookAtEngine(bash, { PATH: folder.path }, over.signal);
  over.abort();
  expect(await looking).toMatchObject({ state: 'note' });
});

test('the scripts of steps and their properties say which engines are needed, skipped steps none', async () => {
  using folder = temporaryFolder();
  const property = { 'Octopus.Action.CustomScripts.PostDeploy.sh': 'echo' };
  const asked = await askedBy(folder.path, [
    runStep('One', '', { action: pythonScript('') }),
    runStep('Two', '', { action: pythonScript('') }),
    runStep('Else', 'echo', { skippedBecause: 'elsewhere' }),
    await packageStep(folder.path, { 'app.txt': 'x' }, { step: { properties: property } }),
  ]);
  expect(asked.map(({ kind, for: asking }) => [kind, asking])).toEqual([
    ['python', ['step One', 'step Two']],
    ['bash', ['step Web']],
  ]);
});

test('J2.F6 a script that lies in a package says so too: the one of each stage that would be run', async () => {
  using folder = temporaryFolder();
  const files = {
    'PreDeploy.ps1': '',
    'Deploy.sh': '',
    'Deploy.py': '',
    'sub/PostDeploy.py': '',
    'deployfailed.py': '',
  };
  const asked = await askedBy(folder.path, [await packageStep(folder.path, files)]);
  expect(asked.map(({ kind, for: asking }) => [kind, asking])).toEqual([
    ['powershell', ['PreDeploy.ps1 in the package of step Web']],
    ['bash', ['Deploy.sh in the package of step Web']],
    ['python', ['deployfailed.py in the package of step Web']],
  ]);
  const off = { 'Octopus.Action.Package.RunScripts': 'False' };
  expect(
    await askedBy(folder.path, [await packageStep(folder.path, files, { step: { properties: off } })]),
  ).toEqual([]);
});

test('J2.F6 scripts are heard by pipes, and a machine that can make none is lacking', () => {
  using folder = temporaryFolder();
  expect(lookAtPipes({ PATH: folder.path })).toMatchObject([
    { state: 'lacking', found: expect.stringContaining('mkfifo is not on this machine') },
  ]);
  symlinkSync('/usr/bin/mkfifo', folder.file('mkfifo'));
  expect(lookAtPipes({ PATH: folder.path })).toEqual([]);
});
