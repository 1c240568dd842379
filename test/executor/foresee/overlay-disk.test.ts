import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { realDisk } from '../../../src/executor/disk.ts';
import { emptyDisk, overlayDisk } from '../../../src/executor/foresee/overlay-disk.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';

const names = [
  'b.txt',
  'B.txt',
  'a/z.txt',
  'a.b/c.txt',
  'a-b/c.txt',
  'a/b/c.txt',
  'a/b.txt',
  'd/e/f/g.txt',
  'é.txt',
];

test('files that are put and taken away are listed as those of a real folder, in the same order', () => {
  fc.assert(
    fc.property(
      fc.subarray(names, { minLength: 1 }),
      fc.subarray(names),
      fc.subarray(names),
      (put, there, gone) => {
        using folder = temporaryFolder();
        const [real, seeming] = [join(folder.path, 'real'), join(folder.path, 'seeming')];
        const write = (root: string, name: string): void => {
          mkdirSync(dirname(join(root, name)), { recursive: true });
          writeFileSync(join(root, name), name);
        };
        for (const name of [...put, ...there]) write(real, name);
        for (const name of there) write(seeming, name);
        const disk = overlayDisk(realDisk);
        for (const name of put) disk.put(join(seeming, name), () => Buffer.from(name));
        for (const name of gone) {
          rmSync(join(real, name), { force: true });
          disk.remove(join(seeming, name));
        }
        expect(disk.filesBelow(seeming)).toEqual(realDisk.filesBelow(real));
        for (const below of ['', 'a', 'a/b', 'd/e', 'none']) {
          expect(disk.filesIn(join(seeming, below))).toEqual(realDisk.filesIn(join(real, below)));
        }
        for (const name of names) {
          expect(disk.has(join(seeming, name))).toBe(realDisk.has(join(real, name)));
          if (disk.has(join(seeming, name))) expect(disk.read(join(seeming, name)).toString()).toBe(name);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('what is replaced is read back, and the real file stays as it was', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'a.txt');
  writeFileSync(file, 'old');
  const disk = overlayDisk(realDisk);
  await disk.replace(file, Buffer.from('new'));
  expect(disk.read(file).toString()).toBe('new');
  expect(realDisk.read(file).toString()).toBe('old');
});

test('a file that is gone, or was never there, is refused as by the file system', () => {
  const disk = overlayDisk(emptyDisk);
  disk.put('/apps/a.txt', () => Buffer.from('a'));
  expect(disk.isFolder('/apps')).toBe(true);
  disk.remove('/apps/a.txt');
  expect(disk.isFolder('/apps')).toBe(false);
  for (const path of ['/apps/a.txt', '/apps/b.txt']) {
    expect(() => disk.read(path)).toThrow(expect.objectContaining({ code: 'ENOENT' }) as Error);
  }
});
