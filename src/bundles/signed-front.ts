/*
 * What parts of bundles and hop notes begin with:
 *
 *   offset  size
 *        0     8   ASCII letters that tell which of them it is
 *        8     1   format version
 *        9     3   zero
 *       12     4   length n of the text, big-endian
 *       16     n   JSON in UTF-8
 *     16+n    64   Ed25519 signature over the pre-authentication encoding of all bytes before it
 *
 * The introduction of who signed stands in the text.
 */
import { verify } from 'node:crypto';
import type { z } from 'zod';
import {
  openIntroduction,
  preAuthEncoding,
  verifyingKey,
  type OpenedIntroduction,
  type SigningKey,
} from '../identity/index.ts';

export const fixedBytes = 16;
export const signedBytes = 64;

const versionAt = 8;
const lengthAt = 12;

/** The letters of a front, its version, and the type its signature is made under. */
export type FrontKind = { readonly magic: Buffer; readonly version: number; readonly type: string };

/** A front of `frontBytes`, its text padded with spaces. */
export function sealText(
  { magic, version, type }: FrontKind,
  text: string,
  frontBytes: number,
  key: SigningKey,
): Buffer {
  const front = Buffer.alloc(frontBytes, ' ');
  const textBytes = frontBytes - fixedBytes - signedBytes;
  magic.copy(front);
  front.fill(0, magic.length, fixedBytes);
  front.writeUInt8(version, versionAt);
  front.writeUInt32BE(textBytes, lengthAt);
  front.write(text, fixedBytes, textBytes, 'utf8');
  const signed = front.subarray(0, frontBytes - signedBytes);
  front.set(key.sign(preAuthEncoding(type, signed)), signed.length);
  return front;
}

/** Whether bytes begin as this kind does. */
export function beginsAs({ magic }: FrontKind, bytes: Buffer): boolean {
  return bytes.subarray(0, magic.length).equals(magic);
}

export function versionOf(front: Buffer): number {
  return front.readUInt8(versionAt);
}

/** How long the text of a front says it is. */
export function textBytesOf(front: Buffer): number {
  return front.readUInt32BE(lengthAt);
}

/** The text of a front that has all of it; undefined where it is not what the schema wants. */
export function readText<T>(front: Buffer, schema: z.ZodType<T>): T | undefined {
  const bytes = front.subarray(fixedBytes, fixedBytes + textBytesOf(front));
  try {
    return schema.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))).data;
  } catch {
    return undefined;
  }
}

/** Whether whoever is introduced has signed a front. */
export function isSignedBy({ type }: FrontKind, front: Buffer, { signingKey }: OpenedIntroduction): boolean {
  const end = fixedBytes + textBytesOf(front);
  const signature = front.subarray(end, end + signedBytes);
  return verify(null, preAuthEncoding(type, front.subarray(0, end)), verifyingKey(signingKey), signature);
}

/** Opening an introduction costs several RSA operations, and all parts of a bundle carry the same. */
const opened = new Map<string, OpenedIntroduction | string>();
const openedMax = 100;

/** An introduction in base64, or why it does not hold. */
export function introductionIn(base64: string): OpenedIntroduction | string {
  const known = opened.get(base64);
  if (known !== undefined) return known;
  const found = tryOpen(Buffer.from(base64, 'base64'));
  if (opened.size >= openedMax) opened.clear();
  opened.set(base64, found);
  return found;
}

function tryOpen(introduction: Buffer): OpenedIntroduction | string {
  try {
    return openIntroduction(introduction);
  } catch (error) {
    return `its introduction does not hold: ${error instanceof Error ? error.message : String(error)}`;
  }
}
