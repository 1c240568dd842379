import { execFileSync } from 'node:child_process';
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../build.ts';
import { certificateFacts, newCompanyCertificate } from '../src/identity/index.ts';
import { packNupkg, signPackage, verifyPackage } from '../src/packages/index.ts';
import { dotnetView } from '../test/support/dotnet.ts';
import { milliseconds, peakMiB, profiled } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';

const program = fileURLToPath(new URL('../bin/crossgap.js', import.meta.url));
const turns = 5;

export const measurement: Measurement = {
  what: 'a package is verified by who is about to use it',
  baseline:
    'SHA-256 of the same file, read in pieces, in the same process; and `dotnet nuget verify --all` of it',
  how: 'By turns, the fastest of each counts. In the process: after one turn that loads what reads signatures. Whole processes: from the start to the exit code, the client in a view of its SDK that trusts the certificate, revocation offline.',
  unit: 'bytes',
  sizes: [50_000_000, 500_000_000],
  prepare: async (folder, size) => {
    await build();
    const file = join(folder, 'a.nupkg');
    const files = [{ path: 'large.bin', bytes: randomBytes(size) }];
    await packNupkg({ id: 'Large', version: '1.0.0', files, outFile: file });
    const validFrom = new Date(Date.now() - 60_000);
    const { certificate } = await newCompanyCertificate({ commonName: 'Bench', validFrom, validYears: 1 });
    await signPackage(file, file, certificate, { hash: 'sha256' });
    writeFileSync(join(folder, 'company.pem'), new X509Certificate(certificate.chain[0]!).toString());
  },
  measure: async (folder, size) => {
    const [file, pem] = [join(folder, 'a.nupkg'), join(folder, 'company.pem')];
    const certificate = new X509Certificate(execFileSync('cat', [pem]));
    const trust = { fingerprints: new Set([certificateFacts(certificate.raw).fingerprint]) };
    const inside = async (): Promise<void> => {
      const { ok } = await verifyPackage(file, { trust });
      if (!ok) throw new Error('the package does not verify');
    };
    const best = { inside: Infinity, bare: Infinity, ours: Infinity, theirs: Infinity };
    await inside();
    for (let turn = 0; turn < turns; turn += 1) {
      best.bare = Math.min(best.bare, await milliseconds(() => hashed(file)));
      best.inside = Math.min(best.inside, await milliseconds(inside));
    }
    const peak = peakMiB();
    const dotnet = dotnetView([certificate.toString()]);
    try {
      for (let turn = 0; turn < turns; turn += 1) {
        best.ours = Math.min(
          best.ours,
          await milliseconds(() =>
            execFileSync(process.execPath, [program, 'package', 'verify', file, '--trust', pem], {
              stdio: 'ignore',
            }),
          ),
        );
        best.theirs = Math.min(
          best.theirs,
          await milliseconds(async () => {
            const { exitCode, output } = await dotnet.run('nuget', 'verify', '--all', file);
            if (exitCode !== 0) throw new Error(output);
          }),
        );
      }
    } finally {
      dotnet[Symbol.dispose]();
    }
    const speed = (ms: number): number => size / 1000 / ms;
    return {
      figures: [
        {
          name: 'in the process',
          unit: 'MB/s',
          ours: speed(best.inside),
          baseline: speed(best.bare),
          goal: '≥ 0.7 ×',
        },
        {
          name: 'whole process, the real client',
          unit: 'ms',
          ours: best.ours,
          baseline: best.theirs,
          goal: '≤ 1 ×',
        },
      ],
      peakMiB: { '': peak },
      timeIn: await profiled(inside),
    } satisfies Measured;
  },
};

function hashed(file: string): void {
  const hash = createHash('sha256');
  const descriptor = openSync(file, 'r');
  const piece = Buffer.allocUnsafe(1 << 18);
  for (let read = 1; read > 0;) {
    read = readSync(descriptor, piece);
    hash.update(piece.subarray(0, read));
  }
  closeSync(descriptor);
  hash.digest();
}
