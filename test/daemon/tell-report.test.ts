import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { resumeDeployment, rollbackTarget, type ReportWish } from '../../src/commands/index.ts';
import {
  outboundLines,
  planClearing,
  previewReport,
  readDeployment,
  settleDeployment,
  tellReport,
} from '../../src/daemon/index.ts';
import { openInstance, placeOf, type Instance } from '../../src/instance/index.ts';
import {
  findDeployment,
  fleetRows,
  readLinks,
  readPublications,
  readUntoldRuns,
  type FleetRow,
} from '../../src/projections/index.ts';
import type { Pair } from '../support/instances.ts';
import { pairForEach } from '../support/pair-for-each.ts';
import { codeOf, laterRefusal, refusal } from '../support/refusal.ts';
import { filesHolding, secretForms } from '../support/secret-forms.ts';
import { converge, deploy, furnish, never, offered, once, password, publish } from './company.ts';

let pair: Pair;
let marks: string;
/** The customer, where nothing is told before a person says so. */
let site: Instance;
pairForEach((made) => ({ pair, marks } = made));
beforeEach(async () => {
  await publish(pair, '1.0.0', {
    marks,
    deploy: `echo "the password is $(get_octopusvariable Db.Password)"`,
  });
  await publish(pair, '1.1.0', {
    marks,
    deploy: 'echo "the database said no"; printf "%s" "$(get_octopusvariable Db.Password)" | base64; exit 3',
  });
  await converge(pair);
  furnish(pair);
  const { settings, root } = pair.customer.folder;
  mkdirSync(dirname(settings), { recursive: true });
  writeFileSync(settings, '[report]\nwhen = "asked"\n');
  site = await openInstance(root, { clock: pair.clock });
});
afterEach(() => {
  vi.unstubAllEnvs();
  site.close();
});

const nothingStruck: ReportWish = { rating: null, comment: null, withLog: false, struck: [] };
const bare = (wish: Partial<ReportWish> = {}): ReportWish => ({ ...nothingStruck, ...wish });
const run = async (number: string, reason: 'deploy' | 'again' | 'rollback' = 'deploy'): Promise<string> => {
  pair.clock.advance(1000);
  const id = deploy(site, offered(pair, number), 'uat', reason);
  await settleDeployment(site, id, { signal: never, onProgress: () => undefined });
  return id;
};
const told = (): string[] =>
  outboundLines(site, readLinks(site.db)[0]!)
    .filter(({ type }) => type === 'deployment.reported')
    .map(({ summary }) => summary);
const fleet = async (): Promise<FleetRow[]> => {
  await converge({ ...pair, customer: site });
  return fleetRows(pair.vendor.db, pair.clock.now());
};

