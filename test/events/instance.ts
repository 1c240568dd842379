import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createDatabase, openDatabase, type Database } from '../../src/db/index.ts';
import {
  openLog,
  sealEntry,
  type FeedPoint,
  type Log,
  type LoggedEntry,
  type MadeEvent,
  type Pin,
  type SealedEntry,
} from '../../src/events/index.ts';
import {
  sealIntroduction,
  signingKey,
  type CompanyCertificate,
  type SigningKey,
} from '../../src/identity/index.ts';
import { by, company, companyFingerprint, note, testCatalog, type TestEvent } from './known.ts';

export { by, companyFingerprint, note } from './known.ts';
import { memory } from '../support/in-memory.ts';

/** A clock that a test moves. */
export class HandClock {
  time = Date.parse('2026-06-01T12:00:00Z');
  now(): number {
    return this.time;
  }
}

export type TestInstance = {
  readonly folder: string;
  readonly instanceId: string;
  readonly signer: SigningKey;
  readonly introduction: Uint8Array;
  readonly clock: HandClock;
  readonly pins: Map<string, Pin>;
  readonly folded: string[];
  db: Database;
  log: Log<TestEvent>;
  /** Closes the database and opens it again, as a new process would. */
  reopen(): void;
  close(): void;
};

export const hexId = (): string => randomBytes(16).toString('hex');

export function tempFolder(): string {
  const folder = mkdtempSync(join(memory, 'crossgap-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An instance with keys and an empty log, closed and removed when the test ends. */
export function makeInstance(
  name = 'acme',
  given: { issuer?: CompanyCertificate; folder?: string } = {},
): TestInstance {
  const folder = given.folder ?? tempFolder();
  const instanceId = hexId();
  const clock = new HandClock();
  const signer = signingKey(generateKeyPairSync('ed25519').privateKey);
  const introduction = introduce(instanceId, name, signer, given.issuer ?? company);
  const path = join(folder, 'crossgap.db');
  createDatabase({ path, clock });
  const pins = new Map<string, Pin>();
  const folded: string[] = [];
  const fold = (entries: readonly LoggedEntry<TestEvent>[]): void => {
    for (const { event } of entries)
      folded.push(event.known && event.name === 'note.made' ? event.data.text : event.name);
  };
  const open = (): { db: Database; log: Log<TestEvent> } => {
    const db = openDatabase({ path, clock });
    const pinFor = (link: string): Pin | undefined => pins.get(link);
    const sideFile = join(folder, 'head');
    return {
      db,
      log: openLog({ db, clock, catalog: testCatalog, instanceId, signer, sideFile, fold, pinFor }),
    };
  };
  const instance: TestInstance = {
    folder,
    instanceId,
    signer,
    introduction,
    clock,
    pins,
    folded,
    ...open(),
    reopen: () => {
      instance.db.close();
      Object.assign(instance, open());
    },
    close: () => instance.db.close(),
  };
  onTestFinished(() => instance.close());
  return instance;
}

export function introduce(
  instanceId: string,
  name: string,
  signer: SigningKey,
  issuer: CompanyCertificate = company,
): Uint8Array {
  const sealing = generateKeyPairSync('x25519').publicKey.export({ format: 'der', type: 'spki' });
  return sealIntroduction(
    {
      instanceId,
      name,
      signingKey: signer.publicKey,
      sealingKey: sealing.subarray(-32),
      issuedAt: Date.parse('2026-06-01T00:00:00Z'),
    },
    issuer,
  );
}

/** A vendor and a customer with a confirmed link; the vendor's feed to the customer is open. */
export function makePair(): { vendor: TestInstance; customer: TestInstance; link: string; feed: string } {
  const [vendor, customer] = [makeInstance('vendor'), makeInstance('customer')];
  const link = hexId();
  customer.pins.set(link, { author: vendor.instanceId, certificateFingerprint: companyFingerprint });
  const feed = vendor.log.openFeed({ audience: link, introduction: vendor.introduction, ...by });
  return { vendor, customer, link, feed };
}

export function appendNotes(instance: TestInstance, feed: string, texts: readonly string[]): void {
  for (const text of texts) instance.log.write((tx) => tx.append(feed, note(text), by));
}

export const allOf = (instance: TestInstance, feed: string): SealedEntry[] =>
  instance.log.readFeed(feed, { epoch: 1, seq: 1 }, 100_000);

/** Signs whatever it is told to, as an author gone bad would. */
export function forge(
  author: TestInstance,
  audience: string,
  place: { epoch?: number; seq: number; previous: string },
  event: MadeEvent = note('forged'),
): SealedEntry & { hash: string } {
  const { sealed, hash } = sealEntry(
    { feed: author.log.feedTo(audience), epoch: 1, audience, at: 1_700_000_000_000, actor: 'x', ...place },
    event,
    author.signer,
  );
  return { ...sealed, hash };
}

/** Verdicts in short: their outcome, or the code of a refusal. */
export async function deliver(to: TestInstance, entries: readonly SealedEntry[]): Promise<string[]> {
  const verdicts = await to.log.receive(entries);
  return verdicts.map((verdict) => (verdict.outcome === 'refused' ? verdict.error.code : verdict.outcome));
}

export const pointOf = (instance: TestInstance, feed: string): FeedPoint => instance.log.pointAt(feed)!;

/** What the log of an instance holds, in short: positions aside, equal histories read equal. */
export function content(instance: TestInstance): string[] {
  return instance.log
    .feeds()
    .toSorted((a, b) => (a.feed < b.feed ? -1 : 1))
    .flatMap(({ feed }) => allOf(instance, feed).map(({ bytes }) => Buffer.from(bytes).toString('hex')));
}
