import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DeploymentView } from '../../../src/projections/index.ts';
import { makeInstance, signedPackage, type Company } from '../company.ts';
import { freshFolder, type } from '../typed.ts';

type Tried = DeploymentView & { apps: string; log: string | null };

const root = freshFolder();
const processFile = join(root, 'orders.yaml');
let count = 0;

const process = `
process: Orders
inputs:
  Database.Password: { secret: true }
  Site.Port: { type: port, default: 8080 }
variables:
  Title: 'Orders in #{Octopus.Environment.Name}'
steps:
  - name: Web
    package: Orders.Web
    features: { substitute-in-files: [settings.json] }
  - name: Tell
    run: { bash: 'echo told #{Octopus.Action[Web].Output.Answer} #{Site.Port}' }
`;

/** A package of these files, not signed. */
async function packed(id: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(root, `content-${(count += 1)}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const file = join(root, `${id}.${count}.nupkg`);
  const answer = await type(['package', 'pack', folder, '--id', id, '--version', '1.0.0', '--out', file]);
  expect(answer.exitCode).toBe(0);
  return file;
}

function values(given: unknown): string {
  const file = join(root, `values-${(count += 1)}.json`);
  writeFileSync(file, JSON.stringify(given));
  return file;
}

const nowhere = ['--data', join(root, 'no-instance')];
const tries = (...more: string[]) =>
  type([...nowhere, '--json', 'try', 'deploy', processFile, '--env', 'uat', ...more]);

let web: string;
let password: string;
beforeAll(async () => {
  writeFileSync(processFile, process);
  web = await packed('Orders.Web', {
    'settings.json': '{"title":"#{Title}","port":#{Site.Port}}',
    'Deploy.sh': 'echo "password $(get_octopusvariable Database.Password)"\nset_octopusvariable Answer 42\n',
  });
  password = values({ 'Database.Password': 'correct-horse' });
});

test('a process runs on a package at hand, and its whole numbered trace is told', async () => {
  const apps = join(root, 'apps');
  const answer = await tries('--package', web, '--variables', password, '--allow-unsigned', '--apps', apps);
  expect(answer.exitCode).toBe(0);
  const view = answer.json as Tried;
  expect(view).toMatchObject({ process: 'Orders', environment: 'uat', state: 'succeeded', apps, log: null });
  const numbers = view.steps[0]!.conventions.map(({ number }) => number);
  expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 7.5, 8, 9, 10, 11, 12, 13, 14, 15]);
  expect(view.steps[0]!.outputs['Answer']).toBe('42');
  const settings = readFileSync(join(apps, 'Orders.Web', '1.0.0', 'settings.json'), 'utf8');
  expect(settings).toBe('{"title":"Orders in uat","port":8080}');
  expect(answer.stderr).toContain('| told 42 8080');
  expect(answer.stderr + answer.stdout).not.toContain('correct-horse');
  expect(existsSync(join(root, 'no-instance'))).toBe(false);
});

test('a person reads every line of the trace, those that had nothing to do as well', async () => {
  const { stdout } = await type(
    [...nowhere, 'try', 'deploy', processFile, '--env', 'uat', '--package', web].concat([
      '--variables',
      password,
      '--allow-unsigned',
      '--apps',
      join(root, 'apps-read'),
    ]),
  );
  expect(stdout).toMatch(/^ +5 +SubstituteInFiles +done +settings\.json$/m);
  expect(stdout).toMatch(/^ +12 +SetIisHomeDirectory +feature-off$/m);
});

test('given values count before those of the process, as text where an input asks for them', async () => {
  const given = values([
    { name: 'title', value: 'Shop #{Suffix}' },
    { name: 'Suffix', value: 'two' },
    { name: 'Site.Port', value: '9090' },
    { name: 'Database.Password', value: '#{Suffix}', sensitive: true },
  ]);
  const apps = join(root, 'apps-given');
  const answer = await tries('--package', web, '--variables', given, '--allow-unsigned', '--apps', apps);
  expect(answer.exitCode).toBe(0);
  const settings = readFileSync(join(apps, 'Orders.Web', '1.0.0', 'settings.json'), 'utf8');
  expect(settings).toBe('{"title":"Shop two","port":9090}');
  expect(answer.stderr).toContain('| password ********');
});

test('a step to be confirmed is as far as a try goes, and it says so: exit 3', async () => {
  const file = join(root, 'manual.yaml');
  const steps = '  - { name: DBA, manual: { instructions: "Ask in #{Octopus.Environment.Name}" } }';
  writeFileSync(file, `process: Manual\nsteps:\n${steps}\n`);
  const answer = await type([...nowhere, '--json', 'try', 'deploy', file, '--env', 'uat']);
  expect([answer.exitCode, answer.error.code]).toEqual([3, 'DEPLOYMENT_WAITS']);
  expect((answer.json as Tried).waits).toMatchObject([{ step: 1, text: 'Ask in uat', decision: null }]);
});

test('an unsigned package is refused unless it is allowed, and the refusal says how', async () => {
  const answer = await tries('--package', web, '--variables', password);
  expect(answer.exitCode).toBe(4);
  expect(answer.error).toMatchObject({ code: 'PACKAGE_UNSIGNED' });
  expect(answer.error.hint).toContain('--allow-unsigned');
});

test('applications are not extracted to where no application can lie', async () => {
  const given = ['--package', web, '--variables', password, '--allow-unsigned'];
  for (const apps of ['/proc/applications', processFile]) {
    const answer = await tries(...given, '--apps', apps);
    expect(answer.exitCode).toBe(2);
    expect(answer.error.message).toContain(`Cannot extract to ${apps}`);
  }
});

test('what a script says is told while it runs', async () => {
  const mark = join(root, `mark-${(count += 1)}`);
  const waiting = join(root, 'waiting.yaml');
  const script = `echo now; for _ in $(seq 600); do [ -e '${mark}' ] && exit 0; sleep 0.05; done; exit 1`;
  writeFileSync(
    waiting,
    `process: W\nsteps:\n  - name: Wait\n    run: { bash: ${JSON.stringify(script)} }\n`,
  );
  const words = [...nowhere, 'try', 'deploy', waiting, '--env', 'uat'];
  // The script ends once its line was read.
  const onTalk = (text: string): void => {
    if (text.includes('| now')) writeFileSync(mark, '');
  };
  const answer = await type(words, { onTalk });
  expect(answer.exitCode).toBe(0);
  expect(answer.stdout).not.toContain('applications:');
});

test('an input that is missing is named, and one that does not fit is told why', async () => {
  const missing = await tries('--package', web, '--allow-unsigned');
  expect(missing.exitCode).toBe(5);
  expect(missing.error).toMatchObject({ code: 'INPUT_MISSING', details: { missing: ['Database.Password'] } });
  const unfit = values({ 'Database.Password': 'correct-horse', 'Site.Port': 'eighty' });
  const refused = await tries('--package', web, '--variables', unfit, '--allow-unsigned');
  expect(refused.exitCode).toBe(2);
  expect(refused.error.message).toContain('Site.Port must be a port');
});

test('a package that no file holds, and two files that hold one, are misuse', async () => {
  const none = await tries('--variables', password, '--allow-unsigned');
  expect(none.exitCode).toBe(2);
  expect(none.error.message).toContain('it deploys package Orders.Web');
  const twice = await tries('--package', web, '--package', web, '--variables', password, '--allow-unsigned');
  expect(twice.exitCode).toBe(2);
});

test('a deployment that fails ends with 6, names the convention and leaves its log to look at', async () => {
  const failing = await packed('Orders.Web', { 'Deploy.sh': 'echo about to fail\nexit 3\n' });
  const answer = await tries('--package', failing, '--variables', password, '--allow-unsigned');
  expect(answer.exitCode).toBe(6);
  const view = answer.json as Tried;
  expect(view).toMatchObject({ state: 'failed', failedAt: { step: 1, stepId: 'web', convention: 10 } });
  expect(view.steps[1]!.state).toBe('not-run');
  expect(readFileSync(view.log!, 'utf8')).toContain('about to fail');
  expect(answer.error).toMatchObject({ code: 'DEPLOYMENT_FAILED' });
});

describe('a signed package', () => {
  const step = join(root, 'signed.yaml');
  let company: Company;
  let signed: string;
  beforeAll(async () => {
    company = await makeInstance(root, 'acme');
    signed = await signedPackage(company, '1.0.0');
    writeFileSync(step, 'process: Signed\nsteps:\n  - { name: Web, package: Orders.Web }\n');
  });
  const triesStep = (data: string, ...more: string[]) =>
    type(['--data', data, '--json', 'try', 'deploy', step, '--env', 'uat'].concat(more));

  test('runs where its signer is the company of this instance', async () => {
    expect((await triesStep(company.copy('acme-tries').data, '--package', signed)).exitCode).toBe(0);
  });

  test('does not run where nobody named its signer, unless that is allowed', async () => {
    const stranger = await triesStep(nowhere[1]!, '--package', signed);
    expect(stranger.exitCode).toBe(4);
    expect(stranger.error.code).toBe('PACKAGE_UNTRUSTED');
    const allowed = await triesStep(nowhere[1]!, '--package', signed, '--allow-unsigned');
    expect(allowed.exitCode).toBe(0);
    expect(allowed.stderr).toContain('whom nobody named as trusted');
  });

  test('does not run once a byte of it was changed, whatever is allowed', async () => {
    const bytes = readFileSync(signed);
    bytes[bytes.indexOf('settings.json') + 20]! ^= 1;
    const tampered = join(root, 'tampered.nupkg');
    writeFileSync(tampered, bytes);
    const answer = await triesStep(nowhere[1]!, '--package', tampered, '--allow-unsigned');
    expect(answer.exitCode).toBe(4);
  });
});

test.each(['', '../uat', 'two words'])(
  'an environment %j, which nobody can have, is refused',
  async (name) => {
    const answer = await type([...nowhere, '--json', 'try', 'deploy', processFile, '--env', name]);
    expect(answer).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
  },
);
