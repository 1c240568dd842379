import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import yauzl from 'yauzl';
import { PackageError } from '../../../src/packages/index.ts';
import { isSmall } from '../../../src/packages/zip/yauzl-reading.ts';
import {
  entryContent,
  openZip,
  rawContent,
  readEntry,
  type ZipArchive,
} from '../../../src/packages/zip/zip-archive.ts';
import { defaultZipLimits, type ZipLimits } from '../../../src/packages/zip/zip-layout.ts';
import {
  buildZip,
  signatureOf,
  temporaryFolder,
  type RawEnd,
  type RawEntry,
} from '../../support/build-nupkg.ts';

const plain: RawEntry = { name: 'a.txt', content: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' };
const other: RawEntry = { name: 'b/c.txt', content: 'cc', stored: true };

async function opened(bytes: Buffer, use: (archive: ZipArchive) => void, limits?: ZipLimits): Promise<void> {
  using folder = temporaryFolder();
  using archive = await openZip(folder.file('x.nupkg', bytes), limits);
  use(archive);
}

async function refusal(bytes: Buffer, limits?: ZipLimits): Promise<string> {
  try {
    await opened(bytes, () => undefined, limits);
    return 'accepted';
  } catch (error) {
    if (error instanceof PackageError) return error.code;
    throw error;
  }
}

async function contents(bytes: Buffer): Promise<Map<string, string>> {
  using folder = temporaryFolder();
  return await contentsOf(folder.file('x.nupkg', bytes));
}

async function contentsOf(path: string): Promise<Map<string, string>> {
  using archive = await openZip(path);
  const found = new Map<string, string>();
  for (const entry of archive.layout.entries) {
    const pieces: Buffer[] = [];
    if (isSmall(entry)) pieces.push(readEntry(archive.file, entry, entry.size + entry.compressedSize));
    else for await (const piece of entryContent(path, entry, rawContent(archive, entry))) pieces.push(piece);
    found.set(entry.name, Buffer.concat(pieces).toString('latin1'));
  }
  return found;
}

describe('a sound archive is read', () => {
  const noise = Buffer.from(Array.from({ length: 700_000 }, (_, i) => (i * i * 7 + (i >> 3)) & 255));
  const sound: [string, RawEntry[]][] = [
    ['stored and deflated entries', [plain, other]],
    ['an entry with a data descriptor', [{ ...plain, descriptor: true }, other]],
    ['a stored entry with a data descriptor', [{ ...other, descriptor: true }, plain]],
    ['a folder and what is in it', [{ name: 'b/', central: { externalAttributes: 0x41ed0010 } }, other]],
    ['a name beyond ASCII', [{ name: 'übersicht/日本.txt', content: 'x' }]],
    ['an empty file', [{ name: 'empty.txt' }]],
    ['a large stored entry', [{ name: 'large', content: noise, stored: true }]],
    ['a large deflated entry', [plain, { name: 'large', content: noise }, other]],
    ['a file with an ordinary mode', [{ ...plain, central: { externalAttributes: 0o100755 << 16 } }]],
    [
      'a time stamp as extra field',
      [{ ...plain, both: { extra: Buffer.from('5554050003a1b2c3d4', 'hex') } }],
    ],
    ['an absurd date', [{ ...plain, both: { dosDate: 0xffff, dosTime: 0xffff } }]],
  ];
  test.each(sound)('with %s', async (_what, entries) => {
    const expected = entries.map(({ name, content }): [string, string] => [
      name.toString(),
      Buffer.from((content ?? '') as string).toString('latin1'),
    ]);
    expect([...(await contents(buildZip(entries)))]).toEqual(expected);
  });
});

test('a descriptor without its own signature is understood', async () => {
  const right = buildZip([{ ...plain, descriptor: true }]);
  const at = right.indexOf(signatureOf('PK\x07\x08'));
  const short = right.subarray(at + 4, at + 16);
  expect(await refusal(buildZip([{ ...plain, descriptor: Buffer.from(short) }]))).toBe('accepted');
});

const field = (id: number, hex: string): Buffer => {
  const value = Buffer.from(hex, 'hex');
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value]);
};
const zip64Field = field(0x0001, '00000000000000ff');
const twoFields = Buffer.concat([field(0x5455, '0300a1b2c3'), zip64Field]);
const secondName = field(0x7075, '0100000000652e747874');

