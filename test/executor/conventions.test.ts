import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { logOf, packageStep, planOf, run, saidOf, traceOf } from '../support/scripts-run.ts';

const config = `<configuration>\r
  <appSettings><add key="Site.Title" value="old"/></appSettings>\r
</configuration>`;

test('J3.4 a package step lists its fifteen conventions with the files each one touched', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const target = join(root, 'srv', 'orders');
  mkdirSync(join(target, 'App_Data'), { recursive: true });
  writeFileSync(join(target, 'old.txt'), 'old');
  writeFileSync(join(target, 'App_Data', 'kept.txt'), 'kept');
  const step = await packageStep(
    root,
    {
      'PreDeploy.sh': 'echo "packaged pre in $PWD"',
      'Deploy.sh': 'echo "packaged deploy in $PWD"',
      'PostDeploy.sh': 'echo "packaged post"',
      'DeployFailed.sh': 'echo "must not run"',
      'Web.config': config,
      'settings.json': '{"title": "#{Site.Title}", "left": "#{Nobody.Knows}"}\r\n',
      'sub/page.html': '<p>#{Site.Title}</p>',
    },
    {
      substituteInFiles: ['*.json', 'none/*.txt'],
      configVariables: true,
      installTo: { folder: target, purge: true, keep: ['App_Data'] },
      scripts: {
        preDeploy: [{ kind: 'bash', text: 'echo "inline pre"' }],
        deploy: [{ kind: 'bash', text: 'echo "inline deploy for #{Octopus.Environment.Name}"' }],
        postDeploy: [],
      },
    },
  );
  const outcome = await run(
    root,
    planOf(root, [step], { variables: [{ name: 'Site.Title', value: 'Orders #{Octopus.Release.Number}' }] }),
  );

  expect(outcome.error).toBeUndefined();
  expect(outcome.state).toBe('succeeded');
  expect(traceOf(outcome)).toEqual([
    '0 done',
    '1 feature-off',
    '2 done',
    '3 feature-off',
    '4 nothing-to-do',
    '5 done',
    '6 feature-off',
    '7 done',
    '7.5 feature-off',
    '8 done',
    '9 feature-off',
    '10 done',
    '11 feature-off',
    '12 feature-off',
    '13 feature-off',
    '14 done',
    '15 feature-off',
  ]);
  const byNumber = new Map(outcome.steps[0]!.conventions.map((line) => [line.number, line]));
  expect(byNumber.get(5)).toMatchObject({
    files: ['settings.json'],
    detail: 'settings.json: no value for #{Nobody.Knows}',
  });
  expect(byNumber.get(7)).toMatchObject({ files: ['Web.config'], detail: 'Web.config: Site.Title' });
  expect(byNumber.get(8)?.detail).toBe(`1 files purged, 6 files to ${target}`);

  const extracted = join(root, 'data/apps/uat/Orders.Web/3.2.0');
  expect(saidOf(root)).toEqual([
    'inline pre',
    `packaged pre in ${extracted}`,
    `packaged deploy in ${target}`,
    'inline deploy for uat',
    'packaged post',
  ]);
  expect(readFileSync(join(target, 'settings.json'), 'utf8')).toBe(
    '{"title": "Orders 3.2.0", "left": "#{Nobody.Knows}"}\r\n',
  );
  expect(readFileSync(join(target, 'Web.config'), 'utf8')).toBe(config.replace('"old"', '"Orders 3.2.0"'));
  expect(readFileSync(join(target, 'sub/page.html'), 'utf8')).toBe('<p>#{Site.Title}</p>');
  expect(readFileSync(join(target, 'App_Data/kept.txt'), 'utf8')).toBe('kept');
  expect(existsSync(join(target, 'old.txt'))).toBe(false);
  for (const gone of ['PreDeploy.sh', 'Deploy.sh', 'PostDeploy.sh', 'DeployFailed.sh']) {
    expect(existsSync(join(target, gone)), gone).toBe(false);
  }
  expect(existsSync(join(extracted, 'Deploy.sh'))).toBe(true);
  expect(existsSync(join(extracted, 'PreDeploy.sh'))).toBe(false);
  expect(logOf(root)).toContain('No file matches none/*.txt');
  expect(outcome.steps[0]!.outputs).toMatchObject({ 'Package.InstallationDirectoryPath': target });
});
