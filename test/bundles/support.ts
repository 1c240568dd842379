import { join } from 'node:path';
import {
  exportBundle,
  findBundles,
  importBundles,
  partBytesDefault,
  type Exported,
  type Imported,
} from '../../src/bundles/index.ts';
import { cargoOf, importerOf, recipientOf, senderOf, type Wish } from '../../src/cli/bundle-ends.ts';
import { createRelease } from '../../src/commands/index.ts';
import { linkReplica } from '../../src/daemon/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { readReleases } from '../../src/projections/index.ts';
import { linkOf, offer, type Pair } from '../support/instances.ts';

export const never = new AbortController().signal;

export type ExportWish = Partial<Wish> & { readonly partBytes?: number };

/** Makes a bundle of one side for the other, as the command does. */
export async function exportTo(
  from: Instance,
  link: string,
  out: string,
  { release, again = false, after, partBytes = partBytesDefault }: ExportWish = {},
): Promise<Exported> {
  const row = linkOf(from, link);
  const replica = linkReplica(from, link);
  return exportBundle({
    sender: senderOf(from),
    recipient: recipientOf(row),
    source: replica,
    link,
    feed: from.log.feedTo(link),
    sentAt: new Date(from.clock.now()).toISOString(),
    head: replica.outgoingHead(),
    ...cargoOf(from, row, replica, { release, again, after }),
    out,
    partBytes,
  });
}

/** Takes in what lies in a folder, as the command does. */
export async function importFrom(to: Instance, ...paths: string[]): Promise<Imported[]> {
  const { bundles } = await findBundles(paths);
  return importBundles(bundles, importerOf(to), { signal: never });
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
