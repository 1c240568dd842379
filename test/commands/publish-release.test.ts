import {
  array,
  assert as assertLaw,
  boolean,
  constantFrom,
  nat,
  option,
  property,
  record,
  subarray,
} from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  closedBecause,
  giveValue,
  howToOpen,
  publishRelease,
  withdrawRelease,
  type Gate,
  type Receiver,
  type Standing,
} from '../../src/commands/index.ts';
import { encodeBody, entryBytesMax } from '../../src/events/index.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { dataOf, decided, digest, id } from './decided.ts';

const open: Gate = { deployedTo: [], testsPassed: false, testTypes: [], verdictOk: false };
const strict: Gate = { deployedTo: ['integration', 'qa'], testsPassed: true, testTypes: [], verdictOk: true };
const standing = (wish: Partial<Standing> = {}): Standing => ({
  process: 'Orders',
  number: '1.0.0',
  digest: digest('a'),
  document: new Uint8Array([1]),
  withdrawn: null,
  deployedTo: ['integration', 'qa'],
  tests: { passed: 3, failed: 0 },
  evidence: [{ type: 'integration', passed: 3, failed: 0 }],
  verdict: { ok: true, by: 'quinn', note: null },
  ...wish,
});
const receiver = (wish: Partial<Receiver> = {}): Receiver => ({
  link: id('c'),
  name: 'contoso',
  state: 'confirmed',
  has: false,
  ...wish,
});
const contoso = receiver();
const fabrikam = receiver({ link: id('f'), name: 'fabrikam' });

describe('publishing', () => {
  test('is one decision at home and one offer for each receiver, complete in itself', () => {
    const decision = publishRelease(strict, standing(), [contoso, fabrikam]);
    expect(decided(decision)).toEqual([
      'self release.published',
      `${id('c')} release.offered`,
      `${id('f')} release.offered`,
    ]);
    expect(dataOf(decision, 'release.published')).toEqual({ digest: digest('a'), links: [id('c'), id('f')] });
    expect(decision[1]!.event.data).toEqual({
      digest: digest('a'),
      document: new Uint8Array([1]),
    });
  });

  test('tells each receiver how long it took here, where that is known', () => {
    const steps = Array.from({ length: 501 }, (_, n) => ({ id: `step-${n}`, ms: n }));
    const timing = { ms: 4200, runs: 3, steps };
    const decision = publishRelease(strict, standing(), [contoso, fabrikam], [], timing);
    expect(decided(decision)).toEqual([
      'self release.published',
      `${id('c')} release.offered`,
      `${id('c')} release.timed`,
      `${id('f')} release.offered`,
      `${id('f')} release.timed`,
    ]);
    const data = dataOf(publishRelease(strict, standing(), [contoso], [], timing), 'release.timed');
    expect(data).toEqual({ digest: digest('a'), ms: 4200, runs: 3, steps: steps.slice(0, 500) });
    expect(encodeBody(data).length).toBeLessThan(entryBytesMax);
    const known = publishRelease(strict, standing(), [{ ...contoso, has: true }], [], timing);
    expect(known).toEqual([]);
  });

  test('to more links than one entry can name is decided in several that fit the log', () => {
    const everybody = Array.from({ length: 12_000 }, (_one, n) =>
      receiver({ link: n.toString(16).padStart(32, '0'), name: `customer ${n}` }),
    );
    const decisions = publishRelease(open, standing(), everybody)
      .map(({ event }) => event)
      .filter((event) => event.name === 'release.published');
    expect(decisions.flatMap(({ data }) => data.links)).toEqual(everybody.map(({ link }) => link));
    for (const { data } of decisions) expect(encodeBody(data).byteLength).toBeLessThan(entryBytesMax * 0.8);
  });

  test('again offers it only to those that lack it', () => {
    const decision = publishRelease(strict, standing(), [{ ...contoso, has: true }, fabrikam]);
    expect(decided(decision)).toEqual(['self release.published', `${id('f')} release.offered`]);
    expect(publishRelease(strict, standing(), [{ ...contoso, has: true }])).toEqual([]);
  });

  test('to a link that nobody has answered is what an open bundle is for', () => {
    const decision = publishRelease(open, standing(), [{ ...fabrikam, state: 'invited' }]);
    expect(decided(decision)).toEqual(['self release.published', `${id('f')} release.offered`]);
  });

  test.each([
    ['pending', 'nobody has compared the words of fabrikam yet'],
    ['removed', 'the link to fabrikam is removed'],
  ])('to a link that is %s is refused, for all of them', (state, why) => {
    const error = refusal(() => publishRelease(open, standing(), [contoso, { ...fabrikam, state }]));
    expect(codeOf(error)).toBe('LINK_NOT_CONFIRMED refused');
    expect(error.message).toContain(why);
  });

  test('a closed gate names the commands that open it, in the order in which they help', () => {
    const hint = (wish: Partial<Standing>): string => howToOpen(strict, standing(wish));
    expect(hint({ verdict: null })).toBe('`crossgap release verdict Orders/1.0.0 --ok`.');
    expect(hint({ deployedTo: ['integration'], tests: null })).toBe(
      '`crossgap deploy Orders/1.0.0 --env qa --wait`, then `crossgap tests import Orders/1.0.0 FILE`.',
    );
    expect(hint({ tests: { passed: 1, failed: 1 } })).toBe('See `crossgap release show Orders/1.0.0`.');
  });

  test('a withdrawn release is refused, also through an open gate', () => {
    const error = refusal(() => publishRelease(open, standing({ withdrawn: 'it eats data' }), [contoso]));
    expect(codeOf(error)).toBe('RELEASE_WITHDRAWN refused');
    expect(error.message).toContain('it eats data');
  });
});

