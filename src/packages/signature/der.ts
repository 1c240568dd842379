/** One DER value: where it is, and for a constructed one what is in it. */
export type DerValue = {
  readonly tag: number;
  /** The whole value with tag and length, as it stands in the input. */
  readonly bytes: Buffer;
  readonly children: readonly DerValue[];
};

export type DerLimits = { readonly depthMax: number; readonly valuesMax: number };

const constructedBit = 0x20;

/**
 * Reads `bytes` as one DER value and nothing behind it, before any other reader sees them: definite lengths in
 * their shortest form, bounded depth and number of values. Its slices are the signed bytes themselves; what they
 * mean is read from them elsewhere. Throws `RangeError`.
 */
export function readDer(bytes: Buffer, limits: DerLimits = { depthMax: 40, valuesMax: 50_000 }): DerValue {
  let values = 0;

  const readOne = (at: number, end: number, depth: number): { value: DerValue; next: number } => {
    values += 1;
    if (depth > limits.depthMax) throw new RangeError('nested too deeply');
    if (values > limits.valuesMax) throw new RangeError('too many values');
    const tag = byteAt(bytes, at, end);
    if ((tag & 0x1f) === 0x1f) throw new RangeError('a tag of many bytes');
    const { length, contentStart } = readLength(bytes, at + 1, end);
    const next = contentStart + length;
    if (next > end) throw new RangeError('a value runs past its end');
    const children: DerValue[] = [];
    if ((tag & constructedBit) !== 0) {
      for (let inside = contentStart; inside < next;) {
        const child = readOne(inside, next, depth + 1);
        children.push(child.value);
        inside = child.next;
      }
    }
    return { value: { tag, bytes: bytes.subarray(at, next), children }, next };
  };

  const { value, next } = readOne(0, bytes.length, 0);
  if (next !== bytes.length) throw new RangeError('data behind the value');
  return value;
}

/** A value as a slice of the input, and what stands behind its tag and length; nobody has looked inside. */
export type DerSlice = { readonly tag: number; readonly bytes: Buffer; readonly content: Buffer };

/** The values that stand one behind the other in `bytes`, for what is too large to be read as a tree. Throws `RangeError`. */
export function* derSlices(bytes: Buffer): Generator<DerSlice, void, undefined> {
  for (let at = 0; at < bytes.length;) {
    const tag = byteAt(bytes, at, bytes.length);
    if ((tag & 0x1f) === 0x1f) throw new RangeError('a tag of many bytes');
    const { length, contentStart } = readLength(bytes, at + 1, bytes.length);
    const end = contentStart + length;
    if (end > bytes.length) throw new RangeError('a value runs past its end');
    yield { tag, bytes: bytes.subarray(at, end), content: bytes.subarray(contentStart, end) };
    at = end;
  }
}

function readLength(bytes: Buffer, at: number, end: number): { length: number; contentStart: number } {
  const first = byteAt(bytes, at, end);
  if (first < 0x80) return { length: first, contentStart: at + 1 };
  const count = first & 0x7f;
  if (count === 0) throw new RangeError('an indefinite length');
  if (count > 4) throw new RangeError('a length of too many bytes');
  let length = 0;
  for (let i = 1; i <= count; i += 1) length = length * 256 + byteAt(bytes, at + i, end);
  const shortest = count === 1 ? length >= 0x80 : length >= 2 ** (8 * (count - 1));
  if (!shortest) throw new RangeError('a length that is not in its shortest form');
  return { length, contentStart: at + 1 + count };
}

function byteAt(bytes: Buffer, at: number, end: number): number {
  if (at >= end) throw new RangeError('it is cut off');
  return bytes[at]!;
}
