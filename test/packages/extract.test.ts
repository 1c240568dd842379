import fc from 'fast-check';
import { execFile } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { extractPackage, PackageError, verifyPackage } from '../../src/packages/index.ts';
import { PackageFile } from '../../src/packages/zip/package-file.ts';
import { defaultZipLimits } from '../../src/packages/zip/zip-layout.ts';
import { buildZip, nuspecEntry, sha256, temporaryFolder, type RawEntry } from '../support/build-nupkg.ts';
import { hostileNames, twinNames } from '../support/hostile-names.ts';

const original = Object.getOwnPropertyDescriptor(PackageFile.prototype, 'read')!.value as (
  this: PackageFile,
  ...given: Parameters<PackageFile['read']>
) => Buffer;
const large = Buffer.from(Array.from({ length: 900_000 }, (_, i) => (i * i * 31 + (i >> 5)) & 255));
const packaging: RawEntry[] = [
  { name: '_rels/.rels', content: 'x' },
  nuspecEntry(),
  { name: 'docs/inner.nuspec', content: 'x' },
  { name: '[Content_Types].xml', content: 'x' },
  { name: 'package/services/metadata/core-properties/a.psmdcp', content: 'x' },
  { name: 'Orders.Web.1.0.0.nupkg.sha512', content: 'x' },
];
const application: RawEntry[] = [
  { name: 'index.html', content: '<h1>Orders</h1>' },
  { name: 'lib/', central: { externalAttributes: 0x10 } },
  { name: 'lib/deep/er/app.bin', content: large },
  { name: 'lib/stored.bin', content: large, stored: true },
  { name: 'a%20b%2B%C3%BC.txt', content: 'decoded' },
  { name: 'streamed.txt', content: 'from a stream', descriptor: true },
  { name: 'empty.txt' },
];
const signature: RawEntry = { name: '.signature.p7s', content: 'x', stored: true };
const good: RawEntry = { name: 'good.txt', content: 'good' };

/** The code of the refusal; and nothing but the package is left in the folder. */
async function refused(bytes: Buffer, options: object = {}): Promise<string> {
  using folder = temporaryFolder();
  const path = folder.file('in.nupkg', bytes);
  const work = extractPackage(path, folder.file('out'), { expectedSha256: sha256(bytes), ...options });
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
  expect(error).toBeInstanceOf(PackageError);
  return (error as PackageError).code;
}

describe('extracting a package', () => {
  test('brings the application and leaves out what belongs to the package', async () => {
    using folder = temporaryFolder();
    const bytes = buildZip([...packaging, ...application, signature]);
    const out = folder.file('apps/Orders.Web/1.0.0');
    const told: string[] = [];
    const { files } = await extractPackage(folder.file('in.nupkg', bytes), out, {
      expectedSha256: sha256(bytes),
      onFile: (name) => told.push(name),
    });
    expect(files).toEqual([
      'index.html',
      'lib/deep/er/app.bin',
      'lib/stored.bin',
      'a b+ü.txt',
      'streamed.txt',
      'empty.txt',
    ]);
    expect(told).toEqual(files);
    const root = ['a b+ü.txt', 'empty.txt', 'index.html', 'lib', 'streamed.txt'];
    expect(readdirSync(out).toSorted()).toEqual(root);
    expect(readdirSync(folder.file('apps/Orders.Web'))).toEqual(['1.0.0']);
    expect(readFileSync(join(out, 'lib/deep/er/app.bin')).equals(large)).toBe(true);
    expect(readFileSync(join(out, 'lib/stored.bin')).equals(large)).toBe(true);
    expect(readFileSync(join(out, 'a b+ü.txt'), 'utf8')).toBe('decoded');
    expect(readFileSync(join(out, 'streamed.txt'), 'utf8')).toBe('from a stream');
  });

  test('T-65 keeps times that are past, and no modes', async () => {
    using folder = temporaryFolder();
    const dated = (name: string, dosDate: number): RawEntry => ({ name, content: 'x', both: { dosDate } });
    const executable = { name: 'run.sh', content: 'x', central: { externalAttributes: 0o100777 << 16 } };
    const may17 = (5 << 5) | 17;
    const entries = [
      dated('past', (40 << 9) | may17),
      dated('future', (127 << 9) | may17),
      dated('never', 0),
    ];
    const bytes = buildZip([...entries, executable]);
    const out = folder.file('out');
    await extractPackage(folder.file('in.nupkg', bytes), out, { expectedSha256: sha256(bytes) });
    expect(statSync(join(out, 'past')).mtime).toEqual(new Date(2020, 4, 17));
    for (const name of ['future', 'never'])
      expect(statSync(join(out, name)).mtimeMs).toBeGreaterThan(new Date(2021, 0, 1).getTime());
    expect(statSync(join(out, 'future')).mtimeMs).toBeLessThan(Date.now() + 60_000);
    expect(statSync(join(out, 'run.sh')).mode & 0o111).toBe(0);
  });

  test('takes more files than a process may have open', async () => {
    const many = Array.from({ length: 1100 }, (_, i) => ({ name: `d${i % 97}/f${i}`, content: `${i}` }));
    using folder = temporaryFolder();
    const bytes = buildZip(many);
    const path = folder.file('in.nupkg', bytes);
    const { files } = await extractPackage(path, folder.file('out'), { expectedSha256: sha256(bytes) });
    expect(files).toHaveLength(1100);
    expect(readFileSync(folder.file('out/d15/f985'), 'utf8')).toBe('985');
  });
});

