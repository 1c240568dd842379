import { appendFileSync, chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DeploymentView } from '../../../src/projections/index.ts';
import { makeInstance, signedPackage, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder } from '../typed.ts';

type Replayed = {
  same: boolean;
  from: string;
  steps: DeploymentView['steps'];
  differences: { step: string; convention: number; recorded: string; repeated: string }[];
  notRepeated: string[];
};

const root = freshFolder(memory);
const process = `process: Orders
inputs:
  Db: { secret: true }
  Site.Port: { default: 8080 }
variables:
  Site.Title: 'Orders #{Octopus.Action[Hello].Output.Answer}'
  Fails: [{ value: 1, environments: [broken] }, { value: 0 }]
  Makes: [{ value: yes, environments: [making] }, { value: no }]
steps:
  - name: Hello
    run: { bash: 'set_octopusvariable Answer 42; set_octopusvariable Secret "#{Db}" -sensitive' }
  - name: Web
    package: Orders.Web
    features: { substitute-in-files: ['*.json'] }
    scripts:
      pre-deploy: { bash: 'if [ #{Makes} = yes ]; then echo {} > made.json; fi' }
      post-deploy: { bash: 'exit #{Fails}' }
  - name: After
    run: { bash: 'true' }
    when: always
`;

let acme: Company;
const deployed = new Map<string, DeploymentView>();
beforeAll(async () => {
  acme = await makeInstance(root, 'acme');
  const file = join(root, 'orders.yaml');
  writeFileSync(file, process);
  await acme.asks(['package', 'add', await signedPackage(acme, '1.0.0')]);
  await acme.asks(['process', 'publish', file]);
  await acme.asks('release create Orders 1.0.0 --package Orders.Web@1.0.0');
  for (const environment of ['integration', 'broken', 'making']) {
    await acme.asks(`environment add ${environment}`);
    await acme.types(`input set Db --env ${environment}`, { input: 'violet-Harbour' });
    const answer = await acme.types(`deploy 1.0.0 --env ${environment} --wait --json`);
    deployed.set(environment, answer.json as DeploymentView);
  }
});

const idOf = (environment: string): string => deployed.get(environment)!.id;

/** Everything in a data folder but the lock files and the database, which reading alone may touch. */
function contentOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('crossgap.db'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path, 'base64')]),
  );
}

test('J3.9 a deployment is repeated from its record with the same numbered lines, and nothing is touched', async () => {
  const before = contentOf(acme.data);
  const replayed = await acme.asks<Replayed>(`deployment replay ${idOf('integration')}`);
  expect(replayed).toMatchObject({ same: true, from: 'record', differences: [] });
  expect(replayed.steps.map(({ conventions }) => conventions)).toEqual(
    deployed.get('integration')!.steps.map(({ conventions }) => conventions),
  );
  expect(replayed.notRepeated.join(' ')).toContain('values of secrets (Db)');
  expect(contentOf(acme.data)).toEqual(before);
  const { stdout } = await acme.types(`deployment replay ${idOf('integration')}`);
  expect(stdout).toMatch(/^The same trace$/m);
  expect(stdout).not.toContain('violet-Harbour');
});

test('J3.9 what failed fails again at the same place, and the steps behind it are as they were', async () => {
  expect(deployed.get('broken')!.state).toBe('failed');
  const replayed = await acme.asks<Replayed>(`deployment replay ${idOf('broken')}`);
  expect(replayed).toMatchObject({ same: true, differences: [] });
  expect(replayed.steps.map(({ conventions }) => conventions)).toEqual(
    deployed.get('broken')!.steps.map(({ conventions }) => conventions),
  );
});

test('what a script put into the application is no part of the record, and the difference is named', async () => {
  const answer = await acme.types(`deployment replay ${idOf('making')} --json`);
  expect(answer).toMatchObject({ exitCode: 4, error: { code: 'REPLAY_DIFFERS' } });
  expect((answer.json as Replayed).differences).toEqual([
    {
      step: 'Web',
      convention: 5,
      recorded: 'done: made.json, settings.json',
      repeated: 'done: settings.json',
    },
  ]);
});

describe('what is not what was recorded is refused', () => {
  test('a plan that was changed', async () => {
    const copy = acme.copy('changed-plan');
    appendFileSync(join(copy.data, 'runs', idOf('integration'), 'plan.json'), '\n');
    const answer = await copy.types(`deployment replay ${idOf('integration')} --json`);
    expect(answer).toMatchObject({ exitCode: 4, error: { code: 'REPLAY_DIFFERS' } });
    expect(answer.error.message).toContain('its plan is not the one that was recorded');
  });

  test('a package that was changed', async () => {
    const plan = join(acme.data, 'runs', idOf('integration'), 'plan.json');
    const { steps } = JSON.parse(readFileSync(plan, 'utf8')) as {
      steps: { action: { package?: { file: string } } }[];
    };
    const file = steps.find(({ action }) => action.package !== undefined)!.action.package!.file;
    const before = readFileSync(file);
    chmodSync(file, 0o600);
    try {
      writeFileSync(
        file,
        Buffer.concat([before.subarray(0, 60), Buffer.from([before[60]! ^ 1]), before.subarray(61)]),
      );
      const answer = await acme.types(`deployment replay ${idOf('integration')} --json`);
      expect(answer).toMatchObject({ exitCode: 4, error: { code: 'REPLAY_DIFFERS' } });
      expect(answer.error.message).toContain('Orders.Web 1.0.0');
    } finally {
      writeFileSync(file, before);
    }
  });

  test('a deployment that nobody knows, and one that never began', async () => {
    expect((await acme.types('deployment replay d-nowhere')).exitCode).toBe(2);
    const { id } = await acme.asks<DeploymentView>('deploy 1.0.0 --env integration --again');
    const answer = await acme.types(`deployment replay ${id} --json`);
    expect(answer).toMatchObject({ exitCode: 3, error: { code: 'REPLAY_IMPOSSIBLE' } });
  });
});
