import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ageRecipient, sealAgeFront } from '../../src/bundles/age-keys.ts';
import { payloadKey } from '../../src/bundles/age-payload.ts';
import { ageFileBytes } from '../../src/bundles/content.ts';
import { frontLength, sealFront, type Envelope, type SealedFacts } from '../../src/bundles/envelope.ts';
import {
  blobRecordFront,
  endContent,
  entryRecord,
  recordFront,
  type Manifest,
  type RecordKind,
} from '../../src/bundles/records.ts';
import { feedId, readHeader, type SealedEntry } from '../../src/events/index.ts';
import type { Pair } from '../support/instances.ts';

/** What a writer of bundles says that is not one of ours. */
export type Forgery = {
  readonly facts?: Partial<SealedFacts>;
  readonly manifest?: Partial<Record<keyof Manifest, unknown>>;
  /** What stands between the manifest and the end. */
  readonly records?: readonly Buffer[];
  /** The whole inside, in the place of all that. */
  readonly inside?: Buffer;
  readonly envelope?: Partial<Record<keyof Envelope, unknown>>;
  /** Another X25519 key than the receiver's. */
  readonly sealTo?: Uint8Array;
};

export function record(kind: RecordKind, content: Uint8Array, saysBytes = content.length): Buffer {
  return Buffer.concat([recordFront(kind, saysBytes), content]);
}

/** An entry at the place that its own header says. */
export function recordOf({ bytes, signature }: SealedEntry): Buffer {
  const { epoch, seq } = readHeader(bytes);
  return entryRecord({ epoch, seq, bytes, signature });
}

export function blobRecord(bytes: Buffer, says: Partial<{ sizeBytes: number; digest: string }> = {}): Buffer {
  const digest = createHash('sha256').update(bytes).digest('hex');
  return Buffer.concat([blobRecordFront({ digest, sizeBytes: bytes.length, attempt: 0, ...says }), bytes]);
}

/** A bundle from the vendor to the customer with any inside and any envelope, signed and sealed as it should be. */
export async function forge(
  { vendor, customer, link }: Pick<Pair, 'vendor' | 'customer' | 'link'>,
  folder: string,
  forgery: Forgery,
): Promise<string> {
  const { records = [], manifest, facts, envelope } = forgery;
  const known: SealedFacts = {
    format: 1,
    id: randomBytes(16).toString('hex'),
    number: 1,
    link,
    sentAt: new Date(vendor.clock.now()).toISOString(),
    from: {
      instance: vendor.identity.instanceId,
      name: vendor.identity.name,
      introduction: Buffer.from(vendor.identity.bytes).toString('base64'),
    },
    to: {
      instance: customer.identity.instanceId,
      name: customer.identity.name,
      words: customer.identity.words,
    },
    after: { epoch: 0, seq: 0 },
    last: { epoch: 1, seq: 1 },
    follows: null,
    entries: 0,
    packages: 0,
    parts: 1,
    sealedBytes: 0,
    ...facts,
  };
  const text = JSON.stringify({
    format: 1,
    id: known.id,
    number: known.number,
    link,
    from: known.from.instance,
    to: known.to.instance,
    sentAt: known.sentAt,
    after: { feed: feedId(known.from.instance, link), ...known.after, hash: '0'.repeat(64) },
    last: known.last,
    entries: known.entries,
    blobs: [],
    assumed: [],
    ...manifest,
  });
  const before = Buffer.concat([record('manifest', Buffer.from(text)), ...records]);
  const blobs = Array.isArray(manifest?.blobs) ? manifest.blobs.length : 0;
  const sha256 = createHash('sha256').update(before).digest('hex');
  const inside =
    forgery.inside ??
    Buffer.concat([before, record('end', endContent({ entries: known.entries, blobs, sha256 }))]);
  const age = await sealAgeFront(ageRecipient(forgery.sealTo ?? customer.keys.sealing.publicKey));
  const plaintext = {
    sizeBytes: inside.length,
    async *read(from: number) {
      yield inside.subarray(from);
    },
  };
  const sealed: Buffer[] = [];
  const file = { front: age.bytes, plaintext, key: payloadKey(age.key) };
  for await (const piece of ageFileBytes(file, 0, Number.MAX_SAFE_INTEGER)) sealed.push(Buffer.from(piece));
  const content = Buffer.concat(sealed);
  const said = {
    ...known,
    sealedBytes: content.length,
    part: 1,
    content: {
      offset: 0,
      sizeBytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    },
    ...envelope,
  } as Envelope;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `forged-${randomBytes(4).toString('hex')}`);
  const front = sealFront(said, frontLength(known), vendor.keys.signing);
  writeFileSync(path, Buffer.concat([front, content]));
  return path;
}
