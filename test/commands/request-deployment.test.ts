import { array, assert as assertLaw, constantFrom, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CommandError,
  onceGivenUp,
  refuseUndeployable,
  requestDeployment,
  rollbackTarget,
  type DeployableRelease,
  type DeploymentIntent,
  type Place,
  type PlacedDeployment,
} from '../../src/commands/index.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { dataOf, decided, digest, id } from './decided.ts';

const own: DeployableRelease = {
  link: '',
  linkName: null,
  linkState: null,
  process: 'Orders',
  number: '1.0.0',
  digest: digest('1'),
  withdrawn: null,
  answer: null,
  succeededIn: new Set(),
  lacking: [],
  refusedParts: [],
  missingInputs: [],
};
const offered: DeployableRelease = { ...own, link: id('a'), linkName: 'acme', linkState: 'confirmed' };
const environments = [
  { name: 'uat', after: [], tags: [] },
  { name: 'production', after: ['uat'], tags: [] },
];
const place = (wish: Partial<Place> = {}): Place => ({
  environments,
  environment: 'uat',
  open: undefined,
  past: [],
  ...wish,
});
const intent: DeploymentIntent = { deployment: 'deployment-9', reason: 'deploy', of: null };
let serial = 0;
const deployed = (digit: string, state = 'succeeded', requestedBy = 'olivia'): PlacedDeployment => ({
  deployment: `deployment-${(serial += 1)}`,
  number: `1.${digit}.0`,
  digest: digest(digit),
  state,
  requestedBy,
  began: state !== 'cancelled',
});
/** One that a person stopped half-way. */
const stopped = (digit: string): PlacedDeployment => ({ ...deployed(digit, 'cancelled'), began: true });

describe('asking for a deployment', () => {
  test('of a release of this side is one event at home', () => {
    const { decision } = requestDeployment(own, place(), intent);
    expect(decided(decision)).toEqual(['self deployment.requested']);
    expect(dataOf(decision, 'deployment.requested')).toEqual({
      deployment: 'deployment-9',
      link: null,
      process: 'Orders',
      release: '1.0.0',
      digest: digest('1'),
      environment: 'uat',
      reason: 'deploy',
      of: null,
      onFailure: 'fail',
    });
  });

  test('says what becomes of it when a step fails', () => {
    const { decision } = requestDeployment(own, place(), { ...intent, onFailure: 'ask' });
    expect(dataOf(decision, 'deployment.requested')).toMatchObject({ onFailure: 'ask' });
  });

  test('of an offer accepts it, and tells so', () => {
    expect(decided(requestDeployment(offered, place(), intent).decision)).toEqual([
      'self release.answered',
      `${id('a')} offer.answered`,
      'self deployment.requested',
    ]);
  });

  test('of an offer that was accepted needs no second answer', () => {
    const accepted = { ...offered, answer: { answer: 'accepted', reason: null, until: null } };
    const { decision } = requestDeployment(accepted, place(), intent);
    expect(decided(decision)).toEqual(['self deployment.requested']);
  });

  test('of what runs there already says which run that was, and asks for nothing', () => {
    const runs = deployed('1');
    expect(requestDeployment(own, place({ past: [runs] }), intent)).toEqual({ decision: [], running: runs });
  });

  test.each(['again', 'retry', 'rollback'] as const)(
    'of what runs there already is asked for, to do it %s',
    (reason) => {
      const asked = requestDeployment(own, place({ past: [deployed('1')] }), { ...intent, reason });
      expect(decided(asked.decision)).toEqual(['self deployment.requested']);
      expect(asked.running).toBeUndefined();
    },
  );

  test.each([
    ['failed there', [deployed('1', 'failed'), deployed('1')]],
    ['made room for another one', [deployed('2'), deployed('1')]],
    ['was cancelled before it ran', [deployed('1', 'cancelled')]],
  ])('of what %s asks for a run', (_case, past) => {
    expect(requestDeployment(own, place({ past }), intent).decision).toHaveLength(1);
  });

  test('a cancelled attempt does not hide what runs there', () => {
    const past = [deployed('2', 'cancelled'), deployed('1')];
    expect(requestDeployment(own, place({ past }), intent).decision).toEqual([]);
  });

  test('to a place that is not there any more is refused, also where it runs', () => {
    const gone = place({ past: [deployed('1')], environment: 'staging' });
    expect(codeOf(refusal(() => requestDeployment(own, gone, intent)))).toBe('ENVIRONMENT_UNKNOWN misused');
  });
});

