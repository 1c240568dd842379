import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { acceptInvitation, confirm, invite, takeReply, type NewEvent } from '../src/commands/index.ts';
import { DeploymentReported, type LinkTransport } from '../src/events/index.ts';
import { newCompanyCertificate, type CompanyCertificate } from '../src/identity/index.ts';
import {
  createInstance,
  ensureNatsKey,
  openInstance,
  readInvitation,
  writeInvitation,
  type Instance,
} from '../src/instance/index.ts';
import { readLinks } from '../src/projections/index.ts';

/** A folder that is gone when the measurement ends. */
export function benchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crossgap-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Two paired instances in a folder: what the customer reports goes to the vendor by the link. */
export type Pair = { readonly vendor: Instance; readonly customer: Instance; readonly link: string };

/**
 * Makes a pair whose customer wrote `reported` reports, all of which the vendor holds if `received`. Done in a process
 * of its own, so that it is no part of what a measurement is told to need.
 */
export async function preparePair(folder: string, reported: number, received: boolean): Promise<void> {
  const { instance: vendor } = await benchInstance(folder, 'vendor');
  const { instance: customer } = await benchInstance(folder, 'customer');
  const link = await pair(vendor, customer, { kind: 'folder', folder: '/nowhere' });
  const { log } = customer;
  const feed = openReports({ vendor, customer, link });
  for (let from = 0; from < reported; from += 1000) {
    appendReports(customer, feed, from, Math.min(from + 1000, reported));
    if (received) await vendor.log.receive(log.readFeed(feed, { epoch: 1, seq: from + 1 }, 1001));
  }
  vendor.close();
  customer.close();
}

/** The same, nothing written yet, where the vendor's NATS server is the line; with the certificate that signs its packages. */
export async function prepareNatsPair(
  folder: string,
  url: string,
): Promise<Pair & { readonly company: CompanyCertificate }> {
  const { instance: vendor, company } = await benchInstance(folder, 'vendor');
  const { instance: customer } = await benchInstance(folder, 'customer');
  const link = await pair(vendor, customer, { kind: 'nats', hub: true, urls: [url] });
  return { vendor, customer, link, company };
}

/** The customer's feed to the vendor. */
export function openReports({ customer, link }: Pair): string {
  const { log, identity } = customer;
  return log.openFeed({ audience: link, introduction: identity.bytes });
}

/** Writes the reports from one number up to another, in one transaction. */
export function appendReports({ log, actor }: Instance, feed: string, from: number, to: number): void {
  log.write((tx) => {
    for (let n = from; n < to; n++) tx.append(feed, report(n), { actor });
  });
}

/** The pair that was prepared in a folder, and the customer's feed to the vendor. */
export async function openPrepared(folder: string): Promise<Pair & { readonly feed: string }> {
  const vendor = await openInstance(join(folder, 'vendor'));
  const customer = await openInstance(join(folder, 'customer'));
  const { link } = readLinks(vendor.db)[0]!;
  return { vendor, customer, link, feed: customer.log.feedTo(link) };
}

/** A new instance in a folder of its own, and the certificate of its company. */
export async function benchInstance(
  folder: string,
  name: string,
): Promise<{ readonly instance: Instance; readonly company: CompanyCertificate }> {
  const { certificate: company } = await newCompanyCertificate({
    commonName: name,
    validFrom: new Date(Date.now() - 60_000),
    validYears: 1,
  });
  const { instance } = await createInstance(join(folder, name), { name, company });
  return { instance, company };
}

/** Pairs two instances, both confirmed; the link's id. `transport` is the vendor's way of it. */
async function pair(vendor: Instance, customer: Instance, transport: LinkTransport): Promise<string> {
  const link = randomBytes(16).toString('hex');
  const theirs = transport.kind === 'nats' ? { ...transport, hub: false } : transport;
  const { publicKey: nkey } = await ensureNatsKey(customer.folder);
  const introduced = (kind: 'invitation' | 'reply', by: Instance) => {
    const text = writeInvitation(kind, link, by.identity.bytes, by.keys.signing);
    const { introduction, introductionBytes } = readInvitation(kind, text, kind);
    const peer = { instanceId: introduction.instanceId, introduction: introductionBytes };
    return { peer, fingerprint: introduction.certificate.fingerprint };
  };
  const invitation = introduced('invitation', vendor);
  const reply = introduced('reply', customer);
  vendor.record(() => invite([], { link, name: 'customer', transport }));
  customer.record(() =>
    acceptInvitation([], { link, name: 'vendor', transport: theirs, peer: invitation.peer }),
  );
  customer.record((db) => confirm(readLinks(db)[0]!, invitation.fingerprint));
  vendor.record((db) => {
    const { decision, known } = takeReply(readLinks(db), { link, peer: reply.peer, nkey });
    return [...decision, ...confirm(known, reply.fingerprint)];
  });
  return link;
}

/** An ordinary event of the way back: a run of one step, about 1 KiB as an entry. */
export function report(n: number, of?: { readonly release: string; readonly digest: string }): NewEvent {
  const lines = ['ExtractPackage', 'PreDeploy', 'SubstituteInFiles', 'Deploy', 'PostDeploy'];
  return DeploymentReported.make({
    deployment: `d-${String(n).padStart(10, '0')}`,
    process: 'Orders',
    release: of?.release ?? `1.${n % 1000}.0`,
    digest: of?.digest ?? 'ab'.repeat(32),
    environment: n % 2 === 0 ? 'uat' : 'production',
    reason: 'deploy',
    state: 'succeeded',
    startedAt: 1_800_000_000_000 + n,
    endedAt: 1_800_000_004_000 + n,
    failedAt: null,
    error: null,
    steps: [
      {
        position: 1,
        id: 'web',
        name: 'Web',
        state: 'succeeded',
        conventions: lines.map((name, number) => ({
          number,
          name,
          state: 'done',
          files: [],
          filesTotal: 0,
          detail: null,
        })),
        outputs: [],
        error: null,
        startedAt: 1_800_000_000_000 + n,
        endedAt: 1_800_000_003_000 + n,
        exitCode: null,
      },
    ],
    ordinal: 1 + n,
    exitCode: null,
    lastLines: [],
    remark: null,
    log: null,
    struck: [],
  });
}

/** A table of bare entries under the log's own pragmas: what storing the same bytes costs at least. */
export function bareTable(path: string) {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('wal_autocheckpoint = 4000');
  db.exec(
    'CREATE TABLE bare (pos INTEGER PRIMARY KEY AUTOINCREMENT, entry BLOB NOT NULL, sig BLOB NOT NULL) STRICT',
  );
  const statement = db.prepare('INSERT INTO bare (entry, sig) VALUES (?, ?)');
  return {
    db,
    insert: (bytes: Uint8Array, signature: Uint8Array): void => void statement.run(bytes, signature),
  };
}
