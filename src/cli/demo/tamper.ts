import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { StoryError } from './story-error.ts';

const localHeader = Buffer.from('PK\x03\x04', 'latin1');
const localHeaderBytes = 30;
const checksumBytes = 4;

/**
 * Does what somebody with write access to the shared folder could: flips one bit in the stored bytes of `part` in
 * a package that lies there, and mends the checksum of the file that carries it. Returns the part's name.
 */
export function changeOneByte(sharedFolder: string, part: string): string {
  for (const name of readdirSync(sharedFolder, { recursive: true, encoding: 'utf8' })) {
    if (!/blobs.*\.cgp$/.test(name)) continue;
    const path = join(sharedFolder, name);
    const file = readFileSync(path);
    const at = contentOf(file, part);
    if (at === undefined) continue;
    file[at] = file[at]! ^ 1;
    file.writeUInt32BE(crc32(file.subarray(0, -checksumBytes)), file.length - checksumBytes);
    writeFileSync(path, file);
    return part;
  }
  throw new StoryError(`no package with ${part} lies in ${sharedFolder}`);
}

/** Where a byte in the middle of the part's content stands, undefined where the file has no such part. */
function contentOf(file: Buffer, part: string): number | undefined {
  for (let at = file.indexOf(localHeader); at !== -1; at = file.indexOf(localHeader, at + 1)) {
    const nameLength = file.readUInt16LE(at + 26);
    const extraLength = file.readUInt16LE(at + 28);
    const name = file.toString('utf8', at + localHeaderBytes, at + localHeaderBytes + nameLength);
    if (name.endsWith(part)) return at + localHeaderBytes + nameLength + extraLength + 20;
  }
  return undefined;
}
