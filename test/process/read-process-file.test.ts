import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ProcessFileError, scriptsBeside } from '../../src/process/index.ts';
import { orders, problemsOf, read, refusalOf, small } from './orders.ts';

describe('a process file', () => {
  test('is read whole: values as text, scripts from beside it, defaults filled in', () => {
    const { revision, local } = read(orders);
    expect(revision.process).toBe('Orders');
    expect(revision.variables.map(({ name, value }) => `${name}=${value}`)).toEqual([
      'Site.Title=Orders #{Octopus.Release.Number}',
      '10=ten',
      'Version=1.10',
      'Log.Level=Debug',
      'Log.Level=Verbose',
      'Log.Level=Warning',
    ]);
    expect(revision.inputs.map(({ name, type, required, secret }) => [name, type, required, secret])).toEqual(
      [
        ['ConnectionStrings.Main', 'text', true, true],
        ['Site.Port', 'port', false, false],
        ['Smtp.Host', 'text', false, false],
        ['Colour', 'choice', true, false],
        ['Plain', 'text', true, false],
      ],
    );
    expect(revision.steps[1]).toMatchObject({
      id: 'web',
      when: 'always',
      required: true,
      timeLimitMs: 5_400_000,
      retriesMax: 2,
      environments: ['uat', 'production'],
      properties: [{ name: 'Octopus.Action.Package.SkipIfAlreadyInstalled', value: 'True' }],
      action: {
        kind: 'package',
        package: 'Orders.Web',
        substituteInFiles: ['**/*.json'],
        configVariables: true,
        installTo: { folder: '/srv/orders', purge: true, keep: ['App_Data'] },
        scripts: {
          preDeploy: [{ kind: 'bash', text: 'echo pre' }],
          deploy: [
            { kind: 'powershell', text: 'b' },
            { kind: 'bash', text: 'echo deploy.sh\n' },
          ],
          postDeploy: [{ kind: 'python', text: 'c' }],
        },
      },
    });
    expect(local).toEqual({
      publishWhen: { deployedTo: ['integration', 'qa'], testsPassed: true, testTypes: [], verdictOk: true },
      variables: [{ name: 'Sandbox.Key', value: 'abc', environments: [], tags: [] }],
    });
  });

  test('tests are asked for by type where the gate names types', () => {
    const file = orders.replace('tests: passed', 'tests: { integration: passed, smoke: passed }');
    expect(read(file).local.publishWhen).toMatchObject({
      testsPassed: false,
      testTypes: ['integration', 'smoke'],
    });
  });

  test.each([
    [
      'config-transforms: true',
      'ConfigurationTransforms',
      { AutomaticallyRunConfigurationTransformationFiles: 'True' },
    ],
    [
      'config-transforms: [Eu, "x.config => *.config"]',
      'ConfigurationTransforms',
      { AdditionalXmlConfigurationTransforms: 'Eu\nx.config => *.config' },
    ],
    [
      'config-transforms: { automatic: true, rules: [Eu] }',
      'ConfigurationTransforms',
      {
        AutomaticallyRunConfigurationTransformationFiles: 'True',
        AdditionalXmlConfigurationTransforms: 'Eu',
      },
    ],
    [
      'structured-variables: [a.json, "**/*.yaml"]',
      'JsonConfigurationVariables',
      { JsonConfigurationVariablesTargets: 'a.json\n**/*.yaml' },
    ],
    ['config-transforms: false, structured-variables: []', undefined, {}],
  ])('%s is held as the properties that Octopus has for it', (features, feature, properties) => {
    const { revision } = read(web(features));
    expect(revision.steps[0]!.properties).toEqual([
      ...(feature === undefined
        ? []
        : [{ name: 'Octopus.Action.EnabledFeatures', value: `Octopus.Features.${feature}` }]),
      ...Object.entries(properties).map(([name, value]) => ({
        name: `Octopus.Action.Package.${name}`,
        value,
      })),
    ]);
  });

  test('scalars stay as they are written: no numbers, no booleans, no dates, no null', () => {
    const { variables } = read(
      small(
        'variables: { a: 1.10, b: yes, c: 007, d: 2031-01-01, e: "~", f: \'null\', g: 0x1F, h: True, i: "" }',
      ),
    ).revision;
    expect(variables.map(({ value }) => value)).toEqual([
      '1.10',
      'yes',
      '007',
      '2031-01-01',
      '~',
      'null',
      '0x1F',
      'True',
      '',
    ]);
    expect(
      read(`%YAML 1.1\n---\n${small('variables: { a: 1_000, b: on }')}`).revision.variables,
    ).toMatchObject([{ value: '1_000' }, { value: 'on' }]);
  });

  test('ids are made from names: small letters, one dash for all between', () => {
    const { steps } = read(
      'process: P\nsteps:\n  - { name: "Stop the Service!", run: { bash: a } }\n  - { name: Über 2.0, run: { bash: b } }\n  - { name: 部署, run: { bash: c } }\n',
    ).revision;
    expect(steps.map((step) => step.id)).toEqual(['stop-the-service', 'über-2-0', '部署']);
  });

  test('a byte order mark and CR LF are no matter', () => {
    const marked = Buffer.from(`\uFEFF${orders.replaceAll('\n', '\r\n')}`);
    expect(read(marked).revision).toEqual(read(orders).revision);
  });
});

