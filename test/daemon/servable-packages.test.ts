import { describe, expect, test } from 'vitest';
import { servablePackages, type PackageFacts } from '../../src/daemon/servable-packages.ts';
import { feedShelf, versionList } from '../../src/nuget/index.ts';
import type { NamedPackage, PackageRow } from '../../src/projections/index.ts';

let added = 0;
/** A file on the shelf; each came after the one before. */
const row = (
  link: string,
  id: string,
  version: string,
  more: Partial<{ signer: string; sha256: string }> = {},
): PackageRow => {
  added += 1;
  const sha256 = more.sha256 ?? added.toString(16).padStart(64, '0');
  const pin = { id, version, sha256, contentDigest: `content of ${link} ${id} ${version}`, sizeBytes: 1000 };
  const signer = more.signer ?? `company behind ${link}`;
  return { link, pin, signer, signerFingerprint: signer, addedAt: added };
};
const named = ({ link, pin }: PackageRow, more: Partial<NamedPackage> = {}): NamedPackage => ({
  link,
  contentDigest: pin.contentDigest,
  sha256: pin.sha256,
  at: 500,
  isRefused: false,
  isWithdrawn: false,
  ...more,
});
const served = (rows: readonly PackageRow[], facts: Partial<PackageFacts> = {}): string[] =>
  servablePackages({
    rows,
    confirmed: new Set(['acme', 'globex']),
    named: rows.map((each) => named(each)),
    holds: () => true,
    ...facts,
  }).served.map(({ id, version, isListed }) => `${id} ${version.numbers[0]}${isListed ? '' : ' unlisted'}`);

describe('the feed serves', () => {
  test('own packages, named by a release or not, and those that confirmed links offered', () => {
    const rows = [row('', 'Own', '1'), row('', 'Own', '2'), row('acme', 'Theirs', '1')];
    expect(served(rows, { named: [named(rows[0]!), named(rows[2]!)] })).toEqual([
      'Own 2',
      'Own 1',
      'Theirs 1',
    ]);
  });

  test('nothing of a link that is pending or removed', () => {
    expect(served([row('initech', 'Theirs', '1')])).toEqual([]);
  });

  test('nothing that this side refused, unless another release that names it was not', () => {
    const rows = [row('acme', 'A', '1'), row('acme', 'B', '1')];
    const refused = rows.map((each) => named(each, { isRefused: true }));
    expect(served(rows, { named: [...refused, named(rows[1]!)] })).toEqual(['B 1']);
    expect(served(rows, { named: [named(rows[0]!, { link: 'globex' })] })).toEqual([]);
  });

  test('nothing that the store does not hold', () => {
    const rows = [row('', 'A', '1'), row('', 'B', '1')];
    expect(served(rows, { holds: (sha256) => sha256 === rows[1]!.pin.sha256 })).toEqual(['B 1']);
  });

  test('what was withdrawn unlisted, unless another release still names it', () => {
    const rows = [row('', 'A', '1'), row('', 'A', '2'), row('acme', 'B', '1'), row('acme', 'C', '1')];
    const withdrawn = rows.map((each) => named(each, { isWithdrawn: true }));
    expect(served(rows, { named: [...withdrawn, named(rows[1]!)] })).toEqual([
      'A 2',
      'A 1 unlisted',
      'C 1 unlisted',
      'B 1 unlisted',
    ]);
    const halfRefused = [named(rows[2]!, { isRefused: true }), named(rows[2]!, { isWithdrawn: true })];
    expect(served(rows, { named: halfRefused })).toContain('B 1 unlisted');
  });
});

describe('an id belongs to one side', () => {
  test('this one where it has packages of that name', () => {
    expect(served([row('acme', 'App', '9'), row('', 'app', '1')])).toEqual(['app 1']);
  });

  test('else the link that brought the first of them', () => {
    const rows = [row('acme', 'App', '1'), row('globex', 'APP', '99'), row('acme', 'App', '2')];
    expect(served(rows)).toEqual(['App 2', 'App 1']);
    const { passedOver } = servablePackages({
      rows,
      confirmed: new Set(['acme', 'globex']),
      named: rows.map((each) => named(each)),
      holds: () => true,
    });
    expect(passedOver).toEqual([rows[1]]);
  });

  test('T-91 and others add to it only what the same certificate signed', () => {
    const signer = 'one company';
    const rows = [
      row('acme', 'App', '1', { signer }),
      row('globex', 'App', '2', { signer }),
      row('globex', 'App', '3'),
    ];
    expect(served(rows)).toEqual(['App 2', 'App 1']);
  });
});

test('of two files that are one package for NuGet, the one that came last is served', () => {
  const rows = [row('', 'App', '1.0'), row('', 'App', '1.0.0', { sha256: 'f'.repeat(64) })];
  const { served: packages } = servablePackages({ rows, confirmed: new Set(), named: [], holds: () => true });
  const shelf = feedShelf(packages);
  expect(versionList(shelf.find('app')!)).toEqual({ versions: ['1.0.0'] });
  expect(shelf.findPackage('app', '1')?.sha256).toBe('f'.repeat(64));
});
