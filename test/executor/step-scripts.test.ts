import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { InlineScript, RunOutcome } from '../../src/executor/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { logOf, packageStep, planOf, pythonScript, run, runStep, saidOf } from '../support/scripts-run.ts';

const bash = (text: string): InlineScript => ({ kind: 'bash', text });
const python = (text: string): InlineScript => ({ kind: 'python', text });
const none = { preDeploy: [], deploy: [], postDeploy: [] };

test('PreDeploy runs the scripts of the process first, Deploy and PostDeploy the packaged one; Bash before Python', async () => {
  using folder = temporaryFolder();
  const stage = (name: string): InlineScript[] => [
    python(`print('${name} of the process, Python')`),
    bash(`echo '${name} of the process, Bash'`),
  ];
  const step = await packageStep(
    folder.path,
    {
      'predeploy.sh': 'echo "PreDeploy of the package"',
      'DEPLOY.sh': 'echo "Deploy of the package"',
      'PostDeploy.py': 'print("PostDeploy of the package")',
    },
    { scripts: { preDeploy: stage('PreDeploy'), deploy: stage('Deploy'), postDeploy: stage('PostDeploy') } },
  );
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome.error).toBeUndefined();
  expect(saidOf(folder.path)).toEqual([
    'PreDeploy of the process, Bash',
    'PreDeploy of the process, Python',
    'PreDeploy of the package',
    'Deploy of the package',
    'Deploy of the process, Bash',
    'Deploy of the process, Python',
    'PostDeploy of the package',
    'PostDeploy of the process, Bash',
    'PostDeploy of the process, Python',
  ]);
});

test('only files directly in the folder, with the very extension, are scripts of a stage', async () => {
  using folder = temporaryFolder();
  const step = await packageStep(folder.path, {
    'bin/Deploy.sh': 'echo "in a folder"',
    'Deploy.SH': 'echo "another extension"',
    'Deploy.sh.txt': 'echo "another name"',
    'MyDeploy.sh': 'echo "a longer name"',
    'Deploy.fsx': 'printfn "F#"',
  });
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome.state).toBe('succeeded');
  expect(saidOf(folder.path)).toEqual([]);
  const kept = readdirSync(join(folder.path, 'data/apps/uat/Orders.Web/3.2.0'));
  expect(kept.toSorted()).toEqual(['Deploy.SH', 'Deploy.fsx', 'Deploy.sh.txt', 'MyDeploy.sh', 'bin']);
});

test('packaged scripts that are switched off neither run nor vanish, those of the process run all the same', async () => {
  using folder = temporaryFolder();
  const properties = { 'Octopus.Action.Package.RunScripts': 'False' };
  const step = await packageStep(
    folder.path,
    { 'Deploy.sh': 'echo package' },
    { step: { properties }, scripts: { ...none, deploy: [bash('echo process')] } },
  );
  await run(folder.path, planOf(folder.path, [step]));
  expect(saidOf(folder.path)).toEqual(['process']);
  expect(readdirSync(join(folder.path, 'data/apps/uat/Orders.Web/3.2.0'))).toEqual(['Deploy.sh']);
});

test('scripts among the properties run where their feature is on, and one in C# is refused by name', async () => {
  using folder = temporaryFolder();
  const script = { 'Octopus.Action.CustomScripts.Deploy.sh': 'echo "deployed by #{Octopus.Action.Name}"' };
  const feature = { 'Octopus.Action.EnabledFeatures': 'Octopus.Features.CustomScripts' };
  const outcomeOf = async (properties: Record<string, string>, name: string): Promise<RunOutcome> => {
    const step = await packageStep(folder.path, { 'a.txt': '' }, { step: { properties } });
    return await run(folder.path, planOf(folder.path, [step]), { runFolder: join(folder.path, name) });
  };
  expect((await outcomeOf(script, 'off')).steps[0]!.conventions[10]).toMatchObject({ state: 'feature-off' });
  await outcomeOf({ ...script, ...feature }, 'run');
  expect(saidOf(folder.path)).toEqual(['deployed by Web']);
  const other = { 'Octopus.Action.CustomScripts.Deploy.csx': 'Console.WriteLine()' };
  const refused = await outcomeOf({ ...other, ...feature }, 'other');
  expect(refused).toMatchObject({ state: 'failed', failedAt: { convention: 10 } });
  expect(refused.error).toBe('Cannot run the Deploy script of the process: C# scripts are not supported');
});

