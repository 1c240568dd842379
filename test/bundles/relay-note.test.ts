import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noteBytesMax, noteMagic, readNote, sealNote, type HopNote } from '../../src/bundles/relay-note.ts';
import { fingerprintWords, sealIntroduction, signingKey } from '../../src/identity/index.ts';
import { companyOf, noon } from '../support/instances.ts';

const id = (): string => randomBytes(16).toString('hex');
const company = companyOf('bankair-dmz');
const key = signingKey(generateKeyPairSync('ed25519').privateKey);
const instance = id();
const introduction = sealIntroduction(
  {
    instanceId: instance,
    name: 'bankair-dmz',
    signingKey: key.publicKey,
    sealingKey: signingKey(generateKeyPairSync('ed25519').privateKey).publicKey,
    issuedAt: noon,
  },
  company,
);
const note: HopNote = {
  format: 1,
  bundle: { id: id(), number: 58, link: id(), from: id(), to: id() },
  hop: 1,
  by: { instance, name: 'bankair-dmz', introduction: Buffer.from(introduction).toString('base64') },
  takenAt: new Date(noon).toISOString(),
  passedAt: null,
  parts: [{ part: 1, sha256: randomBytes(32).toString('hex') }],
};
const whole = sealNote(note, key);

test('J2.5 a note reads as it was written, with the words of who signed it', () => {
  expect(readNote(whole)).toMatchObject({ ...note, words: fingerprintWords(company.chain[0]!) });
  expect(whole.length).toBeLessThan(noteBytesMax);
});

test('T-58 a note with any byte changed, cut anywhere or followed by anything is none', () => {
  for (let at = 0; at < whole.length; at += 5) {
    const changed = Buffer.from(whole);
    changed[at] = changed[at]! ^ (1 << (at % 8));
    expect(readNote(changed) ?? { unfit: '' }, `byte ${at}`).toHaveProperty('unfit');
    expect(readNote(whole.subarray(0, at)) ?? { unfit: '' }, `cut at ${at}`).toHaveProperty('unfit');
  }
  expect(readNote(Buffer.concat([whole, Buffer.from(' ')]))).toHaveProperty('unfit');
});

test('T-58 whatever follows the first letters of a note is refused by name, not by accident', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const read = readNote(Buffer.concat([noteMagic, bytes]));
      return read !== undefined && 'unfit' in read && read.unfit !== '';
    }),
  );
});

test('a note signed by another key than that of its introduction is none', () => {
  const other = signingKey(generateKeyPairSync('ed25519').privateKey);
  expect(readNote(sealNote(note, other))).toEqual({ unfit: 'its signature does not fit' });
  const lie = { ...note, by: { ...note.by, name: 'bankair' } };
  expect(readNote(sealNote(lie, key))).toEqual({ unfit: 'its introduction is of somebody else' });
});
