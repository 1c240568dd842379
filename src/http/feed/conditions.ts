/** Whether a client has what it asks for already: `If-None-Match` names the tag, weak or not, or anything at all. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((each) => ['*', etag].includes(each.trim().replace(/^W\//, '')));
}

/** Bytes from `start` to `end`, both included. */
export type ByteRange = { readonly start: number; readonly end: number };

/**
 * Which part of a file of `size` bytes is asked for; undefined where it is all of it: no range, several, one that
 * can't be read, or one of another version of the file (`If-Range`). `outside` where the file has no such part.
 */
export function rangeAsked(
  {
    range,
    'if-range': ifRange,
  }: { readonly range?: string | undefined; readonly 'if-range'?: string | undefined },
  { size, etag }: { readonly size: number; readonly etag: string },
): ByteRange | 'outside' | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (ifRange !== undefined && ifRange.trim() !== etag) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return start > end ? 'outside' : { start, end };
}

/**
 * Whether an answer goes out compressed. One that is compressed as a rule is left so unless the client says it can't
 * read it; any other is compressed only for a client that says it can.
 */
export function wantsGzip(acceptEncoding: string | undefined, isRule: boolean): boolean {
  if (acceptEncoding === undefined || acceptEncoding.trim() === '') return isRule;
  const weights = new Map<string, number>();
  for (const each of acceptEncoding.toLowerCase().split(',')) {
    const [coding = '', ...parameters] = each.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    weights.set(coding === 'x-gzip' ? 'gzip' : coding, weight === undefined ? 1 : Number(weight));
  }
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}
