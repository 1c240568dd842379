import { describe, expect, test } from 'vitest';
import {
  installedRun,
  requestDeployment,
  requestUninstall,
  rollbackTarget,
  uninstallTarget,
  type DeployableRelease,
  type Place,
  type PlacedDeployment,
} from '../../src/commands/index.ts';
import { refusal } from '../support/refusal.ts';
import { dataOf, decided, digest, id } from './decided.ts';

const release: DeployableRelease & { hasUninstall: boolean } = {
  link: id('a'),
  linkName: 'acme',
  linkState: 'confirmed',
  process: 'Orders',
  number: '1.1.0',
  digest: digest('1'),
  withdrawn: null,
  answer: { answer: 'accepted', reason: null, until: null },
  succeededIn: new Set(),
  lacking: [],
  refusedParts: [],
  missingInputs: [],
  hasUninstall: true,
};
const intent = { deployment: 'deployment-9', of: 'deployment-1' };
let serial = 0;
const ran = (
  digit: string,
  state: 'succeeded' | 'failed' | 'cancelled' = 'succeeded',
  reason: NonNullable<PlacedDeployment['reason']> = 'deploy',
): PlacedDeployment => ({
  deployment: `deployment-${(serial += 1)}`,
  number: `1.${digit}.0`,
  digest: digest(digit),
  state,
  requestedBy: 'olivia',
  reason,
  began: true,
});
/** Runs from the oldest on, as one tells them. */
const place = (...runs: readonly PlacedDeployment[]): Place => ({
  environments: [{ name: 'uat', after: [], tags: [] }],
  environment: 'uat',
  open: undefined,
  past: runs.toReversed(),
});

describe('asking for what was deployed to be taken away', () => {
  test('is a deployment of that release with a reason of its own', () => {
    const decision = requestUninstall(release, place(ran('1')), intent);
    expect(decided(decision)).toEqual(['self deployment.requested']);
    expect(dataOf(decision, 'deployment.requested')).toMatchObject({
      reason: 'uninstall',
      digest: digest('1'),
      of: 'deployment-1',
      onFailure: 'fail',
    });
  });

  test.each([
    ['its process has no steps for it', { hasUninstall: false }, 'NO_UNINSTALL'],
    ['the link is not confirmed', { linkState: 'pending' }, 'LINK_NOT_CONFIRMED'],
    ['an input is missing', { missingInputs: ['Db'] }, 'INPUT_MISSING'],
  ] as const)('is refused where %s', (_what, wish, code) => {
    expect(refusal(() => requestUninstall({ ...release, ...wish }, place(ran('1')), intent)).code).toBe(code);
  });

  test('is refused while something is under way there', () => {
    const held = { ...place(ran('1')), open: { ...ran('2'), state: 'running' } };
    expect(refusal(() => requestUninstall(release, held, intent)).code).toBe('DEPLOYMENT_HELD');
  });

  test.each([
    ['withdrawn', { withdrawn: 'it loses orders' }],
    ['refused', { answer: { answer: 'refused', reason: null, until: null } }],
    ['no longer whole', { lacking: ['Orders.Web 1.1.0'] }],
  ] as const)('is possible for a release that is %s', (_what, wish) => {
    expect(requestUninstall({ ...release, ...wish }, place(ran('1')), intent)).toHaveLength(1);
  });
});

describe('what there is to take away', () => {
  test.each([
    ['what succeeded last', [ran('1'), ran('2')], '2'],
    ['what runs, though a newer one failed since', [ran('1'), ran('2', 'failed')], '1'],
    ['what failed, where nothing ever succeeded', [ran('1', 'failed')], '1'],
    ['the same, after taking it away failed', [ran('1'), ran('1', 'failed', 'uninstall')], '1'],
    ['what came since it was taken away', [ran('1'), ran('1', 'succeeded', 'uninstall'), ran('2')], '2'],
  ])('is %s', (_what, runs, digit) => {
    expect(uninstallTarget('Orders', place(...runs)).digest).toBe(digest(digit));
  });

  test.each([
    ['nothing was deployed', []],
    ['it was taken away before', [ran('1'), ran('1', 'succeeded', 'uninstall')]],
    ['nothing of it ever began', [{ ...ran('1', 'cancelled'), began: false }]],
  ])('is nothing where %s', (_what, runs) => {
    expect(refusal(() => uninstallTarget('Orders', place(...runs))).code).toBe('NOTHING_TO_UNINSTALL');
  });
});

describe('once it is taken away', () => {
  const gone = place(ran('0'), ran('1'), ran('1', 'succeeded', 'uninstall'));

  test('nothing is installed there', () => {
    expect(installedRun(gone.past)).toBeUndefined();
    expect(installedRun(place(ran('1')).past)?.digest).toBe(digest('1'));
    expect(installedRun(place(ran('1'), ran('1', 'failed', 'uninstall')).past)?.digest).toBe(digest('1'));
  });

  test('the same release may be deployed again without further ado', () => {
    const { decision, running } = requestDeployment(release, gone, { ...intent, reason: 'deploy' });
    expect(running).toBeUndefined();
    expect(decided(decision)).toContain('self deployment.requested');
  });

  test('a rollback goes back to it, and the next one to what ran before it', () => {
    expect(rollbackTarget('Orders', gone).digest).toBe(digest('1'));
    const back = place(...gone.past.toReversed(), ran('1', 'succeeded', 'rollback'));
    expect(rollbackTarget('Orders', back).digest).toBe(digest('0'));
  });

  test('a rollback goes back to it also where it was taken away by half', () => {
    expect(rollbackTarget('Orders', place(ran('1'), ran('1', 'failed', 'uninstall'))).digest).toBe(
      digest('1'),
    );
  });
});