describe('where a person says what is told', () => {
  test('nothing of a run leaves before that, however often it is run, goes on or is taken back', async () => {
    const first = await run('1.0.0');
    const second = await run('1.0.0', 'again');
    expect(told()).toEqual([]);
    expect(readUntoldRuns(site.db).map(({ deployment }) => deployment)).toEqual([first, second]);
    expect(await fleet()).toMatchObject([{ environment: null, release: null }]);
    await tellReport(site, second, nothingStruck);
    expect(told()).toHaveLength(1);
    expect(readUntoldRuns(site.db).map(({ deployment }) => deployment)).toEqual([first]);
    expect(await fleet()).toMatchObject([
      { environment: 'uat', release: '1.0.0', lastAttempt: { deployment: second } },
    ]);
    expect(readDeployment(pair.vendor, first)).toBeUndefined();
  });

  test('nor of one that breaks off, is found after a restart, goes on and is gone back from', async () => {
    pair.clock.advance(1000);
    const broken = deploy(site, offered(pair, '1.0.0'), 'uat');
    vi.stubEnv('CROSSGAP_FAULT', 'executor.script.during');
    await settleDeployment(site, broken, { signal: never, onProgress: () => undefined });
    vi.unstubAllEnvs();
    await once(site);
    expect(findDeployment(site.db, broken)!.state).toBe('interrupted');
    expect(told()).toEqual([]);
    // A person may say how it stands; that it goes on is then not told by itself either.
    await tellReport(site, broken, nothingStruck);
    site.record(() => resumeDeployment(findDeployment(site.db, broken)!));
    await once(site);
    expect(await fleet()).toMatchObject([{ state: 'interrupted', release: null }]);
    const failed = await run('1.1.0');
    const target = rollbackTarget('Orders', placeOf(site.db, 'Orders', pair.link, 'uat'));
    const back = await run(target.number, 'rollback');
    expect(findDeployment(site.db, back)!.state).toBe('succeeded');
    expect(told()).toHaveLength(1);
    expect(readUntoldRuns(site.db).map(({ deployment }) => deployment)).toEqual([failed, back]);
    await tellReport(site, back, nothingStruck);
    expect(told().at(-1)).toMatch(/^Orders 1\.0\.0 in uat: succeeded \(rollback\)/);
    expect(await fleet()).toMatchObject([
      { release: '1.0.0', state: 'succeeded', lastAttempt: { deployment: back } },
    ]);
  });

  test('the same wish again tells nothing, another one stands for the one before', async () => {
    const id = await run('1.0.0');
    expect(await tellReport(site, id, nothingStruck)).toMatchObject({ isNews: true });
    expect(await tellReport(site, id, nothingStruck)).toMatchObject({ isNews: false });
    expect(told()).toHaveLength(1);
    const wish = bare({ rating: 4, comment: 'went well', struck: ['step.3'] });
    expect(await tellReport(site, id, wish)).toMatchObject({ isNews: true });
    expect(await fleet()).toMatchObject([{ lastAttempt: { rating: 4, comment: 'went well', struck: 1 } }]);
    expect(readDeployment(pair.vendor, id)).toMatchObject({
      steps: [{ name: 'Stop' }, { name: 'Web' }, { name: '', state: 'struck', conventions: [] }],
      report: { rating: 4, comment: 'went well', struck: ['step 3'], by: site.actor },
    });
  });

  test('a run that is told after a later one does not take its place', async () => {
    const first = await run('1.0.0');
    const second = await run('1.1.0');
    await tellReport(site, second, nothingStruck);
    expect(await fleet()).toMatchObject([{ release: null, state: 'failed' }]);
    await tellReport(site, first, bare({ struck: ['times'] }));
    expect(await fleet()).toMatchObject([
      { release: '1.0.0', state: 'failed', lastAttempt: { deployment: second, release: '1.1.0' } },
    ]);
    expect(readPublications(pair.vendor.db).map(({ state }) => state)).toEqual(['done', 'failed']);
    expect(readDeployment(pair.vendor, first)).toMatchObject({
      startedAt: null,
      report: { struck: ['times'] },
    });
  });

  test('a failure is told with its step, exit code, last lines and durations, and every line of that can stay', async () => {
    const id = await run('1.1.0');
    const { lines } = previewReport(site, id, nothingStruck);
    const text = (wanted: string): string | undefined => lines.find((line) => line.id === wanted)?.text;
    expect(text('failed-at')).toBe('stopped at step 2 (web), convention 10');
    expect(text('exit-code')).toBe('exit code 3');
    expect(text('last-lines.1')).toBe('| the database said no');
    expect(text('step.2.times')).toMatch(/^began 2026-\d\d-\d\d .* took \d+\.\d s$/);
    await tellReport(site, id, nothingStruck);
    expect(await fleet()).toMatchObject([{ lastAttempt: { exitCode: 3 } }]);
    const there = readDeployment(pair.vendor, id)!;
    expect(there).toMatchObject({
      exitCode: 3,
      failedAt: { step: 2, stepId: 'web', convention: 10 },
      report: { lastLines: expect.arrayContaining(['the database said no', '********']) },
    });
    expect(Date.parse(there.steps[1]!.endedAt!)).toBeGreaterThanOrEqual(
      Date.parse(there.steps[1]!.startedAt!),
    );
    const struck = lines.filter(({ mayBeStruck }) => mayBeStruck).map((line) => line.id);
    await tellReport(site, id, bare({ struck }));
    await converge({ ...pair, customer: site });
    const gaps = readDeployment(pair.vendor, id)!;
    expect(gaps).toMatchObject({ state: 'failed', release: '1.1.0', error: null });
    expect(gaps).not.toHaveProperty('exitCode');
    expect(gaps.steps.map(({ state, conventions }) => `${state} ${conventions.length}`)).toEqual([
      'struck 0',
      'struck 0',
      'struck 0',
    ]);
    expect(gaps.report!.struck).toContain('error');
    expect(await pair.vendor.log.verify({ full: true })).toMatchObject({ ok: true });
  });

  test('of a run that is not over nothing can be told, nor of one that was not here', async () => {
    const waiting = deploy(site, offered(pair, '1.0.0'), 'uat');
    expect(codeOf(await laterRefusal(() => tellReport(site, waiting, nothingStruck)))).toBe(
      'REPORT_TOO_EARLY refused',
    );
    expect(codeOf(refusal(() => previewReport(site, 'd-nowhere-here', nothingStruck)))).toBe(
      'REPORT_UNKNOWN misused',
    );
  });
});