describe('a process file is refused with every problem at its place', () => {
  test('unknown keys, with the nearest known one', () => {
    const error = refusalOf(
      `process: P\nvaraibles: {}\nsteps:\n  - name: A\n    pakage: X\n    run: { bash: a }\n    features: { substitute-in-file: [] }\n`,
    );
    expect(error.message).toMatch(
      /^Cannot read process file orders.yaml: line 2, column 1: unknown key varaibles \(and \d more\)$/,
    );
    expect(error.problems.map(({ line, column, hint }) => [line, column, hint])).toEqual([
      [2, 1, 'Did you mean variables?'],
      [5, 5, 'Did you mean package?'],
      [7, 5, expect.any(String)],
      [7, 17, 'Did you mean substitute-in-files?'],
    ]);
    expect(error).toMatchObject({ code: 'PROCESS_FILE_INVALID', exitCode: 2 });
    expect(error.details['problems']).toEqual(error.problems);
  });

  test('a misspelt key alone, and not also what follows from it', () => {
    const step = 'process: P\nsteps:\n  - name: A\n    pakage: X\n    features: { config-variables: true }\n';
    expect(problemsOf(step)).toEqual([expect.stringContaining('4:5 unknown key pakage')]);
    expect(problemsOf(step.replace('pakage', 'colour'))).toEqual([
      expect.stringContaining('3:5 this step has nothing to do'),
      expect.stringContaining('4:5 unknown key colour'),
      expect.stringContaining('5:5 features: belongs to a step with a package'),
    ]);
  });

  test.each([
    ['Title: #{X} shop', '3:10'],
    ['Title: shop #{X}', '3:15'],
    ['Title:\n    shop\n    #{X}', '5:5'],
  ])('a token that YAML takes for a comment: %s', (line, place) => {
    expect(problemsOf(small(`variables:\n  ${line}`))).toEqual([
      expect.stringContaining(`${place} "#{" begins a comment`),
    ]);
  });

  test('a comment that only looks a little like a token is one', () => {
    const text = `# #{X}\n#{ name: A }\n${small('variables: { A: "#{B}", B: \'x #{C}\' } #comment')}`;
    expect(() => read(text)).not.toThrow();
    expect(() =>
      read(small('').replace('{ bash: echo }', '\n      bash: |\n        echo #{X}\n')),
    ).not.toThrow();
  });

  test('a script with braces and quotes in one line is told how to be written', () => {
    const { problems } = refusalOf(small('').replace('echo', 'echo "#{X}"'));
    expect(problems[0]!.hint).toContain('single quotes');
  });

  test('a misspelt list of steps is not also missing', () => {
    const error = refusalOf('process: P\nstep:\n  - name: A\n    run: { bash: a }\n');
    expect(error.problems).toMatchObject([{ line: 2, column: 1, hint: 'Did you mean steps?' }]);
  });

  test.each([
    ['timeout: 1m', 'time-limit'],
    ['environment: [a]', 'environments'],
    ['runs: { bash: x }', 'run'],
  ])('what is called otherwise elsewhere is known: %s', (line, meant) => {
    expect(refusalOf(small('', `    ${line}\n`)).problems).toMatchObject([
      { line: 5, hint: `Did you mean ${meant}?` },
    ]);
  });

  test('a script that is not there is said once', () => {
    const readScript = scriptsBeside(tmpdir());
    const text = small('').replace('bash: echo', 'bash: { file: nowhere-at-all.sh }');
    expect(refusalOf(text, readScript).message).toBe(
      'Cannot read process file orders.yaml: line 4, column 26: script nowhere-at-all.sh: there is no such file',
    );
  });

  test.each([
    ['one', 'variables: { A: "x #{a}" }', '2:17 A refers to itself (A -> A)'],
    ['two', 'variables: { A: "#{B}", B: "#{A}" }', '2:17 A refers to itself (A -> B -> A)'],
    [
      'every scope',
      'variables: { A: [{ value: "#{A}", tags: [x] }, { value: "y#{A}" }] }',
      '2:18 A refers to itself (A -> A)',
    ],
    [
      'home and away',
      'local: { variables: { B: "#{A}" } }\nvariables: { A: "#{B}" }',
      '3:17 A refers to itself (A -> B -> A)',
    ],
  ])('variables that lead back to themselves: %s', (_what, top, problem) => {
    expect(problemsOf(small(top))).toEqual([problem]);
  });

  test('what leads back in some places only may be used in others', () => {
    const values = '[{ value: "#{A}", environments: [x] }, { value: "y" }]';
    expect(() => read(small(`variables: { A: ${values}, B: "#{A}", C: "#{B}#{A}" }`))).not.toThrow();
  });

  test.each([
    ['nothing as a value', small('variables: { A: }'), '2:17 A has no value: nothing stands here'],
    ['null as a value', small('variables: { A: null }'), '2:17 A has no value: null is nothing in YAML'],
    ['a tilde as a scoped value', small('variables: { A: [{ value: ~ }] }'), '2:27 A has no value: ~ is'],
    ['null as a process', small('').replace('P', 'null'), '1:10 the name of a process is text, and null'],
    ['true as a step', small('').replace('One', 'true'), '3:11 the name of a step is text, and true'],
    [
      'a name of a run',
      small('variables: { octopus.Release.Number: 1 }'),
      '2:14 the name of this variable begins',
    ],
    ['an input of a run', small('inputs: { Octopus.X: {} }'), '2:11 the name of this input begins'],
    ['a missing key', 'process: P\n', '1:1 steps is missing'],
    ['no step', 'process: P\nsteps: []\n', '2:8 a process has at least one step'],
    ['a text where a list belongs', 'process: P\nsteps: one\n', '2:8 a list is expected here'],
    ['a list as the whole', '- a\n', '1:1 a process file is a mapping: `process: NAME`, `steps:`'],
    [
      'a name with a slash',
      small('').replace('process: P', 'process: a/b'),
      '1:10 the name of a process has no',
    ],
    ['a truth that is none', small('inputs: { A: { secret: yes } }'), '2:24 true or false is expected here'],
    ['a type nobody knows', small('inputs: { A: { type: prot } }'), '2:22 one of text, integer, port'],
    [
      'a default of another type',
      small('inputs: { A: { type: port, default: 99999 } }'),
      '2:37 A must be a port',
    ],
    [
      'a secret with a default',
      small('inputs: { A: { secret: true, default: x } }'),
      '2:39 A is secret and has a default',
    ],
    [
      'a choice without choices',
      small('inputs: { A: { type: choice } }'),
      '2:14 A is a choice without choices',
    ],
    [
      'choices of a text',
      small('inputs: { A: { choices: [a] } }'),
      '2:25 A has choices but is not of type choice',
    ],
    ['an input twice', small('inputs: { A: {}, a: {} }'), '2:18 the input a stands here a second time'],
    [
      'a name for two things',
      small('inputs: { A: {} }\nvariables: { a: x }'),
      '3:14 a is an input and a variable',
    ],
    [
      'a local name for two things',
      small('inputs: { A: {} }\nlocal: { variables: { a: x } }'),
      '3:23 a is an input',
    ],
    [
      'two values for everywhere',
      small('variables: { A: [{ value: 1 }, { value: 2 }] }'),
      '2:32 this value of A and the one in line 2 match equally',
    ],
    [
      'two values for one environment',
      small(
        'variables:\n  A: [{ value: 1, environments: [x, UAT] }]\n  a: [{ value: 2, environments: [uat] }]',
      ),
      '4:7 this value of a and the one in line 3 match equally',
    ],
    ['a token in a name', small('variables: { "A#{B}": 1 }'), '2:14 the name of this variable holds a token'],
    ['a variable without values', small('variables: { A: [] }'), '2:17 A has no value'],
    ['nothing to do', 'process: P\nsteps:\n  - name: A\n', '3:5 this step has nothing to do'],
    ['two things to do', small('', '    package: X\n'), '3:5 this step has run and package'],
    [
      'two scripts to run',
      small('').replace('{ bash: echo }', '{ bash: a, python: b }'),
      '4:10 run: has exactly one',
    ],
    ['an empty script', small('').replace('echo', "''"), '4:18 this script is empty'],
    [
      'a second step of one name',
      small('', '  - { name: ONE, run: { bash: b } }\n'),
      '5:13 step 1 is called ONE too',
    ],
    [
      'a second step of one id',
      small('', '  - { name: one!, run: { bash: b } }\n'),
      '5:13 step 1 has the id one too',
    ],
    ['a name without an id', small('').replace('One', '"!!"'), '3:11 no id can be made from this name'],
    [
      'when: something else',
      small('', '    when: sometimes\n'),
      '5:11 when: is success, failure, always or an expression',
    ],
    [
      'a first step that starts with another',
      small('', '    start: with-previous\n'),
      '5:5 there is no step',
    ],
    ['another start', small('', '    start: sometime\n'), '5:12 one of after-previous, with-previous'],
    [
      'a manual step without instructions',
      small('').replace('run: { bash: echo }', 'manual: { instructions: " " }'),
      '4:29 this must not be empty',
    ],
    [
      'a manual step that is tried again',
      small('', '    retries: 2\n').replace('run: { bash: echo }', 'manual: { instructions: Look }'),
      '5:5 retries: means nothing to a step that a person confirms',
    ],
    ['a time limit in words', small('', '    time-limit: soon\n'), '5:17 a span such as 90s'],
    ['a time limit of nothing', small('', '    time-limit: 0m\n'), '5:17 a time limit is more than nothing'],
    ['retries without end', small('', '    retries: 100\n'), '5:14 a number from 0 to 10'],
    [
      'environments and except-environments',
      small('', '    environments: [a]\n    except-environments: [b]\n'),
      '6:5 a step has environments or except-environments',
    ],
    [
      'a relative folder',
      'process: P\nsteps:\n  - name: A\n    package: X\n    features: { install-to: { folder: srv } }\n',
      '5:39 the folder must be absolute',
    ],
    [
      'a package id with blanks',
      'process: P\nsteps:\n  - name: A\n    package: X Y\n',
      '4:14 this is not the id of a package',
    ],
  ])('%s', (_what, text, problem) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(problem)]);
  });

  test.each([
    ['on: at the top', small('on: [web]'), '2:1 on: is reserved for the roles of machines'],
    ['requires: at the top', small('requires: [x]'), '2:1 requires: is reserved for other applications'],
    ['on-failure: in a step', small('', '    on-failure: x\n'), '5:5 on-failure: is reserved'],
    [
      'the property of a missing feature',
      small('', '    properties: { Octopus.Action.Vhd.ApplicationPath: x }\n'),
      "5:19 Octopus.Action.Vhd.ApplicationPath: this version can't do virtual hard disks yet",
    ],
    [
      'the property of a key we have',
      small('', '    properties: { Octopus.Action.EnabledFeatures: x }\n'),
      '5:19 Octopus.Action.EnabledFeatures: the process file has a key of its own for this: features:',
    ],
    [
      'the property of transforms, which have a key',
      small('', '    properties: { Octopus.Action.Package.AdditionalXmlConfigurationTransforms: x }\n'),
      '5:19 Octopus.Action.Package.AdditionalXmlConfigurationTransforms: the process file has a key of its own for this: features: config-transforms',
    ],
    [
      'a property that would empty a key',
      small('', '    properties: { Octopus.Action.Package.CustomInstallationDirectory: "" }\n'),
      '5:19 Octopus.Action.Package.CustomInstallationDirectory: the process file has a key of its own',
    ],
  ])('what is not there yet: %s', (_what, text, problem) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(problem)]);
  });

  test.each([
    ['an empty rule', "config-transforms: ['']", '4:37 this is empty'],
    ['a rule with one side', "config-transforms: ['x.config =>']", '4:37 one side of the arrow is empty'],
    ['two rules in one', "config-transforms: ['a, b']", '4:37 a comma or line break ends a rule'],
    [
      'neither truth nor rules',
      'config-transforms: maybe',
      '4:36 true, or a list of rules, is expected here',
    ],
    ['an empty target', "structured-variables: ['']", '4:40 this is empty'],
    ['two targets in one', 'structured-variables: ["a\\nb"]', '4:40 this has a line break'],
  ])('a feature of configuration files that says nothing clear: %s', (_what, features, problem) => {
    expect(problemsOf(web(features))).toEqual([problem]);
  });

  test('a feature that is off is no problem', () => {
    expect(() => read(web('iis-home-directory: false'))).not.toThrow();
    expect(() =>
      read(small('', '    properties: { Octopus.Action.Vhd.ApplicationPath: "False" }\n')),
    ).not.toThrow();
  });

  test.each([
    ['an empty file', '', '1:1 the file is empty'],
    ['a comment alone', '# nothing\n', '1:1 the file is empty'],
    ['a key twice', 'process: P\nprocess: Q\nsteps: []\n', '2:1 the key process stands here a second time'],
    ['a tab as indentation', 'process: P\nsteps:\n\t- name: A\n', '3:'],
    ['a second document', `${small('')}---\nprocess: Q\n`, 'a second YAML document starts here'],
    ['an anchor', 'process: &a P\nsteps: []\n', '1:13 anchors and aliases are not read'],
    ['a tag', 'process: !!int 1\nsteps: []\n', '1:'],
    ['a key that is a list', '[a]: b\n', '1:1 a key must be plain text'],
    ['__proto__ as a key', '__proto__: { a: 1 }\n', '1:1 the key __proto__ is not allowed'],
    ['a bracket that is not closed', 'process: [a\n', 'not valid YAML'],
    ['a million brackets', '['.repeat(1_000_000), '1:21 more than 20 levels stand in one another'],
    ['a million dashes', '- '.repeat(500_000), '1:41 more than 20 levels stand in one another'],
    ['too many parts', 'a:\n'.repeat(100_000), 'the file has more than 100000 parts'],
    ['a bigger file than a megabyte', 'a'.repeat(1024 * 1024 + 1), '1:1 the file is larger'],
    ['bytes that are not UTF-8', Uint8Array.of(0x70, 0xff), '1:1 the file is not UTF-8'],
    ['half a character', 'process: \ud800\n', '1:1 the file has half a character'],
  ])('%s', (_what, text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  test('aliases that multiply are refused before they are followed', () => {
    const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    const bomb = [
      'a: &a [x, x]',
      ...letters.slice(1).map((c, n) => `${c}: &${c} [*${letters[n]}, *${letters[n]}]`),
    ];
    expect(problemsOf(`${bomb.join('\n')}\n`)).toContain('1:7 anchors and aliases are not read');
  });

  test('whatever is done to a good file, the answer is a process or a ProcessFileError', () => {
    const unit = fc.constantFrom(
      '\n',
      '  ',
      '- ',
      ': ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '#',
      '&a',
      '*a',
      '!!',
      '|',
      '>',
      '\t',
      '---\n',
      'x',
      '~',
      '? ',
      '%',
      '\u0000',
      '😀',
    );
    const mutation = fc.tuple(fc.nat(orders.length), fc.nat(12), fc.string({ unit, maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        let text = orders;
        for (const [at, length, put] of mutations) text = text.slice(0, at) + put + text.slice(at + length);
        takenOrRefused(text);
      }),
      { numRuns: 300 },
    );
  });

  test('whatever a file holds, the answer is a process or a ProcessFileError', () => {
    const unit = fc.constantFrom(
      'a',
      'steps',
      'process',
      'inputs',
      ':',
      ' ',
      '\n',
      '-',
      '{',
      '}',
      '[',
      ']',
      '&',
      '*',
      '!',
      '|',
      '"',
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit, maxLength: 60 }), fc.uint8Array({ maxLength: 60 })),
        takenOrRefused,
      ),
      {
        numRuns: 600,
      },
    );
  });
});