describe('what is written by a thread beside, as many files are', () => {
  const many = Array.from({ length: 1100 }, (_, i) => ({
    name: `d${i % 7}/f${i}`,
    content: `${i}`.repeat(i % 50),
  }));
  const bytes = buildZip([...many.slice(0, 600), { name: 'large.bin', content: large }, ...many.slice(600)]);
  const options = { expectedSha256: sha256(bytes) };

  test('comes in the order of the archive, and whole', async () => {
    using folder = temporaryFolder();
    const { files } = await extractPackage(folder.file('in.nupkg', bytes), folder.file('out'), options);
    const names = many.map(({ name }) => name);
    expect(files).toEqual([...names.slice(0, 600), 'large.bin', ...names.slice(600)]);
    for (const { name, content } of many)
      expect(readFileSync(folder.file(`out/${name}`), 'utf8')).toBe(content);
    expect(readFileSync(folder.file('out/large.bin')).equals(large)).toBe(true);
  });

  test('leaves nothing where the disk refuses one of them', async () => {
    using folder = temporaryFolder();
    const inTheWay = (): void => {
      const beside = readdirSync(folder.path).find((name) => name.startsWith('.crossgap-extracting-'))!;
      writeFileSync(join(folder.path, beside, 'content/d0/f1099'), 'in the way');
    };
    let told = 0;
    const work = extractPackage(folder.file('in.nupkg', bytes), folder.file('out'), {
      ...options,
      onFile: () => {
        told += 1;
        if (told === 1) inTheWay();
      },
    });
    await expect(work).rejects.toMatchObject({ code: 'PACKAGE_NOT_WRITTEN' });
    expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
  });

  test('leaves nothing where it is called off, or whoever is told throws', async () => {
    const called: ((stop: AbortController) => void)[] = [
      (stop) => stop.abort(new Error('no more')),
      () => {
        throw new Error('no more');
      },
    ];
    for (const call of called) {
      const stop = new AbortController();
      const onFile = (): void => call(stop);
      using folder = temporaryFolder();
      const work = extractPackage(folder.file('in.nupkg', bytes), folder.file('out'), {
        ...options,
        onFile,
        signal: stop.signal,
      });
      await expect(work).rejects.toThrow('no more');
      expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
    }
  });
});

