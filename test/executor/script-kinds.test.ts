import { afterAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { requires } from '../support/requires.ts';
import { isHere, runText, scriptHosts } from '../support/scripts-hosts.ts';
import { keepsTheScriptContract } from './script-contract.ts';

requires('python3', 'Python scripts');

const here = scriptHosts.filter(isHere);
const missing = scriptHosts.filter((host) => !here.includes(host));

for (const host of here) describe(host.name, () => keepsTheScriptContract(host));

test.each(missing)('where $name is missing, that is what a script of it says', async (host) => {
  using folder = temporaryFolder();
  const environment = { PATH: folder.path };
  await expect(runText(host, folder.path, { text: '', environment })).rejects.toMatchObject({
    code: 'SCRIPT_NOT_STARTED',
    message: expect.stringMatching(/^Cannot run a .* script: .* is not on this machine$/),
  });
});

test('every kind of script is either held to the contract here or said to be missing', () => {
  expect([...here, ...missing].map(({ name }) => name).toSorted()).toEqual(
    ['Bash', 'PowerShell', 'Python 3', 'Windows PowerShell'].toSorted(),
  );
  expect(here.map(({ name }) => name)).toContain('Bash');
});

afterAll(() => {
  const names = (hosts: typeof here): string => hosts.map(({ name }) => name).join(', ') || 'none';
  process.stderr.write(
    `script kinds that ran here: ${names(here)}; not on this machine: ${names(missing)}\n`,
  );
});
