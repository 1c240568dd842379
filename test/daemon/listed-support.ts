import { createHash } from 'node:crypto';
import { addPackage, createRelease, publishRelease } from '../../src/commands/index.ts';
import { linkReplica } from '../../src/daemon/link-replica.ts';
import type { PackagePin } from '../../src/events/index.ts';
import { chunkListsOf, type Instance } from '../../src/instance/index.ts';
import { packNupkg, signPackage } from '../../src/packages/index.ts';
import { readReleases, type ReleaseRow } from '../../src/projections/index.ts';
import {
  folderTransport,
  replicateOnce,
  type Exchange,
  type Parcel,
  type Transport,
} from '../../src/sync/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { companyOf, linkOf, type Pair } from '../support/instances.ts';

/** Bytes that no compression makes less of, the same for the same seed. */
export const noise = (seed: string, sizeBytes: number): Buffer =>
  createHash('shake256', { outputLength: sizeBytes }).update(seed).digest();

/** A signed package of these files in the vendor's store. */
export async function shelve(
  vendor: Instance,
  version: string,
  files: Readonly<Record<string, Buffer>>,
): Promise<PackagePin> {
  using folder = memoryFolder();
  const outFile = folder.file('package.nupkg');
  const identity = { id: 'Shop', version };
  await packNupkg({
    ...identity,
    outFile,
    files: Object.entries(files).map(([path, bytes]) => ({ path, bytes })),
  });
  const now = new Date(vendor.clock.now());
  const report = await signPackage(outFile, outFile, companyOf('acme'), { hash: 'sha256', now });
  const { digest, sizeBytes } = await vendor.blobs.putFile(outFile);
  const pin = { ...identity, sha256: digest, contentDigest: report.contentDigest!, sizeBytes };
  vendor.record(() => addPackage([], { pin, signer: report.signature!.signer!, link: null }));
  return pin;
}

/** Freezes a release of these packages and offers it over the link, as `release publish` does. */
export async function publishListed(
  { vendor, link, clock }: Pair,
  number: string,
  packages: readonly PackagePin[],
  { listed = true } = {},
): Promise<ReleaseRow> {
  clock.advance(60_000);
  const revision = await vendor.blobs.putBytes(Buffer.from('a revision'));
  vendor.record(
    () =>
      createRelease(undefined, {
        process: 'Shop',
        number,
        revision: { number: 1, digest: revision.digest, sizeBytes: revision.sizeBytes },
        packages: [...packages],
        needed: packages.map(({ id }) => id),
        notes: null,
        inputs: [],
        createdAt: new Date(clock.now()).toISOString(),
      }).decision,
  );
  const release = readReleases(vendor.db, number).find((row) => row.link === '')!;
  const chunkLists = listed ? await chunkListsOf(vendor, release.document) : [];
  const { process, digest, withdrawn, tests, verdict } = release;
  const document = Buffer.from(JSON.stringify(release.document));
  vendor.record((db) =>
    publishRelease(
      { deployedTo: [], testsPassed: false, testTypes: [], verdictOk: false },
      { process, number, digest, document, withdrawn, deployedTo: [], tests, evidence: [], verdict },
      [{ ...linkOf(vendor, link, db), has: false }],
      chunkLists,
    ),
  );
  return release;
}

export type Sent = {
  readonly digest: string;
  readonly attempt: number;
  readonly offset: number;
  readonly length: number;
};

/** One side's end of the folder between two instances; `sent` gets the chunks that left by it. */
export function endOf(pair: Pair, instance: Instance, sent: Sent[] = []): Transport {
  const peer = instance === pair.vendor ? pair.customer : pair.vendor;
  const transport = folderTransport({
    folder: pair.between,
    link: pair.link,
    self: instance.identity.instanceId,
    peer: peer.identity.instanceId,
    believedMs: 0,
    damagedAfterMs: 0,
  });
  return {
    ...transport,
    send(parcel: Parcel, signal) {
      if (parcel.kind === 'blob')
        sent.push({
          digest: parcel.digest,
          attempt: parcel.attempt,
          offset: parcel.offset,
          length: parcel.bytes.length,
        });
      return transport.send(parcel, signal);
    },
  };
}

const never = new AbortController().signal;

export type Ends = { readonly vendor: Transport; readonly customer: Transport };

/** Both sides exchange in turn until neither moves anything. */
export async function settleBlobs(
  pair: Pair,
  ends: Ends,
  chunkBytes = 512 * 1024,
): Promise<readonly Exchange[]> {
  const all: Exchange[] = [];
  for (let round = 0; round < 15; round += 1) {
    const done: Exchange[] = [];
    for (const side of ['vendor', 'customer'] as const)
      done.push(
        await replicateOnce(linkReplica(pair[side], pair.link), ends[side], {
          signal: never,
          limits: { chunkBytes },
        }),
      );
    all.push(...done);
    const failure = done.flatMap(({ failures }) => failures)[0];
    if (failure) throw failure;
    if (done.every((one) => one.entriesIn + one.entriesOut + one.blobBytesIn + one.blobBytesOut === 0))
      return all;
  }
  throw new Error('both sides still move something after 15 rounds');
}

export const bytesOf = (sent: readonly Sent[], digest: string): number =>
  sent.filter((one) => one.digest === digest).reduce((sum, { length }) => sum + length, 0);
