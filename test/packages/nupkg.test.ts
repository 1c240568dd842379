import { describe, expect, test } from 'vitest';
import { isPackageId, normalizedVersion, packageFileName, samePackage } from '../../src/packages/index.ts';
import { readIdentity, type PackageIdentity } from '../../src/packages/nupkg.ts';
import { PackageFile } from '../../src/packages/zip/package-file.ts';
import { readZipLayout } from '../../src/packages/zip/zip-layout.ts';
import { buildZip, temporaryFolder, type RawEntry } from '../support/build-nupkg.ts';

describe('two equal versions have one normal form', () => {
  test.each([
    ['1', '1.0.0'],
    ['1.2', '1.2.0'],
    ['1.2.3', '1.2.3'],
    ['01.002.3', '1.2.3'],
    ['1.2.3.0', '1.2.3'],
    ['1.2.3.4', '1.2.3.4'],
    ['1.0.0-Beta.1', '1.0.0-beta.1'],
    ['1.0.0-x-y.z', '1.0.0-x-y.z'],
    ['1.0.0+build.5', '1.0.0'],
    ['1.0.0-rc.1+build', '1.0.0-rc.1'],
    ['1.0.0-rc.0a', '1.0.0-rc.0a'],
  ])('%s is %s', (text, normal) => {
    expect(normalizedVersion(text)).toBe(normal);
  });

  const none = ['', 'a', '1.', '.1', '1.2.3.4.5', '-1', '1.0.0-', '1.0.0-01', '1.0.0-a..b', '1.0.0+', '1.0 '];
  test.each([...none, '1,0', 'v1.0', '1.0.0-ä', '9999999999'])('%j is no version', (text) => {
    expect(normalizedVersion(text)).toBeUndefined();
  });
});

test('an id is letters, digits and underscores with single dots and dashes between', () => {
  const ids = ['Orders', 'Orders.Web', 'orders-web_2.x', '_a', '7zip', 'a'.repeat(100)];
  const others = ['', '.a', 'a.', 'a..b', 'a b', 'a/b', '../a', 'ä', 'a'.repeat(101)];
  expect(ids.filter((id) => !isPackageId(id))).toEqual([]);
  expect(others.filter((id) => isPackageId(id))).toEqual([]);
});

test('packages are the same whatever the case of the id and the spelling of the version', () => {
  const first = { id: 'Orders.Web', version: '1.0' };
  expect(samePackage(first, { id: 'orders.web', version: '1.0.0.0+x' })).toBe(true);
  expect(samePackage(first, { id: 'Orders.Web', version: '1.0.1' })).toBe(false);
  expect(samePackage(first, { id: 'Orders', version: '1.0' })).toBe(false);
  expect(packageFileName(first)).toBe('Orders.Web.1.0.0.nupkg');
});

describe('a package says who it is in its nuspec', () => {
  const identity = (nuspec: string | Buffer, name = 'x.nuspec', more: RawEntry[] = []): PackageIdentity => {
    using folder = temporaryFolder();
    const bytes = buildZip([...more, { name, content: nuspec }]);
    using file = PackageFile.open(folder.file('x', bytes));
    return readIdentity(file, readZipLayout(file));
  };
  const good = '<package><metadata><id>A.B</id><version>1.2</version></metadata></package>';
  const prefixed = good
    .replaceAll('package>', 'n:package>')
    .replace('<n:package>', '<n:package xmlns:n="x">');
  const otherIds = '<files><id>X</id></files><metadata><dependencies><id>Y</id></dependencies>';
  const refused = expect.objectContaining({ code: 'PACKAGE_NUSPEC_INVALID' }) as Error;

  const right: [string, string | Buffer, string?][] = [
    ['is plain', good],
    ['has a name of its own', good, 'Other.NUSPEC'],
    ['has a byte order mark, a declaration and a comment', `\ufeff<?xml version="1.0"?>\n<!-- x -->${good}`],
    ['is UTF-16', Buffer.from(`\ufeff${good}`, 'utf16le')],
    ['has a namespace', good.replace('<package>', '<package xmlns="http://example.org/nuspec.xsd">')],
    ['has a namespace with a prefix', prefixed],
    ['has CDATA and blanks', good.replace('A.B', ' <![CDATA[A.B]]> ')],
    ['has ids elsewhere', good.replace('<metadata>', otherIds)],
  ];
  test.each(right)('that %s', (_what, nuspec, name) => {
    expect(identity(nuspec, name)).toEqual({ id: 'A.B', version: '1.2' });
  });

  const wrong: [string, string | Buffer][] = [
    ['is not XML', 'hello'],
    ['is cut off', good.slice(0, 40)],
    ['has a DOCTYPE', `<!DOCTYPE package [<!ENTITY a "b">]>${good}`],
    ['uses an entity of its own', good.replace('A.B', '&a;')],
    ['has no id', good.replace('<id>A.B</id>', '')],
    ['has two ids', good.replace('<id>', '<id>X</id><id>')],
    ['has an id that is a path', good.replace('A.B', '../A')],
    ['has no version', good.replace('<version>1.2</version>', '')],
    ['has a version that is none', good.replace('1.2', 'latest')],
    ['has another root', good.replaceAll('package>', 'parcel>')],
    ['is nested without end', '<a>'.repeat(10_000)],
    ['is not UTF-8', Buffer.from(good.replace('A.B', '\xe4'), 'latin1')],
    ['is empty', ''],
  ];
  test.each(wrong)('and is refused where that %s', (_what, nuspec) => {
    expect(() => identity(nuspec)).toThrow(refused);
  });

  test('and is refused where there is none at the root, or two', () => {
    expect(() => identity(good, 'sub/x.nuspec')).toThrow(refused);
    expect(() => identity(good, 'x.nuspec', [{ name: 'y.nuspec', content: good }])).toThrow(refused);
    expect(identity(good, 'x.nuspec', [{ name: 'sub/y.nuspec', content: 'x' }])).toMatchObject({ id: 'A.B' });
  });

  test('and is refused where that is too long to be one', () => {
    const long = good.replace('<metadata>', `<!--${'x'.repeat(1 << 20)}--><metadata>`);
    expect(() => identity(long)).toThrow(expect.objectContaining({ code: 'PACKAGE_TOO_LARGE' }) as Error);
  });
});
