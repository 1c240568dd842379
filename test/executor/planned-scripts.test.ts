import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { plannedScripts, type Plan } from '../../src/executor/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { laterRefusal } from '../support/refusal.ts';
import { packageStep, planOf, runStep } from '../support/scripts-run.ts';

const digestOf = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('J2.15: every script is told, with its text: of steps, of packages, and of variables; nothing is extracted', async () => {
  using folder = temporaryFolder();
  const files = {
    'PreDeploy.sh': 'echo brought\r\n',
    'postdeploy.ps1': 'Write-Host done',
    'DeployFailed.py': 'print("failed")',
    'sub/Deploy.sh': 'echo no script of a stage',
    'Deploy.txt': 'no script',
  };
  const inline = { preDeploy: [{ kind: 'bash', text: 'echo inline' }], deploy: [], postDeploy: [] } as const;
  const web = await packageStep(folder.path, files, { scripts: inline });
  const plan = planOf(
    folder.path,
    [
      runStep('Stop', 'systemctl stop orders'),
      { ...web, properties: { 'Octopus.Action.CustomScripts.Deploy.sh': 'echo by property' } },
      runStep('Elsewhere', 'echo never', { skippedBecause: 'it is only for qa' }),
    ],
    {
      variables: [
        { name: 'Octopus.Script.Module[Shared Words]', value: 'say() { echo; }' },
        { name: 'Octopus.Script.Module.Language[Shared Words]', value: 'Bash' },
        { name: 'Title', value: 'echo no script' },
      ],
      inputs: [
        {
          name: 'octopus.action.customscripts.PostDeploy.sh',
          secret: false,
          version: 0,
          value: 'echo given',
        },
        { name: 'Octopus.Action.CustomScripts.PreDeploy.py', secret: false, version: 1, value: 'typed here' },
      ],
    },
  );
  const scripts = await plannedScripts(plan);
  expect(scripts.map(({ place, where, language, text }) => [place, where, language, text])).toEqual([
    ['step/stop/run/bash', 'step Stop', 'bash', 'systemctl stop orders'],
    ['step/web/pre-deploy/bash', 'step Web, pre-deploy', 'bash', 'echo inline'],
    ['step/web/package/PreDeploy.sh', 'step Web, PreDeploy.sh', 'bash', 'echo brought\n'],
    ['step/web/package/postdeploy.ps1', 'step Web, postdeploy.ps1', 'powershell', 'Write-Host done'],
    ['step/web/package/DeployFailed.py', 'step Web, DeployFailed.py', 'python', 'print("failed")'],
    [
      'step/web/value/Octopus.Action.CustomScripts.Deploy.sh',
      'step Web, Octopus.Action.CustomScripts.Deploy.sh',
      'bash',
      'echo by property',
    ],
    [
      'variable/value/Octopus.Script.Module[Shared Words]',
      'variables, Octopus.Script.Module[Shared Words]',
      'bash',
      'say() { echo; }',
    ],
    [
      'variable/value/octopus.action.customscripts.PostDeploy.sh',
      'variables, octopus.action.customscripts.PostDeploy.sh',
      'bash',
      'echo given',
    ],
  ]);
  // The digest is that of the bytes that run, however they are shown.
  expect(scripts[2]).toMatchObject({ digest: digestOf('echo brought\r\n'), sizeBytes: 14, remark: null });
  expect(scripts[2]!.from).toMatch(/^package .+ \d/);
  expect(existsSync(plan.appsFolder)).toBe(false);
});

test('T-98: a script that is no text, too long, or not what it looks like is told as such, with its digest', async () => {
  using folder = temporaryFolder();
  const long = 'echo a line of a long script\n'.repeat(20_000);
  const binary = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]);
  const turned = 'echo "\u202eyes"';
  const files = {
    'PreDeploy.sh': binary.toString('latin1'),
    'Deploy.sh': long,
    'PostDeploy.sh': turned,
  };
  const plan = planOf(folder.path, [await packageStep(folder.path, files)]);
  const [first, second, third] = await plannedScripts(plan);
  expect(first).toMatchObject({
    text: '',
    remark: `it is no text and is not shown: 7 bytes; its SHA-256 is ${digestOf(binary)}`,
  });
  expect(second!.text.length).toBeLessThanOrEqual(100_000);
  expect(long.startsWith(second!.text)).toBe(true);
  expect(second!.text.endsWith('script')).toBe(true);
  expect(second).toMatchObject({ sizeBytes: long.length, digest: digestOf(long) });
  expect(second!.remark).toContain(digestOf(long));
  expect(third).toMatchObject({ text: 'echo "\\u{202e}yes"', digest: digestOf(turned) });
  expect(third!.remark).toContain('spelled out');
});

test('bytes that are no characters are shown as such, and UTF-16 is read by its mark', async () => {
  using folder = temporaryFolder();
  const utf16 = Buffer.from('\ufeffWrite-Host ä', 'utf16le');
  const files = { 'PreDeploy.ps1': utf16, 'Deploy.sh': Buffer.from([0x65, 0xff, 0x66]) };
  const plan = planOf(folder.path, [await packageStep(folder.path, files)]);
  const [first, second] = await plannedScripts(plan);
  expect(first).toMatchObject({ text: 'Write-Host ä', digest: digestOf(utf16), remark: null });
  expect(second).toMatchObject({ text: 'e\ufffdf' });
  expect(second!.remark).toContain('no characters');
});

test('a package that can not be read is an error that names it, never a list without its scripts', async () => {
  using folder = temporaryFolder();
  const step = await packageStep(folder.path, { 'PreDeploy.sh': 'echo' });
  const plan: Plan = planOf(folder.path, [step]);
  if (step.action.kind === 'package') writeFileSync(step.action.package.file, 'no package');
  const refusal = await laterRefusal(() => plannedScripts(plan));
  expect(refusal.code).toBe('NOT_A_PACKAGE');
  expect(refusal.message).toContain('Orders.Web');
});
