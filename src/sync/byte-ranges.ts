/** A stretch of bytes, without the one at `to`. */
export type ByteRange = { readonly from: number; readonly to: number };

/** Sorted ranges without overlap or touch, after one more was added. */
export function withRange(ranges: readonly ByteRange[], added: ByteRange): readonly ByteRange[] {
  let { from, to } = added;
  const apart = ranges.filter((range) => {
    if (range.to < from || range.from > to) return true;
    from = Math.min(from, range.from);
    to = Math.max(to, range.to);
    return false;
  });
  return [...apart, { from, to }].toSorted((a, b) => a.from - b.from);
}
