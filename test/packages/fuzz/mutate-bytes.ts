import type { Random } from './random.ts';

/** Changes some bytes without knowing what they mean. */
export function mutateBytes(original: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const at = random.below(bytes.length + 1);
    const length = random.chance(0.7) ? random.below(5) : random.below(200);
    const replaced = random.pick<() => Buffer>([
      () => random.bytes(length),
      () => Buffer.alloc(0),
      () => Buffer.alloc(length, 0xff),
      () => random.bytes(random.below(30)),
      () => bytes.subarray(random.below(bytes.length + 1)).subarray(0, length),
    ])();
    const kept = random.chance(0.6) ? replaced.length : length;
    bytes = Buffer.concat([bytes.subarray(0, at), replaced, bytes.subarray(at + kept)]);
  }
  return random.chance(0.1) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}
