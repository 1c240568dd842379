import { randomBytes } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { packNupkg, signPackage } from '../src/packages/index.ts';
import { readPackages } from '../src/projections/index.ts';
import type { Measured, Measurement } from './measurement.ts';
import { bareLine } from './nats-bare.ts';
import { natsPair, type NatsPair } from './nats-pair.ts';
import { now } from './nats-told.ts';
import { crossgap } from './scale-process.ts';

export const measurement: Measurement = {
  what: 'a release with one large package goes to a customer over NATS, and the same once more with the receiver killed halfway',
  baseline:
    'the bytes of the package published bare and taken, in messages of 512 KiB, one in flight and at most 64 MiB not taken',
  how: 'The release is published before the daemons start. Counted from the moment both are ready to the package being verified and held. Resumed: what the server got and gave altogether, as a multiple of the package.',
  unit: 'bytes',
  sizes: [1_000_000_000],
  measure,
};

async function measure(folder: string, sizeBytes: number): Promise<Measured> {
  await using pair = await natsPair(folder);
  writeFileSync(
    join(folder, 'orders.yaml'),
    'process: Orders\nsteps:\n  - name: Web\n    package: Orders.Web\n',
  );
  await crossgap(join(folder, 'vendor'), 'process', 'publish', join(folder, 'orders.yaml'));

  const first = await publish(folder, pair, '1.0.0', sizeBytes);
  await using vendorDaemon = await pair.start('vendor');
  await using customerDaemon = await pair.start('customer');
  const began = now();
  const { at } = await customerDaemon.told('package', ({ digest }) => digest === first.digest);
  const bareMs = await measureBare(pair.url, pair.vendor.blobs.path(first.digest));
  const [sender, receiver] = [await vendorDaemon.facts(), await customerDaemon.facts()];

  vendorDaemon.profile();
  const before = await pair.passed();
  const second = await publish(folder, pair, '2.0.0', sizeBytes);
  const incoming = `${pair.customer.blobs.incomingPath(second.digest)}.${pair.link}`;
  const came = (): number => Math.max(sizeOf(incoming), sizeOf(`${incoming}.pieces`));
  // What is small may be there before anybody has looked.
  const isThere = (): boolean => sizeOf(pair.customer.blobs.path(second.digest)) > 0;
  while (came() < second.sizeBytes / 2 && !isThere()) await pause(5);
  await customerDaemon.kill();
  await using restarted = await pair.start('customer');
  restarted.profile();
  await restarted.told('package', ({ digest }) => digest === second.digest);
  const after = await pair.passed();

  const speed = (ms: number): number => first.sizeBytes / 1e3 / ms;
  const times = (bytes: number): number => bytes / second.sizeBytes;
  return {
    figures: [
      { unit: 'MB/s', ours: speed(at - began), baseline: speed(bareMs), goal: '≥ 0.5 ×' },
      { name: 'resumed, sent', unit: '× its size', ours: times(after.inBytes - before.inBytes) },
      { name: 'resumed, delivered', unit: '× its size', ours: times(after.outBytes - before.outBytes) },
    ],
    peakMiB: { sender: sender.peakMiB, receiver: receiver.peakMiB, server: pair.serverPeakMiB() },
    timeIn: [
      'receiver:',
      ...(await restarted.facts()).timeIn,
      'sender:',
      ...(await vendorDaemon.facts()).timeIn,
    ],
  };
}

/** Packs, signs, adds and publishes a package of random bytes to the customer. */
async function publish(
  folder: string,
  { company, vendor }: NatsPair,
  version: string,
  sizeBytes: number,
): Promise<{ readonly digest: string; readonly sizeBytes: number }> {
  const data = join(folder, 'vendor');
  const [content, outFile] = [join(folder, 'content.bin'), join(folder, `Orders.Web.${version}.nupkg`)];
  await writeRandom(content, sizeBytes);
  await packNupkg({ id: 'Orders.Web', version, files: [{ path: 'app.bin', file: content }], outFile });
  await signPackage(outFile, outFile, company, { hash: 'sha256' });
  await crossgap(data, 'package', 'add', outFile);
  for (const path of [content, outFile]) rmSync(path);
  await crossgap(data, 'release', 'create', 'Orders', version, '--package', `Orders.Web@${version}`);
  await crossgap(data, 'release', 'publish', version, '--to', 'customer');
  const { pin } = readPackages(vendor.db).find((row) => row.pin.version === version)!;
  return { digest: pin.sha256, sizeBytes: pin.sizeBytes };
}

const pieceBytes = 4 * 1024 * 1024;

async function writeRandom(path: string, bytes: number): Promise<void> {
  await using file = await open(path, 'w');
  for (let left = bytes; left > 0; left -= pieceBytes)
    await file.write(randomBytes(Math.min(left, pieceBytes)));
}

const messageBytes = 512 * 1024;
const windowMessages = (64 * 1024 * 1024) / messageBytes;

/** The bytes of a file through a bare stream, in milliseconds. */
async function measureBare(url: string, path: string): Promise<number> {
  await using bare = await bareLine(url);
  await using file = await open(path);
  const began = now();
  let published = 0;
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(messageBytes), 0, messageBytes);
    if (bytesRead === 0) break;
    await bare.publish(buffer.subarray(0, bytesRead));
    published += 1;
    // What is taken is told by the taker, so that nobody has to ask for it.
    const enough = published - windowMessages;
    await bare.taker.told('messages', ({ count }) => count >= enough || enough <= 0);
  }
  const { at } = await bare.taker.told('messages', ({ count }) => count >= published);
  return at - began;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
