import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DeploymentView } from '../../../src/projections/index.ts';
import { freshFolder, type } from '../typed.ts';

const root = freshFolder();
const nowhere = ['--data', join(root, 'no-instance')];

function file(name: string, text: string): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}

test('a process file with all features for configuration files deploys, and its trace names what each one did', async () => {
  const content = join(root, 'content');
  mkdirSync(content);
  const xdt = 'xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"';
  const files = {
    'Web.config':
      '<c>\n  <appSettings><add key="Mode" value="dev" /><add key="Title" value="dev" /></appSettings>\n</c>',
    'Web.uat.config': `<c ${xdt}><appSettings><add key="Mode" value="uat" xdt:Transform="SetAttributes" xdt:Locator="Match(key)"/></appSettings></c>`,
    'settings.json': '{ "Db": { "Port": 1 } /* the database */ }\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(content, name), text);
  const packed = join(root, 'Orders.Web.1.0.0.nupkg');
  await type(['package', 'pack', content, '--id', 'Orders.Web', '--version', '1.0.0', '--out', packed]);
  const process = file(
    'orders.yaml',
    `process: Orders
variables: { Title: 'Orders in #{Octopus.Environment.Name}', 'Db:Port': 5432 }
steps:
  - name: Web
    package: Orders.Web
    features:
      config-transforms: { automatic: true, rules: ['Web.Nobody.config => Web.config'] }
      config-variables: true
      structured-variables: ['*.json']
`,
  );
  const apps = join(root, 'apps');
  const command = ['try', 'deploy', process, '--env', 'uat', '--package', packed, '--allow-unsigned'];
  const answer = await type([...nowhere, '--json', ...command, '--apps', apps]);
  expect(answer.exitCode, answer.stderr).toBe(0);
  const { conventions } = (answer.json as DeploymentView).steps[0]!;
  const told = conventions.filter(({ number }) => [6, 7, 7.5].includes(Number(number)));
  expect(told.map(({ number, state, files: some, detail }) => [number, state, some, detail])).toEqual([
    [6, 'done', ['Web.config'], 'Web.config: Web.uat.config'],
    [7, 'done', ['Web.config'], 'Web.config: Title'],
    [7.5, 'done', ['settings.json'], 'settings.json (JSON): Db:Port'],
  ]);
  const read = (name: string) => readFileSync(join(apps, 'Orders.Web', '1.0.0', name), 'utf8');
  expect(read('Web.config')).toBe(
    files['Web.config'].replace('"dev"', '"uat"').replace('"dev"', '"Orders in uat"'),
  );
  expect(read('settings.json')).toBe('{ "Db": { "Port": 5432 } /* the database */ }\n');
  expect(read('Web.uat.config')).toBe(files['Web.uat.config']);
});

test('without --out the bytes go to standard output, warnings to standard error', async () => {
  const settings = file('a.json', '{"a": {}, "b": 1}');
  const variables = file('values.json', '{"a": "no json", "b": "2"}');
  const answer = await type(['try', 'structured', settings, '--variables', variables]);
  expect(answer).toMatchObject({ exitCode: 0, stdout: '{"a": {}, "b": 2}' });
  expect(answer.stderr).toContain("a: the variable's value is not JSON");
});

test('what fails is told with exit code 6, and nothing is written', async () => {
  const config = file('a.config', '<a>\n<b>\n</a>');
  const out = join(root, 'a.out');
  const command = [
    'try',
    'config-variables',
    config,
    '--variables',
    file('v.json', '{"A": "x"}'),
    '--out',
    out,
  ];
  const answer = await type(['--json', ...command]);
  expect(answer.exitCode).toBe(6);
  expect(answer.json).toMatchObject({
    replaced: [],
    warnings: [],
    error: expect.stringContaining('line 3') as string,
  });
  expect(answer.error.code).toBe('XML_NOT_WELL_FORMED');
  expect(answer.error.message).toContain(`Cannot set configuration variables in ${config}: cannot read`);
  expect(existsSync(out)).toBe(false);
});

test('what a file of settings was taken for is told, since its name may not say', async () => {
  const variables = file('format.json', '{"a": "2"}');
  const answer = await type(['try', 'structured', file('settings.dat', 'a = 1\n'), '--variables', variables]);
  expect(answer).toMatchObject({ exitCode: 0, stdout: 'a = 1\n' });
  expect(answer.stderr).toContain('settings.dat was read as YAML');
});

test('a folder, or variables that are none, are refused by name', async () => {
  const variables = file('v2.json', '{}');
  const folder = await type(['try', 'structured', root, '--variables', variables]);
  expect(folder).toMatchObject({ exitCode: 2 });
  expect(folder.stderr).toContain('it is not a file');
  const none = await type(['try', 'structured', variables, '--variables', file('v3.json', '[1]')]);
  expect(none.exitCode).toBe(2);
});

test.each([
  ['{"Db.Password": hunter2-and-more}', 'it is not JSON at line 1, column 17'],
  [
    '{"Db.Password": "hunter2-and-more", }',
    'it is not JSON: it has comments, or a comma behind the last item',
  ],
  ['', 'it is not JSON: it is empty'],
  [
    '[{"name": "Db.Password", "value": "hunter2-and-more"}, {"name": "Title"}]',
    'item 2 of it has no fitting value',
  ],
  ['{"Db": {"Password": "hunter2-and-more"}}', 'Db is no plain value'],
  ['"hunter2-and-more"', 'it is neither an object nor an array'],
])(
  'of values that can not be read it is said where and why, never what stands there: %j',
  async (text, why) => {
    const command = ['try', 'structured', file('b.json', '{}'), '--variables', file('unfit.json', text)];
    const answer = await type([...command, '--json']);
    expect(answer).toMatchObject({ exitCode: 2, stdout: '', error: { code: 'USAGE_INVALID' } });
    expect(answer.error.message).toContain(`unfit.json: ${why}`);
    expect(answer.stderr).not.toContain('hunter2');
  },
);

const xdt = 'http://schemas.microsoft.com/XML-Document-Transform';
test.each([
  ['structured', ['in.json', '--variables', 'values.json'], 'in.json'],
  ['config-variables', ['in.config', '--variables', 'values.json'], 'in.config'],
  ['substitute', ['in.json', '--variables', 'values.json'], 'values.json'],
  ['transform', ['in.config', 'rules.config'], 'rules.config'],
])(
  'try %s never takes the place of what it reads, by whatever path it is named',
  async (name, words, input) => {
    file('in.json', '{"a": 1}');
    file('in.config', '<a />');
    file('values.json', '{"a": "2"}');
    file('rules.config', `<a xmlns:xdt="${xdt}" b="2" xdt:Transform="SetAttributes" />`);
    const before = readFileSync(join(root, input));
    const paths = words.map((word) => (word.startsWith('--') ? word : join(root, word)));
    const link = join(root, `link-to-${name}`);
    symlinkSync(join(root, input), link);
    for (const out of [join(root, input), link]) {
      const answer = await type(['try', name, ...paths, '--out', out, '--json']);
      expect(answer).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
      expect(answer.error.message).toContain('which is only read');
    }
    expect(readFileSync(join(root, input))).toEqual(before);
  },
);

test('a file that is no XML is told once, by its own name', async () => {
  const source = file('binary.config', '\0\0no XML');
  const answer = await type(['try', 'transform', source, file('none.config', '<a />')]);
  expect(answer.exitCode).toBe(6);
  expect(answer.stderr.match(/Cannot read/g)).toHaveLength(1);
  expect(answer.stderr).not.toContain('none.config');
});
