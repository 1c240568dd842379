import { describe, expect, test } from 'vitest';
import { PackageError } from '../../../src/packages/index.ts';
import { PackageFile } from '../../../src/packages/zip/package-file.ts';
import { openZip, rawContent } from '../../../src/packages/zip/zip-archive.ts';
import { readWithYauzl } from '../../../src/packages/zip/yauzl-reading.ts';
import { readZipLayout, type ZipEntry, type ZipLayout } from '../../../src/packages/zip/zip-layout.ts';
import { buildZip, temporaryFolder, type RawEntry } from '../../support/build-nupkg.ts';

const large = Buffer.alloc(900_000, 'application ');
const entries: RawEntry[] = [
  { name: 'a.txt', content: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
  { name: 'ü/app.bin', content: large, stored: true, descriptor: true },
  { name: 'b/' },
];

/** What is said of an archive whose layout we read otherwise than it is. */
async function said(misread: (layout: ZipLayout) => ZipLayout, bytes = buildZip(entries)): Promise<string[]> {
  using folder = temporaryFolder();
  using file = PackageFile.open(folder.file('x.nupkg', bytes));
  const layout = readZipLayout(file);
  expect(layout.faults).toEqual([]);
  const { faults } = await readWithYauzl(file, misread(layout));
  return faults.map(({ message, entry }) => (entry === undefined ? message : `${entry}: ${message}`));
}

test('an archive that both readers read alike has no fault', async () => {
  expect(await said((layout) => layout)).toEqual([]);
});

describe('an archive is refused where yauzl reads otherwise than we do', () => {
  const fields = [
    ['flags', 'flags'],
    ['method', 'method'],
    ['crc32', 'checksum'],
    ['compressedSize', 'compressed size'],
    ['size', 'size'],
    ['dosTime', 'date'],
    ['dosDate', 'date'],
    ['versionMadeBy', 'origin'],
    ['externalAttributes', 'attributes'],
    ['localOffset', 'place'],
    ['dataStart', 'start of data'],
  ] as const;
  const second = (change: (entry: ZipEntry) => Partial<ZipEntry>) => (layout: ZipLayout) => ({
    ...layout,
    entries: layout.entries.map((entry, i) => (i === 1 ? { ...entry, ...change(entry) } : entry)),
  });

  test.each(fields)('in the %s of an entry', async (field, what) => {
    const misread = second((entry) => ({ [field]: entry[field] + 1 }));
    expect(await said(misread)).toEqual([`ü/app.bin: two readers differ in its ${what}`]);
  });

  test('in the name of an entry', async () => {
    expect(await said(second(() => ({ name: 'u/app.bin' })))).toEqual([
      'u/app.bin: two readers differ in its name',
    ]);
  });

  test('in how many entries there are, or in which order', async () => {
    const many = 'two readers differ in how many entries there are';
    expect(await said((layout) => ({ ...layout, entries: layout.entries.slice(0, 2) }))).toEqual([many]);
    const doubled = (layout: ZipLayout) => ({ ...layout, entries: [...layout.entries, layout.entries[0]!] });
    expect(await said(doubled)).toEqual([many]);
    expect(await said((layout) => ({ ...layout, entries: layout.entries.toReversed() }))).toEqual([
      'b/: two readers differ in its name',
    ]);
  });

  test('because it refuses what we would take', async () => {
    const torn = (layout: ZipLayout) => ({ ...layout, tail: Buffer.alloc(layout.tail.length) });
    expect(await said(torn)).toEqual([
      'a second reader refuses it: invalid central directory file header signature: 0x0',
    ]);
  });
});

describe('the data of an entry', () => {
  async function raw(use: (file: PackageFile) => AbortSignal | undefined): Promise<Buffer> {
    using folder = temporaryFolder();
    using archive = await openZip(folder.file('x.nupkg', buildZip(entries)));
    const pieces: Buffer[] = [];
    const signal = use(archive.file);
    for await (const piece of rawContent(archive, archive.layout.entries[1]!, signal)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  test('is given as it is stored', async () => {
    expect((await raw(() => undefined)).equals(large)).toBe(true);
  });

  test('is refused where the file has become shorter', async () => {
    using folder = temporaryFolder();
    const path = folder.file('x.nupkg', buildZip(entries));
    using archive = await openZip(path);
    folder.file('x.nupkg', buildZip(entries).subarray(0, 500_000));
    const reading = async (): Promise<void> => {
      for await (const _ of rawContent(archive, archive.layout.entries[1]!));
    };
    await expect(reading()).rejects.toThrow(PackageError);
    await expect(reading()).rejects.toMatchObject({ code: 'PACKAGE_DAMAGED' });
  });

  test('is given no further once it is called off', async () => {
    await expect(raw(() => AbortSignal.abort(new Error('called off')))).rejects.toThrow('called off');
  });

  test('is not asked for again by a reader that gave up in the middle', async () => {
    using folder = temporaryFolder();
    using archive = await openZip(folder.file('x.nupkg', buildZip(entries)));
    for await (const piece of rawContent(archive, archive.layout.entries[1]!)) {
      expect(piece.equals(large.subarray(0, piece.length))).toBe(true);
      break;
    }
  });
});
