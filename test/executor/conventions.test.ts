import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { makeRunKey, type PackageAction } from '../../src/executor/index.ts';
import { defaultZipLimits, signPackage } from '../../src/packages/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { selfSigned } from '../support/certificates.ts';
import {
  everyFile,
  installedFolder,
  logOf,
  packageStep,
  planOf,
  run,
  runStep,
  saidOf,
  traceOf,
} from '../support/scripts-run.ts';

const config = `<configuration>\r
  <appSettings><add key="Site.Title" value="old"/></appSettings>\r
</configuration>`;

test('J3.4 a package step lists its fifteen conventions with the files each one touched', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const target = installedFolder(root, 'srv', 'orders');
  mkdirSync(join(target, 'App_Data'));
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
  expect(byNumber.get(8)?.detail).toBe(`1 file purged, 6 files to ${target}`);

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

test('J3.5 a script that asks for it has the remaining conventions skipped, and the step succeeds', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const step = await packageStep(
    root,
    { 'PreDeploy.sh': 'echo packaged', 'Deploy.sh': 'echo "must not run"', 'DeployFailed.sh': 'echo no' },
    {
      scripts: {
        preDeploy: [
          { kind: 'bash', text: 'set_octopusvariable Octopus.Action.SkipRemainingConventions True' },
        ],
        deploy: [],
        postDeploy: [],
      },
    },
  );
  const outcome = await run(root, planOf(root, [step, runStep('After', 'echo after')]));
  expect(outcome.state).toBe('succeeded');
  expect(traceOf(outcome).slice(0, 4)).toEqual(['0 done', '1 feature-off', '2 done', '3 skipped']);
  const skipped = outcome.steps[0]!.conventions.filter(
    (line) => typeof line.number === 'number' && line.number > 2,
  );
  for (const line of skipped) {
    expect(line).toMatchObject({ state: 'skipped', detail: 'skipped on request of PreDeploy' });
  }
  expect(saidOf(root)).toEqual(['after']);
  expect(existsSync(join(root, 'data/apps/uat/Orders.Web/3.2.0/DeployFailed.sh'))).toBe(true);
});

test('J3.6 after a failed Deploy nothing further runs, DeployFailed does, and the first error stays the error', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const step = await packageStep(
    root,
    {
      'Deploy.sh': 'echo going; exit 7',
      'PostDeploy.sh': 'echo "must not run"',
      'DeployFailed.sh': 'echo "failed: $(get_octopusvariable OctopusLastErrorMessage)"; exit 9',
    },
    { scripts: { preDeploy: [], deploy: [{ kind: 'bash', text: 'echo "must not run"' }], postDeploy: [] } },
  );
  const outcome = await run(root, planOf(root, [step, runStep('After', 'echo "must not run"')]));
  expect(outcome).toMatchObject({
    state: 'failed',
    failedAt: { step: 1, stepId: 'web', convention: 10 },
    error: 'Cannot go on: Deploy.sh of step 1 "Web" ended with exit code 7',
    errorCode: 'SCRIPT_FAILED',
  });
  expect(traceOf(outcome).slice(-7)).toEqual([
    '10 failed',
    '11 not-run',
    '12 not-run',
    '13 not-run',
    '14 not-run',
    '15 not-run',
    'F failed',
  ]);
  expect(saidOf(root)).toEqual([
    'going',
    'failed: Cannot go on: Deploy.sh of step 1 "Web" ended with exit code 7',
  ]);
  expect(outcome.steps[1]).toMatchObject({ state: 'not-run', skippedBecause: 'an earlier step failed' });
  // What failed stays for whoever looks into it.
  expect(existsSync(join(root, 'data/apps/uat/Orders.Web/3.2.0/Deploy.sh'))).toBe(true);
});

test('DeployFailed runs even where packaged scripts are switched off, and is deleted after it succeeded', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const step = await packageStep(
    root,
    { 'Deploy.sh': 'echo "must not run"', 'DeployFailed.sh': 'echo rolled back', 'deployfailed.ps1': '' },
    {
      scripts: { preDeploy: [], deploy: [], postDeploy: [{ kind: 'bash', text: 'fail_step "no database"' }] },
      step: { properties: { 'Octopus.Action.Package.RunScripts': 'False' } },
    },
  );
  const outcome = await run(root, planOf(root, [step]));
  expect(outcome.error).toBe(
    'Cannot go on: the PostDeploy script (Bash) of step 1 "Web" failed: no database',
  );
  expect(saidOf(root)).toEqual(['rolled back']);
  const extracted = join(root, 'data/apps/uat/Orders.Web/3.2.0');
  expect(readdirSync(extracted).sort()).toEqual(['Deploy.sh', 'Octopus.Action.CustomScripts.PostDeploy.sh']);
});

