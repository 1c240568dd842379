import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../build.ts';
import { newCompanyCertificate, readPfx } from '../src/identity/index.ts';
import { packNupkg, signPackage } from '../src/packages/index.ts';
import { milliseconds, peakMiB, profiled } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';

const program = fileURLToPath(new URL('../bin/crossgap.js', import.meta.url));
const turns = 5;
const password = 'geheim';

export const measurement: Measurement = {
  what: 'a package is signed by a build server, without a time stamp',
  baseline: '`dotnet nuget sign` of the same file with the same certificate',
  how: 'Whole processes, each writing a new file, ours and the baseline by turns, the fastest of each counts. Ours verifies what it wrote before it is there, and syncs it; the baseline does neither.',
  unit: 'bytes',
  sizes: [50_000_000],
  prepare: async (folder, size) => {
    await build();
    const bytes = randomBytes(size);
    const outFile = join(folder, 'a.nupkg');
    await packNupkg({ id: 'Large', version: '1.0.0', files: [{ path: 'large.bin', bytes }], outFile });
    const made = { commonName: 'Bench', validFrom: new Date(Date.now() - 60_000), validYears: 1, password };
    writeFileSync(join(folder, 'company.pfx'), (await newCompanyCertificate(made)).pfx);
    writeFileSync(join(folder, 'password'), password);
    mkdirSync(join(folder, 'theirs'));
  },
  measure: async (folder, size) => {
    const [file, pfx] = [join(folder, 'a.nupkg'), join(folder, 'company.pfx')];
    const run = (command: string, ...words: string[]) =>
      execFileSync(command, words, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: {
          ...process.env,
          DOTNET_CLI_HOME: folder,
          DOTNET_NOLOGO: '1',
          DOTNET_CLI_TELEMETRY_OPTOUT: '1',
        },
      });
    const ours = () =>
      run(
        process.execPath,
        program,
        'package',
        'sign',
        file,
        '--certificate',
        pfx,
        '--password-file',
        join(folder, 'password'),
        '--out',
        join(folder, 'ours.nupkg'),
      );
    const theirs = () =>
      run(
        'dotnet',
        'nuget',
        'sign',
        file,
        '--certificate-path',
        pfx,
        '--certificate-password',
        password,
        '-o',
        join(folder, 'theirs'),
        '--overwrite',
      );
    const best = { ours: Number.POSITIVE_INFINITY, theirs: Number.POSITIVE_INFINITY };
    for (let turn = 0; turn < turns; turn += 1) {
      best.ours = Math.min(best.ours, await milliseconds(ours));
      best.theirs = Math.min(best.theirs, await milliseconds(theirs));
    }
    const company = await readPfx(readFileSync(pfx), password);
    const inside = () => signPackage(file, join(folder, 'inside.nupkg'), company, { hash: 'sha256' });
    await inside();
    const peak = peakMiB();
    const figure = {
      name: `${size / 1e6} MB`,
      unit: 'ms',
      ours: best.ours,
      baseline: best.theirs,
      goal: '≤ 1.3 ×',
    };
    return {
      figures: [figure],
      peakMiB: { '': peak },
      timeIn: await profiled(inside),
    } satisfies Measured;
  },
};
