import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { DeploymentView, FleetRow } from '../../src/projections/index.ts';
import {
  Company,
  cross,
  documentOf,
  effectsIn,
  pair,
  refusalOf,
  untilFileHolds,
  type Refusal,
} from '../support/companies.ts';
import { isGone } from '../support/scripts-run.ts';

// A customer deploys a vendor's release of three steps; each leaves a line where its effects are counted.
const root = mkdtempSync(join(tmpdir(), 'crossgap-interrupted-'));
const shared = join(root, 'shared');
const effects = join(root, 'effects');
const gate = join(root, 'gate');
const acme = new Company(root, 'acme');
const contoso = new Company(root, 'contoso');
const once = { first: 1, app: 1, 'app went on': 1, last: 1 };
const deploy = ['deploy', '1.0.0', '--env', 'site', '--again', '--json'];

const processFile = `
process: Shop
steps:
  - name: First
    run: { bash: 'echo first >> ${effects}' }
  - name: App
    package: Shop.App
  - name: Last
    run: { bash: 'echo last >> ${effects}' }
`;
const app = {
  'Deploy.sh': `
echo app >> ${effects}
if [ -p ${gate} ]; then read -r _ < ${gate}; fi
echo 'app went on' >> ${effects}
`,
};

beforeAll(async () => {
  mkdirSync(shared);
  await Promise.all([acme.init(), contoso.init().then(() => contoso.does('environment', 'add', 'site'))]);
  await pair(acme, contoso, shared);
  await acme.does('process', 'publish', acme.file('shop.yaml', processFile));
  await acme.does('package', 'add', await acme.package('Shop.App', '1.0.0', app));
  await acme.does('release', 'create', 'Shop', '1.0.0', '--package', 'Shop.App@1.0.0');
  await acme.does('release', 'publish', '1.0.0', '--to', 'contoso');
  await acme.runsOnce();
  await cross(contoso, acme);
  await contoso.runsOnce();
});
afterAll(async () => {
  await Promise.all([acme, contoso].map((company) => company.endAll()));
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  for (const path of [effects, gate]) rmSync(path, { force: true });
  writeFileSync(effects, '');
});

test('J1.F8 an executor killed while it extracts leaves no half application; the run is interrupted there, resumes there and nothing finished runs twice', async () => {
  const refusal = await killedWhileDeploying('executor.extract.during');
  const id = interruptedAt(refusal, { step: 2, stepId: 'app', convention: 0 });
  expect(effectsIn(effects)).toEqual({ first: 1 });
  expect(applications()).toEqual([]);
  expect(await contoso.does('deployment', 'show', id)).toMatchObject({
    state: 'interrupted',
    failedAt: { step: 2, stepId: 'app', convention: 0 },
    steps: [{ state: 'succeeded' }, { state: 'interrupted' }, { state: 'not-run' }],
  });

  // Nobody starts something else over it before a person has decided.
  expect(await contoso.isRefused(8, 'deploy', '1.0.0', '--env', 'site')).toMatchObject({
    code: 'DEPLOYMENT_HELD',
    details: { deployment: id, state: 'interrupted' },
    hint: expect.stringContaining(`deployment resume ${id}`) as string,
  });
  expect(await contoso.does('deployment', 'resume', id, '--wait')).toMatchObject({ id, state: 'succeeded' });
  expect(effectsIn(effects)).toEqual(once);
  expect((await contoso.isRefused(3, 'deployment', 'resume', id)).code).toBe('DEPLOYMENT_STATE');
});

test("J1.F8 a run interrupted in a script can be given up: retry starts over as a new deployment, with today's values", async () => {
  const id = interruptedAt(await killedWhileDeploying('executor.script.after:2'), {
    step: 2,
    stepId: 'app',
    convention: 10,
  });
  expect(effectsIn(effects)).toEqual({ first: 1, app: 1, 'app went on': 1 });
  const retried = await contoso.does<DeploymentView>('deployment', 'retry', id, '--wait');
  expect(retried).toMatchObject({ state: 'succeeded' });
  expect(retried.id).not.toBe(id);
  expect(effectsIn(effects)).toEqual({ first: 2, app: 2, 'app went on': 2, last: 1 });
  expect(await contoso.does('deployment', 'show', id)).toMatchObject({ state: 'cancelled' });
});

test('J1.F8 an interrupted run can be cancelled: nothing more of it runs, and its place is free', async () => {
  const refusal = await killedWhileDeploying('executor.script.before:2');
  const id = interruptedAt(refusal, { step: 2, stepId: 'app', convention: 10 });
  expect(await contoso.does('deployment', 'cancel', id)).toMatchObject({ state: 'cancelled' });
  expect((await contoso.isRefused(3, 'deployment', 'resume', id)).code).toBe('DEPLOYMENT_STATE');
  expect(effectsIn(effects)).toEqual({ first: 1 });
  expect(await contoso.does(...deploy.slice(0, -1), '--wait')).toMatchObject({ state: 'succeeded' });
  expect(effectsIn(effects)).toEqual({ ...once, first: 2 });
});