/** The kernel lies whole in the stored data of the entry before it, local header and all. */
function quotedOverlap(): RawEntry[] {
  const kernel = buildZip([plain]);
  const quoted = kernel.subarray(0, kernel.indexOf(signatureOf('PK\x01\x02')));
  return [
    { name: 'quoting', content: quoted, stored: true },
    { ...plain, central: { localOffset: 30 + 'quoting'.length } },
  ];
}

const mismatches: [string, RawEntry[], RawEnd?][] = [
  ['names differ between the headers', [{ ...plain, local: { name: 'b.txt' } }]],
  ['flags differ', [{ ...plain, local: { flags: 2 } }]],
  ['methods differ', [{ ...plain, local: { method: 0 } }]],
  ['checksums differ', [{ ...plain, local: { crc32: 1 } }]],
  ['compressed sizes differ', [{ ...plain, local: { compressedSize: 3 } }]],
  ['sizes differ', [{ ...plain, local: { size: 3 } }]],
  ['dates differ', [{ ...plain, local: { dosDate: 3 } }]],
  ['times differ', [{ ...plain, local: { dosTime: 3 } }]],
  ['a descriptor says otherwise', [{ ...plain, descriptor: Buffer.alloc(16, 1) }]],
  ['a descriptor is missing', [{ ...plain, descriptor: Buffer.alloc(0) }]],
  ['a descriptor is not announced', [{ ...plain, descriptor: Buffer.alloc(16), both: { flags: 0 } }]],
  ['a local header is missing', [{ ...plain, central: { localOffset: 3 } }, other]],
  ['there is data before the first entry', [{ ...plain, before: Buffer.from('MZ') }]],
  ['there is data between entries', [plain, { ...other, before: Buffer.from('gap') }]],
  ['there is data before the central directory', [plain], { beforeCentral: Buffer.from('gap') }],
  ['there is data before the end record', [plain], { afterCentral: Buffer.from('gap') }],
  ['there is data behind the end record', [plain], { after: Buffer.from('more') }],
  ['there is an archive comment', [plain], { comment: 'hello' }],
  ['the end record counts too many', [plain], { entries: 2 }],
  ['the end record counts too few', [plain, other], { entries: 1 }],
  ['the end record counts differently on its disk', [plain, other], { entriesOnDisk: 1 }],
  ['the central directory has another size', [plain], { centralSize: 3 }],
  ['the central directory is elsewhere', [plain], { centralOffset: 3 }],
  ['it is one disk of many', [plain], { disk: 1 }],
  ['an entry is on another disk', [{ ...plain, central: { disk: 1 } }]],
  ['two entries share their data', [plain, { ...plain, name: 'b.txt', central: { localOffset: 0 } }]],
  ['one lies inside the data of another', quotedOverlap()],
  ['a stored entry has two sizes', [{ ...other, both: { size: 1 } }]],
  ['there is a zip64 extra field', [{ ...plain, both: { extra: zip64Field } }]],
  ['there is a zip64 extra field in its central header', [{ ...plain, central: { extra: zip64Field } }]],
  ['there is a zip64 extra field in its local header', [{ ...plain, local: { extra: zip64Field } }]],
  ['there is an empty zip64 extra field', [{ ...plain, local: { extra: field(0x0001, '') } }]],
  ['there is a zip64 extra field behind a plain one', [{ ...plain, both: { extra: twoFields } }]],
  [
    'there is a zip64 extra field before a descriptor',
    [{ ...plain, descriptor: true, local: { extra: zip64Field } }],
  ],
  ['there is a second name in an extra field', [{ ...plain, central: { extra: secondName } }]],
  ['there is a second name in its local header', [{ ...plain, local: { extra: secondName } }]],
  [
    'there is a second name before a descriptor',
    [{ ...plain, descriptor: true, local: { extra: secondName } }],
  ],
  [
    'there is a link in an extra field of PKWARE',
    [{ ...plain, both: { extra: field(0x000d, '00'.repeat(14)) } }],
  ],
  [
    'there is a mode in an extra field of ASi',
    [{ ...plain, both: { extra: field(0x756e, '00'.repeat(14)) } }],
  ],
  ['there is a key in an extra field', [{ ...plain, both: { extra: field(0x9901, '02004145030000') } }]],
  ['there is an extra field that nobody knows', [{ ...plain, both: { extra: field(0xbeef, 'ff') } }]],
  ['an extra field is cut off', [{ ...plain, central: { extra: Buffer.from('5554ff0000', 'hex') } }]],
  ['there is nothing in it', []],
];