test('the log of a run goes with it where that is wished and it is not struck out, and is kept where it came', async () => {
  const id = await run('1.1.0');
  const kept = bare({ withLog: true, struck: ['log'] });
  expect(previewReport(site, id, kept).log).toBeNull();
  await tellReport(site, id, kept);
  await converge({ ...pair, customer: site });
  expect(readDeployment(pair.vendor, id)!.report).toMatchObject({ log: null, struck: ['log'] });
  const { log } = previewReport(site, id, bare({ withLog: true }));
  expect(log).toContain('the database said no');
  await tellReport(site, id, bare({ withLog: true }));
  await converge({ ...pair, customer: site });
  const { report } = readDeployment(pair.vendor, id)!;
  expect(report!.log).toMatchObject({ isHere: true });
  expect(readFileSync(pair.vendor.blobs.path(report!.log!.digest), 'utf8')).toBe(log);
});

test('a log stays as long as the newest report names it; after that it may go, and is called what it is', async () => {
  const id = await run('1.1.0');
  await tellReport(site, id, bare({ withLog: true }));
  await converge({ ...pair, customer: site });
  const { digest } = readDeployment(pair.vendor, id)!.report!.log!;
  const superfluous = () => planClearing(pair.vendor, { unreleased: false }).superfluous;
  expect(superfluous()).toEqual([]);
  await tellReport(site, id, bare());
  await converge({ ...pair, customer: site });
  const gone = { digest, what: 'log of a run', why: expect.stringContaining('later names another, or none') };
  expect(superfluous()).toMatchObject([{ ...gone, held: true }]);
  pair.vendor.blobs.remove(digest);
  expect(superfluous()).toMatchObject([{ ...gone, held: false, sizeBytes: 0 }]);
});

test('INV-8 nothing that is told of a run holds a secret in any form', async () => {
  const id = await run('1.1.0');
  await tellReport(site, id, bare({ withLog: true, comment: `we had to type ${password} twice` }));
  await converge({ ...pair, customer: site });
  expect(readDeployment(pair.vendor, id)!.report!.comment).toBe('we had to type ******** twice');
  pair.vendor.db.pragma('wal_checkpoint(TRUNCATE)');
  expect(filesHolding(pair.vendor.folder.root, secretForms(password))).toEqual(new Map());
  expect(filesHolding(pair.between, secretForms(password))).toEqual(new Map());
});