test('the packaged script of the preferred language runs alone, and all of them are deleted', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const step = await packageStep(root, {
    'DEPLOY.py': 'print("python")',
    'deploy.sh': '#!/bin/bash\r\necho bash\r\n',
    'Deploy.ps1': 'Write-Host powershell',
    'sub/Deploy.sh': 'echo "must not run"',
    'Deploy.cmd': 'echo "is no script of ours"',
  });
  const outcome = await run(root, planOf(root, [step]));
  expect(outcome.error).toBeUndefined();
  expect(saidOf(root)).toEqual(['bash']);
  const left = readdirSync(join(root, 'data/apps/uat/Orders.Web/3.2.0'));
  expect(left.sort()).toEqual(['Deploy.cmd', 'sub']);
});

test('a packaged script in C# is refused by name rather than passed over', async () => {
  using folder = temporaryFolder();
  const step = await packageStep(folder.path, { 'Deploy.csx': '', 'Deploy.ps1': '' });
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome.error).toBe('Cannot run Deploy.csx: C# scripts are not supported');
});

test('a script that lies in the installation folder without coming from the package is not run', async () => {
  using folder = temporaryFolder();
  const target = join(folder.path, 'srv', 'orders');
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'PostDeploy.sh'), 'echo "must not run"');
  const step = await packageStep(
    folder.path,
    { 'a.txt': 'a' },
    { installTo: { folder: target, purge: false, keep: [] } },
  );
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome.state).toBe('succeeded');
  expect(saidOf(folder.path)).toEqual([]);
  expect(logOf(folder.path)).toContain('does not come from the package');
});

test('a file named like a feature script is an ordinary file of the package', async () => {
  using folder = temporaryFolder();
  const name = 'Octopus.Features.IISWebSite_BeforePreDeploy.sh';
  const step = await packageStep(folder.path, { [name]: 'echo "must not run"' });
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome.state).toBe('succeeded');
  expect(saidOf(folder.path)).toEqual([]);
});

test('a version that is there already is left alone, the next one gets a number', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const step = await packageStep(root, { 'a.txt': 'a' });
  for (const n of [1, 2, 3]) await run(root, planOf(root, [step]), { runFolder: join(root, `run${n}`) });
  expect(readdirSync(join(root, 'data/apps/uat/Orders.Web')).sort()).toEqual(['3.2.0', '3.2.0_1', '3.2.0_2']);
});

test('a variable that PreDeploy sets is in force for substitution and later scripts', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const step = await packageStep(
    root,
    {
      'PreDeploy.sh': 'set_octopusvariable Port 8081',
      'a.txt': '#{Port}',
      'Deploy.sh': 'cat a.txt; echo; get_octopusvariable Port',
    },
    { substituteInFiles: ['a.txt'] },
  );
  await run(root, planOf(root, [step], { variables: [{ name: 'Port', value: '80' }] }));
  expect(saidOf(root)).toEqual(['8081', '8081']);
});

test('substitution evaluates the whole language, into the encoding that the step names', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const step = await packageStep(
    root,
    {
      'a.txt': '#{each h in Hosts}#{h | ToUpper}#{unless Octopus.Template.Each.Last},#{/unless}#{/each} #{',
      'Deploy.sh': 'od -An -tx1 a.txt',
    },
    {
      substituteInFiles: ['a.txt'],
      step: { properties: { 'Octopus.Action.SubstituteInFiles.OutputEncoding': 'UTF-8' } },
    },
  );
  await run(root, planOf(root, [step], { variables: [{ name: 'Hosts', value: 'a,b' }] }));
  expect(saidOf(root)).toEqual(['ef bb bf 41 2c 42 20 23 7b']);
});

test('substitution that must be complete fails before the file is written', async () => {
  using folder = temporaryFolder();
  const step = await packageStep(
    folder.path,
    { 'a.txt': '#{Nobody}' },
    {
      substituteInFiles: ['a.txt'],
      step: { properties: { OctopusShouldFailDeploymentOnSubstitutionFails: 'True' } },
    },
  );
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome).toMatchObject({
    failedAt: { convention: 5 },
    error: 'Cannot substitute in a.txt: no value for #{Nobody}',
  });
});