describe('a release does not go to a place', () => {
  const refused = (release: Partial<DeployableRelease>, where: Partial<Place> = {}, from = offered): string =>
    codeOf(refusal(() => requestDeployment({ ...from, ...release }, place(where), intent)));

  test('that this side does not have', () => {
    expect(refused({}, { environment: 'staging' })).toBe('ENVIRONMENT_UNKNOWN misused');
  });

  test('after it was withdrawn, although it runs there', () => {
    expect(refused({ withdrawn: 'it eats data' })).toBe('RELEASE_WITHDRAWN refused');
    expect(refused({ withdrawn: 'it eats data' }, { past: [deployed('1')] })).toBe(
      'RELEASE_WITHDRAWN refused',
    );
    expect(refused({ withdrawn: 'it eats data' }, {}, own)).toBe('RELEASE_WITHDRAWN refused');
  });

  test.each(['pending', 'invited', 'removed'])('from a link that is %s', (linkState) => {
    expect(refused({ linkState })).toBe('LINK_NOT_CONFIRMED refused');
  });

  test.each(['refused', 'postponed'])('that this side has %s', (answer) => {
    const answered = { ...offered, answer: { answer, reason: 'freeze', until: '2026-05-01' } };
    const error = refusal(() => requestDeployment(answered, place(), intent));
    expect(codeOf(error)).toBe('OFFER_NOT_TAKEN refused');
    expect(error.message).toContain(`it was ${answer} until 2026-05-01, because: freeze`);
  });

  test('before all of it is here', () => {
    expect(refused({ lacking: ['process', 'Orders.Web 1.0.0'] })).toBe('RELEASE_INCOMPLETE waiting');
  });

  test('of which a part was refused, which weighs more than what has not come', () => {
    expect(refused({ refusedParts: ['Orders.Web 1.0.0 was refused'], lacking: ['process'] })).toBe(
      'RELEASE_PART_REFUSED verification',
    );
  });

  test('before it succeeded in all that come before', () => {
    expect(refused({}, { environment: 'production' })).toBe('PREDECESSOR_MISSING refused');
    const passed = { ...offered, succeededIn: new Set(['uat']) };
    expect(requestDeployment(passed, place({ environment: 'production' }), intent).decision).toHaveLength(3);
  });

  test('with an input missing: all that are, are named at once', () => {
    const release = { ...offered, missingInputs: ['Db.Password', 'Site.Port'] };
    const error = refusal(() => requestDeployment(release, place(), intent));
    expect(codeOf(error)).toBe('INPUT_MISSING inputMissing');
    expect(error.details).toEqual({ missing: ['Db.Password', 'Site.Port'] });
  });

  test.each(['waiting', 'running', 'interrupted'])(
    'where another one is %s, and the holder is named',
    (state) => {
      const open = deployed('2', state, 'oscar');
      const error = refusal(() => requestDeployment(offered, place({ open }), intent));
      expect(codeOf(error)).toBe('DEPLOYMENT_HELD held');
      expect(error.message).toContain('asked for by oscar');
      expect(error.details).toEqual({ deployment: open.deployment, by: 'oscar', state });
    },
  );

  test('that the same release is on its way to: who asked first is told to who asked second', () => {
    expect(refused({}, { open: deployed('1', 'waiting') })).toBe('DEPLOYMENT_HELD held');
  });

  test('that runs it and is being changed to another one', () => {
    expect(refused({}, { past: [deployed('1')], open: deployed('2', 'running') })).toBe(
      'DEPLOYMENT_HELD held',
    );
  });
});

test('nothing is ever asked for that must not run, in whatever state things are', () => {
  const releases = record({
    withdrawn: constantFrom(null, 'bad'),
    linkState: constantFrom('confirmed', 'pending'),
    answer: constantFrom(null, { answer: 'refused', reason: null, until: null }),
    succeededIn: constantFrom(new Set<string>(), new Set(['uat'])),
    lacking: constantFrom([], ['process']),
    refusedParts: constantFrom([], ['lib']),
    missingInputs: constantFrom([], ['Port']),
  });
  const places = record({
    environment: constantFrom('uat', 'production', 'nowhere'),
    open: constantFrom(undefined, deployed('2', 'running')),
    past: constantFrom([], [deployed('1')], [deployed('1', 'failed')]),
  });
  assertLaw(
    property(releases, places, constantFrom('deploy', 'again', 'rollback'), (wish, where, reason) => {
      const release = { ...offered, ...wish };
      let asked = false;
      try {
        asked = requestDeployment(release, place(where), { ...intent, reason }).decision.length > 0;
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
      }
      if (!asked) return;
      expect(() => refuseUndeployable(release, place(where))).not.toThrow();
      expect(where.open).toBeUndefined();
      expect([...release.lacking, ...release.refusedParts, ...release.missingInputs]).toEqual([]);
      expect(release).toMatchObject({ withdrawn: null, linkState: 'confirmed', answer: null });
    }),
    { numRuns: 400 },
  );
});

test('what runs is deployed anew where another release was stopped half-way since, and not where none began', () => {
  const runs = deployed('1');
  const asked = (past: PlacedDeployment[]): number =>
    requestDeployment(own, place({ past }), intent).decision.length;
  expect(asked([deployed('2', 'cancelled'), runs])).toBe(0);
  expect(asked([stopped('2'), runs])).toBe(1);
});

