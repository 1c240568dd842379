import { createHash } from 'node:crypto';
import { assert as assertLaw, property, shuffledSubarray } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addPackage,
  createRelease,
  importTests,
  judgeRelease,
  publishProcess,
  type ReleaseParts,
} from '../../src/commands/index.ts';
import { readRelease, type PackagePin } from '../../src/events/index.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { dataOf, decided, digest, id } from './decided.ts';

const pin = (wish: Partial<PackagePin> = {}): PackagePin => ({
  id: 'Orders.Web',
  version: '1.0.0',
  sha256: digest('1'),
  contentDigest: digest('2'),
  sizeBytes: 1000,
  ...wish,
});
const signer = { subject: 'CN=Acme', fingerprint: digest('f') };

describe('a process file', () => {
  const local = {
    publishWhen: { deployedTo: ['qa'], testsPassed: true, testTypes: [], verdictOk: false },
    variables: [],
  };
  const asked = { process: 'Orders', digest: digest('a'), sizeBytes: 10, local };

  test('becomes the first revision, then the next', () => {
    expect(publishProcess(undefined, asked).revision).toBe(1);
    const next = publishProcess({ revision: 4, digest: digest('b'), local }, asked);
    expect(next.revision).toBe(5);
    expect(dataOf(next.decision, 'process.published')).toMatchObject({ revision: 5, digest: digest('a') });
  });

  test('that is published already is the revision that is there', () => {
    expect(publishProcess({ revision: 4, digest: digest('a'), local }, asked)).toEqual({
      decision: [],
      revision: 4,
    });
  });

  test('of which only the part that stays at home changed is a new revision of the same digest', () => {
    const before = { ...local, publishWhen: { ...local.publishWhen, verdictOk: true } };
    expect(publishProcess({ revision: 4, digest: digest('a'), local: before }, asked).revision).toBe(5);
  });
});

describe('a package', () => {
  test('is added with who signed it', () => {
    const decision = addPackage([], { pin: pin(), signer, link: null });
    expect(dataOf(decision, 'package.added')).toEqual({ package: pin(), signer, link: null });
  });

  test('that is here already changes nothing', () => {
    expect(addPackage([{ pin: pin() }], { pin: pin(), signer, link: null })).toEqual([]);
  });

  test('countersigned on its way is the same content in another file, and taken', () => {
    const countersigned = pin({ sha256: digest('3') });
    expect(decided(addPackage([{ pin: pin() }], { pin: countersigned, signer, link: null }))).toEqual([
      'self package.added',
    ]);
  });

  test('of the same id and version with other content is refused, and both digests named', () => {
    const other = pin({ sha256: digest('3'), contentDigest: digest('4') });
    const error = refusal(() => addPackage([{ pin: pin() }], { pin: other, signer, link: id('a') }));
    expect(codeOf(error)).toBe('PACKAGE_CONTENT_DIFFERS verification');
    expect(error.details).toEqual({ known: digest('2'), offered: digest('4') });
  });
});

