import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const blockBytes = 512;

/**
 * The content of one file in a gzipped tarball, in pieces as they come; nothing where no such file is in it.
 *
 * One file of an archive whose bytes are known by their digest is all that is ever read: of the format that is a
 * header of 512 bytes before each file, with its name and its size in octal, and nothing else.
 */
export async function* fileInTarball(tarball: Readable, name: string): AsyncGenerator<Buffer> {
  let waiting = Buffer.alloc(0);
  let left = 0;
  let padding = 0;
  let isWanted = false;
  for await (const piece of tarball.pipe(createGunzip()) as AsyncIterable<Buffer>) {
    let bytes = waiting.length === 0 ? piece : Buffer.concat([waiting, piece]);
    while (bytes.length > 0) {
      if (left > 0) {
        const taken = bytes.subarray(0, left);
        left -= taken.length;
        bytes = bytes.subarray(taken.length);
        if (isWanted) yield taken;
        if (isWanted && left === 0) return;
      } else if (padding > 0) {
        const skipped = Math.min(padding, bytes.length);
        padding -= skipped;
        bytes = bytes.subarray(skipped);
      } else if (bytes.length >= blockBytes) {
        const header = bytes.subarray(0, blockBytes);
        bytes = bytes.subarray(blockBytes);
        left = sizeIn(header);
        padding = (blockBytes - (left % blockBytes)) % blockBytes;
        isWanted = isFile(header) && nameIn(header) === name;
      } else break;
    }
    waiting = Buffer.from(bytes);
  }
}

function isFile(header: Buffer): boolean {
  return header[156] === 0x30 || header[156] === 0;
}

function nameIn(header: Buffer): string {
  const [prefix, name] = [textIn(header, 345, 155), textIn(header, 0, 100)];
  return prefix === '' ? name : `${prefix}/${name}`;
}

function sizeIn(header: Buffer): number {
  const size = Number.parseInt(textIn(header, 124, 12).trim() || '0', 8);
  return Number.isSafeInteger(size) && size > 0 ? size : 0;
}

function textIn(header: Buffer, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}
