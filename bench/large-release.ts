import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { readPfx } from '../src/identity/index.ts';
import { packNupkg, signPackage } from '../src/packages/index.ts';
import { crossgap } from './scale-process.ts';

const pieceBytes = 4 * 1024 * 1024;

/** Makes release 1.0.0 of Orders at a vendor: one signed package with one file of random bytes, so that nothing shrinks it. */
export async function makeLargeRelease(folder: string, vendor: string, bytes: number): Promise<void> {
  const [content, outFile] = [join(folder, 'content.bin'), join(folder, 'Orders.Web.1.0.0.nupkg')];
  await writeRandom(content, bytes);
  await packNupkg({
    id: 'Orders.Web',
    version: '1.0.0',
    files: [{ path: 'app.bin', file: content }],
    outFile,
  });
  rmSync(content);
  await signPackage(outFile, outFile, await readPfx(readFileSync(`${vendor}.pfx`), ''), { hash: 'sha256' });
  const process = join(folder, 'orders.yaml');
  writeFileSync(process, 'process: Orders\nsteps:\n  - name: Web\n    package: Orders.Web\n');
  await crossgap(vendor, 'package', 'add', outFile);
  rmSync(outFile);
  await crossgap(vendor, 'process', 'publish', process);
  await crossgap(vendor, 'release', 'create', 'Orders', '1.0.0', '--package', 'Orders.Web@1.0.0');
}

async function writeRandom(path: string, bytes: number): Promise<void> {
  await using file = await open(path, 'w');
  for (let left = bytes; left > 0; left -= pieceBytes)
    await file.write(randomBytes(Math.min(left, pieceBytes)));
}
