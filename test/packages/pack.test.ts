import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { extractPackage, packNupkg, verifyPackage, type PackedFile } from '../../src/packages/index.ts';
import { sha256, temporaryFolder } from '../support/build-nupkg.ts';

const identity = { id: 'Orders.Web', version: '1.0.0' };
const nobody = { trust: { fingerprints: new Set<string>() } };
const files: PackedFile[] = [
  { path: 'content/index.html', bytes: Buffer.from('<h1>Orders</h1>') },
  { path: 'ä b+c%20d.txt', bytes: Buffer.from('odd name') },
  { path: 'Makefile', bytes: Buffer.alloc(0) },
];

describe('packing', () => {
  test('gives a package that is read, known and extracted as it was packed', async () => {
    using folder = temporaryFolder();
    const big = folder.file('big.bin', Buffer.alloc(3_000_000, 'big '));
    const outFile = folder.file('Orders.Web.1.0.0.nupkg');
    await packNupkg({ ...identity, outFile, files: [...files, { path: 'bin/big.bin', file: big }] });
    const bytes = readFileSync(outFile);
    const report = await verifyPackage(outFile, nobody);
    expect(report).toMatchObject({ ...identity, signature: null, contentDigest: sha256(bytes) });
    expect(report.problems.map(({ code }) => code)).toEqual(['NU3004']);
    const out = folder.file('out');
    const extracted = await extractPackage(outFile, out, { expectedSha256: sha256(bytes) });
    const expected = ['Makefile', 'bin/big.bin', 'content/index.html', 'ä b+c%20d.txt'];
    expect(extracted.files.toSorted()).toEqual(expected);
    expect(readFileSync(join(out, 'ä b+c%20d.txt'), 'utf8')).toBe('odd name');
    expect(readFileSync(join(out, 'bin/big.bin')).length).toBe(3_000_000);
  });

  test('gives the same bytes again, in whatever order the files come and in every time zone', async () => {
    using folder = temporaryFolder();
    const zone = process.env['TZ'];
    const digests = new Set<string>();
    try {
      for (const [i, timeZone] of ['UTC', 'Pacific/Kiritimati', 'America/Los_Angeles'].entries()) {
        process.env['TZ'] = timeZone;
        const outFile = folder.file(`${i}.nupkg`);
        await packNupkg({ ...identity, outFile, files: i === 1 ? files.toReversed() : files });
        digests.add(sha256(readFileSync(outFile)));
      }
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
    expect(digests.size).toBe(1);
  });

  test('keeps text that means something in XML', async () => {
    using folder = temporaryFolder();
    const outFile = folder.file('x.nupkg');
    await packNupkg({ ...identity, description: '<a> & "b"', authors: 'A & B', outFile, files: [] });
    expect(await verifyPackage(outFile, nobody)).toMatchObject(identity);
  });

  test('replaces an older file only when the new one is whole', async () => {
    using folder = temporaryFolder();
    const outFile = folder.file('x.nupkg', Buffer.from('old'));
    const missing = [{ path: 'gone.txt', file: folder.file('gone.txt') }];
    const packing = packNupkg({ ...identity, outFile, files: missing });
    await expect(packing).rejects.toMatchObject({ code: 'PACKAGE_INPUT_INVALID' });
    expect(readFileSync(outFile, 'utf8')).toBe('old');
    await packNupkg({ ...identity, outFile, files: [] });
    expect(readFileSync(outFile).length).toBeGreaterThan(3);
    expect(readdirSync(folder.path)).toEqual(['x.nupkg']);
  });
});

describe('packing is refused', () => {
  const bytes = Buffer.from('x');
  const at = (...paths: string[]): object => ({ files: paths.map((path) => ({ path, bytes })) });
  const wrong: [string, object][] = [
    ['an id that is none', { id: '../Orders' }],
    ['a version that is none', { version: 'newest' }],
    ['a path that escapes', at('../x')],
    ['a path of a folder', at('x/')],
    ['a path Windows does not know', at('aux.txt')],
    ['two paths that meet', at('a', 'A')],
    ['the place of the signature', at('.signature.p7s')],
    ['a second nuspec', at('sub/y.nuspec')],
    ['a part of the package itself', at('[Content_Types].xml')],
    ['a folder as source', { files: [{ path: 'a', file: import.meta.dirname }] }],
  ];
  test.each(wrong)('for %s', async (_why, change) => {
    using folder = temporaryFolder();
    const packing = packNupkg({ ...identity, files: [], outFile: folder.file('x.nupkg'), ...change });
    await expect(packing).rejects.toMatchObject({ code: 'PACKAGE_INPUT_INVALID', exitCode: 2 });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('where the file can not be written', async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('file'), 'x');
    for (const outFile of [folder.file('file/x.nupkg'), folder.file('missing/x.nupkg')])
      await expect(packNupkg({ ...identity, files: [], outFile })).rejects.toMatchObject({
        code: 'PACKAGE_NOT_WRITTEN',
      });
  });
});
