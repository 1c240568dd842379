/*
 * The fixed header of an entry: 304 bytes, numbers big-endian and unsigned.
 *
 *   offset  size
 *        0     4  "cgE" and the format version, 1
 *        4     2  schema version of the event type, from 1
 *        6     2  reserved, zero
 *        8    16  feed: the first 16 bytes of SHA-256 over "crossgap feed v1", a zero byte, author id, audience
 *       24     4  epoch, from 1
 *       28     8  sequence number in the epoch, from 1, at most 2^48
 *       36    32  hash of the entry before it; zeros for the first entry of a feed
 *       68    16  audience: the link's id, or the author's own instance id in its self feed
 *       84     8  time by the author's clock, milliseconds since 1970 UTC
 *       92    48  event type, ASCII (a-z 0-9 . -), padded with zero bytes
 *      140    64  actor, UTF-8 without control characters, padded with zero bytes
 *      204    32  key id of the actor, reserved, zero
 *      236    64  signature of the actor, reserved, zero
 *      300     4  length of the body, which follows and ends the entry
 *
 * Entry and signature together are at most 256 KiB.
 */
import { isUtf8 } from 'node:buffer';
import type { EntryHeader } from './entry.ts';
import { EventError } from './errors.ts';
import { knownTexts } from './known-text.ts';

export const headerBytes = 304;
export const signatureBytes = 64;
export const entryBytesMax = 256 * 1024;
export const seqMax = 2 ** 48;

const knownText = knownTexts();
const timeMax = 8.64e15;
const typeBytes = 48;
const actorBytes = 64;

/** Where the fields stand that others read without parsing the whole. */
export const headerOffset = {
  schemaVersion: 4,
  reserved: 6,
  feed: 8,
  epoch: 24,
  seq: 28,
  previous: 36,
  audience: 68,
  at: 84,
  type: 92,
  actor: 140,
  actorKey: 204,
  actorSignature: 236,
  bodyLength: 300,
} as const;

/** Writes a header to the front of `target`, which is otherwise zero; the actor is cut to 64 bytes at a character. */
export function writeHeader(target: Buffer, header: EntryHeader): void {
  target.write('cgE\x01', 0, 'latin1');
  target.writeUInt16BE(header.schemaVersion, headerOffset.schemaVersion);
  target.write(header.feed, headerOffset.feed, 'hex');
  target.writeUInt32BE(header.epoch, headerOffset.epoch);
  writeLong(target, header.seq, headerOffset.seq);
  target.write(header.previous, headerOffset.previous, 'hex');
  target.write(header.audience, headerOffset.audience, 'hex');
  writeLong(target, header.at, headerOffset.at);
  target.write(header.type, headerOffset.type, 'latin1');
  // A character that would not fit whole is not written by `write`.
  target.write(header.actor, headerOffset.actor, actorBytes, 'utf8');
  target.writeUInt32BE(header.bodyLength, headerOffset.bodyLength);
}

/**
 * Reads the header of an entry's bytes and checks that the lengths add up; the body is not looked at.
 *
 * @throws {EventError} ENTRY_MALFORMED
 */
export function readHeader(entry: Uint8Array): EntryHeader {
  const bytes = asBuffer(entry);
  if (bytes.length < headerBytes) throw malformed('it is shorter than a header');
  if (bytes.readUInt32BE(0) !== 0x63674501)
    throw malformed('it does not begin like an entry of this version');
  const schemaVersion = bytes.readUInt16BE(headerOffset.schemaVersion);
  const epoch = bytes.readUInt32BE(headerOffset.epoch);
  const seq = readLong(bytes, headerOffset.seq);
  const at = readLong(bytes, headerOffset.at);
  const bodyLength = bytes.readUInt32BE(headerOffset.bodyLength);
  if (schemaVersion === 0) throw malformed('its schema version is 0');
  if (epoch === 0) throw malformed('its epoch is 0');
  if (seq === 0 || seq > seqMax) throw malformed('its sequence number is out of range');
  if (at > timeMax) throw malformed('its time is out of range');
  if (headerBytes + bodyLength !== bytes.length) throw malformed('its length is not what its header says');
  if (
    bytes.readUInt16BE(headerOffset.reserved) !== 0 ||
    !allZero(bytes, headerOffset.actorKey, headerOffset.bodyLength)
  )
    throw malformed('its reserved bytes are not zero');
  return {
    feed: bytes.toString('hex', headerOffset.feed, headerOffset.feed + 16),
    epoch,
    seq,
    previous: bytes.toString('hex', headerOffset.previous, headerOffset.previous + 32),
    audience: bytes.toString('hex', headerOffset.audience, headerOffset.audience + 16),
    type: readType(bytes),
    schemaVersion,
    at,
    actor: readActor(bytes),
    bodyLength,
  };
}

/** A Node buffer over the same bytes. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The actor as the header will hold it. */
export function cutActor(actor: string): string {
  const plain = actor.toWellFormed().replace(/\p{Cc}/gu, ' ');
  const room = Buffer.alloc(actorBytes);
  return room.toString('utf8', 0, room.write(plain, 0, actorBytes, 'utf8'));
}

function writeLong(target: Buffer, value: number, offset: number): void {
  target.writeUInt32BE(Math.floor(value / 2 ** 32), offset);
  target.writeUInt32BE(value % 2 ** 32, offset + 4);
}

/** What exceeds 2^53 loses its last bits here, and is refused as out of range all the same. */
function readLong(bytes: Buffer, offset: number): number {
  return bytes.readUInt32BE(offset) * 2 ** 32 + bytes.readUInt32BE(offset + 4);
}

function readType(bytes: Buffer): string {
  const end = paddedEnd(bytes, headerOffset.type, typeBytes);
  for (let at = headerOffset.type; at < end; at += 1) {
    const unit = bytes[at]!;
    const letter = unit >= 0x61 && unit <= 0x7a;
    const digit = unit >= 0x30 && unit <= 0x39;
    if (!letter && !digit && unit !== 0x2e && unit !== 0x2d) throw malformed('its event type is not a name');
  }
  if (end === headerOffset.type) throw malformed('it has no event type');
  return knownText(bytes, headerOffset.type, end)!;
}

function readActor(bytes: Buffer): string {
  const end = paddedEnd(bytes, headerOffset.actor, actorBytes);
  let ascii = true;
  for (let at = headerOffset.actor; at < end; at += 1) {
    const unit = bytes[at]!;
    if (unit < 0x20 || unit === 0x7f) throw malformed('its actor has control characters');
    if (unit >= 0x80) ascii = false;
  }
  if (ascii) return knownText(bytes, headerOffset.actor, end)!;
  const actor = bytes.subarray(headerOffset.actor, end);
  if (!isUtf8(actor)) throw malformed('its actor is not UTF-8');
  const text = actor.toString('utf8');
  if (/\p{Cc}/u.test(text)) throw malformed('its actor has control characters');
  return text;
}

function paddedEnd(bytes: Buffer, start: number, size: number): number {
  const zero = bytes.indexOf(0, start);
  const end = zero === -1 || zero > start + size ? start + size : zero;
  if (!allZero(bytes, end, start + size)) throw malformed('its padding is not zero');
  return end;
}

function allZero(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

function malformed(why: string): EventError {
  return new EventError('ENTRY_MALFORMED', `Cannot read an entry: ${why}`, {
    hint: 'The bytes were damaged on the way or made by another program; ask the author to send them again.',
  });
}