test('scripts written on Windows run, whatever mark and line ends they have, and are plain afterwards', async () => {
  using folder = temporaryFolder();
  const crlf = 'if true; then\r\n  echo "windows $PWD"\r\nfi\r\nexit 0';
  const step = await packageStep(
    folder.path,
    {
      'PreDeploy.sh': `\ufeff${crlf}`,
      'Deploy.sh': Buffer.from(`\ufeff${crlf}`, 'utf16le'),
      'PostDeploy.py': '\ufefftext = """a\r\nb"""\r\nprint(len(text))',
    },
    {
      scripts: { ...none, preDeploy: [bash(crlf)] },
      step: { properties: { OctopusDeleteScriptsOnCleanup: 'False' } },
    },
  );
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome.error).toBeUndefined();
  const place = join(folder.path, 'data/apps/uat/Orders.Web/3.2.0');
  expect(saidOf(folder.path)).toEqual([`windows ${place}`, `windows ${place}`, `windows ${place}`, '3']);
  expect(readFileSync(join(place, 'Deploy.sh'), 'utf8')).toBe(crlf.replaceAll('\r\n', '\n'));
});

test('a script of the process is a file for its account alone while it runs, gone after success, kept after failure', async () => {
  using folder = temporaryFolder();
  const name = 'Octopus.Action.CustomScripts.Deploy.sh';
  const list = `ls *.sh; stat -c %a ${name}`;
  const good = await packageStep(
    folder.path,
    { 'a.txt': '' },
    { scripts: { ...none, deploy: [bash(list)] } },
  );
  await run(folder.path, planOf(folder.path, [good]));
  expect(saidOf(folder.path)).toEqual([name, '600']);
  const place = join(folder.path, 'data/apps/uat/Orders.Web');
  expect(readdirSync(join(place, '3.2.0'))).toEqual(['a.txt']);

  const bad = await packageStep(
    folder.path,
    { 'a.txt': '' },
    { scripts: { ...none, deploy: [bash('exit 4')] } },
  );
  const outcome = await run(folder.path, planOf(folder.path, [bad]), {
    runFolder: join(folder.path, 'again'),
  });
  expect(outcome.error).toBe('Cannot go on: the Deploy script (Bash) of step 1 "Web" ended with exit code 4');
  expect(readdirSync(join(place, '3.2.0_1')).toSorted()).toEqual([name, 'a.txt']);
});

test('error output fails a step only where it says so, and lines that are messages do not count', async () => {
  using folder = temporaryFolder();
  const strict = { properties: { 'Octopus.Action.FailScriptOnErrorOutput': 'True' } };
  const outcomeOf = async (text: string, name: string): Promise<string | undefined> =>
    (
      await run(folder.path, planOf(folder.path, [runStep('One', text, strict)]), {
        runFolder: join(folder.path, name),
      })
    ).error;
  expect(await outcomeOf('echo oh >&2', 'a')).toBe(
    'Cannot go on: the script of step 1 "One" wrote to its error output',
  );
  expect(await outcomeOf(`echo >&2; echo '  ' >&2; __mask_sensitive_value hunter22`, 'b')).toBeUndefined();
});

test('the state of an environment is kept with the run and reaches later steps under one name', async () => {
  using folder = temporaryFolder();
  const set = [
    'set_environmentstate namespace "webstore #{x"',
    'set_environmentstate connection "Server=db;Password=s3cret" -sensitive',
    'set_environmenturl "Store front" https://pr-123.example.com',
  ].join('\n');
  const read = [
    'for key in ("namespace", "connection", "Store front"):',
    '    print(len(get_octopusvariable("Octopus.Environment.State[%s]" % key)))',
  ].join('\n');
  const steps = [runStep('One', set), runStep('Two', '', { action: pythonScript(read) })];
  const outcome = await run(folder.path, planOf(folder.path, steps));
  expect(outcome.error).toBeUndefined();
  expect(saidOf(folder.path)).toEqual(['12', '25', '26']);
  expect(saidOf(folder.path, 'highlight')).toEqual(['Store front: https://pr-123.example.com']);
  expect(outcome.steps[0]!.outputs).toEqual({
    'Octopus.Environment.State[namespace]': 'webstore #{x',
    'Octopus.Environment.State[connection]': null,
    'Octopus.Environment.State[Store front]': 'https://pr-123.example.com',
  });
  expect(readFileSync(join(folder.path, 'run/journal.jsonl'), 'utf8')).not.toContain('s3cret');
});

