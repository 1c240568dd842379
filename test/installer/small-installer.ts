import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SigningKey } from '../../src/identity/index.ts';
import { sha256Of } from '../../src/installer/hash-file.ts';
import { writeInstaller, type Runner, type WrittenInstaller } from '../../src/installer/index.ts';

/** Who makes an installer: what `senderOf` says of an instance. */
export type Maker = {
  readonly instance: string;
  readonly name: string;
  readonly introduction: Uint8Array;
  readonly signing: SigningKey;
};

/** A runner that begins as an executable does and has our program's mark in it, and is three kB. */
export async function smallRunner(folder: string): Promise<Runner> {
  const path = join(folder, 'small-runner');
  const program = Buffer.concat([Buffer.from('\x7fELF', 'latin1'), randomBytes(3000)]);
  program.write('program/bin/crossgap.js', 1000);
  writeFileSync(path, program);
  return {
    path,
    sizeBytes: program.length,
    sha256: await sha256Of(path),
    platform: 'linux-x64',
    programVersion: '1.2.3',
    programDigest: 'ab'.repeat(32),
    runtimeVersion: '24.21.0',
  };
}

/** An installer of a bundle that was made. */
export async function smallInstaller(
  order: { readonly runner: Runner; readonly maker: Maker; readonly out: string },
  bundle: { readonly file: string; readonly id: string; readonly number: number } | undefined,
): Promise<WrittenInstaller & { readonly bytes: Buffer }> {
  const { runner, maker, out } = order;
  const content = bundle && {
    path: bundle.file,
    id: bundle.id,
    number: bundle.number,
    release: { process: 'Orders', number: '3.2.0', digest: 'cd'.repeat(32) },
    madeAt: '2026-03-02T12:00:00.000Z',
  };
  const written = await writeInstaller({ runner, content, maker, out });
  return { ...written, bytes: readFileSync(out) };
}