describe('T-64 an archive that two readers could read differently is refused', () => {
  test.each(mismatches)('because %s', async (_why, entries, end) => {
    expect(await refusal(buildZip(entries, end))).toBe('PACKAGE_ARCHIVE_MALFORMED');
  });

  test('because it is no archive', async () => {
    expect(await refusal(Buffer.from('this is text'))).toBe('NOT_A_PACKAGE');
    expect(await refusal(Buffer.from('PK'))).toBe('NOT_A_PACKAGE');
    expect(await refusal(Buffer.alloc(0))).toBe('NOT_A_PACKAGE');
    expect(await refusal(buildZip([plain]).subarray(0, 60))).toBe('PACKAGE_ARCHIVE_MALFORMED');
  });

  test('because a second archive stands in front of it', async () => {
    const two = Buffer.concat([buildZip([other]), buildZip([plain])]);
    expect(await refusal(two)).toBe('PACKAGE_ARCHIVE_MALFORMED');
  });

  test('because another end record before its own takes all else for a comment', async () => {
    // The last entry ends in it, stored, so that everything before the central directory fits.
    const another = (commentLength: number): Buffer => {
      const record = buildZip([plain]).subarray(-22);
      record.writeUInt16LE(commentLength, 20);
      return buildZip([plain, { name: 'z', content: record, stored: true }]);
    };
    const rest = another(0).length - another(0).indexOf(signatureOf('PK\x05\x06')) - 22;
    expect(await refusal(another(rest))).toBe('PACKAGE_ARCHIVE_MALFORMED');
    expect(await refusal(another(rest - 1))).toBe('accepted');
  });

  test('because the mark of an end record stands inside its end record', async () => {
    const bytes = buildZip([plain]);
    expect(await refusal(Buffer.concat([bytes.subarray(0, -2), signatureOf('PK\x05\x06')]))).not.toBe(
      'accepted',
    );
    const offset = 0x06054b50;
    using folder = temporaryFolder();
    const path = folder.file('x.nupkg', buildZip([plain], { centralOffset: offset }));
    await expect(openZip(path)).rejects.toMatchObject({ code: 'PACKAGE_ARCHIVE_MALFORMED' });
  });

  test('because a zip64 locator stands before its end', async () => {
    const locator = Buffer.concat([signatureOf('PK\x06\x07'), Buffer.alloc(16)]);
    expect(await refusal(buildZip([plain], { afterCentral: locator }))).toBe('PACKAGE_ARCHIVE_MALFORMED');
  });
});