test('J1.F8 daemon and executor killed in a script: after a restart the run is interrupted, and resuming ends the script that was left behind', async () => {
  makeGate();
  const daemon = await contoso.daemon();
  const { id } = await asked();
  await untilFileHolds(effects, (text) => text.includes('app'));
  const executor = executorOf(id);
  process.kill(executor, 'SIGKILL');
  await daemon.kill();

  await using again = await contoso.daemon();
  expect(again.pid).not.toBe(daemon.pid);
  const shown = ['deployment', 'show', id, '--wait', '--json'];
  interruptedAt(refusalOf(6, shown, await contoso.types(shown)), { step: 2, stepId: 'app', convention: 10 });
  expect(effectsIn(effects)).toEqual({ first: 1, app: 1 });

  // The step that was cut off runs again, and of the first attempt nothing goes on.
  await contoso.does('deployment', 'resume', id);
  await untilFileHolds(effects, (text) => text.split('app\n').length > 2);
  await writeFile(gate, 'go on\n');
  expect(await contoso.does(...shown.slice(0, -1))).toMatchObject({ state: 'succeeded' });
  expect(effectsIn(effects)).toEqual({ ...once, app: 2 });
});

test('J1.F8 an executor outlives its daemon: the next one follows it, and every step runs once', async () => {
  makeGate();
  const daemon = await contoso.daemon();
  const { id } = await asked();
  await untilFileHolds(effects, (text) => text.includes('app'));
  const executor = executorOf(id);
  await daemon.kill();
  expect(isGone(executor)).toBe(false);

  await using _again = await contoso.daemon();
  await writeFile(gate, 'go on\n');
  const { state } = await contoso.does<DeploymentView>('deployment', 'show', id, '--wait');
  expect(state).toBe('succeeded');
  expect(effectsIn(effects)).toEqual(once);
});

test.each([
  ['the plan is frozen', 'daemon.plan-frozen', 'succeeded'],
  ['the start is recorded and no executor runs', 'daemon.start-recorded', 'interrupted'],
])('J1.F8 a daemon killed when %s loses nothing that was asked for', async (_when, point, state) => {
  const daemon = await contoso.daemon({ CROSSGAP_FAULT: point });
  const { id } = await asked();
  expect((await daemon.ended).signal).toBe('SIGKILL');
  expect(effectsIn(effects)).toEqual({});
  await contoso.runsOnce();
  const now = await contoso.does<DeploymentView>('deployment', 'show', id);
  expect(now.state).toBe(state);
  if (state === 'interrupted') await contoso.does('deployment', 'resume', id, '--wait');
  expect(effectsIn(effects)).toEqual(once);
});

test('J1.F8 killed before the outcome is recorded, and again while it is sent: it is recorded and reported once, and nothing runs again', async () => {
  const daemon = await contoso.daemon({ CROSSGAP_FAULT: 'daemon.run-over' });
  const { id } = await asked();
  expect((await daemon.ended).signal).toBe('SIGKILL');
  expect(effectsIn(effects)).toEqual(once);
  expect(await contoso.does('deployment', 'show', id)).toMatchObject({ state: 'running' });

  const sending = await contoso.types(['run', '--once'], {
    env: { CROSSGAP_FAULT: 'sync.parcel-renamed:2' },
  });
  expect(sending.signal).toBe('SIGKILL');
  await cross(contoso, acme);
  await cross(contoso, acme);
  expect(await contoso.does('deployment', 'show', id)).toMatchObject({ id, state: 'succeeded' });
  expect(effectsIn(effects)).toEqual(once);
  expect(await statesReportedOf(id)).toEqual(['running', 'succeeded']);
  expect(await acme.does<FleetRow[]>('fleet')).toMatchObject([
    { customer: 'contoso', environment: 'site', release: '1.0.0', state: 'succeeded' },
  ]);
});

test('INV-1 INV-6 after all that, both histories are good and every view follows from them', async () => {
  for (const company of [acme, contoso]) {
    expect(await company.does('log', 'verify', '--full')).toMatchObject({ ok: true });
    expect(await company.does('log', 'rebuild')).toMatchObject({ ok: true, changed: [] });
  }
});

/** Deploys and waits, the executor being killed at a fault point; gives what the command then says. */
async function killedWhileDeploying(point: string): Promise<Refusal> {
  const args = [...deploy, '--wait'];
  return refusalOf(6, args, await contoso.types(args, { env: { CROSSGAP_FAULT: point } }));
}

/** Holds a refusal to the place it must name, and gives the id of its deployment. */
function interruptedAt(refusal: Refusal, failedAt: DeploymentView['failedAt']): string {
  expect(refusal).toMatchObject({
    code: 'DEPLOYMENT_INTERRUPTED',
    details: { state: 'interrupted', failedAt },
  });
  expect(refusal.message).toMatch(
    new RegExp(`interrupted at step ${failedAt!.step} "[^"]+", convention ${failedAt!.convention} \\(`),
  );
  return String(refusal.details['deployment']);
}

/** Asks for a deployment and leaves it to the daemon. */
async function asked(): Promise<DeploymentView> {
  return documentOf<DeploymentView>(deploy, await contoso.types(deploy));
}

function executorOf(id: string): number {
  const holder = readFileSync(join(contoso.data, 'runs', id, 'lock.holder'), 'utf8');
  return (JSON.parse(holder) as { pid: number }).pid;
}

/** Folders of applications that are there under a name of their own. */
function applications(): string[] {
  const folder = join(contoso.data, 'apps/site/Shop.App');
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
}

/** What contoso told acme about a deployment, in order. */
async function statesReportedOf(id: string): Promise<string[]> {
  const { stdout } = await acme.types(['log', 'show', '--feed', 'contoso', '--json']);
  type Line = { type: string; data?: { deployment?: string; state?: string } };
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .filter(({ type, data }) => type === 'deployment.reported' && data?.deployment === id)
    .map(({ data }) => String(data?.state));
}

function makeGate(): void {
  execFileSync('mkfifo', [gate]);
}
