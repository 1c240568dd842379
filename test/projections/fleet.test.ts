import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  answerOffer,
  removeLink,
  withdrawRelease,
  type Answer,
  type ReportRules,
} from '../../src/commands/index.ts';
import {
  ageOf,
  fleetRows,
  readPublications,
  readReleases,
  type ReleaseRow,
} from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import {
  deliver,
  giveReceipt,
  linkOf,
  makeInstance,
  makePair,
  makeRelease,
  noon,
  offer,
  pair as pairUp,
  settle,
  type Pair,
} from '../support/instances.ts';
import { actions, askFor, runTo } from './actions.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
beforeEach(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
  actions.arrange(pair, 0);
  actions.arrange(pair, 1);
});
afterEach(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

async function publish(number: string): Promise<ReleaseRow> {
  pair.clock.advance(60_000);
  const release = makeRelease(pair.vendor, number);
  offer(pair.vendor, release, [pair.link]);
  await settle(pair);
  return release;
}
const atCustomer = (number: string): ReleaseRow =>
  readReleases(pair.customer.db, number).find(({ link }) => link === pair.link)!;
/** Runs a release at the customer and brings what it reports home. */
async function run(
  number: string,
  state: Parameters<typeof runTo>[2],
  { environment = 'uat', reason = 'again' as const as 'again' | 'rollback' | 'uninstall' } = {},
): Promise<void> {
  const { customer, clock } = pair;
  clock.advance(60_000);
  runTo(customer, askFor(customer, atCustomer(number), environment, reason), state);
  await settle(pair);
}
async function answer(number: string, given: Answer, reason: string): Promise<void> {
  pair.customer.record(() => answerOffer(atCustomer(number), { answer: given, reason, until: null }));
  await settle(pair);
}
const fleet = () => fleetRows(pair.vendor.db, pair.clock.now());
const publicationOf = (number: string): { state: string; reason: string | null } => {
  const { digest } = readReleases(pair.vendor.db, number)[0]!;
  return readPublications(pair.vendor.db).find((row) => row.digest === digest)!;
};

describe('J1.25: the fleet', () => {
  test('of a vendor that has published nothing is empty, although links are there', () => {
    expect(fleet()).toEqual([]);
  });

  test('shows a customer that has not been told yet, has been told, and has said nothing', async () => {
    const release = makeRelease(pair.vendor, '1.0.0');
    offer(pair.vendor, release, [pair.link]);
    expect(fleet()).toEqual([
      {
        customer: 'contoso',
        compared: true,
        environment: null,
        process: 'Orders',
        release: null,
        state: 'queued',
        lastAttempt: null,
        asOf: null,
        ageSeconds: null,
        behind: 1,
        blockedBy: 'not yet told',
        withdrawn: null,
      },
    ]);
    await settle(pair);
    pair.clock.advance(90_500);
    expect(fleet()).toMatchObject([
      { state: 'delivered', blockedBy: 'waits for the customer', behind: 1, ageSeconds: 90 },
    ]);
  });

  test('shows what runs in each environment, and how old that knowledge is', async () => {
    await publish('1.0.0');
    await run('1.0.0', 'succeeded');
    await run('1.0.0', 'succeeded', { environment: 'production' });
    pair.clock.advance(3_600_000);
    const row = { customer: 'contoso', process: 'Orders', release: '1.0.0', state: 'succeeded', behind: 0 };
    expect(fleet()).toMatchObject([
      { ...row, environment: 'production', ageSeconds: 3600, blockedBy: null },
      { ...row, environment: 'uat', ageSeconds: 3660, blockedBy: null },
    ]);
    expect(publicationOf('1.0.0').state).toBe('done');
  });

  test('counts the releases that a place is behind, withdrawn ones left out', async () => {
    for (const number of ['1.0.0', '1.1.0', '1.2.0']) await publish(number);
    await run('1.0.0', 'succeeded');
    expect(fleet()).toMatchObject([
      { release: '1.0.0', behind: 2, blockedBy: '1.2.0 waits for the customer' },
    ]);
    const { digest, withdrawn } = readReleases(pair.vendor.db, '1.2.0')[0]!;
    pair.vendor.record(() => withdrawRelease({ digest, withdrawn }, 'it eats data', [pair.link]));
    expect(fleet()).toMatchObject([{ behind: 1, blockedBy: '1.1.0 waits for the customer' }]);
    await run('1.1.0', 'succeeded');
    expect(fleet()).toMatchObject([{ release: '1.1.0', behind: 0, blockedBy: null }]);
  });

  test('says where a release failed, and that the one before still runs', async () => {
    await publish('1.0.0');
    await run('1.0.0', 'succeeded');
    await publish('1.1.0');
    await run('1.1.0', 'failed');
    expect(fleet()).toMatchObject([
      {
        release: '1.0.0',
        state: 'failed',
        lastAttempt: { release: '1.1.0', state: 'failed' },
        behind: 1,
        blockedBy: '1.1.0 failed: the script ended with exit code 3',
      },
    ]);
    expect(publicationOf('1.1.0')).toMatchObject({
      state: 'failed',
      reason: 'the script ended with exit code 3',
    });
  });

  test('says where it failed, to whom the customer does not tell why', async () => {
    await publish('1.0.0');
    const { customer } = pair;
    const quiet: ReportRules = { when: 'always', trace: true, files: true, errors: false, lines: true };
    runTo(customer, askFor(customer, atCustomer('1.0.0'), 'uat', 'again'), 'failed', quiet);
    await settle(pair);
    expect(fleet()[0]!.blockedBy).toBe('1.0.0 failed at step web, convention 7.5');
  });

  test('says that a place was rolled back, and what keeps it there', async () => {
    await publish('1.0.0');
    await run('1.0.0', 'succeeded');
    await publish('1.1.0');
    await run('1.1.0', 'failed');
    await run('1.0.0', 'succeeded', { reason: 'rollback' });
    const [row] = fleet();
    expect(row).toMatchObject({ release: '1.0.0', state: 'succeeded', behind: 1 });
    expect(row!.blockedBy).toBe('rolled back to 1.0.0; 1.1.0 failed: the script ended with exit code 3');
  });

  test('says that a place has nothing any more, which is not behind with anything', async () => {
    await publish('1.0.0');
    await run('1.0.0', 'succeeded');
    await publish('1.1.0');
    await run('1.0.0', 'failed', { reason: 'uninstall' });
    expect(fleet()).toMatchObject([{ release: '1.0.0', state: 'failed', behind: 1 }]);
    await run('1.0.0', 'succeeded', { reason: 'uninstall' });
    expect(fleet()).toMatchObject([
      {
        release: null,
        state: 'uninstalled',
        behind: 0,
        blockedBy: null,
        lastAttempt: { state: 'uninstalled' },
      },
    ]);
  });

  test.each(['refused', 'postponed'] as const)('says that an offer was %s, and why', async (given) => {
    await publish('1.0.0');
    await run('1.0.0', 'succeeded');
    await publish('1.1.0');
    await answer('1.1.0', given, 'freeze until May');
    expect(fleet()).toMatchObject([{ behind: 1, blockedBy: `1.1.0 ${given}: freeze until May` }]);
  });

  test('says that a person has to decide about an interrupted run', async () => {
    await publish('1.0.0');
    await run('1.0.0', 'interrupted');
    expect(fleet()).toMatchObject([
      {
        release: null,
        environment: 'uat',
        state: 'interrupted',
        blockedBy: '1.0.0 was interrupted; a person decides there',
      },
    ]);
  });

  test.each(['interrupted', 'cancelled', 'failed'] as const)(
    'says of a release whose run was %s just that, in its publication too',
    async (state) => {
      await publish('1.0.0');
      await run('1.0.0', 'succeeded', { environment: 'production' });
      await publish('1.1.0');
      await run('1.1.0', state);
      expect(publicationOf('1.1.0').state).toBe(state);
      const production = fleet().find(({ environment }) => environment === 'production');
      expect(production?.blockedBy).toMatch(new RegExp(`^1\\.1\\.0 ${state}`));
    },
  );

  test('says of a place that it runs what was withdrawn', async () => {
    await publish('1.0.0');
    await run('1.0.0', 'succeeded');
    actions.withdraw(pair, 0);
    expect(fleet()).toMatchObject([{ release: '1.0.0', withdrawn: 'because 0', behind: 0 }]);
  });

  test('tells processes of one customer apart, and one that is silent about one of them', async () => {
    await publish('1.0.0');
    offer(pair.vendor, makeRelease(pair.vendor, '7.0.0', { process: 'Billing' }), [pair.link]);
    await settle(pair);
    await run('1.0.0', 'succeeded');
    expect(fleet().map(({ process, environment, behind }) => [process, environment, behind])).toEqual([
      ['Orders', 'uat', 0],
      ['Billing', null, 1],
    ]);
  });

  test('tells customers apart that run the same release', async () => {
    const release = await publish('1.0.0');
    using fabrikam = await makeInstance(root.path, 'fabrikam', pair.clock);
    const link = pairUp(pair.vendor, fabrikam, pair.between);
    offer(pair.vendor, release, [link]);
    await run('1.0.0', 'succeeded');
    await deliver(pair.vendor, fabrikam, link);
    giveReceipt(fabrikam, link);
    await deliver(fabrikam, pair.vendor, link);
    expect(fleet().map(({ customer, release: number, state }) => [customer, number, state])).toEqual([
      ['contoso', '1.0.0', 'succeeded'],
      ['fabrikam', null, 'delivered'],
    ]);
  });

  test('leaves customers out whose link was removed', async () => {
    await publish('1.0.0');
    await run('1.0.0', 'succeeded');
    pair.vendor.record((db) => removeLink(linkOf(pair.vendor, pair.link, db)));
    expect(fleet()).toEqual([]);
  });
});

test('the age of what a clock ahead of ours wrote is nothing, not less', () => {
  expect(ageOf(noon + 5000, noon)).toBe(0);
  expect(ageOf(noon - 1999, noon)).toBe(1);
});