describe('T-65 what can not be read by everybody is refused', () => {
  const odd: [string, Partial<RawEntry['both']>][] = [
    ['is encrypted', { flags: 1 }],
    ['is strongly encrypted', { flags: 0x41 }],
    ['has its header masked', { flags: 0x2000 }],
    ['is a patch', { flags: 0x20 }],
    ...[1, 6, 9, 12, 14, 93, 95, 97, 98, 99].map((method): [string, Partial<RawEntry['both']>] => [
      `is compressed by method ${method}`,
      { method },
    ]),
  ];
  test.each(odd)('an entry that %s', async (_what, both) => {
    expect(await refusal(buildZip([{ ...plain, both: both! }]))).toBe('PACKAGE_ARCHIVE_MALFORMED');
  });
});

const unixMode = (mode: number): { externalAttributes: number } => ({
  externalAttributes: (mode << 16) >>> 0,
});
const names: [string, RawEntry[]][] = [
  ['escapes', [{ name: '../up.txt', content: 'x' }]],
  ['is a symbolic link', [{ ...plain, central: unixMode(0o120777) }]],
  ['is a device of characters', [{ ...plain, central: unixMode(0o020666) }]],
  ['is a device of blocks', [{ ...plain, central: unixMode(0o060666) }]],
  ['is a pipe', [{ ...plain, central: unixMode(0o010644) }]],
  ['is a socket', [{ ...plain, central: unixMode(0o140644) }]],
  ['asks for set-uid', [{ ...plain, central: unixMode(0o104755) }]],
  ['asks for set-gid', [{ ...plain, central: unixMode(0o102755) }]],
  ['asks for the sticky bit', [{ ...plain, central: unixMode(0o101755) }]],
  ['is of a kind that is none', [{ ...plain, central: unixMode(0o170644) }]],
  ['asks for set-uid without saying its kind', [{ ...plain, central: unixMode(0o004755) }]],
  ['is a link in the way of DOS', [{ ...plain, central: { externalAttributes: 0x400 } }]],
  ['is a folder by its mode and a file by its name', [{ ...plain, central: unixMode(0o040755) }]],
  ['is a file by its mode and a folder by its name', [{ name: 'b/', central: unixMode(0o100644) }]],
  ['is a folder in the way of DOS', [{ ...plain, central: { externalAttributes: 0x10 } }]],
  ['is a folder with content', [{ name: 'b/', content: 'x', stored: true }]],
  ['is there twice', [plain, plain]],
  ['is there twice but for its case', [plain, { ...plain, name: 'A.TXT' }]],
  ['is a file and a folder', [plain, { ...other, name: 'a.txt/b' }]],
  ['is neither ASCII nor marked as UTF-8', [{ name: Buffer.from('caf\xe9', 'latin1'), both: { flags: 0 } }]],
  ['is marked as UTF-8 and is not', [{ name: Buffer.from('caf\xe9', 'latin1') }]],
];

describe('T-61 T-63 an archive is refused where an entry', () => {
  test.each(names)('%s', async (_what, entries) => {
    expect(await refusal(buildZip(entries))).toBe('PACKAGE_NAME_UNSAFE');
  });
});

/** What the refusal says. */
async function because(bytes: Buffer, limits: Partial<ZipLimits>): Promise<string> {
  const error = await opened(bytes, () => undefined, { ...defaultZipLimits, ...limits }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'PACKAGE_TOO_LARGE', exitCode: 4 });
  return (error as PackageError).message.replace(/^.*x\.nupkg: /, '');
}