test('a step that asks for a feature of Octopus that is not here is refused before anything begins', async () => {
  using folder = temporaryFolder();
  const step = await packageStep(
    folder.path,
    { 'a.txt': '' },
    { step: { properties: { 'Octopus.Action.EnabledFeatures': 'Octopus.Features.Vhd' } } },
  );
  await expect(run(folder.path, planOf(folder.path, [step]))).rejects.toMatchObject({
    code: 'FEATURE_NOT_SUPPORTED',
  });
  expect(existsSync(join(folder.path, 'run', 'journal.jsonl'))).toBe(false);
});

test('T-68 a package that is not the one the plan names is refused before anything is extracted', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const step = await packageStep(root, { 'a.txt': 'good' });
  await packageStep(root, { 'a.txt': 'evil' });
  const outcome = await run(root, planOf(root, [step]));
  expect(outcome).toMatchObject({ failedAt: { convention: 0 }, errorCode: 'PACKAGE_NOT_TRUSTED' });
  expect(outcome.error).toContain('it is not the file that the plan was made with');
  expect(existsSync(join(root, 'data/apps'))).toBe(false);
});

test('T-68 the file that the plan names is refused where its content is not that of the release', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const step = await packageStep(root, { 'a.txt': 'good' });
  const action = step.action as PackageAction;
  const other = { ...action.package, contentDigest: 'ab'.repeat(32) };
  const outcome = await run(root, planOf(root, [{ ...step, action: { ...action, package: other } }]));
  expect(outcome).toMatchObject({ failedAt: { convention: 0 }, errorCode: 'PACKAGE_NOT_TRUSTED' });
  expect(outcome.error).toContain('it is not the content that the release names');
  expect(existsSync(join(root, 'data/apps'))).toBe(false);
});

test('T-62 a package beyond the limits that the plan was frozen with is refused, and the setting named', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const plan = planOf(root, [await packageStep(root, { 'a.txt': 'a', 'b.txt': 'b' })]);
  const packageLimits = { ...defaultZipLimits, entriesMax: 2 };
  const outcome = await run(root, { ...plan, packageLimits });
  expect(outcome).toMatchObject({ failedAt: { convention: 0 }, errorCode: 'PACKAGE_NOT_TRUSTED' });
  expect(outcome.error).toContain('`[packages] entries`');
  expect(existsSync(join(root, 'data/apps'))).toBe(false);
});

test('T-61 nothing is extracted through a link in the folder of applications', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const plan = planOf(root, [await packageStep(root, { 'a.txt': 'a' })]);
  mkdirSync(plan.appsFolder, { recursive: true });
  mkdirSync(join(root, 'elsewhere'));
  symlinkSync(join(root, 'elsewhere'), join(plan.appsFolder, 'Orders.Web'));
  const outcome = await run(root, plan);
  expect(outcome).toMatchObject({ failedAt: { convention: 0 }, errorCode: 'PACKAGE_NOT_WRITTEN' });
  expect(readdirSync(join(root, 'elsewhere'))).toEqual([]);
});

test('J3.F9 an unsigned package is refused before convention 1, a signed one by a stranger too', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const step = await packageStep(root, { 'a.txt': 'a' });
  const action = step.action as PackageAction;
  const demanding = (fingerprints: string[], more: object = {}) => {
    const { unsigned: _, ...wanted } = { ...action.package, trustedFingerprints: fingerprints, ...more };
    return { ...step, action: { ...action, package: wanted } };
  };
  const unsigned = await run(root, planOf(root, [demanding([])]));
  expect(unsigned.error).toBe('Cannot use package Orders.Web 3.2.0: it is not signed');

  const signed = join(root, 'signed.nupkg');
  const report = await signPackage(action.package.file, signed, selfSigned('Acme'), { hash: 'sha256' });
  const facts = { file: signed, sha256: report.sha256, contentDigest: report.contentDigest! };
  const stranger = await run(root, planOf(root, [demanding(['00'.repeat(32)], facts)]), {
    runFolder: join(root, 'run2'),
  });
  expect(stranger).toMatchObject({ failedAt: { convention: 0 }, errorCode: 'PACKAGE_NOT_TRUSTED' });
  const { fingerprint } = report.signature!.signer!;
  const known = await run(root, planOf(root, [demanding([fingerprint], facts)]), {
    runFolder: join(root, 'run3'),
  });
  expect(known.error).toBeUndefined();
  expect(traceOf(known)[0]).toBe('0 done');
});

