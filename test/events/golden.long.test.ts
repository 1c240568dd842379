import { expect, test } from 'vitest';
import { verifyEntry, type SealedEntry } from '../../src/events/index.ts';
import { verifyingKey } from '../../src/identity/index.ts';
import { goldenInstance, goldenLink, makeGolden } from './golden.ts';
import { companyFingerprint, deliver, makeInstance } from './instance.ts';
import { goldenSigner } from './known.ts';

test('T-18 every single bit of every golden entry of ordinary size, and of its signature, matters', async () => {
  const golden = makeGolden().map(({ hex, signature }) => ({
    bytes: Buffer.from(hex, 'hex'),
    signature: Buffer.from(signature, 'hex'),
  }));
  const receiver = makeInstance('receiver');
  receiver.pins.set(goldenLink, { author: goldenInstance, certificateFingerprint: companyFingerprint });
  await deliver(receiver, [golden[0]!]);
  for (const { bytes, signature } of golden.slice(1).filter((entry) => entry.bytes.length < 1000)) {
    const broken: SealedEntry[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit += 1)
      broken.push({ bytes: flipped(bytes, bit), signature });
    for (let bit = 0; bit < 512; bit += 1) broken.push({ bytes, signature: flipped(signature, bit) });
    for (let from = 0; from < broken.length; from += 1024)
      for (const verdict of await deliver(receiver, broken.slice(from, from + 1024)))
        expect(verdict).not.toMatch(/accepted|known|parked/);
  }
  expect(receiver.log.entryCount()).toBe(1);
  expect(golden.every((entry) => verifyEntry(entry, verifyingKey(goldenSigner.publicKey)))).toBe(true);
});

function flipped(bytes: Uint8Array, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