describe('nothing is written', () => {
  const escapes = Object.entries(hostileNames).flatMap(([what, names]) =>
    names.filter((name) => name.isWellFormed()).map((name) => [what, name]),
  );
  test.each(escapes)('T-60 where a name %s: %j', async (_what, name) => {
    expect(await refused(buildZip([good, { name: name!, content: 'x' }]))).toBe('PACKAGE_NAME_UNSAFE');
  });

  test.each(Object.entries(twinNames))('T-63 where there are %s', async (_what, names) => {
    const entries = names.map((name) => ({ name, ...(!name.endsWith('/') && { content: 'x' }) }));
    expect(await refused(buildZip([good, ...entries]))).toBe('PACKAGE_NAME_UNSAFE');
  });

  test('T-61 where a link is packed, and a file through it', async () => {
    const mode = { externalAttributes: (0o120777 << 16) >>> 0 };
    const link = { name: 'way', content: '/tmp', stored: true, central: mode };
    const through = { name: 'way/file', content: 'x' };
    expect(await refused(buildZip([good, link]))).toBe('PACKAGE_NAME_UNSAFE');
    expect(await refused(buildZip([good, link, through]))).toBe('PACKAGE_NAME_UNSAFE');
  });

  test('T-63 where two names meet', async () => {
    expect(await refused(buildZip([good, { ...good, name: 'GOOD.txt' }]))).toBe('PACKAGE_NAME_UNSAFE');
    expect(await refused(buildZip([good, { ...good, name: 'good%2Etxt' }]))).toBe('PACKAGE_NAME_UNSAFE');
  });

  test('T-62 where it holds too much', async () => {
    const bytes = buildZip([good, { name: 'zeros', content: Buffer.alloc(5_000_000) }]);
    const limited = (limits: object): object => ({ limits: { ...defaultZipLimits, ...limits } });
    expect(await refused(bytes, limited({ totalBytesMax: 4_000_000 }))).toBe('PACKAGE_TOO_LARGE');
    expect(await refused(bytes, limited({ ratioFromBytes: 1000 }))).toBe('PACKAGE_TOO_LARGE');
  });

  test('where the disk has no room for it', async () => {
    const entries = Array.from({ length: 5000 }, (_, i) => ({
      name: `f${i}`,
      stored: true,
      both: { size: 0xfffffffe, method: 8 },
    }));
    const limits = { ...defaultZipLimits, totalBytesMax: Number.MAX_SAFE_INTEGER, ratioMax: 1e9 };
    expect(await refused(buildZip(entries), { limits })).toBe('PACKAGE_NOT_WRITTEN');
  });

  test('T-62 where entries overlap', async () => {
    const kernel = { name: 'kernel', content: Buffer.alloc(100_000) };
    const quoting = Array.from({ length: 20 }, (_, i) => ({
      ...kernel,
      name: `k${i}`,
      central: { localOffset: 0 },
    }));
    expect(await refused(buildZip([kernel, ...quoting]))).toBe('PACKAGE_ARCHIVE_MALFORMED');
  });
});

test('T-62 an archive inside a package is a file like any other', async () => {
  using folder = temporaryFolder();
  const inner = buildZip([{ name: '../up', content: Buffer.alloc(1_000_000) }]);
  const bytes = buildZip([
    good,
    { name: 'inner.zip', content: buildZip([{ name: 'b.zip', content: inner }]) },
  ]);
  const { files } = await extractPackage(folder.file('in.nupkg', bytes), folder.file('out'), {
    expectedSha256: sha256(bytes),
  });
  expect(files).toEqual(['good.txt', 'inner.zip']);
});