test('script modules lie beside the script while it runs, each for its language', async () => {
  using folder = temporaryFolder();
  const properties = {
    'Octopus.Script.Module[My helpers 1]': 'greet() { echo "hello $1 from #{Where}"; }\r\n',
    'Octopus.Script.Module.Language[My helpers 1]': 'Bash',
    'Octopus.Script.Module[shared]': 'def greet(name):\n    print("hello", name)',
    'Octopus.Script.Module.Language[shared]': 'Python',
    'Octopus.Script.Module[PowerShell is what nothing said]': 'function Greet {}',
  };
  const steps = [
    runStep('One', 'source Myhelpers1.sh; greet bash; ls', { properties }),
    runStep('Two', '', {
      action: pythonScript('import shared, os; shared.greet("python"); print(os.listdir())'),
      properties,
    }),
  ];
  const plan = planOf(folder.path, steps, { variables: [{ name: 'Where', value: 'here' }] });
  const outcome = await run(folder.path, plan);
  expect(outcome.error).toBeUndefined();
  const [greeted, ...listed] = saidOf(folder.path);
  expect(greeted).toBe('hello bash from here');
  expect(listed.slice(0, 3)).toEqual(['Myhelpers1.sh', 'Script.sh', 'hello python']);
  expect(listed[3]).toMatch(/'shared.py'/);
  expect(listed[3]).not.toContain('.sh');
});

test('a script module never takes the place of a file of the package, and is refused where it holds a secret', async () => {
  using folder = temporaryFolder();
  const properties = {
    'Octopus.Script.Module[lib]': 'echo module',
    'Octopus.Script.Module.Language[lib]': 'bash',
  };
  const step = await packageStep(
    folder.path,
    { 'lib.sh': 'echo package', 'Deploy.sh': 'source lib.sh' },
    { step: { properties } },
  );
  await run(folder.path, planOf(folder.path, [step]));
  expect(saidOf(folder.path)).toEqual(['package']);
  expect(saidOf(folder.path, 'warning')).toEqual([
    'lib.sh is there already and is used instead of the script module lib',
  ]);
  expect(statSync(join(folder.path, 'data/apps/uat/Orders.Web/3.2.0/lib.sh')).size).toBe(12);

  const leaking = { ...properties, 'Octopus.Script.Module[lib]': 'password="#{Db.Password}"' };
  const plan = planOf(folder.path, [runStep('One', 'source lib.sh', { properties: leaking })], {
    inputs: [{ name: 'Db.Password', secret: true, version: 1 }],
  });
  const runFolder = join(folder.path, 'again');
  const outcome = await run(folder.path, plan, { runFolder, secrets: { 'Db.Password': 'horse-power' } });
  expect(outcome.error).toBe('Cannot go on: the script module lib holds a secret');
});

test('a line longer than is kept is told, with how much of it is missing', async () => {
  using folder = temporaryFolder();
  const text = `head -c 209715200 /dev/zero | tr '\\0' a; echo; echo done`;
  const outcome = await run(folder.path, planOf(folder.path, [runStep('One', text)]));
  expect(outcome.state).toBe('succeeded');
  expect(saidOf(folder.path).at(-1)).toBe('done');
  expect(saidOf(folder.path, 'warning')).toEqual([
    expect.stringMatching(
      /^the script wrote lines of more than 16 MiB; 192\d{6} bytes of them are left out$/,
    ),
  ]);
  expect(logOf(folder.path).length).toBeLessThan(20_000);
});
