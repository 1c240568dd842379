import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { extractPackage, packNupkg, verifyPackage } from '../src/packages/index.ts';
import { milliseconds, peakMiB, profiled } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';

const fileBytes = 2000;
const turns = 3;
/** Half of it can be deflated, as of a program with its pictures. */
const megabyte = Buffer.concat([randomBytes(500_000), Buffer.alloc(500_000, 'half of it is text, ')]);

const comparing = (
  what: string,
  unit: string,
  sizes: readonly number[],
  filesOf: (size: number) => { path: string; bytes: Buffer }[],
): Measurement => ({
  what,
  baseline:
    '`unzip -q` of the same file; and once more with what it wrote on the disk (`sync -f`), as ours is',
  how: 'Each turn goes to a new folder, ours and the baselines by turns, the fastest of each counts; ours checks every name, size and digest, and ends when what it wrote would survive a power cut.',
  unit,
  sizes,
  prepare: async (folder, size) => {
    const outFile = join(folder, 'many.nupkg');
    await packNupkg({ id: 'Many', version: '1.0.0', files: filesOf(size), outFile });
  },
  measure: async (folder, size) => {
    const file = join(folder, 'many.nupkg');
    const { sha256 } = await verifyPackage(file, { trust: { fingerprints: new Set() } });
    const ours = (to: string) => () => extractPackage(file, join(folder, to), { expectedSha256: sha256 });
    const unzipped = (to: string) => () => execFileSync('unzip', ['-q', file, '-d', join(folder, to)]);
    const onDisk = () => execFileSync('sync', ['-f', folder]);
    const best = { ours: Infinity, unzip: Infinity, unzipAndSync: Infinity };
    for (let turn = 0; turn < turns; turn += 1) {
      onDisk();
      best.ours = Math.min(best.ours, await milliseconds(ours(`ours-${turn}`)));
      onDisk();
      const unzip = await milliseconds(unzipped(`theirs-${turn}`));
      best.unzip = Math.min(best.unzip, unzip);
      best.unzipAndSync = Math.min(best.unzipAndSync, unzip + (await milliseconds(onDisk)));
    }
    const peak = peakMiB();
    const timeIn = await profiled(ours('profiled'));
    const figure = (name: string, baseline: number, goal?: string) => ({
      name,
      unit: 'ms',
      ours: best.ours,
      baseline,
      ...(goal !== undefined && { goal }),
    });
    return {
      figures: [
        figure(`${size} ${unit}`, best.unzip, '≤ 1.3 ×'),
        figure(`${size} ${unit}, both on the disk`, best.unzipAndSync),
      ],
      peakMiB: { '': peak },
      timeIn,
    } satisfies Measured;
  },
});

export const measurement = comparing(
  'a package of many small files is extracted',
  'files',
  [2000, 20_000],
  (size) =>
    Array.from({ length: size }, (_, n) => ({
      path: `folder-${n % 100}/file-${n}.txt`,
      bytes: Buffer.from(`file ${n} `.padEnd(fileBytes, `${n} is its number, `)),
    })),
);

export const oneLargeFile = comparing('a package of one large file is extracted', 'MB', [1000], (size) => [
  { path: 'large.bin', bytes: Buffer.concat(Array.from({ length: size }, () => megabyte)) },
]);