function web(feature: string): string {
  return `process: P\nsteps:\n  - { name: A, package: X,\n    features: { ${feature} } }\n`;
}

function takenOrRefused(text: string | Uint8Array): void {
  try {
    expect([1, 2]).toContain(read(text).revision.format);
  } catch (error) {
    expect(error).toBeInstanceOf(ProcessFileError);
    for (const { line, column } of (error as ProcessFileError).problems) {
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
    }
  }
}

describe('scripts beside the process file', () => {
  const home = mkdtempSync(join(tmpdir(), 'process-'));
  mkdirSync(join(home, 'here/sub'), { recursive: true });
  writeFileSync(join(home, 'here/sub/ok.sh'), 'echo ok\r\n');
  writeFileSync(join(home, 'here/latin.sh'), Buffer.from([0xe4]));
  writeFileSync(join(home, 'here/big.sh'), 'x'.repeat(1024 * 1024 + 1));
  writeFileSync(join(home, 'secret'), 'secret');
  symlinkSync('../secret', join(home, 'here/link.sh'));
  symlinkSync('sub/ok.sh', join(home, 'here/inside.sh'));
  afterAll(() => rmSync(home, { recursive: true }));
  const file = (path: string): string => small('').replace('echo', `{ file: '${path}' }`);
  const scripts = scriptsBeside(join(home, 'here'));

  test.each(['sub/ok.sh', './sub/ok.sh', 'inside.sh'])('%s becomes part of the revision as it is', (path) => {
    expect(read(file(path), scripts).revision.steps[0]?.action).toEqual({
      kind: 'run',
      script: { kind: 'bash', text: 'echo ok\r\n' },
    });
  });

  test.each([
    ['../secret', 'it leads out of the folder'],
    ['sub/../../secret', 'it leads out of the folder'],
    ['/etc/passwd', 'it is absolute'],
    ['C:/x.ps1', 'it is absolute'],
    ['sub\\ok.sh', 'it has a backslash'],
    ['link.sh', 'it is a link that leads out'],
    ['missing.sh', 'there is no such file'],
    ['sub', 'it is not a regular file'],
    ['latin.sh', 'it is not UTF-8'],
    ['big.sh', 'it is larger than'],
  ])('%s is refused', (path, why) => {
    expect(problemsOf(file(path), scripts)).toEqual([expect.stringMatching(new RegExp(`^4:26 .*${why}`))]);
  });
});