describe('the gate', () => {
  test.each<[string, Partial<Standing>, string[]]>([
    ['all is well', {}, []],
    [
      'it was not deployed to one of them',
      { deployedTo: ['integration'] },
      ['it was not deployed to qa with success'],
    ],
    ['no results were imported', { tests: null }, ['no test results were imported']],
    ['a test failed', { tests: { passed: 9, failed: 2 } }, ['2 tests failed']],
    ['no test ran at all', { tests: { passed: 0, failed: 0 } }, ['no test passed']],
    ['there is no verdict', { verdict: null }, ['nobody has given a verdict yet']],
    [
      'the verdict is bad',
      { verdict: { ok: false, by: 'quinn', note: 'slow' } },
      ['the verdict of quinn is: not ok ("slow")'],
    ],
    [
      'the verdict is bad for a long story',
      { verdict: { ok: false, by: 'quinn', note: `slow\nand ${'x'.repeat(500)}` } },
      [`the verdict of quinn is: not ok ("slow and ${'x'.repeat(190)}…")`],
    ],
    [
      'the verdict is bad and nobody said why',
      { verdict: { ok: false, by: 'quinn', note: null } },
      ['the verdict of quinn is: not ok'],
    ],
  ])('that asks for everything, where %s', (_case, wish, reasons) => {
    expect(closedBecause(strict, standing(wish))).toEqual(reasons);
  });

  test('that is closed names every reason at once', () => {
    const nothing = standing({ deployedTo: [], tests: null, verdict: null });
    const error = refusal(() => publishRelease(strict, nothing, [contoso]));
    expect(codeOf(error)).toBe('GATE_CLOSED refused');
    expect(error.details['reasons']).toHaveLength(4);
  });

  test('that asks for nothing is open for a release of which nothing is known', () => {
    expect(closedBecause(open, standing({ deployedTo: [], tests: null, verdict: null }))).toEqual([]);
  });

  test('that does not ask for tests lets failed ones through', () => {
    expect(closedBecause(open, standing({ tests: { passed: 0, failed: 5 } }))).toEqual([]);
  });

  test('that does not ask for a verdict is still closed by a bad one', () => {
    const error = refusal(() =>
      publishRelease(open, standing({ verdict: { ok: false, by: 'quinn', note: null } }), [contoso]),
    );
    expect(codeOf(error)).toBe('GATE_CLOSED refused');
  });

  test('needs tests of each type it names, found in any case, and tells how to bring them', () => {
    const gate: Gate = { ...open, testTypes: ['integration', 'smoke'] };
    const evidence = [
      { type: null, passed: 9, failed: 0 },
      { type: 'Integration', passed: 3, failed: 0 },
    ];
    expect(closedBecause(gate, standing({ evidence }))).toEqual(['no smoke test results were imported']);
    expect(howToOpen(gate, standing({ evidence }))).toContain(
      'crossgap tests import Orders/1.0.0 --type smoke FILE',
    );
    const smoke = (passed: number, failed: number) => [...evidence, { type: 'smoke', passed, failed }];
    expect(closedBecause(gate, standing({ evidence: smoke(2, 1) }))).toEqual(['1 smoke tests failed']);
    expect(closedBecause(gate, standing({ evidence: smoke(0, 0) }))).toEqual(['no smoke test passed']);
    expect(closedBecause(gate, standing({ evidence: smoke(1, 0) }))).toEqual([]);
  });

  test('asking for less never closes it, and knowing more good never does either', () => {
    const gates = record({
      deployedTo: subarray(['a', 'b', 'c']),
      testsPassed: boolean(),
      testTypes: subarray(['integration', 'smoke']),
      verdictOk: boolean(),
    });
    const known = record({
      deployedTo: subarray(['a', 'b', 'c']),
      tests: option(record({ passed: nat(3), failed: nat(3) })),
      evidence: array(
        record({ type: option(constantFrom('integration', 'Smoke')), passed: nat(2), failed: nat(2) }),
        { maxLength: 3 },
      ),
      verdict: option(boolean()),
    });
    assertLaw(
      property(gates, known, (gate, { verdict, ...rest }) => {
        const wish = { ...rest, verdict: verdict === null ? null : { ok: verdict, by: 'quinn', note: null } };
        const closed = closedBecause(gate, standing(wish)).length;
        expect(closedBecause(open, standing(wish)).length).toBeLessThanOrEqual(closed);
        const better = standing({
          ...wish,
          deployedTo: ['a', 'b', 'c'],
          tests: { passed: 1, failed: 0 },
          evidence: ['integration', 'smoke'].map((type) => ({ type, passed: 1, failed: 0 })),
        });
        expect(closedBecause(gate, better).length).toBeLessThanOrEqual(closed);
      }),
    );
  });
});

describe('withdrawing', () => {
  test('is told to all who have the release', () => {
    const decision = withdrawRelease({ digest: digest('a'), withdrawn: null }, 'it eats data', [
      id('c'),
      id('f'),
    ]);
    expect(decided(decision)).toEqual([
      'self release.withdrawn',
      `${id('c')} release.withdrawn`,
      `${id('f')} release.withdrawn`,
    ]);
  });

  test('happens once, with the first reason', () => {
    expect(withdrawRelease({ digest: digest('a'), withdrawn: 'it eats data' }, 'again', [id('c')])).toEqual(
      [],
    );
  });
});

describe('a value for one receiver', () => {
  const given = { link: id('c'), name: 'Api.Key', value: 'k-1' };

  test('is told to that one alone', () => {
    expect(decided(giveValue([], given))).toEqual([`${id('c')} value.given`]);
  });

  test('that it has already changes nothing; another one does', () => {
    expect(giveValue([given], given)).toEqual([]);
    expect(giveValue([given], { ...given, value: 'k-2' })).toHaveLength(1);
  });
});
