import { decodeParcelFile, encodeParcelFile, type Parcel } from '../../src/sync/index.ts';
import type { Chance } from './chance.ts';

const epochAt = 24;
const seqAt = 28;

/** A parcel that nobody sent, made of one that somebody did; its checksum fits. */
export function forge(bytes: Buffer, chance: Chance): Buffer {
  const decoded = decodeParcelFile(Buffer.from(bytes));
  if (!('parcel' in decoded)) return Buffer.from(bytes.toReversed());
  return encodeParcelFile(forged(decoded.parcel, chance));
}

function forged(parcel: Parcel, chance: Chance): Parcel {
  switch (parcel.kind) {
    case 'head':
      return { ...parcel, bytes: flipped(parcel.bytes, chance) };
    case 'blob':
      return { ...parcel, bytes: parcel.bytes.length > 0 ? flipped(parcel.bytes, chance) : parcel.bytes };
    case 'entries': {
      const entries = [...parcel.entries];
      const at = chance.below(entries.length);
      const { bytes, signature } = entries[at]!;
      switch (chance.below(6)) {
        case 0:
          entries[at] = { bytes: flipped(bytes, chance), signature };
          break;
        case 1:
          entries[at] = { bytes, signature: flipped(signature, chance) };
          break;
        case 2:
          entries[at] = { bytes: bytes.subarray(0, chance.below(bytes.length)), signature };
          break;
        case 3:
          // Far ahead of all there is: a gap that nobody can fill.
          entries[at] = { bytes: renumbered(bytes, seqAt + 4, 2 ** 20 + chance.below(2 ** 20)), signature };
          break;
        case 4:
          entries[at] = { bytes: renumbered(bytes, epochAt, 2 + chance.below(5)), signature };
          break;
        default:
          entries.reverse();
      }
      return { ...parcel, entries };
    }
  }
}

function renumbered(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(value, at);
  return copy;
}

/** The same bytes with one bit of them changed. */
export function flipped(bytes: Uint8Array, chance: Chance): Buffer {
  const copy = Buffer.from(bytes);
  const at = chance.below(copy.length);
  copy[at] = copy[at]! ^ (1 << chance.below(8));
  return copy;
}
