import { sign, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  entryHashType,
  entryType,
  headType,
  sealHead,
  verifyEntry,
  verifyHead,
} from '../../src/events/index.ts';
import {
  introductionType,
  openIntroduction,
  preAuthEncoding,
  verifyingKey,
} from '../../src/identity/index.ts';
import { goldenIntroduction, makeGolden } from './golden.ts';
import { company, goldenSigner } from './known.ts';

const key = verifyingKey(goldenSigner.publicKey);
const entry = Buffer.from(makeGolden()[1]!.hex, 'hex');
const head = sealHead(
  { feed: '11'.repeat(16), epoch: 1, seq: 1, hash: '22'.repeat(32), issuedAt: 1 },
  goldenSigner,
);
const headSigned = Buffer.from(head.subarray(0, 72));
// Without the length of the signature and the signature, 384 bytes of an RSA key with 3072 bits.
const introductionSigned = Buffer.from(goldenIntroduction.subarray(0, goldenIntroduction.byteLength - 386));
const types = [entryType, entryHashType, headType, introductionType];

/** Each kind signed by an instance: what is signed of it, and whether its own check accepts a signature. */
const kinds = [
  {
    type: entryType,
    payload: entry,
    accepts: (signature: Buffer) => verifyEntry({ bytes: entry, signature }, key),
  },
  {
    type: headType,
    payload: headSigned,
    accepts: (signature: Buffer) => verifyHead(Buffer.concat([headSigned, signature]), key),
  },
];

test('every signed kind has a type string of its own', () => {
  expect(new Set(types).size).toBe(types.length);
});

for (const { type, payload, accepts } of kinds)
  for (const other of types)
    test(`T-20 what is signed as ${other} ${other === type ? 'is' : 'is not'} accepted as ${type}`, () => {
      expect(accepts(Buffer.from(goldenSigner.sign(preAuthEncoding(other, payload))))).toBe(other === type);
      expect(accepts(Buffer.from(goldenSigner.sign(payload)))).toBe(false);
    });

for (const other of types)
  test(`T-20 what is signed as ${other} ${other === introductionType ? 'is' : 'is not'} accepted as an introduction`, () => {
    const signature = sign('sha256', preAuthEncoding(other, introductionSigned), company.privateKey);
    const length = Buffer.from([signature.length >> 8, signature.length & 255]);
    const bytes = Buffer.concat([introductionSigned, length, signature]);
    if (other === introductionType) expect(openIntroduction(bytes).name).toBe('acme');
    else
      expect(() => openIntroduction(bytes)).toThrow(
        expect.objectContaining({ code: 'INTRODUCTION_SIGNATURE_INVALID' }),
      );
  });

test('T-20 the signature of one kind never fits the bytes of another', () => {
  const signatures = kinds.map(({ type, payload }) => goldenSigner.sign(preAuthEncoding(type, payload)));
  for (const [at, { type, payload }] of kinds.entries())
    for (const [from, signature] of signatures.entries())
      expect(verify(null, preAuthEncoding(type, payload), key, signature)).toBe(at === from);
});
