import { createServer, type AddressInfo } from 'node:net';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lookAtHost, type HostCheck, type HostQuestions } from '../../../src/executor/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { packageStep, planOf, pythonScript, runStep } from '../../support/scripts-run.ts';

const questions = (root: string, more: Partial<HostQuestions> = {}): HostQuestions => ({
  dataFolder: join(root, 'data'),
  account: 'ada',
  secrets: {},
  ports: [],
  besides: [],
  now: Date.UTC(2026, 2, 2),
  newestSignedAt: null,
  ...more,
});

const statesOf = (checks: readonly HostCheck[]): string[] => checks.map(({ id, state }) => `${id} ${state}`);

test('everything about a machine is told at once, in an order, and nothing is written', async () => {
  using root = temporaryFolder();
  const target = join(root.path, 'srv', 'orders');
  const plan = planOf(root.path, [
    runStep('Stop', 'true'),
    await packageStep(
      root.path,
      { 'app.txt': 'x' },
      { installTo: { folder: target, purge: false, keep: [] } },
    ),
  ]);
  const before = readdirSync(root.path, { recursive: true });
  const checks = await lookAtHost(plan, questions(root.path));
  expect(statesOf(checks).map((line) => line.replace(/^space:\S+/, 'space'))).toEqual([
    'account good',
    'space good',
    `folder:${join(root.path, 'data')} good`,
    `folder:${plan.appsFolder} good`,
    `folder:${target} good`,
    'engine:bash:bash good',
    'clock good',
  ]);
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  expect(readdirSync(root.path, { recursive: true })).toEqual(before);
  expect(existsSync(target)).toBe(false);
});

test('J2.F6 each thing that a machine lacks stands there with what to do, before the first step', async () => {
  using root = temporaryFolder();
  const file = root.file('taken', Buffer.from('x'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const plan = planOf(root.path, [
    runStep('Migrate', '', { action: pythonScript('') }),
    await packageStep(
      root.path,
      { 'Deploy.ps1': 'x' },
      { installTo: { folder: join(file, 'shop'), purge: false, keep: [] } },
    ),
  ]);
  const asked = questions(root.path, {
    ports: [{ input: 'Port', label: null, port }],
    besides: [{ where: 'check Disk', kind: 'bash' }],
    environment: { PATH: root.path },
  });
  const lacking = (await lookAtHost(plan, asked)).filter(({ state }) => state === 'lacking');
  expect(lacking.map(({ id }) => id.split(':')[0])).toEqual([
    'folder',
    'port',
    'engine',
    'engine',
    'engine',
    'engine',
  ]);
  expect(lacking.map(({ found }) => found)).toEqual(
    expect.arrayContaining([
      `${file} is a file`,
      expect.stringContaining('step Migrate needs it'),
      expect.stringContaining('Deploy.ps1 in the package of step Web needs it'),
      expect.stringContaining('check Disk needs it'),
      expect.stringContaining('mkfifo is not on this machine'),
    ]),
  );
  for (const { hint } of lacking) expect(hint).not.toBeNull();
});

test('a look that is given up is a note and keeps nobody waiting', async () => {
  using root = temporaryFolder();
  const plan = planOf(root.path, [runStep('Stop', 'true')]);
  const checks = await lookAtHost(plan, questions(root.path, { signal: AbortSignal.abort() }));
  expect(checks.filter(({ id }) => id.startsWith('late:'))).toMatchObject([
    { state: 'note', found: 'it took too long to find out' },
    { state: 'note' },
    { state: 'note' },
  ]);
});

test('a step that installs what is there already needs nothing, and one of another environment neither', async () => {
  using root = temporaryFolder();
  const skipped = { skippedBecause: 'elsewhere' };
  const step = await packageStep(root.path, { 'Deploy.ps1': 'x' }, { step: skipped });
  const checks = await lookAtHost(planOf(root.path, [step]), questions(root.path));
  expect(checks.filter(({ id }) => /^engine|apps/.test(id))).toEqual([]);
});
