import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { replicateOnce, type Exchange, type Transport } from '../../src/sync/index.ts';
import { acme, contoso, folderPair, type FolderPair } from './folder-support.ts';
import { fakeReplica, type FakeReplica } from './fake-replica.ts';

export const never = new AbortController().signal;

/** Two replicas and the folder between them. */
export type Link = FolderPair & { readonly vendor: FakeReplica; readonly customer: FakeReplica };

export function folderLink(): Link {
  const pair = folderPair();
  const dir = join(pair.root, '..');
  const vendor = fakeReplica(acme, contoso, join(dir, 'vendor'));
  const customer = fakeReplica(contoso, acme, join(dir, 'customer'));
  return {
    ...pair,
    vendor,
    customer,
    async [Symbol.asyncDispose]() {
      vendor[Symbol.dispose]();
      customer[Symbol.dispose]();
      await pair[Symbol.asyncDispose]();
    },
  };
}

/** Small parcels, so that little data shows what much would. */
export const small = { chunkBytes: 8192, batchBytes: 4096 };

export const exchange = (replica: FakeReplica, transport: Transport): Promise<Exchange> =>
  replicateOnce(replica, transport, { signal: never, limits: small });

/** Lets both sides exchange in turn until neither moves anything; fails where that does not come to an end. */
export async function converge({ vendor, customer, here, there }: Link, roundsMax = 20): Promise<void> {
  for (let round = 0; round < roundsMax; round++) {
    const done = [await exchange(vendor, here), await exchange(customer, there)];
    expect(done.flatMap(({ failures }) => failures)).toEqual([]);
    if (done.every((one) => one.entriesIn + one.entriesOut + one.blobBytesIn + one.blobBytesOut === 0))
      return;
  }
  throw new Error(`both sides still move something after ${roundsMax} rounds`);
}

/** Both hold the same two feeds and the same blobs, and nothing half done lies about. */
export function expectEqual({ vendor, customer }: Link): void {
  const [left, right] = [vendor.state(), customer.state()];
  expect(right.theirs).toEqual(left.own);
  expect(left.theirs).toEqual(right.own);
  expect(right.blobs).toEqual(left.blobs);
  expect([...vendor.leftovers(), ...customer.leftovers()]).toEqual([]);
}

/** Files below a folder, with their paths. */
export function filesBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
