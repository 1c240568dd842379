import { execFile } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { buildZip, temporaryFolder } from '../support/build-nupkg.ts';

const packages = join(import.meta.dirname, '../../src/packages/index.ts');
const peakMiBMax = 256;

/** Verifies and extracts in a process of its own; the number of files, and the most memory it had in MiB. */
async function extracted(file: string, folder: string): Promise<{ files: number; peakMiB: number }> {
  const program = `
    import { readFileSync } from 'node:fs';
    import { extractPackage, verifyPackage } from ${JSON.stringify(packages)};
    const { sha256 } = await verifyPackage(${JSON.stringify(file)}, { trust: { fingerprints: new Set() } });
    const { files } = await extractPackage(${JSON.stringify(file)}, ${JSON.stringify(folder)}, { expectedSha256: sha256 });
    const [, kiB] = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    console.log(JSON.stringify({ files: files.length, peakMiB: Number(kiB) / 1024 }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  return JSON.parse(stdout) as { files: number; peakMiB: number };
}

describe.runIf(process.platform === 'linux')('the memory that extraction needs does not grow', () => {
  test('with one file of 4 GB', async () => {
    using folder = temporaryFolder();
    const size = 4_000_000_000;
    const megabyte = Buffer.alloc(1_000_000);
    let sum = 0;
    for (let at = 0; at < size; at += megabyte.length) sum = crc32(megabyte, sum);
    const name = 'huge.bin';
    const fields = { crc32: sum, compressedSize: size, size };
    const records = buildZip([{ name, stored: true, both: fields }], {
      centralOffset: 30 + name.length + size,
    });
    const file = folder.file('in.nupkg');
    const descriptor = openSync(file, 'w');
    writeSync(descriptor, records, 0, 30 + name.length, 0);
    // All zeros, of which the disk needs none.
    ftruncateSync(descriptor, 30 + name.length + size);
    writeSync(
      descriptor,
      records,
      30 + name.length,
      records.length - 30 - name.length,
      30 + name.length + size,
    );
    closeSync(descriptor);
    const { files, peakMiB } = await extracted(file, folder.file('out'));
    expect(files).toBe(1);
    expect(statSync(folder.file(`out/${name}`)).size).toBe(size);
    expect(peakMiB).toBeLessThan(peakMiBMax);
  });

  test('with 20,000 files', async () => {
    using folder = temporaryFolder();
    const entries = Array.from({ length: 20_000 }, (_, i) => ({
      name: `d${i % 500}/file-${i}.txt`,
      content: `${i} `.repeat(200),
    }));
    const file = folder.file('in.nupkg');
    writeFileSync(file, buildZip(entries));
    const { files, peakMiB } = await extracted(file, folder.file('out'));
    expect(files).toBe(20_000);
    expect(peakMiB).toBeLessThan(peakMiBMax);
  });
});