describe('T-62 what is too much is refused by the setting that would allow more', () => {
  test.each<[string, Partial<ZipLimits>, Partial<ZipLimits>, RawEntry[], string]>([
    [
      'too many entries',
      { entriesMax: 1 },
      { entriesMax: 2 },
      [plain, other],
      'it has more than 1 entries, which `[packages] entries` allows',
    ],
    [
      'too many folders',
      { entriesMax: 2 },
      { entriesMax: 3 },
      [{ ...plain, name: 'a/b/c/d' }],
      'it has more than 2 folders, which `[packages] entries` allows',
    ],
    [
      'too much content',
      { totalBytesMax: 41 },
      { totalBytesMax: 42 },
      [plain, other],
      'it holds 42 bytes unpacked, and `[packages] unpacked` allows 41',
    ],
    [
      'growing too much',
      { ratioMax: 2, ratioFromBytes: 0 },
      { ratioMax: 200, ratioFromBytes: 0 },
      [{ name: 'zeros', content: Buffer.alloc(10_000) }],
      'it would grow to more than 2 times its size, which `[packages] ratio` allows',
    ],
    [
      'lying too deep',
      { depthMax: 2 },
      { depthMax: 3 },
      [plain, { ...other, name: 'a/b/c' }],
      'of its entry "a/b/c": it lies 3 deep, and `[packages] depth` allows 2',
    ],
    [
      'too long a name',
      { nameBytesMax: 6 },
      { nameBytesMax: 7 },
      [{ ...plain, name: 'ü/übe' }],
      'of its entry "ü/übe": its name has 7 bytes, and `[packages] name-length` allows 6',
    ],
  ])('%s', async (_what, tooLittle, enough, entries, said) => {
    expect(await because(buildZip(entries), tooLittle)).toBe(said);
    expect(await refusal(buildZip(entries), { ...defaultZipLimits, ...enough })).toBe('accepted');
  });

  test('by what its headers say, before anything is inflated', async () => {
    const bomb = buildZip([{ name: 'zeros', content: Buffer.alloc(100_000), both: { size: 70 * 2 ** 20 } }]);
    expect(await refusal(bomb)).toBe('PACKAGE_TOO_LARGE');
    expect(await refusal(bomb, { ...defaultZipLimits, ratioFromBytes: 2 ** 30 })).toBe('accepted');
  });

  test('names that would take all memory to compare are not compared', async () => {
    const deep = Array.from({ length: 3000 }, (_, i) => ({ name: `${i}/${'d/'.repeat(62)}x`, stored: true }));
    expect(await because(buildZip(deep), {})).toBe('it has more than 65533 folders');
  });

  test('20,000 entries are read, and 70,000 are not an archive of this kind', async () => {
    const many = (count: number): RawEntry[] =>
      Array.from({ length: count }, (_, i) => ({ name: `d${i % 50}/f${i}`, content: 'x', stored: true }));
    await opened(buildZip(many(20_000)), (archive) => {
      expect(archive.layout.entries).toHaveLength(20_000);
      expect(readEntry(archive.file, archive.layout.entries[19_999]!, 10).toString()).toBe('x');
    });
    const few = buildZip([plain]);
    const again = few.subarray(few.indexOf(signatureOf('PK\x01\x02')), few.length - 22);
    const afterCentral = Buffer.concat(Array.from({ length: 69_999 }, () => again));
    const centralSize = 70_000 * again.length;
    const tooMany = buildZip([plain], { entries: 70_000 % 65_536, afterCentral, centralSize });
    expect(await refusal(tooMany)).toBe('PACKAGE_TOO_LARGE');
    // The mark of zip64 in place of the count.
    tooMany.fill(0xff, tooMany.length - 14, tooMany.length - 10);
    expect(await refusal(tooMany)).toBe('PACKAGE_ARCHIVE_MALFORMED');
  });

  test('a small part is not read where it is larger than asked for', async () => {
    await opened(buildZip([plain]), (archive) => {
      expect(() => readEntry(archive.file, archive.layout.entries[0]!, 10)).toThrow(PackageError);
    });
  });
});

