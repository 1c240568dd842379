import { expect, test } from 'vitest';
import { powershellCommand } from '../../src/executor/powershell-command.ts';

const common = ['-NoLogo', '-NonInteractive', '-ExecutionPolicy', 'Bypass'];

function commandOn(platform: NodeJS.Platform, settings: Record<string, string> = {}) {
  const setting = (name: string) => settings[name.replace('Octopus.Action.PowerShell.', '')];
  return powershellCommand(setting, platform, '/Program Files');
}

test('on Windows it is Windows PowerShell unless the edition says Core', () => {
  expect(commandOn('win32')).toEqual({ programs: ['powershell', 'pwsh'], switches: common });
  expect(commandOn('win32', { Edition: 'Desktop' }).programs).toEqual(['powershell', 'pwsh']);
  expect(commandOn('win32', { Edition: 'core' }).programs).toEqual(['pwsh']);
});

test('a version of its own is a folder for Core and a switch for Windows PowerShell', () => {
  const core = commandOn('win32', { Edition: 'Core', CustomPowerShellVersion: '7-preview' });
  expect(core.programs).toEqual(['/Program Files/PowerShell/7-preview/pwsh']);
  const desktop = commandOn('win32', { CustomPowerShellVersion: '2.0' });
  expect(desktop).toEqual({ programs: ['powershell'], switches: ['-Version', '2.0', ...common] });
});

test('elsewhere it is pwsh, and what else was asked for is told', () => {
  expect(commandOn('linux')).toEqual({ programs: ['pwsh'], switches: common });
  expect(commandOn('linux', { Edition: 'Core' })).not.toHaveProperty('remark');
  expect(commandOn('linux', { Edition: 'Desktop', CustomPowerShellVersion: '5.1' })).toMatchObject({
    programs: ['pwsh'],
    remark: 'Windows PowerShell 5.1 is asked for; the PowerShell of this machine is taken',
  });
});

test('the profile of the account is read unless the step says otherwise', () => {
  expect(commandOn('linux').switches).not.toContain('-NoProfile');
  expect(commandOn('linux', { ExecuteWithoutProfile: 'True' }).switches).toEqual(['-NoProfile', ...common]);
  expect(commandOn('linux', { ExecuteWithoutProfile: 'False' }).switches).not.toContain('-NoProfile');
});
