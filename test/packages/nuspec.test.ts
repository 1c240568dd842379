import { describe, expect, test } from 'vitest';
import { parseNuspec, rangeText, readPackageNuspec, type PackageIdentity } from '../../src/packages/index.ts';
import { readIdentity } from '../../src/packages/nuspec.ts';
import { PackageFile } from '../../src/packages/zip/package-file.ts';
import { readZipLayout } from '../../src/packages/zip/zip-layout.ts';
import { buildZip, temporaryFolder, type RawEntry } from '../support/build-nupkg.ts';

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
    [
      'has more elements than anybody reads',
      good.replace('<metadata>', `${'<a/>'.repeat(20_001)}<metadata>`),
    ],
    ['has two metadata', good.replace('</metadata>', '</metadata><metadata><x/></metadata>')],
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

describe('a nuspec tells', () => {
  const said = (inner: string, attributes = ''): ReturnType<typeof parseNuspec> =>
    parseNuspec(
      'x.nupkg',
      Buffer.from(
        `<package xmlns="http://example.org/nuspec.xsd"><metadata ${attributes}><id>A.B</id><version>1.2-Beta+x</version>${inner}</metadata></package>`,
      ),
    );

  test('nothing but id, version and what follows from silence where it says no more', () => {
    expect(said('')).toEqual({
      id: 'A.B',
      version: '1.2-Beta+x',
      tags: [],
      requireLicenseAcceptance: false,
      developmentDependency: false,
      serviceable: false,
      dependencyGroups: [],
      packageTypes: [{ name: 'Dependency' }],
    });
  });

  test('everything that people are shown', () => {
    const inner = `<title>The A &amp; B</title><authors>Acme, Ltd</authors><description> what
      it does </description><summary>s</summary><tags> one two,three </tags><releaseNotes>n</releaseNotes>
      <copyright>©</copyright><language>de</language><projectUrl>https://acme.example/a</projectUrl>
      <iconUrl>https://acme.example/i.png</iconUrl><icon>images/i.png</icon><readme>docs/README.md</readme>
      <licenseUrl>https://acme.example/l</licenseUrl><license type="expression">MIT</license>
      <requireLicenseAcceptance>True</requireLicenseAcceptance><developmentDependency>true</developmentDependency>
      <serviceable>no</serviceable><packageTypes><packageType name="DotnetTool" version="2.0"/><packageType/></packageTypes>
      <repository type="git" url="https://acme.example/a.git" branch="main" commit="abc"/>`;
    expect(said(inner, 'minClientVersion="5.0"')).toMatchObject({
      title: 'The A & B',
      authors: 'Acme, Ltd',
      description: expect.stringMatching(/^what\s+it does$/) as string,
      summary: 's',
      tags: ['one', 'two', 'three'],
      releaseNotes: 'n',
      copyright: '©',
      language: 'de',
      projectUrl: 'https://acme.example/a',
      iconUrl: 'https://acme.example/i.png',
      icon: 'images/i.png',
      readme: 'docs/README.md',
      licenseUrl: 'https://acme.example/l',
      license: { type: 'expression', text: 'MIT' },
      requireLicenseAcceptance: true,
      developmentDependency: true,
      serviceable: false,
      minClientVersion: '5.0',
      packageTypes: [{ name: 'DotnetTool', version: '2.0' }],
      repository: { type: 'git', url: 'https://acme.example/a.git', branch: 'main', commit: 'abc' },
    });
  });

  const groups = (inner: string): unknown =>
    said(`<dependencies>${inner}</dependencies>`).dependencyGroups.map(
      ({ targetFramework, dependencies }) => [
        targetFramework ?? 'any',
        ...dependencies.map(({ id, range }) => `${id} ${range ? rangeText(range) : 'any'}`),
      ],
    );

  test('its dependencies, in groups or in one list for any framework', () => {
    const [c, d] = ['<dependency id="C" version="1.0"/>', '<dependency id="D" version="[1.0,2.0)"/>'];
    expect(groups(`${c}${d}`)).toEqual([['any', 'C [1.0.0, )', 'D [1.0.0, 2.0.0)']]);
    expect(groups(`<group targetFramework="net8.0">${c}</group><group>${d}</group><group/>`)).toEqual([
      ['net8.0', 'C [1.0.0, )'],
      ['any', 'D [1.0.0, 2.0.0)'],
      ['any'],
    ]);
    expect(groups(`${c}<group targetFramework="net8.0">${d}</group>`)).toEqual([
      ['net8.0', 'D [1.0.0, 2.0.0)'],
    ]);
    expect(
      said('<dependencies><dependency id="C" include="all" exclude="build"/></dependencies>'),
    ).toMatchObject({
      dependencyGroups: [{ dependencies: [{ id: 'C', include: 'all', exclude: 'build' }] }],
    });
  });

  test('of a dependency that names no range, or none that can be read, that any version will do', () => {
    expect(groups('<dependency id="C"/><dependency id="D" version="newest"/><dependency/>')).toEqual([
      ['any', 'C any', 'D any'],
    ]);
  });

  test('long texts cut, and no address that is not one of a page', () => {
    const inner = `<description>${'😀'.repeat(5000)}</description><title>${'t'.repeat(5000)}</title>
      <projectUrl>javascript:alert(1)</projectUrl><licenseUrl>https://</licenseUrl><license type="other">x</license>`;
    const { description, title, projectUrl, licenseUrl, license } = said(inner);
    expect(description?.length).toBe(4000);
    expect(description?.isWellFormed()).toBe(true);
    expect(title).toMatch(/^t{399}…$/);
    expect([projectUrl, licenseUrl, license]).toEqual([undefined, undefined, undefined]);
  });

  test('nothing where it names more dependencies than anybody has', () => {
    const many = '<dependency id="C"/>'.repeat(5001);
    expect(() => groups(many)).toThrow(expect.objectContaining({ code: 'PACKAGE_NUSPEC_INVALID' }) as Error);
    expect(() => groups(`<group>${many}</group>`)).toThrow(
      expect.objectContaining({ code: 'PACKAGE_NUSPEC_INVALID' }) as Error,
    );
  });

  test('all this out of a package, with the bytes in which it is said', async () => {
    using folder = temporaryFolder();
    const content =
      '<package><metadata><id>A</id><version>1</version><authors>x</authors></metadata></package>';
    const file = folder.file('a.nupkg', buildZip([{ name: 'a.nuspec', content }]));
    const { nuspec, bytes } = await readPackageNuspec(file);
    expect([nuspec.authors, bytes.toString()]).toEqual(['x', content]);
  });
});
