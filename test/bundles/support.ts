import { join } from 'node:path';
import {
  exportBundle,
  findBundles,
  importBundles,
  loadAgeIdentity,
  madeBundles,
  partBytesDefault,
  reissueBundle,
  type BundledBlob,
  type BundleFacts,
  type BundleSource,
  type Export,
  type Exported,
  type Imported,
  type SealedFacts,
  type Sender,
} from '../../src/bundles/index.ts';
import {
  cargoOf,
  keptBundles,
  importerOf,
  recipientOf,
  senderOf,
  type Wish,
} from '../../src/cli/bundles/bundle-ends.ts';
import { createRelease } from '../../src/commands/index.ts';
import { linkReplica } from '../../src/daemon/index.ts';
import { bundleInInstaller } from '../../src/installer/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { readReleases, readWantedBlobs } from '../../src/projections/index.ts';
import { deliver, giveReceipt, linkOf, offer, type Pair } from '../support/instances.ts';

export const never = new AbortController().signal;

export type ExportWish = Partial<Wish> & {
  readonly partBytes?: number;
  /** What a sender says of itself that is not as it should be, or not what it was. */
  readonly as?: Partial<Sender>;
  /** Other entries than those of the log. */
  readonly source?: BundleSource;
  readonly withoutBlobs?: boolean;
  /** Other blobs than those that are owed. */
  readonly blobs?: readonly BundledBlob[];
  /** Another receiver than who answered the link. */
  readonly recipient?: Export['recipient'];
};

/** Makes a bundle of one side for the other, as the command does. */
export async function exportTo(
  from: Instance,
  link: string,
  out: string,
  {
    release,
    again = false,
    whole = false,
    after,
    partBytes = partBytesDefault,
    as = {},
    source,
    withoutBlobs = false,
    blobs,
    recipient,
  }: ExportWish = {},
): Promise<Exported> {
  const row = linkOf(from, link);
  const replica = linkReplica(from, link);
  return exportBundle({
    sender: { ...senderOf(from), ...as },
    recipient: recipient ?? recipientOf(from, row),
    source: source ?? replica,
    link,
    feed: from.log.feedTo(link),
    sentAt: new Date(from.clock.now()).toISOString(),
    head: source === undefined ? replica.outgoingHead() : undefined,
    ...(await cargoOf(from, row, replica, { release, again, whole, after })),
    ...(withoutBlobs && { blobs: [] }),
    ...(blobs && { blobs }),
    out,
    partBytes,
  });
}

/** Takes in what lies in a folder, as the command does. */
export async function importFrom(to: Instance, ...paths: string[]): Promise<Imported[]> {
  const { bundles } = await findBundles(paths, bundleInInstaller);
  return importBundles(bundles, importerOf(to), { signal: never });
}

/** Makes a part of an earlier bundle again, or all of them. */
export function reissueTo(
  from: Instance,
  link: string,
  number: number,
  { part, out }: { readonly part: number | undefined; readonly out: string },
): Promise<Exported> {
  const identity = loadAgeIdentity(from.folder.keys);
  const source = linkReplica(from, link);
  return reissueBundle({ kept: keptBundles(from), link, number, part, identity, source, out });
}

/** Whom a bundle that is not open is sealed to. */
export function receiverOf(facts: BundleFacts): SealedFacts['to'] {
  if (facts.format !== 1) throw new Error('it is open');
  return facts.to;
}

export const stick = (root: string, name = 'stick'): string => join(root, name);

/** Offers a release whose notes are this file: a blob of any size that needs no signature. */
export async function offerFile({ vendor, link }: Pair, number: string, file: string): Promise<string> {
  const { digest, sizeBytes } = await vendor.blobs.putFile(file);
  const revision = await vendor.blobs.putBytes(Buffer.from(`revision of ${number}`));
  vendor.record(
    () =>
      createRelease(undefined, {
        process: 'Orders',
        number,
        revision: { number: 1, ...revision },
        packages: [],
        needed: [],
        notes: { digest, sizeBytes },
        inputs: [],
        createdAt: new Date(vendor.clock.now()).toISOString(),
      }).decision,
  );
  const release = readReleases(vendor.db, number).find((row) => row.link === '')!;
  offer(vendor, release, [link]);
  return digest;
}

/** Both sides have everything of each other, without any bundle. */
export async function bringAll({ vendor, customer, link }: Pair): Promise<void> {
  await deliver(vendor, customer, link);
  const wanted = linkReplica(customer, link).incomingBlobs();
  for (const { digest } of wanted) await customer.blobs.putFile(vendor.blobs.path(digest));
  giveReceipt(
    customer,
    link,
    readWantedBlobs(customer.db).map(({ digest }) => digest),
  );
  await deliver(customer, vendor, link);
}

/** The number of the next bundle that a side makes. */
export function nextNumber({ vendor, link }: Pair): number {
  return (madeBundles(keptBundles(vendor), link).at(-1)?.facts.number ?? 0) + 1;
}