describe('a rollback', () => {
  test('after a failure goes to the last success', () => {
    const before = deployed('1');
    expect(rollbackTarget('Orders', place({ past: [deployed('2', 'failed'), before] }))).toBe(before);
  });

  test('after a success goes to the release before it', () => {
    const before = deployed('1');
    expect(rollbackTarget('Orders', place({ past: [deployed('2'), before] }))).toBe(before);
  });

  test('after a run that was stopped half-way goes to the last success', () => {
    const before = deployed('1');
    const older = deployed('0');
    expect(rollbackTarget('Orders', place({ past: [stopped('2'), before, older] }))).toBe(before);
  });

  test('J2.13 from a run that is open goes where it would once that was given up', () => {
    const before = deployed('1');
    const open = deployed('2', 'interrupted');
    const asked = place({ open, past: [before] });
    expect(rollbackTarget('Orders', asked)).toBe(before);
    expect(onceGivenUp(asked)).toEqual(place({ past: [{ ...open, state: 'cancelled' }, before] }));
    expect(rollbackTarget('Orders', onceGivenUp(asked))).toBe(before);
    const free = place({ past: [before] });
    expect(onceGivenUp(free)).toBe(free);
  });

  test('J2.13 from a run that never began goes where it would without it', () => {
    const [older, before] = [deployed('0'), deployed('1')];
    const open = { ...deployed('2', 'interrupted'), began: false };
    expect(rollbackTarget('Orders', place({ open, past: [before, older] }))).toBe(older);
  });

  test('J2.13 after 1.0, 1.1, back and 1.1 cut off goes to what runs, 1.0, and never to what is left', () => {
    const back = { ...deployed('0'), reason: 'rollback' } as const;
    const past = [back, deployed('1'), deployed('0')];
    expect(rollbackTarget('Orders', place({ open: deployed('1', 'interrupted'), past }))).toBe(back);
    const twice = refusal(() => rollbackTarget('Orders', place({ past })));
    expect(codeOf(twice)).toBe('NOTHING_TO_ROLL_BACK refused');
  });

  test.each(['interrupted', 'failed', 'cancelled'])(
    'J2.13 that was %s is tried again, and never forward',
    (state) => {
      const [older, newest] = [deployed('0'), deployed('1')];
      const back = { ...deployed('0', state), began: true, reason: 'rollback' } as const;
      const isOpen = state === 'interrupted';
      const [open, over] = isOpen ? [back, []] : [undefined, [back]];
      expect(rollbackTarget('Orders', place({ open, past: [...over, newest, older] }))).toBe(older);
      // The same after a failure that was to be gone back from.
      const after = [deployed('2', 'failed'), newest, older];
      expect(rollbackTarget('Orders', place({ open, past: [...over, ...after] }))).toBe(newest);
    },
  );

  test('J2.13 after a first installation that was cut off is refused', () => {
    const error = refusal(() => rollbackTarget('Orders', place({ open: deployed('1', 'interrupted') })));
    expect(codeOf(error)).toBe('NOTHING_TO_ROLL_BACK refused');
  });

  test('skips runs that never touched anything, and failures', () => {
    const before = deployed('1');
    const past = [deployed('4', 'cancelled'), deployed('3', 'failed'), deployed('2', 'failed'), before];
    expect(rollbackTarget('Orders', place({ past }))).toBe(before);
  });

  test('never goes to the release that it leaves', () => {
    const before = deployed('1');
    const past = [deployed('2', 'failed'), deployed('2'), before];
    expect(rollbackTarget('Orders', place({ past }))).toBe(before);
  });

  test.each([
    ['nothing ran yet', []],
    ['only one release ever ran', [deployed('1'), deployed('1')]],
    ['nothing ever succeeded', [deployed('2', 'failed'), deployed('1', 'failed')]],
  ])('where %s is refused', (_case, past) => {
    const error = refusal(() => rollbackTarget('Orders', place({ past })));
    expect(codeOf(error)).toBe('NOTHING_TO_ROLL_BACK refused');
  });

  test('only ever goes to another release than the newest that ran, and to one that succeeded', () => {
    const states = constantFrom('succeeded', 'failed', 'cancelled');
    const runs = array(record({ digit: constantFrom('1', '2', '3'), state: states }), { maxLength: 8 });
    assertLaw(
      property(runs, (list) => {
        const past = list.map(({ digit, state }) => deployed(digit, state));
        const ran = past.filter(({ state }) => state !== 'cancelled');
        const targets = ran
          .slice(1)
          .filter((one) => one.state === 'succeeded' && one.digest !== ran[0]!.digest);
        if (targets.length === 0) {
          const error = refusal(() => rollbackTarget('Orders', place({ past })));
          expect(error.code).toBe('NOTHING_TO_ROLL_BACK');
        } else expect(rollbackTarget('Orders', place({ past }))).toBe(targets[0]);
      }),
    );
  });
});
