/*
 * A head: the newest point of a feed, signed by its author. 136 bytes, numbers big-endian and unsigned.
 *
 *   offset  size
 *        0     4  "cgH" and the format version, 1
 *        4    16  feed
 *       20     4  epoch
 *       24     8  sequence number
 *       32    32  hash of the entry there; with epoch 1 and sequence number 0, 32 zero bytes: its author lost all of it
 *       64     8  issued at by the author's clock, milliseconds since 1970 UTC
 *       72    64  Ed25519 signature over the pre-authentication encoding of the 72 bytes before it
 */
import { verify } from 'node:crypto';
import { preAuthEncoding, type SigningKey, type VerifyingKey } from '../identity/index.ts';
import type { FeedPoint } from './entry.ts';
import { EventError } from './errors.ts';
import { noHash } from './feed.ts';
import { asBuffer, seqMax } from './header.ts';

export const headType = 'application/vnd.crossgap.head.v1';
export const headBytes = 136;

const signedBytes = 72;

/** What a head says. */
export type Head = FeedPoint & { readonly feed: string; readonly issuedAt: number };

/** What the head of a feed says whose author lost even the first entry. */
export const nothingHeld: FeedPoint = { epoch: 1, seq: 0, hash: noHash };

/** The bytes of a head. */
export function sealHead(head: Head, key: SigningKey): Uint8Array {
  const bytes = Buffer.alloc(headBytes);
  bytes.write('cgH\x01', 0, 'latin1');
  bytes.write(head.feed, 4, 'hex');
  bytes.writeUInt32BE(head.epoch, 20);
  bytes.writeBigUInt64BE(BigInt(head.seq), 24);
  bytes.write(head.hash, 32, 'hex');
  bytes.writeBigUInt64BE(BigInt(head.issuedAt), 64);
  bytes.set(key.sign(preAuthEncoding(headType, bytes.subarray(0, signedBytes))), signedBytes);
  return bytes;
}

/**
 * Reads a head; its signature is not looked at.
 *
 * @throws {EventError} HEAD_MALFORMED
 */
export function readHead(given: Uint8Array): Head {
  const bytes = asBuffer(given);
  if (bytes.length !== headBytes || bytes.toString('latin1', 0, 4) !== 'cgH\x01')
    throw malformed('it does not look like one of this version');
  const epoch = bytes.readUInt32BE(20);
  const seq = Number(bytes.readBigUInt64BE(24));
  const issuedAt = Number(bytes.readBigUInt64BE(64));
  const hash = bytes.toString('hex', 32, 64);
  const isPlace = seq === 0 ? epoch === 1 && hash === noHash : epoch > 0 && seq <= seqMax;
  if (!isPlace || issuedAt > 8.64e15) throw malformed('its numbers are out of range');
  return { feed: bytes.toString('hex', 4, 20), epoch, seq, hash, issuedAt };
}

/** Whether the author's signature fits. */
export function verifyHead(given: Uint8Array, key: VerifyingKey): boolean {
  const bytes = asBuffer(given);
  const signed = preAuthEncoding(headType, bytes.subarray(0, signedBytes));
  return verify(null, signed, key, bytes.subarray(signedBytes));
}

function malformed(why: string): EventError {
  return new EventError('HEAD_MALFORMED', `Cannot read a head: ${why}`, {
    hint: 'It was damaged on the way or made by another program; the next one will do.',
  });
}