describe('a release', () => {
  const parts = (wish: Partial<ReleaseParts> = {}): ReleaseParts => ({
    process: 'Orders',
    number: '1.0.0',
    revision: { number: 1, digest: digest('a'), sizeBytes: 100 },
    packages: [pin()],
    needed: ['orders.web'],
    notes: null,
    inputs: [],
    createdAt: '2026-03-01T12:00:00.000Z',
    ...wish,
  });

  test('is frozen under the digest of its document', () => {
    const { decision, digest: named, document } = createRelease(undefined, parts());
    const data = dataOf(decision, 'release.created');
    expect(data['digest']).toBe(named);
    expect(
      createHash('sha256')
        .update(data['document'] as Uint8Array)
        .digest('hex'),
    ).toBe(named);
    expect(readRelease(data['document'] as Uint8Array, named)).toEqual(document);
  });

  test('of the same parts again is the release that is there, although the clock went on', () => {
    const first = createRelease(undefined, parts());
    const again = createRelease(first, parts({ createdAt: '2027-01-01T00:00:00.000Z' }));
    expect(again).toEqual({ decision: [], digest: first.digest, document: first.document });
  });

  test.each([
    ['another package', { packages: [pin({ version: '1.0.1', sha256: digest('5') })] }],
    ['another revision', { revision: { number: 2, digest: digest('b'), sizeBytes: 100 } }],
    ['other notes', { notes: { digest: digest('c'), sizeBytes: 1 } }],
  ])('under a number that is taken is refused: %s', (_what, wish) => {
    const first = createRelease(undefined, parts());
    const error = refusal(() => createRelease(first, parts(wish)));
    expect(codeOf(error)).toBe('RELEASE_EXISTS refused');
    expect(error.details['known']).toBe(first.digest);
    expect(error.details['asked']).not.toBe(first.digest);
  });

  test('without a version for each package of its steps is refused, and all of them named', () => {
    const needed = ['Orders.Web', 'Orders.Jobs', 'Orders.Database'];
    const error = refusal(() => createRelease(undefined, parts({ needed })));
    expect(codeOf(error)).toBe('PACKAGE_NOT_NAMED misused');
    expect(error.details).toEqual({ missing: ['Orders.Jobs', 'Orders.Database'] });
    expect(error.hint).toContain('--package Orders.Jobs@VERSION --package Orders.Database@VERSION');
  });

  test('with a package that no step deploys is refused', () => {
    const packages = [pin(), pin({ id: 'Orders.Extra', sha256: digest('6') })];
    const error = refusal(() => createRelease(undefined, parts({ packages })));
    expect(codeOf(error)).toBe('PACKAGE_NOT_NAMED misused');
    expect(error.message).toContain('Orders.Extra');
  });

  test('whose document would not fit an entry is refused', () => {
    const help = 'Please read this first. '.repeat(10_000);
    const input = { name: 'A', label: null, help, type: 'text', choices: [], default: null };
    const error = refusal(() =>
      createRelease(undefined, parts({ inputs: [{ ...input, required: true, secret: false }] })),
    );
    expect(codeOf(error)).toBe('RELEASE_TOO_LARGE misused');
  });

  test('has the same digest in whatever order its packages were named', () => {
    const packages = ['A', 'B', 'C', 'D'].map((name, at) => pin({ id: name, sha256: digest(`${at}`) }));
    const needed = packages.map((one) => one.id);
    const expected = createRelease(undefined, parts({ packages, needed })).digest;
    const anyOrder = shuffledSubarray(packages, { minLength: packages.length });
    assertLaw(
      property(anyOrder, (order) => {
        expect(createRelease(undefined, parts({ packages: order, needed })).digest).toBe(expected);
      }),
    );
  });
});

describe('what is said of a release', () => {
  const results = {
    digest: digest('a'),
    file: 'junit.xml',
    sha256: digest('b'),
    sizeBytes: 10,
    format: 'junit',
    passed: 3,
    failed: 0,
    skipped: 1,
    type: null,
  };

  test('test results are imported once', () => {
    expect(dataOf(importTests(results, new Set()), 'tests.imported')).toEqual(results);
    expect(importTests(results, new Set([digest('b')]))).toEqual([]);
    expect(importTests(results, new Set([digest('c')]))).toHaveLength(1);
  });

  test('a verdict is kept; the same one again changes nothing', () => {
    const word = { digest: digest('a'), ok: true, note: 'Tried by hand' };
    expect(dataOf(judgeRelease(null, word), 'release.judged')).toEqual(word);
    expect(judgeRelease(word, word)).toEqual([]);
  });

  test('a person may think again, or say more', () => {
    const before = { ok: true, note: null };
    expect(judgeRelease(before, { digest: digest('a'), ok: false, note: null })).toHaveLength(1);
    expect(judgeRelease(before, { digest: digest('a'), ok: true, note: 'and fast' })).toHaveLength(1);
  });
});
