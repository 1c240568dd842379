import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createUser } from '@nats-io/nkeys';
import { confirm, invite, takeReply, type Decision, type NewEvent } from '../src/commands/index.ts';
import {
  feedId,
  FeedOpened,
  ReceiptGiven,
  sealEntry,
  type LinkTransport,
  type SealedEntry,
} from '../src/events/index.ts';
import {
  newCompanyCertificate,
  openIntroduction,
  rawPublicKey,
  sealIntroduction,
  signingKey,
  type CompanyCertificate,
  type SigningKey,
} from '../src/identity/index.ts';
import { createInstance, openInstance, type Instance } from '../src/instance/index.ts';
import { packNupkg, signPackage } from '../src/packages/index.ts';
import { readReleases } from '../src/projections/index.ts';
import { report } from './instances.ts';
import { crossgap } from './scale-process.ts';

const linksInBatch = 200;
const packageBytes = 2000;

/** What a customer signs with, so that it can be heard of without running. */
type Customer = {
  readonly name: string;
  readonly link: string;
  readonly instanceId: string;
  readonly introduction: Uint8Array;
  readonly key: SigningKey;
};

/**
 * A vendor in `folder` with release 1.0.0 of Orders and many confirmed links, all made by the product's own code;
 * the data folder. Customers are keys and introductions under one company certificate: they sign what is heard of them,
 * and do not run.
 */
export async function prepareVendor(
  folder: string,
  links: number,
  transport: LinkTransport,
): Promise<string> {
  const { data } = await vendorAndCustomers(folder, links, transport);
  return data;
}

/** The same after 1.0.0 was published to all, who said that they hold it and run it in two environments. */
export async function prepareFleet(folder: string, links: number): Promise<string> {
  const { data, customers } = await vendorAndCustomers(folder, links, { kind: 'hand' });
  await crossgap(data, 'release', 'publish', '1.0.0', ...toEach(links));
  using vendor = await openInstance(data);
  const { digest } = readReleases(vendor.db, '1.0.0')[0]!;
  for (let from = 0; from < links; from += linksInBatch) {
    const some = customers.slice(from, from + linksInBatch);
    const verdicts = await vendor.log.receive(
      some.flatMap((customer, n) => heardFrom(vendor, customer, digest, from + n)),
    );
    const refused = verdicts.find(({ outcome }) => outcome !== 'accepted');
    if (refused !== undefined) throw new TypeError(`a report was not taken: ${JSON.stringify(refused)}`);
  }
  return data;
}

/** `--to` for each of so many links. */
export function toEach(links: number): string[] {
  return Array.from({ length: links }, (_one, n) => ['--to', nameOf(n)]).flat();
}

function nameOf(n: number): string {
  return `customer-${String(n + 1).padStart(5, '0')}`;
}

async function vendorAndCustomers(
  folder: string,
  links: number,
  transport: LinkTransport,
): Promise<{ data: string; customers: Customer[] }> {
  const data = join(folder, 'vendor');
  const company = await newCertificate('vendor');
  const { instance } = await createInstance(data, { name: 'vendor', company });
  using vendor = instance;
  const theirs = await newCertificate('customers');
  const customers: Customer[] = [];
  for (let from = 0; from < links; from += linksInBatch) {
    const count = Math.min(linksInBatch, links - from);
    const some = Array.from({ length: count }, (_one, n) => newCustomer(nameOf(from + n), theirs));
    vendor.record(() => some.flatMap((customer) => paired(customer, transport)));
    customers.push(...some);
  }
  await makeRelease(folder, data, company);
  return { data, customers };
}

async function newCertificate(commonName: string): Promise<CompanyCertificate> {
  const validFrom = new Date(Date.now() - 60_000);
  return (await newCompanyCertificate({ commonName, validFrom, validYears: 1 })).certificate;
}

function newCustomer(name: string, company: CompanyCertificate): Customer {
  const key = signingKey(generateKeyPairSync('ed25519').privateKey);
  const sealingKey = rawPublicKey(generateKeyPairSync('x25519').publicKey);
  const [instanceId, link] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  const introduction = sealIntroduction(
    { instanceId, name, signingKey: key.publicKey, sealingKey, issuedAt: Date.now() },
    company,
  );
  return { name, link, instanceId, introduction, key };
}

/** Invited, answered and confirmed, as people do it one after the other. */
function paired({ link, name, instanceId, introduction }: Customer, transport: LinkTransport): Decision {
  const peer = { instanceId, introduction };
  const nkey = transport.kind === 'nats' ? createUser().getPublicKey() : undefined;
  const invited = { link, name, state: 'invited', peer: null } as const;
  const { decision, known } = takeReply([invited], { link, peer, nkey });
  const { fingerprint } = openIntroduction(introduction).certificate;
  return [...invite([], { link, name, transport }), ...decision, ...confirm(known, fingerprint)];
}

/** A signed package, a process of one step and a release of both. */
async function makeRelease(folder: string, data: string, company: CompanyCertificate): Promise<void> {
  const outFile = join(folder, 'Orders.Web.1.0.0.nupkg');
  const files = [{ path: 'app.bin', bytes: randomBytes(packageBytes) }];
  await packNupkg({ id: 'Orders.Web', version: '1.0.0', files, outFile });
  await signPackage(outFile, outFile, company, { hash: 'sha256' });
  const process = join(folder, 'orders.yaml');
  writeFileSync(process, 'process: Orders\nsteps:\n  - name: Web\n    package: Orders.Web\n');
  await crossgap(data, 'package', 'add', outFile);
  await crossgap(data, 'process', 'publish', process);
  await crossgap(data, 'release', 'create', 'Orders', '1.0.0', '--package', 'Orders.Web@1.0.0');
}

/** The feed of a customer: who it is, that it holds what it was offered, and how it went in two environments. */
function heardFrom(vendor: Instance, customer: Customer, digest: string, n: number): SealedEntry[] {
  const { link, instanceId, introduction, key } = customer;
  const { epoch, seq, hash } = vendor.log.pointAt(vendor.log.feedTo(link))!;
  const events: NewEvent[] = [
    FeedOpened.make({ introduction }),
    ReceiptGiven.make({ epoch, seq, hash, holds: [], refused: [] }),
    ...[0, 1].map((one) => report(2 * n + one, { release: '1.0.0', digest })),
  ];
  const feed = feedId(instanceId, link);
  let previous = '0'.repeat(64);
  return events.map((event, index) => {
    const place = { feed, epoch: 1, seq: index + 1, previous, audience: link, at: Date.now(), actor: 'ops' };
    const { sealed, hash: its } = sealEntry(place, event, key);
    previous = its;
    return sealed;
  });
}
