import { expect, test } from 'vitest';
import { iisScripts } from '../../../src/executor/features/iis/scripts.ts';
import { featureSettings } from '../../../src/executor/features/settings.ts';
import { windowsServiceScripts } from '../../../src/executor/features/windows-service/scripts.ts';
import {
  checkSettings,
  windowsService,
} from '../../../src/executor/features/windows-service/windows-service.ts';
import { VariableSet } from '../../../src/variables/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { nodesOf, parsePowerShell, powershellProblems } from '../../support/powershell-grammar.ts';
import { packageStep, planOf, run } from '../../support/scripts-run.ts';

const prefix = 'Octopus.Action.WindowsService';
const scripts = Object.entries({ ...windowsServiceScripts, iisStart: iisScripts.start });

test.each(scripts)('the PowerShell of a feature parses: %s', async (_name, text) => {
  expect(await powershellProblems(text)).toEqual([]);
  // A brace too few is seen, so that the line above says something.
  expect(await powershellProblems(text.slice(0, text.lastIndexOf('}')))).not.toEqual([]);
});

test.each(scripts)(
  'no value stands in it, nor is a command put together from text: %s',
  async (_name, text) => {
    expect(text).not.toMatch(
      /#\{|Invoke-Expression|\biex\b|Start-Process|cmd(?:\.exe)? \/c|sc\.exe|\[scriptblock\]/i,
    );
    const called = nodesOf((await parsePowerShell(text)).rootNode)
      .filter((node) => node.type === 'command_name_expr' || node.type === 'foreach_command')
      .map((node) => node.text);
    // What `&` starts is a fixed program.
    for (const [, program] of text.matchAll(/& (\S+)/g)) expect(['$appcmd', 'netsh']).toContain(program);
    expect(called.filter((name) => name.includes('$') && name !== '$appcmd')).toEqual([]);
  },
);

test('the scripts of a Windows service read every setting that is documented, and no other', () => {
  const text = Object.values(windowsServiceScripts).join('\n');
  const direct = [...text.matchAll(/OctopusParameters\['([^']+)'\]/g)].map(([, name]) => name!);
  const short = [...text.matchAll(/Get-Setting '(\w+)'/g)].map(([, name]) => `${prefix}.${name}`);
  const read = new Set([...direct, ...short]);
  // The status is what the first script leaves for the second; whether to do anything is asked before.
  read.delete(`${prefix}.Status`);
  expect([...read, `${prefix}.CreateOrUpdateService`].sort()).toEqual(
    Object.keys(windowsService.settings).sort(),
  );
});

const good = { [`${prefix}.ServiceName`]: 'Orders', [`${prefix}.ExecutablePath`]: 'Orders.exe' };

test.each([
  [{ [`${prefix}.ServiceName`]: '' }, 'ServiceName: it is empty'],
  [{ [`${prefix}.ServiceName`]: 'a\\b' }, 'has no / or \\'],
  [{ [`${prefix}.ExecutablePath`]: 'a" --evil "' }, 'it has a quotation mark'],
  [{ [`${prefix}.StartMode`]: 'often' }, 'it is none of auto'],
  [{ [`${prefix}.DesiredStatus`]: 'Gone' }, 'it is none of Default'],
  [{ [`${prefix}.ServiceAccount`]: '_CUSTOM' }, 'CustomAccountName: it is empty'],
])('settings that can not be used are refused before the service is stopped: %j', (wrong, why) => {
  const settings = (given: object) => featureSettings(new VariableSet(Object.entries(given)), 'wholly');
  expect(() => checkSettings(settings(good))).not.toThrow();
  expect(() => checkSettings(settings({ ...good, ...wrong }))).toThrow(why);
});

test.skipIf(process.platform === 'win32')(
  'a Windows service on another system is refused before anything is started',
  async () => {
    using folder = temporaryFolder();
    const properties = {
      'Octopus.Action.EnabledFeatures': 'Octopus.Features.WindowsService',
      [`${prefix}.CreateOrUpdateService`]: 'True',
      ...good,
    };
    const step = await packageStep(folder.path, { 'Orders.exe': 'x' }, { step: { properties } });
    await expect(run(folder.path, planOf(folder.path, [step]))).rejects.toMatchObject({
      code: 'HOST_LACKS_FEATURE',
      message: expect.stringContaining(
        'asks for a Windows service, and Windows services are there on Windows only',
      ),
    });
  },
);
