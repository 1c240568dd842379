import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { agreementKey, rawPublicKey, verifyingKey } from '../../src/identity/index.ts';

const unfit = expect.objectContaining({ code: 'PUBLIC_KEY_UNFIT' });
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

const smallOrder = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
];
for (const key of smallOrder)
  test(`T-15 the signing key ${key} of small order is refused`, () => {
    expect(() => verifyingKey(hex(key))).toThrow(unfit);
  });

const notCanonical = [
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];
for (const key of notCanonical)
  test(`T-15 the signing key ${key}, which is not encoded canonically, is refused`, () => {
    expect(() => verifyingKey(hex(key))).toThrow(unfit);
  });

test('T-15 bytes that are no point of the curve, too few, too many, or an RSA key are refused', () => {
  expect(() => verifyingKey(hex(`02${'00'.repeat(31)}`))).toThrow(unfit);
  for (const length of [0, 31, 33, 64]) expect(() => verifyingKey(Buffer.alloc(length, 7))).toThrow(unfit);
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  expect(() => verifyingKey(rsa.export({ format: 'der', type: 'spki' }))).toThrow(unfit);
});

test('an honest key is taken, and is the same object the next time', () => {
  for (let round = 0; round < 50; round += 1) {
    const raw = rawPublicKey(generateKeyPairSync('ed25519').publicKey);
    expect(verifyingKey(raw)).toBe(verifyingKey(Buffer.from(raw)));
  }
});

test('T-15 sealing keys with which every secret is the same are refused', () => {
  const low = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
  ];
  for (const key of low) expect(() => agreementKey(hex(key)), key).toThrow(unfit);
  expect(() => agreementKey(Buffer.alloc(31, 9))).toThrow(unfit);
  const honest = rawPublicKey(generateKeyPairSync('x25519').publicKey);
  expect(agreementKey(honest).asymmetricKeyType).toBe('x25519');
});
