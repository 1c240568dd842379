import { hash } from 'node:crypto';
import { preAuthEncoding, type SigningKey } from '../identity/index.ts';
import { encodeBody } from './encoding.ts';
import type { EntryHeader, SealedEntry } from './entry.ts';
import type { MadeEvent } from './define-event.ts';
import { EventError } from './errors.ts';
import { cutActor, entryBytesMax, headerBytes, signatureBytes, writeHeader } from './header.ts';

export const entryType = 'application/vnd.crossgap.event.v1';
export const entryHashType = 'application/vnd.crossgap.event-hash.v1';

/** Where an entry goes and who asked for it; the rest of its header follows from the event. */
export type EntryPlace = Pick<
  EntryHeader,
  'feed' | 'epoch' | 'seq' | 'previous' | 'audience' | 'at' | 'actor'
>;

/** An entry just made. */
export type FreshEntry = {
  readonly header: EntryHeader;
  readonly hash: string;
  readonly sealed: SealedEntry;
};

/**
 * Builds an entry, once: its bytes, their hash and the author's signature.
 *
 * @throws {EventError} ENTRY_TOO_LARGE, BODY_VALUE_UNFIT
 */
export function sealEntry(place: EntryPlace, event: MadeEvent, key: SigningKey): FreshEntry {
  const body = encodeBody(event.data);
  if (headerBytes + body.byteLength + signatureBytes > entryBytesMax)
    throw new EventError(
      'ENTRY_TOO_LARGE',
      `Cannot write ${event.name}: it has ${body.byteLength} bytes, and an entry at most ${entryBytesMax / 1024} KiB`,
      { hint: 'Put what is large into a file of its own and name it by its SHA-256.' },
    );
  const header: EntryHeader = {
    feed: place.feed,
    epoch: place.epoch,
    seq: place.seq,
    previous: place.previous,
    audience: place.audience,
    type: event.name,
    schemaVersion: event.version,
    at: place.at,
    actor: cutActor(place.actor),
    bodyLength: body.byteLength,
  };
  const bytes = Buffer.alloc(headerBytes + body.byteLength);
  writeHeader(bytes, header);
  bytes.set(body, headerBytes);
  return { header, hash: entryHash(bytes), sealed: { bytes, signature: key.sign(entryToSign(bytes)) } };
}

/** The hash by which the next entry names this one, lower-case hex. */
export function entryHash(bytes: Uint8Array): string {
  return hash('sha256', preAuthEncoding(entryHashType, bytes), 'hex');
}

/** What an author signs. */
export function entryToSign(bytes: Uint8Array): Uint8Array {
  return preAuthEncoding(entryType, bytes);
}