test('the first deployment to an installation made by hand purges what it held, links as links, and says how much', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const target = installedFolder(root, 'srv', 'orders');
  for (const name of ['bin/deep', 'App_Data', 'conf']) mkdirSync(join(target, name), { recursive: true });
  const byHand = ['index.html', 'bin/old.dll', 'bin/deep/old.txt', 'App_Data/orders.db', 'conf/local.ini'];
  for (const name of byHand) writeFileSync(join(target, name), 'by hand');
  mkdirSync(join(root, 'elsewhere'));
  writeFileSync(join(root, 'elsewhere', 'precious'), 'alive');
  symlinkSync(join(root, 'elsewhere'), join(target, 'bin', 'to-folder'));
  symlinkSync(join(root, 'elsewhere', 'precious'), join(target, 'to-file'));
  const installTo = { folder: target, purge: true, keep: ['App_Data', 'conf/*.ini'] };
  const step = await packageStep(root, { 'index.html': 'new', 'bin/new.dll': 'new' }, { installTo });

  const outcome = await run(root, planOf(root, [step]));
  expect(outcome.error).toBeUndefined();
  const copied = outcome.steps[0]!.conventions.find((line) => line.number === 8);
  expect(copied).toMatchObject({ state: 'done', detail: `5 files purged, 2 files to ${target}` });
  expect(
    new Set(everyFile(target).map(([path, bytes]) => `${relative(target, path)}: ${bytes.toString()}`)),
  ).toEqual(
    new Set([
      'index.html: new',
      'bin/new.dll: new',
      'App_Data/orders.db: by hand',
      'conf/local.ini: by hand',
    ]),
  );
  expect(existsSync(join(target, 'bin', 'deep'))).toBe(false);
  expect(readFileSync(join(root, 'elsewhere', 'precious'), 'utf8')).toBe('alive');
});

test('without a purge a folder keeps what it held', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const target = installedFolder(root, 'srv', 'orders');
  writeFileSync(join(target, 'by-hand.txt'), 'by hand');
  const installTo = { folder: target, purge: false, keep: [] };
  const outcome = await run(root, planOf(root, [await packageStep(root, { 'a.txt': 'a' }, { installTo })]));
  const copied = outcome.steps[0]!.conventions.find((line) => line.number === 8);
  expect(copied?.detail).toBe(`not purged, 1 file to ${target}`);
  expect(readdirSync(target).sort()).toEqual(['a.txt', 'by-hand.txt']);
});

test('a purge of what is guarded, of the extraction folder or of a folder under version control is refused', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const versioned = installedFolder(root, 'srv', 'checkout');
  mkdirSync(join(versioned, '.git'));
  const apps = join(root, 'data', 'apps', 'uat');
  for (const [n, target] of [versioned, join(root, 'data', 'keys'), apps].entries()) {
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, 'precious'), 'alive');
    const installTo = { folder: target, purge: true, keep: [] };
    const step = await packageStep(root, { 'a.txt': 'a' }, { installTo });
    const outcome = await run(root, planOf(root, [step]), { runFolder: join(root, 'runs', String(n)) });
    expect(outcome).toMatchObject({ failedAt: { convention: 8 }, errorCode: 'INSTALL_FOLDER_REFUSED' });
    expect(readFileSync(join(target, 'precious'), 'utf8')).toBe('alive');
  }
});

test('what an extraction that was cut off left is cleared away and nothing else, even if there is no second one', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const versions = installedFolder(root, 'data', 'apps', 'uat', 'Orders.Web');
  const step = await packageStep(root, { 'a.txt': 'a' });
  const stop = new AbortController();
  const runKey = makeRunKey();
  const hidden = '.3.2.0.deployment-1';
  const cut = await run(root, planOf(root, [step]), {
    runKey,
    interrupt: stop.signal,
    report: ({ kind }) => kind === 'intended' && stop.abort(),
  });
  expect(cut.state).toBe('interrupted');
  const partial = [`.crossgap-extracting-${hidden}-0123456789ab`, hidden];
  const others = [`${hidden}.extracting`, '.crossgap-extracting-3.1.0-0123456789ab', '3.1.0'];
  for (const name of [...partial, ...others]) mkdirSync(join(versions, name, 'below'), { recursive: true });
  await packageStep(root, { 'a.txt': 'another one' });
  const outcome = await run(root, undefined, { runKey, mode: 'resume' });
  expect(outcome.errorCode).toBe('PACKAGE_NOT_TRUSTED');
  expect(readdirSync(versions).sort()).toEqual(others.sort());
});
