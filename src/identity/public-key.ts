import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { IdentityError } from './errors.ts';

/** A public key that signatures are checked with, read once. */
export type VerifyingKey = KeyObject;

const fieldPrime = 2n ** 255n - 19n;
const curveD = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const ed25519Spki = Buffer.from('302a300506032b6570032100', 'hex');
const x25519Spki = Buffer.from('302a300506032b656e032100', 'hex');

/** The y coordinates, sign bit aside, of the eight points whose order is at most eight. */
const smallOrderY = new Set(
  [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  ].map(littleEndian),
);

const known = new Map<string, VerifyingKey>();
const knownMax = 20_000;

/**
 * The Ed25519 public key of these 32 bytes, kept for the next time.
 *
 * Refuses what OpenSSL lets pass: points of small order, for which one signature fits every message, encodings
 * that are not the canonical one, and bytes that are no point of the curve.
 *
 * @throws {IdentityError} PUBLIC_KEY_UNFIT
 */
export function verifyingKey(raw: Uint8Array): VerifyingKey {
  const id = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
  const before = known.get(id);
  if (before !== undefined) return before;
  if (raw.byteLength !== 32) throw unfit('signing', `it has ${raw.byteLength} bytes instead of 32`);
  const encoded = littleEndian(Buffer.from(raw).toString('hex'));
  const y = encoded & (2n ** 255n - 1n);
  if (smallOrderY.has(y)) throw unfit('signing', 'it is a point of small order');
  if (y >= fieldPrime) throw unfit('signing', 'it is not encoded canonically');
  if (!onCurve(y)) throw unfit('signing', 'it is not a point of the curve');
  const key = createPublicKey({ key: Buffer.concat([ed25519Spki, raw]), format: 'der', type: 'spki' });
  if (known.size >= knownMax) known.clear();
  known.set(id, key);
  return key;
}

/**
 * The X25519 public key of these 32 bytes.
 *
 * @throws {IdentityError} PUBLIC_KEY_UNFIT also where every secret agreed with it would be the same
 */
export function agreementKey(raw: Uint8Array): KeyObject {
  if (raw.byteLength !== 32) throw unfit('sealing', `it has ${raw.byteLength} bytes instead of 32`);
  const key = createPublicKey({ key: Buffer.concat([x25519Spki, raw]), format: 'der', type: 'spki' });
  try {
    diffieHellman({ privateKey: generateKeyPairSync('x25519').privateKey, publicKey: key });
  } catch (cause) {
    throw unfit('sealing', 'it is a point of small order', cause);
  }
  return key;
}

/** The 32 bytes of an Ed25519 or X25519 public key, given either half. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return half.export({ format: 'der', type: 'spki' }).subarray(-32);
}

function unfit(use: string, why: string, cause?: unknown): IdentityError {
  return new IdentityError('PUBLIC_KEY_UNFIT', `Cannot trust a ${use} key: ${why}`, {
    hint: 'Ask the other side for a new introduction; a key made by crossgap never looks like this.',
    cause,
  });
}

function littleEndian(hex: string): bigint {
  return BigInt(`0x${Buffer.from(hex, 'hex').reverse().toString('hex')}`);
}

/** Whether some x belongs to this y: (y² - 1) / (d·y² + 1) is a square in the field. */
function onCurve(y: bigint): boolean {
  const numerator = modulo(y * y - 1n);
  const denominator = modulo(curveD * y * y + 1n);
  // u/v is a square exactly if u·v is one, as v² always is.
  return power(modulo(numerator * denominator), (fieldPrime - 1n) / 2n) !== fieldPrime - 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = modulo(square * square))
    if ((rest & 1n) === 1n) result = modulo(result * square);
  return result;
}

function modulo(value: bigint): bigint {
  const rest = value % fieldPrime;
  return rest < 0n ? rest + fieldPrime : rest;
}