describe('nothing is left behind', () => {
  test('T-62 where a later entry lies about its size', async () => {
    const lying = { name: 'lies', content: Buffer.alloc(2_000_000, 7), both: { size: 1 } };
    expect(await refused(buildZip([good, lying]))).toBe('PACKAGE_DAMAGED');
  });

  test('where a later entry does not fit its checksum', async () => {
    const bytes = buildZip([good, { name: 'large', content: large, both: { crc32: 5 } }]);
    expect(await refused(bytes)).toBe('PACKAGE_DAMAGED');
  });

  test('where the file is not the one that was verified', async () => {
    expect(await refused(buildZip([good]), { expectedSha256: sha256(large) })).toBe('PACKAGE_CHANGED');
  });

  test('where the file is changed while it is read', async () => {
    using folder = temporaryFolder();
    const bytes = buildZip([good, { name: 'next.bin', content: large, stored: true }]);
    const path = folder.file('in.nupkg', bytes);
    const change = (): void => {
      const other = Buffer.from(bytes);
      other[bytes.indexOf('next.bin') + 100]! ^= 1;
      writeFileSync(path, other);
    };
    const work = extractPackage(path, folder.file('out'), { expectedSha256: sha256(bytes), onFile: change });
    await expect(work).rejects.toMatchObject({ code: 'PACKAGE_DAMAGED' });
    expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
  });

  test('T-68 where it was swapped between verifying and extracting, though every checksum in it fits', async () => {
    using folder = temporaryFolder();
    const path = folder.file('in.nupkg', buildZip([nuspecEntry(), good]));
    const { sha256: verified } = await verifyPackage(path, { trust: { fingerprints: new Set() } });
    const evil = folder.file('evil', buildZip([nuspecEntry(), { ...good, content: 'evil' }]));
    renameSync(evil, path);
    const work = extractPackage(path, folder.file('out'), { expectedSha256: verified });
    await expect(work).rejects.toMatchObject({ code: 'PACKAGE_CHANGED', exitCode: 4 });
    expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
  });

  test('T-68 whenever it is overwritten while it is read: what was verified comes out, or nothing', async () => {
    const filler = { name: 'large.bin', content: large, stored: true };
    const right = [nuspecEntry(), good, filler, { name: 'last.txt', content: 'last' }];
    const wrong = [
      nuspecEntry(),
      { ...good, content: 'evil' },
      filler,
      { name: 'last.txt', content: 'evil' },
    ];
    const [bytes, evil] = [buildZip(right), buildZip(wrong)];
    expect(evil.length).toBe(bytes.length);
    let outcomes = 0;
    // Whatever is there before, the other is there from that reading on.
    for (const [first, then] of [
      [bytes, evil],
      [evil, bytes],
    ] as const) {
      for (let reading = 0, isOver = false; !isOver; reading += 1) {
        using folder = temporaryFolder();
        const path = folder.file('in.nupkg', first);
        let left = reading;
        const read = vi.spyOn(PackageFile.prototype, 'read').mockImplementation(function (
          this: PackageFile,
          ...given
        ) {
          if (left === 0) writeFileSync(path, then);
          left -= 1;
          return original.apply(this, given);
        });
        const out = folder.file('out');
        try {
          await extractPackage(path, out, { expectedSha256: sha256(bytes) });
          expect(readFileSync(join(out, 'good.txt'), 'utf8')).toBe('good');
          expect(readFileSync(join(out, 'last.txt'), 'utf8')).toBe('last');
        } catch (error) {
          expect(error).toBeInstanceOf(PackageError);
          expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
          outcomes += 1;
        } finally {
          read.mockRestore();
        }
        isOver = left >= 0;
      }
    }
    expect(outcomes).toBeGreaterThan(5);
  });

  test('T-68 where data began elsewhere when the archive was judged', async () => {
    using folder = temporaryFolder();
    const content = 'goodPK\x07\x08';
    const numbers = Buffer.alloc(12);
    numbers.writeUInt32LE(crc32(content), 0);
    for (const at of [4, 8]) numbers.writeUInt32LE(content.length, at);
    const noTimes = Buffer.from('55540000', 'hex');
    const entry = { name: 'good.txt', content, stored: true, descriptor: numbers, local: { extra: noTimes } };
    const bytes = buildZip([entry]);
    const path = folder.file('in.nupkg', bytes);
    await extractPackage(path, folder.file('before'), { expectedSha256: sha256(bytes) });
    // The judge sees the header without its extra field, and takes the end of the data for that of a descriptor.
    const nearby = vi.spyOn(PackageFile.prototype, 'readNearby').mockImplementation(function (
      this: PackageFile,
      at,
      length,
    ) {
      const seen = Buffer.from(this.read(at, length));
      if (at === 0) seen.writeUInt16LE(0, 28);
      return seen;
    });
    const work = extractPackage(path, folder.file('out'), { expectedSha256: sha256(bytes) });
    await expect(work).rejects.toMatchObject({ code: 'PACKAGE_CHANGED' });
    nearby.mockRestore();
    expect(readdirSync(folder.path)).toEqual(['before', 'in.nupkg']);
  });

  test('where even the checksums were changed after it was verified', async () => {
    using folder = temporaryFolder();
    const path = folder.file('in.nupkg', buildZip([{ ...good, content: 'evil' }]));
    const work = extractPackage(path, folder.file('out'), { expectedSha256: sha256(buildZip([good])) });
    await expect(work).rejects.toMatchObject({ code: 'PACKAGE_CHANGED', exitCode: 4 });
    expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
  });

  test('where it is called off between two files', async () => {
    using folder = temporaryFolder();
    const bytes = buildZip([good, ...application]);
    const stop = new AbortController();
    const work = extractPackage(folder.file('in.nupkg', bytes), folder.file('out'), {
      expectedSha256: sha256(bytes),
      signal: stop.signal,
      onFile: () => stop.abort(new Error('called off')),
    });
    await expect(work).rejects.toThrow('called off');
    expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
  });

  test('where it is called off in the middle of a large file', async () => {
    using folder = temporaryFolder();
    const bytes = buildZip([{ name: 'huge.bin', content: Buffer.alloc(8 << 20, 'abc'), stored: true }]);
    const stop = new AbortController();
    const work = extractPackage(folder.file('in.nupkg', bytes), folder.file('out'), {
      expectedSha256: sha256(bytes),
      signal: stop.signal,
    });
    setImmediate(() => stop.abort(new Error('called off')));
    await expect(work).rejects.toThrow('called off');
    expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
  });
});

