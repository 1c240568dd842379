import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ServedPackage } from '../../nuget/index.ts';
import { isKnown, rangeAsked, wantsGzip } from './conditions.ts';
import { gzipped, type Rendered } from './rendered.ts';

/** Kept by whoever likes, and asked for again each time: what is served can change. */
const caching = 'private, no-cache';
/** Smaller answers are not worth compressing. */
const gzipFrom = 1024;
const readAtOnce = 256 * 1024;

/** Sends a document; `isGzipRule` where it is compressed unless the client can't read that. */
export async function sendDocument(
  request: IncomingMessage,
  response: ServerResponse,
  document: Rendered,
  isGzipRule = false,
): Promise<void> {
  const { headers, method } = request;
  const isLong = isGzipRule || document.bytes.length >= gzipFrom;
  const isGzip = isLong && wantsGzip(headers['accept-encoding'], isGzipRule);
  const etag = isGzip ? document.etag.replace(/"$/, '-gz"') : document.etag;
  response.setHeader('cache-control', caching);
  response.setHeader('etag', etag);
  response.setHeader('vary', 'accept-encoding');
  if (isKnown(headers['if-none-match'], etag)) {
    response.writeHead(304).end();
    return;
  }
  const bytes = isGzip ? await gzipped(document) : document.bytes;
  response.writeHead(200, {
    'content-type': document.type,
    'content-length': bytes.length,
    ...(isGzip && { 'content-encoding': 'gzip' }),
  });
  response.end(method === 'HEAD' ? undefined : bytes);
}

/**
 * Sends a package or the part of it that is asked for, byte for byte as it lies on the disk; closes `file`. A client
 * that goes away in between is no error.
 */
export async function sendPackage(
  request: IncomingMessage,
  response: ServerResponse,
  { sha256, sizeBytes }: ServedPackage,
  file: FileHandle,
): Promise<void> {
  await using _closed = file;
  const etag = `"${sha256}"`;
  response.setHeader('cache-control', caching);
  response.setHeader('etag', etag);
  response.setHeader('accept-ranges', 'bytes');
  const { headers, method } = request;
  if (isKnown(headers['if-none-match'], etag)) {
    response.writeHead(304).end();
    return;
  }
  const part = method === 'GET' ? rangeAsked(headers, { size: sizeBytes, etag }) : undefined;
  if (part === 'outside') {
    response.writeHead(416, { 'content-range': `bytes */${sizeBytes}`, 'content-length': 0 }).end();
    return;
  }
  const { start, end } = part ?? { start: 0, end: sizeBytes - 1 };
  response.writeHead(part === undefined ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': end - start + 1,
    ...(part && { 'content-range': `bytes ${start}-${end}/${sizeBytes}` }),
  });
  if (method === 'HEAD') {
    response.end();
    return;
  }
  const content = file.createReadStream({ start, end, highWaterMark: readAtOnce, autoClose: false });
  await pipeline(content, response);
}

/** Tells a program why it gets nothing. */
export function sendRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  words: string,
): void {
  const bytes = Buffer.from(JSON.stringify({ error: words }));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
