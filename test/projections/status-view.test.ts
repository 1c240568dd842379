import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  addEnvironment,
  answerOffer,
  giveUpBlobs,
  giveValue,
  refuseBlob,
  removeLink,
  setInput,
  takePackage,
  withdrawRelease,
} from '../../src/commands/index.ts';
import type { PackagePin, ReleaseInput } from '../../src/events/index.ts';
import { deployable, findRelease, type Instance } from '../../src/instance/index.ts';
import {
  missingInputs,
  readDeployments,
  readEnvironments,
  readGivenValues,
  readInputs,
  readPeerInputs,
  readReleases,
  sourceOf,
  statusView,
  type ReleaseRow,
} from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import {
  confirmLink,
  deliver,
  linkOf,
  makeInstance,
  makePair,
  makeRelease,
  offer,
  pair as pairUp,
  settle,
  type Pair,
} from '../support/instances.ts';
import { askFor, runTo } from './actions.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
beforeEach(async () => {
  root = memoryFolder();
  pair = await makePair(root.path, { confirmed: false });
});
afterEach(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

type AllFacts = Parameters<typeof statusView>[1];
const facts = (instance: Instance, wish: Partial<AllFacts> = {}): AllFacts => ({
  instance: {
    name: instance.identity.name,
    instanceId: instance.identity.instanceId,
    certificate: 'CN=x',
    fingerprint: instance.identity.words,
    version: '0',
    startedAt: null,
  },
  now: instance.clock.now(),
  warnings: [],
  feeds: [],
  entries: 0,
  outbound: [],
  holds: () => true,
  peerHead: () => undefined,
  live: undefined,
  lastBundle: () => undefined,
  wordsOf: () => 'six words to compare by phone',
  notes: () => null,
  deploymentsMax: 10,
  ...wish,
});
const view = (instance: Instance, wish: Partial<AllFacts> = {}) =>
  statusView(instance.db, facts(instance, wish));
const offers = (wish: Partial<AllFacts> = {}) => view(pair.customer, wish).offers;
const offered = (number: string, link = pair.link): ReleaseRow =>
  readReleases(pair.customer.db, number).find((row) => row.link === link)!;
const addPlaces = (...names: string[]): void => {
  for (const name of names)
    pair.customer.record((db) => addEnvironment(readEnvironments(db), { name, after: [], tags: [] }));
};
const admit = (pin: PackagePin, link = pair.link): void => {
  const signer = { subject: 'CN=acme', fingerprint: 'f'.repeat(64) };
  pair.customer.record(() => takePackage(false, { pin, signer, link }));
};

async function publish(number: string, inputs: { name: string; secret?: boolean; default?: string }[] = []) {
  const { vendor, customer, link, clock } = pair;
  clock.advance(1000);
  const release = makeRelease(vendor, number, { inputs });
  offer(vendor, release, [link]);
  await deliver(vendor, customer, link);
  return release;
}

test('an instance where nothing happened yet has everything empty', async () => {
  using alone = await makeInstance(root.path, 'alone', pair.clock);
  const { instance, now, ...rest } = view(alone);
  expect(instance.name).toBe('alone');
  expect(now).toBe('2026-03-02T12:00:00.000Z');
  expect(rest).toEqual({
    warnings: [],
    links: [],
    fleet: [],
    releases: [],
    offers: [],
    missingInputs: [],
    environments: [],
    deployments: [],
    packages: [],
    outbound: [],
    log: { entries: 0, feeds: [] },
  });
});

describe('J1.12: an offer', () => {
  test('of a link that is not confirmed yet is shown, and blocked', async () => {
    await publish('1.0.0');
    expect(offers()).toMatchObject([{ link: 'acme', release: '1.0.0', state: 'blocked' }]);
    expect(offers()[0]!.reason).toContain('the link is pending');
    confirmLink(pair.customer, pair.link, pair.vendor);
    expect(offers()).toMatchObject([{ state: 'offered', reason: null }]);
  });

  describe('of a confirmed link', () => {
    beforeEach(() => confirmLink(pair.customer, pair.link, pair.vendor));

    test('tells of a package that was given up that it is removed, and not on its way', async () => {
      await publish('1.0.0');
      const { sha256: digest } = offered('1.0.0').document.packages[0]!;
      const gone = { digest, sizeBytes: 1000, what: 'Orders.Web 1.0.0', why: 'its release was refused' };
      pair.customer.record(() => giveUpBlobs([{ ...gone, held: true }]));
      expect(offers({ holds: () => false })[0]!.packages).toMatchObject([{ held: false, removed: true }]);
    });

    test('says what it consists of, what is here of it, and what it asks for', async () => {
      await publish('1.0.0', [
        { name: 'Db.Password', secret: true },
        { name: 'Port', default: '80' },
      ]);
      const lacking = offers({ holds: () => false, notes: () => 'What is new' })[0]!;
      expect(lacking).toMatchObject({
        process: 'Orders',
        release: '1.0.0',
        state: 'offered',
        packages: [{ id: 'Orders.Web', version: '1.0.0', sizeBytes: 1000, held: false }],
        inputs: [
          { name: 'Db.Password', secret: true, required: true },
          { name: 'Port', secret: false, required: true },
        ],
        notes: 'What is new',
      });
      // Bytes alone are not enough: the package has to be found good.
      expect(offers()[0]!.packages[0]!.held).toBe(false);
      admit(offered('1.0.0').document.packages[0]!);
      expect(offers()[0]!.packages[0]!.held).toBe(true);
    });

    test.each(['accepted', 'refused', 'postponed'] as const)(
      'is shown as it was answered: %s',
      async (answer) => {
        await publish('1.0.0');
        const until = answer === 'postponed' ? '2026-05-01' : null;
        pair.customer.record(() => answerOffer(offered('1.0.0'), { answer, reason: 'freeze', until }));
        expect(offers()).toMatchObject([{ state: answer, reason: 'freeze', until }]);
      },
    );

    test('that was withdrawn is shown as that, whatever was answered before', async () => {
      const { digest } = await publish('1.0.0');
      pair.customer.record(() =>
        answerOffer(offered('1.0.0'), { answer: 'accepted', reason: null, until: null }),
      );
      pair.vendor.record(() => withdrawRelease({ digest, withdrawn: null }, 'it eats data', [pair.link]));
      await settle(pair);
      expect(offers()).toMatchObject([{ state: 'withdrawn', reason: 'it eats data' }]);
    });

    test('of which a part was refused is blocked, and the part named', async () => {
      await publish('1.0.0');
      const { sha256 } = offered('1.0.0').document.packages[0]!;
      const why = { parts: ['lib/web.dll'], problems: ['its bytes are not those that were announced'] };
      pair.customer.record(() =>
        refuseBlob({ link: pair.link, digest: sha256, what: 'x', attempt: 1, final: false, ...why }),
      );
      const [blocked] = offers({ holds: (digest) => digest !== sha256 });
      expect(blocked).toMatchObject({ state: 'blocked' });
      expect(blocked!.reason).toBe(
        'Orders.Web 1.0.0: lib/web.dll was changed on the way; it has been asked for again',
      );
      // The good bytes came later.
      admit(offered('1.0.0').document.packages[0]!);
      expect(offers()).toMatchObject([{ state: 'offered' }]);
    });

    test('is not complete by a package that another link brought', async () => {
      const { customer, clock, between } = pair;
      using fabrikam = await makeInstance(root.path, 'fabrikam', clock);
      const second = pairUp(fabrikam, customer, between);
      await publish('1.0.0');
      offer(fabrikam, makeRelease(fabrikam, '1.0.0'), [second]);
      await deliver(fabrikam, customer, second);
      const [pin] = offered('1.0.0').document.packages;
      expect(offered('1.0.0', second).document.packages[0]).toEqual(pin);
      admit(pin!);
      const held = (link: string): boolean => offers().find((one) => one.link === link)!.packages[0]!.held;
      expect([held('acme'), held('fabrikam')]).toEqual([true, false]);
      const lacking = (link: string): readonly string[] =>
        deployable(customer.db, offered('1.0.0', link), 'uat', () => true).lacking;
      expect(lacking(pair.link)).toEqual([]);
      expect(lacking(second)).toEqual(['Orders.Web 1.0.0']);
    });

    test('is as old as the word of it, which may be younger than the release', async () => {
      const { vendor, customer, link, clock } = pair;
      const release = makeRelease(vendor, '1.0.0');
      clock.advance(3600_000);
      offer(vendor, release, [link]);
      await deliver(vendor, customer, link);
      expect(offers()[0]!.offeredAt).toBe(new Date(clock.now()).toISOString());
    });

    test('of a link that was removed is none any more, and stands in the way of none', async () => {
      const { customer, vendor, link, between } = pair;
      await publish('1.0.0');
      customer.record((db) => removeLink(linkOf(customer, link, db)));
      vendor.record((db) => removeLink(linkOf(vendor, link, db)));
      expect(offers()).toEqual([]);
      const second = pairUp(vendor, customer, between);
      const again = readReleases(vendor.db, '1.0.0')[0]!;
      offer(vendor, again, [second]);
      await deliver(vendor, customer, second);
      expect(offers()).toMatchObject([{ link: 'acme', release: '1.0.0' }]);
      expect(findRelease(customer.db, '1.0.0').link).toBe(second);
      expect(view(customer).links.map(({ link: id, state }) => [id, state])).toEqual([
        [second, 'confirmed'],
        [link, 'removed'],
      ]);
      expect(view(vendor).releases[0]!.publishedTo.map(({ customer: name }) => name)).toEqual(['contoso']);
    });

    test('is listed newest first', async () => {
      await publish('1.0.0');
      await publish('1.1.0');
      expect(offers().map(({ release }) => release)).toEqual(['1.1.0', '1.0.0']);
    });
  });
});

describe('missing inputs', () => {
  const missing = (): string[] =>
    view(pair.customer).missingInputs.map((row) => `${row.release} ${row.environment} ${row.name}`);
  const set = (name: string, environment: string | null): void => {
    const intent = { name, environment, secret: true, value: null };
    pair.customer.record(() => setInput(undefined, intent, [pair.link]).decision);
  };
  beforeEach(() => {
    confirmLink(pair.customer, pair.link, pair.vendor);
    addPlaces('uat', 'production');
  });

  test('are named for each environment until they are set there, or everywhere', async () => {
    await publish('1.0.0', [
      { name: 'Db.Password', secret: true },
      { name: 'Port', default: '80' },
    ]);
    expect(missing()).toEqual(['1.0.0 uat Db.Password', '1.0.0 production Db.Password']);
    set('Db.Password', 'uat');
    expect(missing()).toEqual(['1.0.0 production Db.Password']);
    set('db.password', null);
    expect(missing()).toEqual([]);
  });

  test('are those of the newest release of a process', async () => {
    await publish('1.0.0', [{ name: 'Old' }]);
    await publish('1.1.0', [{ name: 'New' }]);
    expect(missing()).toEqual(['1.1.0 uat New', '1.1.0 production New']);
  });

  test('are not asked for by what can not be deployed any more', async () => {
    await publish('1.0.0', [{ name: 'Old' }]);
    await publish('1.1.0', [{ name: 'New' }]);
    pair.customer.record(() =>
      answerOffer(offered('1.1.0'), { answer: 'refused', reason: null, until: null }),
    );
    expect(missing()).toEqual(['1.0.0 uat Old', '1.0.0 production Old']);
    const { digest } = readReleases(pair.vendor.db, '1.0.0')[0]!;
    pair.vendor.record(() => withdrawRelease({ digest, withdrawn: null }, 'bad', [pair.link]));
    await settle(pair);
    expect(missing()).toEqual([]);
  });

  test('are not asked for by a link that was removed', async () => {
    await publish('1.0.0', [{ name: 'Port' }]);
    expect(missing()).toHaveLength(2);
    pair.customer.record((db) => removeLink(linkOf(pair.customer, pair.link, db)));
    expect(missing()).toEqual([]);
  });

  test('may be given by the author, for this receiver alone', async () => {
    await publish('1.0.0', [{ name: 'Api.Key' }]);
    pair.vendor.record(() => giveValue([], { link: pair.link, name: 'api.key', value: 'k-1' }));
    await settle(pair);
    expect(missing()).toEqual([]);
    expect(readGivenValues(pair.customer.db, pair.link, false)).toEqual([{ name: 'api.key', value: 'k-1' }]);
    expect(readGivenValues(pair.vendor.db, pair.link, true)).toEqual([{ name: 'api.key', value: 'k-1' }]);
  });

  test('that are set here are known to be set there, without their values', async () => {
    await publish('1.0.0', [{ name: 'Db.Password', secret: true }]);
    set('Db.Password', 'uat');
    await settle(pair);
    expect(readPeerInputs(pair.vendor.db)).toMatchObject([
      { link: pair.link, name: 'Db.Password', environment: 'uat', state: 'set' },
    ]);
    expect(readInputs(pair.vendor.db)).toEqual([]);
  });
});

describe('where a value comes from', () => {
  const input: ReleaseInput = {
    name: 'Port',
    label: null,
    help: null,
    type: 'port',
    choices: [],
    default: '80',
    required: true,
    secret: false,
  };
  const row = (environment: string | null, value: string) => ({
    name: 'port',
    environment,
    version: 1,
    secret: false,
    value,
    setAt: 0,
    actor: 'olivia',
  });
  const given = [{ name: 'PORT', value: '82' }];
  const everywhere = row(null, '83');
  const here = row('uat', '84');

  test.each([
    ['the default, where nobody said anything', { inputs: [], given: [] }, { from: 'default', value: '80' }],
    ['the author', { inputs: [row('production', '85')], given }, { from: 'given', value: '82' }],
    ['this side, for everywhere', { inputs: [everywhere], given }, { from: 'set', input: everywhere }],
    ['this side, for that environment', { inputs: [everywhere, here], given }, { from: 'set', input: here }],
  ])('is %s', (_case, known, source) => {
    expect(sourceOf(input, 'uat', known)).toEqual(source);
  });

  test('is nowhere for an input without a default; where it is not required that does not matter', () => {
    const bare = { ...input, default: null };
    const nothing = { inputs: [], given: [] };
    expect(sourceOf(bare, 'uat', nothing)).toEqual({ from: 'nowhere' });
    const document = makeRelease(pair.vendor, '9.0.0').document;
    const inputs = [bare, { ...bare, name: 'Other', required: false }];
    expect(missingInputs({ ...document, inputs }, 'uat', nothing).map(({ name }) => name)).toEqual(['Port']);
  });
});

describe('deployments and what runs', () => {
  beforeEach(async () => {
    confirmLink(pair.customer, pair.link, pair.vendor);
    addPlaces('uat', 'production');
    await publish('1.0.0');
  });

  test('are shown with their trace, newest first and only as many as asked for', () => {
    const { customer } = pair;
    const first = askFor(customer, offered('1.0.0'), 'uat');
    runTo(customer, first, 'failed');
    const second = askFor(customer, offered('1.0.0'), 'uat');
    const { deployments } = view(customer);
    expect(deployments.map(({ id, state, link }) => [id, state, link])).toEqual([
      [second, 'waiting', 'acme'],
      [first, 'failed', 'acme'],
    ]);
    expect(deployments[1]).toMatchObject({
      failedAt: { step: 1, stepId: 'web', convention: 7.5 },
      error: 'the script ended with exit code 3',
      steps: [{ id: 'web', conventions: [{ number: 1, files: ['a.json'] }], outputs: { Port: '80' } }],
    });
    expect(view(customer, { deploymentsMax: 1 }).deployments).toHaveLength(1);
  });

  test('an environment runs the last release that succeeded there, whatever was tried since', async () => {
    const { customer } = pair;
    runTo(customer, askFor(customer, offered('1.0.0'), 'uat'), 'succeeded');
    await publish('1.1.0');
    runTo(customer, askFor(customer, offered('1.1.0'), 'uat'), 'failed');
    expect(view(customer).environments).toMatchObject([
      {
        name: 'uat',
        runs: [{ link: 'acme', process: 'Orders', release: '1.0.0', withdrawn: null }],
        attempts: [{ link: 'acme', process: 'Orders', release: '1.1.0', state: 'failed' }],
      },
      { name: 'production', runs: [], attempts: [] },
    ]);
  });

  test('a release of this side says how its newest run in each environment went', () => {
    const { vendor } = pair;
    vendor.record((db) => addEnvironment(readEnvironments(db), { name: 'qa', after: [], tags: [] }));
    const own = readReleases(vendor.db, '1.0.0')[0]!;
    const runs = () =>
      view(vendor).releases[0]!.lastRuns.map(({ environment, state }) => [environment, state]);
    expect(runs()).toEqual([]);
    runTo(vendor, askFor(vendor, own, 'qa'), 'failed');
    expect(runs()).toEqual([['qa', 'failed']]);
    runTo(vendor, askFor(vendor, own, 'qa'), 'succeeded');
    expect(runs()).toEqual([['qa', 'succeeded']]);
  });

  test('what runs and was withdrawn is warned of', async () => {
    const { customer, vendor, link } = pair;
    runTo(customer, askFor(customer, offered('1.0.0'), 'uat'), 'succeeded');
    const { digest } = readReleases(vendor.db, '1.0.0')[0]!;
    vendor.record(() => withdrawRelease({ digest, withdrawn: null }, 'it eats data', [link]));
    await settle(pair);
    const { warnings, environments, deployments } = view(customer);
    expect(warnings).toMatchObject([{ code: 'RUNS_WITHDRAWN' }]);
    expect(warnings[0]!.message).toContain('uat runs Orders 1.0.0');
    expect(environments[0]!.runs).toMatchObject([{ withdrawn: 'it eats data' }]);
    expect(deployments[0]!.warning).toContain('it eats data');
  });

  test('an interrupted run that is resumed goes on as the same run', () => {
    const { customer } = pair;
    const id = askFor(customer, offered('1.0.0'), 'uat');
    runTo(customer, id, 'interrupted');
    expect(readDeployments(customer.db)[0]).toMatchObject({ state: 'interrupted', endedAt: null });
    pair.clock.advance(5000);
    runTo(customer, id, 'succeeded');
    const [row] = readDeployments(customer.db);
    expect(row).toMatchObject({ deployment: id, state: 'succeeded', failedAt: null, error: null });
  });
});

describe('a release of this side', () => {
  test('is shown with what became of it at each customer', async () => {
    confirmLink(pair.customer, pair.link, pair.vendor);
    await publish('1.0.0');
    const publishedTo = () => view(pair.vendor).releases[0]!.publishedTo;
    expect(publishedTo()).toMatchObject([{ customer: 'contoso', state: 'queued' }]);
    await settle(pair);
    expect(publishedTo()).toMatchObject([{ state: 'delivered' }]);
    pair.customer.record(() =>
      answerOffer(offered('1.0.0'), { answer: 'accepted', reason: null, until: null }),
    );
    await settle(pair);
    expect(publishedTo()).toMatchObject([{ state: 'accepted' }]);
    addPlaces('uat');
    const id = askFor(pair.customer, offered('1.0.0'), 'uat');
    runTo(pair.customer, id, 'running');
    await settle(pair);
    expect(publishedTo()).toMatchObject([{ state: 'deploying' }]);
    runTo(pair.customer, id, 'succeeded');
    await settle(pair);
    expect(publishedTo()).toMatchObject([{ state: 'done' }]);
  });

  test('is counted as not confirmed until a receipt says that it is held', async () => {
    await publish('1.0.0');
    const unconfirmed = (): number => view(pair.vendor).links[0]!.unconfirmedEntries;
    expect(unconfirmed()).toBe(2);
    await settle(pair);
    expect(unconfirmed()).toBe(0);
  });
});
