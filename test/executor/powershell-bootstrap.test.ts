import { expect, test } from 'vitest';
import { powershellBootstrap } from '../../src/executor/bootstrap/powershell.ts';
import { scriptLanguages } from '../../src/executor/script-kinds.ts';
import { nodesOf, parsePowerShell, powershellProblems } from '../support/powershell-grammar.ts';
import { scriptHosts } from '../support/scripts-hosts.ts';

const { text } = scriptLanguages.powershell.bootstrap;

test('the PowerShell bootstrap parses', async () => {
  expect(await powershellProblems(text)).toEqual([]);
});

test.each([
  ['a brace is left out', (script: string) => script.replace('process {', 'process ')],
  ['a parenthesis is left out', (script: string) => script.replace('while ($false)', 'while ($false')],
  ['a quote is left out', (script: string) => script.replace(`'Stop'`, `'Stop`)],
  ['a catch has no try', (script: string) => script.replace('\ntry {', '\n{')],
])('the grammar refuses it where %s', async (_, spoil) => {
  expect(spoil(text)).not.toBe(text);
  expect(await powershellProblems(spoil(text))).not.toEqual([]);
});

test('it defines every function that Octopus documents for PowerShell', async () => {
  const tree = await parsePowerShell(text);
  const names = nodesOf(tree.rootNode)
    .filter((node) => node.type === 'function_name')
    .map((node) => node.text)
    .filter((name) => !name.startsWith('__Crossgap'));
  expect(names.toSorted()).toEqual(
    [
      'Convert-ServiceMessageValue',
      'Convert-ToServiceMessageParameter',
      'Execute-WithRetry',
      'Fail-Step',
      'New-OctopusArtifact',
      'New-OctopusTarget',
      'Remove-OctopusTarget',
      'Report-KubernetesManifest',
      'Report-KubernetesManifestFile',
      'Set-EnvironmentState',
      'Set-EnvironmentUrl',
      'Set-OctopusVariable',
      'Update-Progress',
      'Write-Debug',
      'Write-Highlight',
      'Write-Verbose',
      'Write-Wait',
      'Write-Warning',
    ].toSorted(),
  );
});

test('it keeps to what was measured of PowerShell: order, guards and exit codes', () => {
  const inOrder = [
    `$ErrorActionPreference = 'Stop'`,
    `$PSNativeCommandArgumentPassing = 'Legacy'`,
    '$MaximumVariableCount = 32768',
    '[Console]::OpenStandardInput()',
    '[Array]::Clear(',
    '\n__CrossgapLoad\n',
    '  do {\n',
    '. $__CrossgapScript',
    '$__CrossgapDone = $true',
    '} while ($false)',
    '} catch {',
    '  exit 1\n',
    'if (-not $__CrossgapDone)',
    `if (Test-Path -Path 'variable:global:LASTEXITCODE') { exit $global:LASTEXITCODE }\n`,
  ];
  let at = 0;
  for (const piece of inOrder) {
    const found = powershellBootstrap.indexOf(piece, at);
    expect(found, piece).toBeGreaterThanOrEqual(0);
    at = found + piece.length;
  }
  // 5.1 reads a file without a mark as ANSI, and every other character of ours is ASCII anyhow.
  expect(text.charCodeAt(0)).toBe(0xfeff);
  expect(powershellBootstrap).toMatch(/^[\n\x20-\x7e]*$/);
});

test('nothing in it is newer than Windows PowerShell 5.1', async () => {
  const tree = await parsePowerShell(text);
  const code = nodesOf(tree.rootNode).filter((node) => node.childCount === 0 && node.type !== 'comment');
  expect(code.map((node) => node.text).filter((one) => /^(?:\?\?=?|\?\.|&&|\|\|)$/.test(one))).toEqual([]);
  expect(powershellBootstrap).not.toMatch(/\bAesGcm\b|\$PSStyle|\$IsWindows|-Parallel\b|\$\w+ \? /);
});

test('values arrive on standard input only, and never as code', () => {
  const { valuesOn, encode } = scriptLanguages.powershell;
  expect(valuesOn).toBe('stdin');
  const handed = encode({ body: undefined, variables: new Map([['Näme', `'; exit 9; '\u2019`]]) });
  const head = handed.subarray(0, handed.indexOf('\n')).toString();
  expect(Number(head)).toBe(handed.length - head.length - 1);
  const texts: (string | undefined)[] = [];
  for (let at = head.length + 1; at < handed.length;) {
    const length = handed.readInt32LE(at);
    texts.push(length < 0 ? undefined : handed.toString('utf8', at + 4, at + 4 + length));
    at += 4 + Math.max(0, length);
  }
  expect(texts).toEqual([undefined, 'Näme', `'; exit 9; '\u2019`]);
});

test('what the contract says in PowerShell parses, so that a machine that has it runs the contract', async () => {
  const { say } = scriptHosts.find(({ kind }) => kind === 'powershell')!;
  const { syntaxError, ...phrases } = say;
  const texts = Object.values({ ...phrases, ...phrases.say }).flatMap((phrase: unknown) => {
    if (typeof phrase === 'function') return [String(phrase('a', 'b', true))];
    return typeof phrase === 'string' ? [phrase] : [];
  });
  expect(texts.length).toBeGreaterThan(15);
  expect(await powershellProblems(texts.join('\n'))).toEqual([]);
  expect(await powershellProblems(syntaxError)).not.toEqual([]);
});
