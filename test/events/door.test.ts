import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SealedEntry } from '../../src/events/index.ts';
import { goldenInstance, goldenLink, makeGolden } from './golden.ts';
import { companyFingerprint, deliver, makeInstance } from './instance.ts';

const golden: SealedEntry[] = makeGolden().map(({ hex, signature }) => ({
  bytes: Buffer.from(hex, 'hex'),
  signature: Buffer.from(signature, 'hex'),
}));
const small = golden.slice(1, 6);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const key = ({ bytes, signature }: SealedEntry): string => `${hex(bytes)} ${hex(signature)}`;

/** An entry changed in one of the ways a wire, a disk or a person could change it. */
const mutated = fc
  .record({
    entry: fc.constantFrom(...small),
    other: fc.constantFrom(...small),
    how: fc.constantFrom('overwrite', 'cut', 'grow', 'insert', 'splice', 'signature', 'swap'),
    at: fc.nat(),
    noise: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  })
  .map(({ entry, other, how, at, noise }): SealedEntry => {
    const bytes = Buffer.from(entry.bytes);
    const place = at % bytes.length;
    const rest = bytes.subarray(place);
    switch (how) {
      case 'overwrite':
        bytes.set(noise.subarray(0, bytes.length - place), place);
        return { bytes, signature: entry.signature };
      case 'cut':
        return { bytes: bytes.subarray(0, place), signature: entry.signature };
      case 'grow':
        return { bytes: Buffer.concat([bytes, noise]), signature: entry.signature };
      case 'insert':
        return { bytes: Buffer.concat([bytes.subarray(0, place), noise, rest]), signature: entry.signature };
      case 'splice':
        return { bytes: Buffer.concat([other.bytes.subarray(0, place), rest]), signature: entry.signature };
      case 'signature':
        return { bytes, signature: noise };
      default:
        return { bytes, signature: other.signature };
    }
  });

test('T-18 T-42 whatever is done to an entry, it comes in as it was signed or not at all, and the next good one comes in', async () => {
  const genuine = new Set(small.map(key));
  const genuineBytes = new Set(small.map(({ bytes }) => hex(bytes)));
  const receiver = makeInstance('receiver');
  receiver.pins.set(goldenLink, { author: goldenInstance, certificateFingerprint: companyFingerprint });
  await deliver(receiver, golden.slice(0, 1));
  await fc.assert(
    fc.asyncProperty(fc.array(mutated, { minLength: 1, maxLength: 20 }), async (entries) => {
      const verdicts = await deliver(receiver, entries);
      for (const [at, verdict] of verdicts.entries()) {
        if (verdict === 'accepted' || verdict === 'parked') expect(genuine.has(key(entries[at]!))).toBe(true);
        // What is held is known by its bytes; another signature beside them is not looked at.
        if (verdict === 'known') expect(genuineBytes.has(hex(entries[at]!.bytes))).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
  expect(receiver.log.feeds().map(({ frozen }) => frozen)).toEqual([false]);
  expect(new Set(await deliver(receiver, golden))).toEqual(new Set(['known', 'accepted']));
  expect((await receiver.log.verify({ full: true })).ok).toBe(true);
});
