import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.ts';
import {
  acceptInvitation,
  acknowledge,
  confirm,
  createRelease,
  invite,
  publishRelease,
  takeReply,
  type Decision,
} from '../../src/commands/index.ts';
import { feedId, type ReleaseDocument, type SealedEntry, type Verdict } from '../../src/events/index.ts';
import type { CompanyCertificate } from '../../src/identity/index.ts';
import { createInstance, readInvitation, writeInvitation, type Instance } from '../../src/instance/index.ts';
import {
  readLinks,
  readPublications,
  readReleases,
  type LinkRow,
  type ReleaseRow,
} from '../../src/projections/index.ts';
import { selfSigned } from './certificates.ts';

/** A clock that stands still until a test moves it. */
export type HeldClock = Clock & { advance(ms: number): void };

export const noon = Date.UTC(2026, 2, 2, 12);

export function heldClock(at = noon): HeldClock {
  let now = at;
  return {
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
}

const validity = { validFrom: new Date(Date.UTC(2026, 0, 1)), validTo: new Date(Date.UTC(2036, 0, 1)) };
const certificates = new Map<string, CompanyCertificate>();

/** A company's certificate; its key is made once in a test file, since that takes longer than what is tested. */
export function companyOf(name: string): CompanyCertificate {
  const known = certificates.get(name) ?? selfSigned(name, validity);
  certificates.set(name, known);
  return known;
}

/** A new instance in a folder of its own below `root`, introduced by the certificate of its company. */
export async function makeInstance(root: string, name: string, clock: Clock): Promise<Instance> {
  const { instance } = await createInstance(join(root, name), { name, company: companyOf(name) }, clock);
  return instance;
}

/** Two instances that were paired as people do it: by files, and by comparing words. */
export type Pair = Disposable & {
  readonly clock: HeldClock;
  readonly vendor: Instance;
  readonly customer: Instance;
  readonly link: string;
  /** The folder both sides reach. */
  readonly between: string;
};

export async function makePair(root: string, { confirmed = true } = {}): Promise<Pair> {
  const clock = heldClock();
  const between = join(root, 'between');
  mkdirSync(between);
  const vendor = await makeInstance(root, 'acme', clock);
  const customer = await makeInstance(root, 'contoso', clock);
  const link = pair(vendor, customer, between, { confirmed });
  return {
    clock,
    vendor,
    customer,
    link,
    between,
    [Symbol.dispose]() {
      vendor.close();
      customer.close();
    },
  };
}

/** Pairs two instances; without `confirmed` the customer's side stays pending. */
export function pair(
  vendor: Instance,
  customer: Instance,
  folder: string,
  { confirmed = true } = {},
): string {
  const link = randomBytes(16).toString('hex');
  const transport = { kind: 'folder', folder } as const;
  vendor.record((db) => invite(readLinks(db), { link, name: customer.identity.name, transport }));
  const invitation = readInvitation(
    'invitation',
    writeInvitation('invitation', link, vendor.identity.bytes, vendor.keys.signing),
    'invitation.json',
  );
  const them = { instanceId: invitation.introduction.instanceId, introduction: invitation.introductionBytes };
  customer.record((db) =>
    acceptInvitation(readLinks(db), { link, name: vendor.identity.name, transport, peer: them }),
  );
  if (confirmed) confirmLink(customer, link, vendor);
  const reply = readInvitation(
    'reply',
    writeInvitation('reply', link, customer.identity.bytes, customer.keys.signing),
    'reply.json',
  );
  const peer = { instanceId: reply.introduction.instanceId, introduction: reply.introductionBytes };
  vendor.record((db) => takeReply(readLinks(db), { link, peer }).decision);
  confirmLink(vendor, link, customer);
  return link;
}

/** The words were compared. */
export function confirmLink(instance: Instance, link: string, other: Instance): void {
  instance.record((db) => confirm(linkOf(instance, link, db), other.identity.certificate.fingerprint));
}

export function linkOf(instance: Instance, link: string, db = instance.db): LinkRow {
  return readLinks(db).find((row) => row.link === link)!;
}

/** All entries of the feed that `author` writes for `link`, as they travel. */
export function outward(author: Instance, link: string): SealedEntry[] {
  return author.log.readFeed(feedId(author.identity.instanceId, link), { epoch: 1, seq: 1 }, 100_000);
}

/** Brings one side's feed to the other, without any transport. */
export async function deliver(from: Instance, to: Instance, link: string): Promise<Verdict[]> {
  return to.log.receive(outward(from, link));
}

/** Says how far the other side's feed is held, and that these blobs are. */
export function giveReceipt(instance: Instance, link: string, holds: readonly string[] = []): void {
  instance.record((db) => {
    const { inward, receipted } = linkOf(instance, link, db);
    return acknowledge({ link, inward, receipted, holds, refused: [] });
  });
}

/** Both feeds, with receipts, until nothing is new on either side. */
export async function settle({ vendor, customer, link }: Pair): Promise<void> {
  await deliver(vendor, customer, link);
  giveReceipt(customer, link);
  await deliver(customer, vendor, link);
  giveReceipt(vendor, link);
  await deliver(vendor, customer, link);
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export type ReleaseWish = {
  readonly process?: string;
  readonly inputs?: readonly (Partial<ReleaseDocument['inputs'][number]> & { readonly name: string })[];
  readonly packages?: readonly string[];
};

/** A release of names and digests alone: enough for all that is decided and shown, not to be run. */
export function makeRelease(instance: Instance, number: string, wish: ReleaseWish = {}): ReleaseRow {
  const { process = 'Orders', inputs = [], packages = ['Orders.Web'] } = wish;
  const pins = packages.map((id) => ({
    id,
    version: number,
    sha256: sha256(`file ${id} ${number}`),
    contentDigest: sha256(`content ${id} ${number}`),
    sizeBytes: 1000,
  }));
  instance.record(
    () =>
      createRelease(undefined, {
        process,
        number,
        revision: { number: 1, digest: sha256(`revision ${process}`), sizeBytes: 100 },
        packages: pins,
        needed: packages,
        notes: null,
        inputs: inputs.map((input) => ({
          label: null,
          help: null,
          type: 'text',
          choices: [],
          default: null,
          required: true,
          secret: false,
          ...input,
        })),
        createdAt: new Date(instance.clock.now()).toISOString(),
      }).decision,
  );
  return readReleases(instance.db, number).find((row) => row.link === '' && row.process === process)!;
}

/** Offers a release of this side over these links, as `release publish` does where the gate is open. */
export function offer(instance: Instance, release: ReleaseRow, links: readonly string[]): void {
  instance.record((db): Decision => {
    const had = new Set(readPublications(db).map((row) => `${row.digest} ${row.link}`));
    const { process, number, digest, withdrawn, tests, verdict } = release;
    const document = Buffer.from(JSON.stringify(release.document));
    return publishRelease(
      { deployedTo: [], testsPassed: false, testTypes: [], verdictOk: false },
      { process, number, digest, document, withdrawn, deployedTo: [], tests, evidence: [], verdict },
      links.map((link) => ({ ...linkOf(instance, link, db), has: had.has(`${digest} ${link}`) })),
    );
  });
}