describe('T-61 what is there already is not touched', () => {
  const bytes = buildZip([{ name: 'a', content: 'x' }]);
  const options = { expectedSha256: sha256(bytes) };
  const taken = { code: 'PACKAGE_FOLDER_TAKEN' };

  test.each(['folder', 'file', 'link'])('be it a %s', async (kind) => {
    using folder = temporaryFolder();
    const out = folder.file('out');
    mkdirSync(folder.file('elsewhere'));
    if (kind === 'folder') mkdirSync(out);
    else if (kind === 'file') writeFileSync(out, 'kept');
    else symlinkSync(folder.file('elsewhere'), out);
    const before = lstatSync(out).ino;
    await expect(extractPackage(folder.file('in.nupkg', bytes), out, options)).rejects.toMatchObject(taken);
    expect(lstatSync(out).ino).toBe(before);
    expect(readdirSync(folder.file('elsewhere'))).toEqual([]);
  });

  test('be it a link to nothing', async () => {
    using folder = temporaryFolder();
    const out = folder.file('out');
    symlinkSync(folder.file('nowhere'), out);
    await expect(extractPackage(folder.file('in.nupkg', bytes), out, options)).rejects.toMatchObject(taken);
    expect(existsSync(folder.file('nowhere'))).toBe(false);
  });

  test('be it beside the folder, unless an extraction left it there', async () => {
    using folder = temporaryFolder();
    const neighbours = [
      'out.extracting',
      '.crossgap-extracting-other-0123456789ab',
      '.crossgap-extracting-out-x',
    ];
    for (const name of neighbours) mkdirSync(folder.file(name));
    mkdirSync(folder.file('.crossgap-extracting-out-0123456789ab'));
    await extractPackage(folder.file('in.nupkg', bytes), folder.file('out'), options);
    expect(new Set(readdirSync(folder.path))).toEqual(new Set([...neighbours, 'in.nupkg', 'out']));
  });

  test('be it elsewhere, where a link leads out of the folder for applications', async () => {
    using folder = temporaryFolder();
    const apps = folder.file('apps');
    mkdirSync(join(apps, 'uat'), { recursive: true });
    mkdirSync(folder.file('elsewhere'));
    symlinkSync(folder.file('elsewhere'), join(apps, 'uat/Orders'));
    const path = folder.file('in.nupkg', bytes);
    const work = extractPackage(path, join(apps, 'uat/Orders/1.0.0'), { ...options, within: apps });
    await expect(work).rejects.toMatchObject({ code: 'PACKAGE_NOT_WRITTEN' });
    await expect(work).rejects.toThrow('apps/uat/Orders is a link');
    expect(readdirSync(folder.file('elsewhere'))).toEqual([]);
    await extractPackage(path, join(apps, 'uat/Web/1.0.0'), { ...options, within: apps });
    expect(readdirSync(join(apps, 'uat/Web'))).toEqual(['1.0.0']);
  });

  test('nobody else enters the folder while it is made', async () => {
    using folder = temporaryFolder();
    const modes: number[] = [];
    await extractPackage(folder.file('in.nupkg', bytes), folder.file('out'), {
      ...options,
      onFile: () => {
        const beside = readdirSync(folder.path).find((name) => name.startsWith('.crossgap-extracting-'))!;
        modes.push(statSync(folder.file(beside)).mode & 0o777);
      },
    });
    expect(modes).toEqual([0o700]);
    expect(statSync(folder.file('out')).mode & 0o777).toBe(0o777 & ~process.umask());
  });

  test('be it named by half a path', async () => {
    using folder = temporaryFolder();
    for (const half of ['', '.', 'out', './out'])
      await expect(extractPackage(folder.file('in.nupkg', bytes), half, options)).rejects.toThrow(
        /whole path/,
      );
  });
});

