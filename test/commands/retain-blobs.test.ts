import { describe, expect, test } from 'vitest';
import {
  giveUpBlobs,
  superfluousBlobs,
  type BlobFacts,
  type NamingRelease,
} from '../../src/commands/index.ts';
import type { PackagePin } from '../../src/events/index.ts';
import { dataOf, decided, digest } from './decided.ts';

const link = 'a'.repeat(32);
const pin = (file: string, content = file, version = '1.0.0'): PackagePin => ({
  id: 'Orders.Web',
  version,
  sha256: digest(file),
  contentDigest: digest(content),
  sizeBytes: 10,
});

function release(
  of: string,
  packages: readonly PackagePin[],
  wish: Partial<NamingRelease> = {},
): NamingRelease {
  return {
    link: of,
    document: {
      format: 1,
      process: 'Orders',
      number: '1.0.0',
      revision: { number: 1, digest: digest('9'), sizeBytes: 5 },
      packages: [...packages],
      notes: null,
      inputs: [],
      createdAt: '2026-01-01T00:00:00.000Z',
    },
    closed: null,
    needed: null,
    ...wish,
  };
}

const facts = (wish: Partial<BlobFacts>): BlobFacts => ({
  releases: [],
  files: [],
  wanted: [],
  lists: [],
  owed: new Set(),
  planned: new Set(),
  documents: new Set(),
  holds: () => true,
  unreleased: false,
  ...wish,
});

const goes = (wish: Partial<BlobFacts>): [string, string][] =>
  superfluousBlobs(facts(wish)).superfluous.map((blob) => [blob.digest, blob.why]);
const stays = (wish: Partial<BlobFacts>): [string, string][] =>
  superfluousBlobs(facts(wish)).kept.map((blob) => [blob.digest, blob.why]);

const withdrawn = { closed: 'its release was withdrawn' };
const files = [{ link, pin: pin('1') }];

describe('a package that came over a link', () => {
  test('stays while a release that can be deployed names it', () => {
    const releases = [release(link, [pin('1')], withdrawn), release(link, [pin('1')])];
    expect(goes({ releases, files })).toEqual([]);
    expect(stays({ releases, files })).toEqual([[digest('1'), 'a release that can be deployed names it']]);
  });

  test('goes with the only release that named it, and the reason is told', () => {
    expect(goes({ releases: [release(link, [pin('1')], withdrawn)], files })).toEqual([
      [digest('1'), 'its release was withdrawn'],
    ]);
  });

  test('stays where that release runs, ran before, or is under way', () => {
    const releases = [release(link, [pin('1')], { ...withdrawn, needed: 'it runs in uat' })];
    expect(stays({ releases, files })).toEqual([[digest('1'), 'it runs in uat']]);
    const planned = new Set([digest('1')]);
    expect(goes({ releases: [release(link, [pin('1')], withdrawn)], files, planned })).toEqual([]);
  });

  test('of the same content as another is judged for the link it came by alone', () => {
    const other = 'b'.repeat(32);
    const releases = [release(link, [pin('1')], withdrawn), release(other, [pin('2', '1')])];
    const both = [...files, { link: other, pin: pin('2', '1') }];
    expect(goes({ releases, files: both })).toEqual([[digest('1'), 'its release was withdrawn']]);
  });

  test('that never came is not waited for any more, with its process, and nothing is freed', () => {
    const wanted = ['1', '9'].map((of) => ({ link, digest: digest(of), sizeBytes: 10, what: of }));
    const found = superfluousBlobs(
      facts({ releases: [release(link, [pin('1')], withdrawn)], wanted, holds: () => false }),
    );
    expect(found.superfluous).toMatchObject([
      { digest: digest('1'), sizeBytes: 0, held: false },
      { digest: digest('9'), sizeBytes: 0, held: false },
    ]);
  });
});

describe('of several files of one content', () => {
  const both = [
    { link, pin: pin('2', '1') },
    { link, pin: pin('1') },
  ];
  const releases = [release(link, [pin('1')])];

  test('the one that a release names stays, and the other goes', () => {
    expect(goes({ releases, files: both })).toEqual([
      [digest('2'), 'another file of the same content is kept'],
    ]);
  });

  test('the newest stays where the one that a release names is not here', () => {
    const holds = (one: string): boolean => one !== digest('1');
    expect(goes({ releases, files: both, holds })).toEqual([]);
    expect(stays({ releases, files: both, holds }).map(([one]) => one)).toEqual([digest('2')]);
  });
});

describe('an own package', () => {
  const own = [{ link: '', pin: pin('1') }];

  test('that no release names yet stays, unless it is asked otherwise', () => {
    expect(goes({ files: own })).toEqual([]);
    expect(goes({ files: own, unreleased: true })).toEqual([[digest('1'), 'no release names it']]);
  });

  test('that is still owed to a link stays, though its release was withdrawn', () => {
    const releases = [release('', [pin('1')], withdrawn)];
    expect(goes({ releases, files: own, owed: new Set([digest('1')]) })).toEqual([]);
    expect(goes({ releases, files: own })).toEqual([[digest('1'), 'its release was withdrawn']]);
  });

  test('takes the list of its chunks along; that of another side stays', () => {
    const releases = [release('', [pin('1')], withdrawn)];
    const list = (of: string, ours: boolean) => ({
      list: digest(of),
      package: digest('1'),
      sizeBytes: 3,
      ours,
    });
    expect(goes({ releases, files: own, lists: [list('7', true), list('8', false)] })).toEqual([
      [digest('1'), 'its release was withdrawn'],
      [digest('7'), 'its package is not kept'],
    ]);
  });

  test('that is gone already is nothing to give up', () => {
    expect(goes({ files: own, holds: () => false, unreleased: true })).toEqual([]);
  });
});

test("documents of this side's own stay, whatever names them besides", () => {
  const wanted = [{ link, digest: digest('9'), sizeBytes: 5, what: 'process' }];
  expect(goes({ wanted, documents: new Set([digest('9')]) })).toEqual([]);
  expect(goes({ wanted })).toEqual([[digest('9'), 'no release names it']]);
});

test('what is given up is recorded, two hundred to an entry, names cut to what an entry holds', () => {
  const blobs = Array.from({ length: 450 }, (_, n) => ({
    digest: n.toString(16).padStart(64, '0'),
    sizeBytes: n,
    what: 'x'.repeat(500),
    why: 'no release names it',
    held: true,
  }));
  const decision = giveUpBlobs(blobs);
  expect(decided(decision)).toEqual(Array.from({ length: 3 }, () => 'self blobs.removed'));
  const [one] = dataOf(giveUpBlobs(blobs.slice(0, 1)), 'blobs.removed')['blobs'] as { what: string }[];
  expect(one!.what).toHaveLength(150);
  expect(giveUpBlobs([])).toEqual([]);
});
