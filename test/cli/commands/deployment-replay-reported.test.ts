import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { DeploymentView } from '../../../src/projections/index.ts';
import { junit, makeInstance, makeVendor, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder } from '../typed.ts';

type Replayed = { same: boolean; from: string; steps: DeploymentView['steps']; notRepeated: string[] };

const root = freshFolder(memory);
const shared = join(root, 'shared');
let acme: Company;
let contoso: Company;
let deployed: DeploymentView;

const wordsOf = async (one: Company): Promise<string> =>
  (await one.asks<{ instance: { fingerprint: string } }>('status')).instance.fingerprint;

async function exchange(): Promise<void> {
  for (const one of [acme, contoso, acme, contoso, acme]) await one.asks('run --once');
}

/** A process with a step that a person confirms between two scripts. */
const confirmed = `process: Confirmed
steps:
  - { name: Stop, run: { bash: "echo stop" } }
  - { name: DBA, manual: { instructions: "Ask for a ticket" } }
  - { name: Start, run: { bash: "echo start" } }
`;

/** acme's release runs at contoso, and acme was told of it. */
beforeAll(async () => {
  mkdirSync(shared);
  acme = await makeVendor(root);
  contoso = await makeInstance(root, 'contoso');
  const results = join(root, 'results.xml');
  writeFileSync(results, junit);
  await acme.asks('input set Db', { input: 'vendor-password' });
  await acme.asks('deploy 1.0.0 --env integration --wait');
  await acme.asks(['tests', 'import', '1.0.0', results]);
  await acme.asks('release verdict 1.0.0 --ok');
  const [invitation, reply] = [join(root, 'invitation.json'), join(root, 'reply.json')];
  await acme.asks(['link', 'invite', 'contoso', '--folder', shared, '--out', invitation]);
  await contoso.asks(['link', 'accept', invitation, '--folder', shared, '--out', reply]);
  await acme.asks(['link', 'confirm', reply, '--fingerprint', await wordsOf(contoso)]);
  await contoso.asks(['link', 'confirm', 'acme', '--fingerprint', await wordsOf(acme)]);
  const file = join(root, 'confirmed.yaml');
  writeFileSync(file, confirmed);
  await acme.asks(['process', 'publish', file]);
  await acme.asks('release create Confirmed 1.0.0');
  for (const release of ['Orders/1.0.0', 'Confirmed/1.0.0'])
    await acme.asks(['release', 'publish', release, '--to', 'contoso']);
  await contoso.asks('environment add uat --tag test');
  await exchange();
  await contoso.asks('input set Db', { input: 'their-password' });
  await contoso.asks('input set Site.Port --env uat', { input: '9090' });
  for (const release of ['Orders/1.0.0', 'Confirmed/1.0.0'])
    await contoso.asks(['release', 'accept', release]);
  deployed = await contoso.asks<DeploymentView>('deploy Orders/1.0.0 --env uat --wait');
  await exchange();
});

test('J3.9 the customer repeats its own run of a release that came over a link', async () => {
  const replayed = await contoso.asks<Replayed>(`deployment replay ${deployed.id}`);
  expect(replayed).toMatchObject({ same: true, from: 'record' });
});

test('J3.9 the vendor repeats it from the report as far as that goes, and says what is not reported', async () => {
  const replayed = await acme.asks<Replayed>(`deployment replay ${deployed.id}`);
  expect(replayed).toMatchObject({ same: true, from: 'report' });
  expect(replayed.steps[1]!.conventions.map(({ number, state }) => [number, state])).toEqual(
    deployed.steps[1]!.conventions.map(({ number, state }) => [number, state]),
  );
  expect(replayed.notRepeated.join(' ')).toContain('values that the other side typed');
  const { stdout } = await acme.types(`deployment replay ${deployed.id}`);
  expect(stdout).toContain('repeated from its report; nothing is done');
});

test.each([
  { answer: [], state: 'succeeded', repeated: ['runs', 'runs', 'runs'], said: 'confirmed by M. Brewer' },
  {
    answer: ['--refuse'],
    state: 'failed',
    repeated: ['runs', 'failed', 'not-run'],
    said: 'M. Brewer refused',
  },
])('what a person decided about a manual step there is taken from the report: $state', async (one) => {
  const { id } = await contoso.asks<DeploymentView>('deploy Confirmed/1.0.0 --env uat --again');
  await contoso.asks('run --once');
  await contoso.types(['approve', id, '--by', 'M. Brewer', ...one.answer, '--wait']);
  expect(await contoso.asks(`deployment show ${id}`)).toMatchObject({ state: one.state });
  await exchange();
  const { same, steps } = await acme.asks<Replayed>(`deployment replay ${id}`);
  expect(same).toBe(true);
  expect(steps.map(({ state }) => state)).toEqual(one.repeated);
  expect(steps[1]!.conventions[0]!.detail).toContain(one.said);
});