test('a place that can not be written is named', async () => {
  using folder = temporaryFolder();
  const bytes = buildZip([{ name: 'a', content: 'x' }]);
  const path = folder.file('in.nupkg', bytes);
  const work = extractPackage(path, join(path, 'below-a-file'), { expectedSha256: sha256(bytes) });
  await expect(work).rejects.toMatchObject({ code: 'PACKAGE_NOT_WRITTEN' });
});

test.each(['extract.file-written', 'extract.before-rename'])(
  'after a power cut at %s the folder is not there, and the next try makes it',
  async (point) => {
    using folder = temporaryFolder();
    const bytes = buildZip(application);
    const [path, out] = [folder.file('in.nupkg', bytes), folder.file('out')];
    const options = { expectedSha256: sha256(bytes) };
    const module = join(import.meta.dirname, '../../src/packages/extract.ts');
    const program = `
      import { extractPackage } from ${JSON.stringify(module)};
      await extractPackage(${JSON.stringify(path)}, ${JSON.stringify(out)}, ${JSON.stringify(options)});`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, CROSSGAP_FAULT: point },
    });
    await expect(run).rejects.toMatchObject({ signal: 'SIGKILL' });
    expect(existsSync(out)).toBe(false);
    const { files } = await extractPackage(path, out, options);
    expect(files).toHaveLength(6);
    expect(readdirSync(folder.path).toSorted()).toEqual(['in.nupkg', 'out']);
  },
);

test('whatever is changed in a package, it is refused by name and leaves nothing, or comes out whole', async () => {
  const page = { name: 'index.html', content: '<h1>Orders</h1>' };
  const original = buildZip([...packaging, page, { name: 'b/c', content: 'c' }]);
  const change = fc.record({
    at: fc.nat(original.length - 1),
    length: fc.nat(3),
    put: fc.uint8Array({ maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      let bytes = original;
      for (const { at, length, put } of changes)
        bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + length)]);
      using folder = temporaryFolder();
      const path = folder.file('in.nupkg', bytes);
      for (const expectedSha256 of [sha256(original), sha256(bytes)]) {
        try {
          await extractPackage(path, folder.file('out'), { expectedSha256 });
          expect(expectedSha256).toBe(sha256(bytes));
          return;
        } catch (error) {
          expect(error).toBeInstanceOf(PackageError);
          expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
        }
      }
    }),
    { numRuns: 150 },
  );
});