describe('T-62 content that does not fit its header is refused while it is read', () => {
  const large = Buffer.alloc(600_000, 'The quick brown fox. ');
  const wrong: [string, RawEntry][] = [
    ['it inflates to more than declared', { ...plain, both: { size: 10 } }],
    ['it inflates to less than declared', { ...plain, both: { size: 400 } }],
    ['its checksum differs', { ...plain, both: { crc32: 1 } }],
    ['it is not deflated', { ...plain, data: Buffer.from('not deflated at all') }],
    ['data hides behind its end', { ...plain, data: Buffer.concat([deflated(), Buffer.from('hidden')]) }],
    ['it is cut off', { ...plain, data: deflated().subarray(0, 3) }],
    ['it is large and inflates to more', { name: 'large', content: large, both: { size: 599_000 } }],
    ['it is large and inflates to less', { name: 'large', content: large, both: { size: 700_000 } }],
    ['it is large and its checksum differs', { name: 'large', content: large, both: { crc32: 1 } }],
    ['it is large and not deflated', { name: 'large', content: large, data: Buffer.alloc(600_000, 7) }],
    [
      'it is large, stored, and its checksum differs',
      { name: 'large', content: large, stored: true, both: { crc32: 1 } },
    ],
  ];
  test.each(wrong)('because %s', async (_why, entry) => {
    await expect(contents(buildZip([entry]))).rejects.toMatchObject({ code: 'PACKAGE_DAMAGED' });
  });

  test('data hidden behind the end of a large entry is found', async () => {
    const right = buildZip([{ name: 'large', content: large }]);
    const data = right.subarray(35, right.indexOf(signatureOf('PK\x01\x02')));
    const hiding = { name: 'large', content: large, data: Buffer.concat([data, Buffer.alloc(300_000)]) };
    await expect(contents(buildZip([hiding]))).rejects.toMatchObject({ code: 'PACKAGE_DAMAGED' });
  });

  function deflated(): Buffer {
    const archive = buildZip([plain]);
    return archive.subarray(35, archive.indexOf(signatureOf('PK\x01\x02')));
  }
});

test('a file that is no file is refused', async () => {
  using folder = temporaryFolder();
  for (const path of [folder.path, folder.file('nothing.nupkg'), '/dev/zero'])
    await expect(openZip(path)).rejects.toMatchObject({ code: 'PACKAGE_FILE_UNREADABLE' });
});

/** What yauzl alone, with its own way to read and inflate, makes of an archive that ours accepts. */
async function byYauzl(path: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const zip = await yauzl.openPromise(path, { lazyEntries: true, strictFileNames: true });
  for await (const entry of zip.eachEntry()) {
    const pieces: Buffer[] = [];
    for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer);
    found.set(entry.fileName, Buffer.concat(pieces).toString('latin1'));
  }
  return found;
}

test('whatever is changed in an archive: it is refused with a reason, or means the same to another reader', async () => {
  const original = buildZip([
    plain,
    { ...other, descriptor: true },
    { name: 'ü/d.bin', content: Buffer.alloc(99, 3) },
  ]);
  const change = fc.record({
    at: fc.nat(original.length - 1),
    length: fc.integer({ min: 0, max: 4 }),
    bytes: fc.uint8Array({ maxLength: 6 }),
  });
  using folder = temporaryFolder();
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      let bytes = original;
      for (const { at, length, bytes: put } of changes)
        bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + length)]);
      const path = folder.file('x.nupkg', bytes);
      let ours: Map<string, string>;
      try {
        ours = await contentsOf(path);
      } catch (error) {
        expect(error).toBeInstanceOf(PackageError);
        return;
      }
      expect([...ours]).toEqual([...(await byYauzl(path))]);
    }),
    { numRuns: 400 },
  );
});

test('every single flipped bit is refused or leaves the content as it was', async () => {
  const original = buildZip([plain, { ...other, descriptor: true }]);
  const before = [...(await contents(original))];
  using folder = temporaryFolder();
  for (let bit = 0; bit < original.length * 8; bit += 1) {
    const bytes = Buffer.from(original);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    try {
      expect([...(await contentsOf(folder.file('x.nupkg', bytes)))]).toEqual(before);
    } catch (error) {
      if (!(error instanceof PackageError)) throw error;
    }
  }
});
