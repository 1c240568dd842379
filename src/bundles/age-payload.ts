/*
 * The payload of an age file (https://age-encryption.org/v1): the plaintext in pieces of 64 KiB, each sealed with
 * ChaCha20-Poly1305 under HKDF-SHA-256 of the file key, salted with the nonce that stands before the payload.
 * A piece's own nonce is its number (11 bytes) and whether it is the last one (1 byte), so a payload that was cut,
 * reordered or lengthened does not open.
 *
 * The header (keys, MAC) is made and opened by `age-encryption`. Its payload is not: it can neither begin in the
 * middle, which continuing an import and making one part again both need, nor come near the speed of a disk.
 * What stands here is the numbering of pieces alone; the cipher and the derivation are the runtime's.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { PayloadSecret } from './age-keys.ts';

export const pieceBytes = 64 * 1024;
export const tagBytes = 16;
export const sealedPieceBytes = pieceBytes + tagBytes;

const algorithm = 'chacha20-poly1305';
const options = { authTagLength: tagBytes };

/** The key of a payload. */
export type PayloadKey = Buffer;

export function payloadKey({ fileKey, nonce }: PayloadSecret): PayloadKey {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/** How many pieces a plaintext makes; an empty one makes one. */
export function pieceCount(plainBytes: number): number {
  return Math.max(1, Math.ceil(plainBytes / pieceBytes));
}

/** Bytes of the payload that a plaintext makes. */
export function sealedSize(plainBytes: number): number {
  return plainBytes + tagBytes * pieceCount(plainBytes);
}

/** Bytes of the plaintext in a payload; undefined where no plaintext makes one of this size. */
export function plainSize(sealedBytes: number): number | undefined {
  const pieces = Math.max(1, Math.ceil(sealedBytes / sealedPieceBytes));
  const plain = sealedBytes - pieces * tagBytes;
  return plain >= 0 && sealedSize(plain) === sealedBytes ? plain : undefined;
}

/** Seals piece `at` into `out`; `plain` has 64 KiB unless it is the last one. Returns how many bytes were written. */
export function sealPiece(
  key: PayloadKey,
  { at, last }: { at: number; last: boolean },
  plain: Uint8Array,
  out: Buffer,
): number {
  const cipher = createCipheriv(algorithm, key, pieceNonce(at, last), options);
  const sealed = cipher.update(plain);
  cipher.final();
  sealed.copy(out);
  cipher.getAuthTag().copy(out, sealed.length);
  return sealed.length + tagBytes;
}

/** Opens a piece; undefined where its bytes are not those that were sealed at this place. */
export function openPiece(
  key: PayloadKey,
  { at, last }: { at: number; last: boolean },
  sealed: Uint8Array,
): Buffer | undefined {
  if (sealed.length < tagBytes) return undefined;
  const decipher = createDecipheriv(algorithm, key, pieceNonce(at, last), options);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plain = decipher.update(sealed.subarray(0, sealed.length - tagBytes));
  try {
    decipher.final();
    return plain;
  } catch {
    // The runtime has one word for it: what is there does not fit the tag.
    return undefined;
  }
}

function pieceNonce(at: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(at), 3);
  nonce[11] = last ? 1 : 0;
  return nonce;
}
