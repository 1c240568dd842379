import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FeedShelf } from '../../nuget/index.ts';

const compressed = promisify(gzip);

/** A document ready to be sent; compressed when first somebody wants it so. */
export type Rendered = {
  readonly type: string;
  readonly bytes: Buffer;
  readonly etag: string;
  gzipped?: Promise<Buffer>;
};

export function rendered(type: string, bytes: Buffer): Rendered {
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return { type, bytes, etag: `"${hash}"` };
}

export function renderedJson(document: object): Rendered {
  return rendered('application/json', Buffer.from(JSON.stringify(document)));
}

export function gzipped(document: Rendered): Promise<Buffer> {
  document.gzipped ??= compressed(document.bytes);
  return document.gzipped;
}

const cachedBytesMax = 32 * 2 ** 20;

/** Keeps documents by their address for as long as the shelf is the same, those asked for last where there are many. */
export function documentCache() {
  let ofShelf: FeedShelf | undefined;
  let kept = new Map<string, Rendered>();
  let bytes = 0;
  return async (
    shelf: FeedShelf,
    key: string,
    make: () => Promise<object | undefined>,
  ): Promise<Rendered | undefined> => {
    if (shelf !== ofShelf) [ofShelf, kept, bytes] = [shelf, new Map(), 0];
    const known = kept.get(key);
    if (known !== undefined) {
      kept.delete(key);
      kept.set(key, known);
      return known;
    }
    const document = await make();
    if (document === undefined) return undefined;
    const made = renderedJson(document);
    if (shelf !== ofShelf || kept.has(key)) return made;
    kept.set(key, made);
    bytes += made.bytes.length;
    for (const [oldest, { bytes: its }] of kept) {
      if (bytes <= cachedBytesMax) break;
      kept.delete(oldest);
      bytes -= its.length;
    }
    return made;
  };
}
