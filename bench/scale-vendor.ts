import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createUser } from '@nats-io/nkeys';
import { confirm, invite, takeReply, type Decision, type KnownLink } from '../src/commands/index.ts';
import {
  DeploymentReported,
  FeedOpened,
  feedId,
  ReceiptGiven,
  sealEntry,
  type SealedEntry,
} from '../src/events/index.ts';
import {
  newCompanyCertificate,
  openIntroduction,
  rawPublicKey,
  sealIntroduction,
  signingKey,
  type CompanyCertificate,
} from '../src/identity/index.ts';
import { createInstance, openInstance, type Instance } from '../src/instance/index.ts';
import type { LinkTransport } from '../src/events/index.ts';
import { packNupkg, signPackage } from '../src/packages/index.ts';
import { readReleases } from '../src/projections/index.ts';
import { crossgap } from './scale-process.ts';

const linksInBatch = 200;
const packageBytes = 300_000;

/** What a customer signs with, so that it can be heard of without running. */
export type Customer = {
  readonly link: string;
  readonly instanceId: string;
  readonly introduction: Uint8Array;
  readonly sign: ReturnType<typeof signingKey>;
};

export type VendorWish = {
  readonly links: number;
  readonly transport: LinkTransport;
  /** Each customer has taken the release and reported a deployment to two environments. */
  readonly reporting?: boolean;
};

/**
 * A vendor in `folder` with release 1.0.0 of Orders and many confirmed links, all made by the product's own code.
 * Customers are keys and introductions under one company certificate: they sign what is heard of them, and do not run.
 */
export async function prepareVendor(folder: string, wish: VendorWish): Promise<string> {
  const data = join(folder, 'vendor');
  const company = await newCertificate('vendor');
  const { instance } = await createInstance(data, { name: 'vendor', company });
  await makeRelease(folder, instance, company);
  const theirs = await newCertificate('customers');
  for (let from = 0; from < wish.links; from += linksInBatch) {
    const count = Math.min(linksInBatch, wish.links - from);
    const customers = Array.from({ length: count }, (_one, n) => newCustomer(nameOf(from + n), theirs));
    instance.record(() =>
      customers.flatMap((customer, n) => paired(customer, nameOf(from + n), theirs, wish.transport)),
    );
    if (wish.reporting === true) await hearOf(instance, customers);
  }
  instance.close();
  if (wish.reporting === true) await reportAll();
  return data;

  async function reportAll(): Promise<void> {
    await crossgap(data, 'release', 'publish', '1.0.0', ...toAll(wish.links));
    // TODO
  }
}
