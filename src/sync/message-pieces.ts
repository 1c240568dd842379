import { SyncError } from './errors.ts';
import type { HubClient } from './nats-connection.ts';
import { entryBytesInParcel } from './parcel-file.ts';
import type { BlobParcel, EntriesParcel } from './transport.ts';

/** For the headers of one message, which count as its payload. */
const headerBytes = 1024;
/** What a parcel takes beside its entries or its bytes. */
const frontBytes = 128;
const pieceBytesMax = 512 * 1024;

function pieceBytes({ payloadBytesMax }: HubClient): number {
  return Math.min(pieceBytesMax, Math.max(1, payloadBytesMax - headerBytes - frontBytes));
}

/** @throws {SyncError} HUB_MESSAGE_TOO_LARGE */
export function refuseTooLarge({ payloadBytesMax }: HubClient, payload: Uint8Array): void {
  const sizeBytes = payload.length;
  if (sizeBytes <= payloadBytesMax - headerBytes) return;
  throw new SyncError(
    'HUB_MESSAGE_TOO_LARGE',
    `Cannot send ${sizeBytes} bytes to the hub: its server takes no messages of that size`,
    {
      hint: 'Whoever runs the server sets max_payload to 1MB or more and reloads it.',
      details: { sizeBytes },
    },
  );
}

/** The parcel in pieces that fit a message; a single larger entry travels alone. */
export function piecesOfEntries(parcel: EntriesParcel, client: HubClient): readonly EntriesParcel[] {
  const bytesMax = pieceBytes(client);
  const pieces: EntriesParcel[] = [];
  let from = 0;
  let sizeBytes = 0;
  for (const [index, entry] of parcel.entries.entries()) {
    const added = entryBytesInParcel(entry);
    if (index > from && sizeBytes + added > bytesMax) {
      pieces.push({
        ...parcel,
        firstSeq: parcel.firstSeq + from,
        entries: parcel.entries.slice(from, index),
      });
      from = index;
      sizeBytes = 0;
    }
    sizeBytes += added;
  }
  return [...pieces, { ...parcel, firstSeq: parcel.firstSeq + from, entries: parcel.entries.slice(from) }];
}

/** A chunk in pieces that fit a message. */
export function piecesOfChunk(parcel: BlobParcel, client: HubClient): readonly BlobParcel[] {
  const bytesMax = pieceBytes(client);
  const pieces: BlobParcel[] = [];
  for (let at = 0; at < parcel.bytes.length; at += bytesMax)
    pieces.push({ ...parcel, offset: parcel.offset + at, bytes: parcel.bytes.subarray(at, at + bytesMax) });
  return pieces;
}
