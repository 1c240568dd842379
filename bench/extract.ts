import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { extractPackage, packNupkg, verifyPackage } from '../src/packages/index.ts';
import { milliseconds, peakMiB, profiled } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';

const fileBytes = 2000;
const turns = 3;

export const measurement: Measurement = {
  what: 'a package of many small files is extracted',
  baseline: '`unzip -q` of the same file',
  how: 'Each turn goes to a new folder, ours and the baseline by turns, the fastest of each counts; ours checks every name, size and digest, and syncs what it wrote.',
  unit: 'files',
  sizes: [2000, 20_000],
  prepare: async (folder, size) => {
    const files = Array.from({ length: size }, (_, n) => ({
      path: `folder-${n % 100}/file-${n}.txt`,
      bytes: Buffer.from(`file ${n} `.padEnd(fileBytes, `${n} is its number, `)),
    }));
    await packNupkg({ id: 'Many', version: '1.0.0', files, outFile: join(folder, 'many.nupkg') });
  },
  measure: async (folder, size) => {
    const file = join(folder, 'many.nupkg');
    const { sha256 } = await verifyPackage(file, { trust: { fingerprints: new Set() } });
    const ours = (to: string) => () => extractPackage(file, join(folder, to), { expectedSha256: sha256 });
    const theirs = (to: string) => () => execFileSync('unzip', ['-q', file, '-d', join(folder, to)]);
    const best = { ours: Number.POSITIVE_INFINITY, theirs: Number.POSITIVE_INFINITY };
    for (let turn = 0; turn < turns; turn += 1) {
      best.ours = Math.min(best.ours, await milliseconds(ours(`ours-${turn}`)));
      best.theirs = Math.min(best.theirs, await milliseconds(theirs(`theirs-${turn}`)));
    }
    const peak = peakMiB();
    const timeIn = await profiled(ours('profiled'));
    const figure = {
      name: `${size} files`,
      unit: 'ms',
      ours: best.ours,
      baseline: best.theirs,
      goal: '≤ 1.3 ×',
    };
    return { figures: [figure], peakMiB: { '': peak }, timeIn } satisfies Measured;
  },
};
