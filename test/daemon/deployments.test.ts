import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cancelDeployment, resumeDeployment, rollbackTarget } from '../../src/commands/index.ts';
import { holdIdentity } from '../../src/daemon/hold-identity.ts';
import { readStatus, runDaemon, settleDeployment } from '../../src/daemon/index.ts';
import { openInstance, placeOf, type Instance } from '../../src/instance/index.ts';
import { lockHolder } from '../../src/lock.ts';
import { silentLog } from '../../src/log.ts';
import {
  findDeployment,
  fleetRows,
  readDeployments,
  readReleases,
  readSteps,
  type DeploymentRow,
  type DeploymentView,
} from '../../src/projections/index.ts';
import type { Pair } from '../support/instances.ts';
import { pairForEach } from '../support/pair-for-each.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import {
  configurationIn,
  converge,
  deploy,
  furnish,
  never,
  offered,
  once,
  password,
  publish,
  setPassword,
} from './company.ts';

let pair: Pair;
let marks: string;
pairForEach((made) => ({ pair, marks } = made));
beforeEach(async () => {
  await publish(pair, '1.0.0', { marks });
  await converge(pair);
  furnish(pair);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const ran = (): string[] => readFileSync(marks, 'utf8').trimEnd().split('\n');
const row = (id: string): DeploymentRow => findDeployment(pair.customer.db, id)!;
const settle = (instance: Instance, id: string, lines: string[] = []): Promise<DeploymentView> =>
  settleDeployment(instance, id, { signal: never, onProgress: (line) => lines.push(line) });
const resume = (id: string): void => {
  pair.customer.record(() => resumeDeployment(row(id)));
};
const cancel = (id: string): void => {
  const { db, clock, settings, record } = pair.customer;
  const run = { ...row(id), steps: readSteps(db, id) };
  record(() => cancelDeployment(run, clock.now(), settings.report));
};
const statesOf = ({ steps }: DeploymentView): string[] => steps.map(({ id, state }) => `${id} ${state}`);

describe('J1.F9: two operators start the same deployment', () => {
  test('one wins, the other is told by whom it is held', async () => {
    const { customer } = pair;
    using second = await openInstance(customer.folder.root, { clock: pair.clock });
    const first = deploy(customer, offered(pair, '1.0.0'), 'uat');
    const error = refusal(() => deploy(second, offered(pair, '1.0.0'), 'uat'));
    expect(codeOf(error)).toBe('DEPLOYMENT_HELD held');
    expect(error.details).toEqual({ deployment: first, by: customer.actor, state: 'waiting' });
    expect(readDeployments(customer.db)).toHaveLength(1);
    await once(customer);
    // What runs there now needs no second run.
    deploy(second, offered(pair, '1.0.0'), 'uat');
    expect(readDeployments(customer.db)).toHaveLength(1);
    expect(ran()).toEqual(['stop', 'deploy', 'start']);
  });

  test('an interrupted run holds its place until a person has decided', async () => {
    vi.stubEnv('CROSSGAP_FAULT', 'executor.script.during');
    const first = deploy(pair.customer, offered(pair, '1.0.0'), 'uat');
    await once(pair.customer);
    vi.unstubAllEnvs();
    const error = refusal(() => deploy(pair.customer, offered(pair, '1.0.0'), 'uat', 'again'));
    expect(codeOf(error)).toBe('DEPLOYMENT_HELD held');
    expect(error.hint).toContain(`crossgap deployment resume ${first}`);
    cancel(first);
    deploy(pair.customer, offered(pair, '1.0.0'), 'uat');
    await once(pair.customer);
    expect(readDeployments(pair.customer.db).map(({ state }) => state)).toEqual(['succeeded', 'cancelled']);
  });
});

describe('waiting for a deployment', () => {
  test('does the work where no daemon runs, and tells each step', async () => {
    const lines: string[] = [];
    const id = deploy(pair.customer, offered(pair, '1.0.0'), 'uat');
    const view = await settle(pair.customer, id, lines);
    expect(view).toMatchObject({ id, state: 'succeeded', release: '1.0.0', link: 'acme', error: null });
    expect(statesOf(view)).toEqual(['stop succeeded', 'web succeeded', 'start succeeded']);
    const web = view.steps[1]!.conventions.map(({ number }) => number);
    expect(web).toEqual(expect.arrayContaining([1, 7.5, 15]));
    expect(lines).toEqual(
      expect.arrayContaining(['step 1 Stop', 'step 2 Web: succeeded', 'step 3 Start: succeeded']),
    );
    expect(ran()).toEqual(['stop', 'deploy', 'start']);
  });

  test('follows the daemon where one runs', async () => {
    const { customer } = pair;
    const stop = new AbortController();
    const ready = Promise.withResolvers<string>();
    const listen = { host: '127.0.0.1', port: 0 };
    const options = { once: false, listen, log: silentLog(), signal: stop.signal, onReady: ready.resolve };
    const running = runDaemon(customer, options);
    try {
      await Promise.race([ready.promise, running]);
      using operator = await openInstance(customer.folder.root, { clock: pair.clock });
      const id = deploy(operator, offered(pair, '1.0.0'), 'uat');
      expect(await settle(operator, id)).toMatchObject({ state: 'succeeded' });
    } finally {
      stop.abort();
      await running;
    }
    expect(ran()).toEqual(['stop', 'deploy', 'start']);
  });

  test('goes on by itself where the daemon that was followed ends before', async () => {
    const { customer } = pair;
    const daemon = holdIdentity(customer, 'run');
    using operator = await openInstance(customer.folder.root, { clock: pair.clock });
    const id = deploy(operator, offered(pair, '1.0.0'), 'uat');
    const settled = settle(operator, id);
    expect(ran()).toEqual(['']);
    daemon.release();
    expect(await settled).toMatchObject({ state: 'succeeded' });
    expect(ran()).toEqual(['stop', 'deploy', 'start']);
  });

  test('of one that is over already ends at once', async () => {
    const id = deploy(pair.customer, offered(pair, '1.0.0'), 'uat');
    await once(pair.customer);
    expect(await settle(pair.customer, id)).toMatchObject({ state: 'succeeded' });
    expect(ran()).toEqual(['stop', 'deploy', 'start']);
  });

  test('tells others which deployment it does, whichever command or installer asked for it', async () => {
    const id = deploy(pair.customer, offered(pair, '1.0.0'), 'uat');
    const told = new Set<string | undefined>();
    const onProgress = () => told.add(lockHolder(pair.customer.folder.daemonLock)?.who);
    await settleDeployment(pair.customer, id, { signal: never, onProgress });
    expect(told).toContain(`deployment ${id} by ${pair.customer.actor}`);
  });

  test('of one that fails says where, and that later steps did not run', async () => {
    await publish(pair, '1.1.0', { marks, deploy: 'echo no good >&2; exit 3' });
    await converge(pair);
    const view = await settle(pair.customer, deploy(pair.customer, offered(pair, '1.1.0'), 'uat'));
    expect(view).toMatchObject({ state: 'failed', failedAt: { step: 2, stepId: 'web' } });
    expect(statesOf(view)).toEqual(['stop succeeded', 'web failed', 'start not-run']);
    expect(ran()).toEqual(['stop', 'deploy']);
  });
});

describe('J1.F8: a run whose executor was killed', () => {
  test.each([
    ['during a script', 'executor.script.during', ['stop', 'stop', 'deploy', 'start']],
    ['during extraction', 'executor.extract.during', ['stop', 'deploy', 'start']],
    ['before the end was written down', 'executor.end.before-journal', ['stop', 'deploy', 'start']],
  ])('%s is interrupted there, and goes on when a person says so', async (_when, fault, marksExpected) => {
    const { customer } = pair;
    const id = deploy(customer, offered(pair, '1.0.0'), 'uat');
    vi.stubEnv('CROSSGAP_FAULT', fault);
    expect(await settle(customer, id)).toMatchObject({ state: 'interrupted' });
    vi.unstubAllEnvs();
    await converge(pair);
    expect(fleetRows(pair.vendor.db, pair.clock.now())).toMatchObject([
      {
        environment: 'uat',
        state: 'interrupted',
        blockedBy: '1.0.0 was interrupted; a person decides there',
      },
    ]);
    // Nobody decided: nothing goes on by itself.
    await once(customer);
    expect(row(id).state).toBe('interrupted');
    resume(id);
    const view = await settle(customer, id);
    expect(view.state).toBe('succeeded');
    expect(statesOf(view)).toEqual(['stop succeeded', 'web succeeded', 'start succeeded']);
    expect(ran()).toEqual(marksExpected);
    await converge(pair);
    expect(fleetRows(pair.vendor.db, pair.clock.now())).toMatchObject([
      { release: '1.0.0', blockedBy: null },
    ]);
  });

  test('after its end was written down is over, as it ended', async () => {
    const { customer } = pair;
    const id = deploy(customer, offered(pair, '1.0.0'), 'uat');
    vi.stubEnv('CROSSGAP_FAULT', 'executor.end.after-journal');
    expect(await settle(customer, id)).toMatchObject({ state: 'succeeded' });
    vi.unstubAllEnvs();
    expect(ran()).toEqual(['stop', 'deploy', 'start']);
  });

  test('goes on with the plan it was frozen with, whatever was set since', async () => {
    const { customer } = pair;
    const id = deploy(customer, offered(pair, '1.0.0'), 'uat');
    vi.stubEnv('CROSSGAP_FAULT', 'executor.script.during');
    await settle(customer, id);
    vi.unstubAllEnvs();
    setPassword(pair, 'set-much-later-on');
    resume(id);
    expect((await settle(customer, id)).state).toBe('succeeded');
    expect(configurationIn(customer, 'uat').join('')).toContain(password);
    expect(configurationIn(customer, 'uat').join('')).not.toContain('set-much-later-on');
  });

  test('can be given up', async () => {
    const { customer, vendor } = pair;
    const id = deploy(customer, offered(pair, '1.0.0'), 'uat');
    vi.stubEnv('CROSSGAP_FAULT', 'executor.script.during');
    await settle(customer, id);
    vi.unstubAllEnvs();
    await converge(pair);
    const atVendor = () => fleetRows(vendor.db, pair.clock.now());
    expect(atVendor()).toMatchObject([{ environment: 'uat', release: null, state: 'interrupted' }]);
    cancel(id);
    await once(customer);
    expect(row(id).state).toBe('cancelled');
    expect(ran()).toEqual(['stop']);
    await converge(pair);
    expect(atVendor()).toMatchObject([{ environment: 'uat', release: null, state: 'cancelled' }]);
  });
});

test('a run that a person stops ends as cancelled, and its script is ended with it', async () => {
  const { customer } = pair;
  await publish(pair, '1.1.0', { marks, deploy: 'while true; do sleep 0.05; done' });
  await converge(pair);
  const id = deploy(customer, offered(pair, '1.1.0'), 'uat');
  const settled = settle(customer, id);
  await expect.poll(ran).toEqual(['stop', 'deploy']);
  cancel(id);
  expect((await settled).state).toBe('cancelled');
  expect(ran()).toEqual(['stop', 'deploy']);
});

test('a rollback goes to the release that ran before, and the author is told so', async () => {
  const { customer, vendor } = pair;
  await settle(customer, deploy(customer, offered(pair, '1.0.0'), 'uat'));
  await publish(pair, '1.1.0', { marks, deploy: 'exit 3' });
  await converge(pair);
  await settle(customer, deploy(customer, offered(pair, '1.1.0'), 'uat'));
  const target = rollbackTarget('Orders', placeOf(customer.db, 'Orders', pair.link, 'uat'));
  expect(target.number).toBe('1.0.0');
  const id = deploy(customer, offered(pair, target.number), 'uat', 'rollback');
  expect((await settle(customer, id)).state).toBe('succeeded');
  await converge(pair);
  expect(fleetRows(vendor.db, pair.clock.now())).toMatchObject([
    { environment: 'uat', release: '1.0.0', state: 'succeeded', behind: 1 },
  ]);
});

test('a deployment whose secret can not be opened ends as failed, says so, and the place is free again', async () => {
  const { customer } = pair;
  const id = deploy(customer, offered(pair, '1.0.0'), 'uat');
  const vault = JSON.parse(readFileSync(customer.folder.vault, 'utf8')) as {
    secrets: Record<string, string>;
  };
  const sealed = Object.entries(vault.secrets).map(([name, text]) => [name, `AAAA${text.slice(4)}`]);
  writeFileSync(customer.folder.vault, JSON.stringify({ ...vault, secrets: Object.fromEntries(sealed) }));
  const view = await settle(customer, id);
  expect(view.state).toBe('failed');
  expect(view.error).toContain('Cannot open secret DB.PASSWORD');
  expect(ran()).toEqual(['']);
  setPassword(pair, password);
  deploy(customer, offered(pair, '1.0.0'), 'uat');
  await once(customer);
  expect(ran()).toEqual(['stop', 'deploy', 'start']);
});

test('the status shows the run, the release and what left the house', async () => {
  const { customer, vendor } = pair;
  await settle(customer, deploy(customer, offered(pair, '1.0.0'), 'uat'));
  await converge(pair);
  const there = readStatus(customer);
  expect(there.deployments).toMatchObject([{ release: '1.0.0', state: 'succeeded', environment: 'uat' }]);
  expect(there.outbound.map(({ type }) => type)).toEqual(
    expect.arrayContaining([
      'feed.opened',
      'receipt.given',
      'offer.answered',
      'input.reported',
      'deployment.reported',
    ]),
  );
  expect(there.warnings).toEqual([]);
  const here = readStatus(vendor);
  expect(here.releases).toMatchObject([{ release: '1.0.0', publishedTo: [{ state: 'done' }] }]);
  expect(here.log.feeds).toHaveLength(3);
  const shared = (feeds: typeof here.log.feeds): string[] =>
    feeds.filter(({ audience }) => audience !== 'self').map(({ feed, head }) => `${feed} ${head}`);
  expect(shared(here.log.feeds).toSorted()).toEqual(shared(there.log.feeds).toSorted());
  expect(readReleases(vendor.db)).toHaveLength(1);
});
