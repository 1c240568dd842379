/*
 * A resource in a Windows executable (PE32+). All its resources move into a new section at the end, where one more
 * fits: a tree of three levels (type, name, language) with tables first, then names, then what tells of the contents,
 * then the contents. The old section stays, and nothing points to it any more. The signature of who made the runtime
 * covers what is changed here, so it is left out; who made the installer signs it anew, if they wish, before the bundle
 * is appended.
 */
import { resourceName, unknownForm, type Bytes } from './bytes.ts';
import { layTree, readTree, withBlob } from './pe-resources.ts';

const sectionBytes = 40;
const directoryOf = { resources: 2, security: 4 } as const;
const initializedReadable = 0x4000_0040;

/** @throws {InstallerError} RUNNER_NOT_BUILT */
export async function addPeResource(file: Bytes, content: Buffer): Promise<void> {
  const header = await file.read(0, 4096);
  const pe = header.readUInt32LE(0x3c);
  const optional = pe + 24;
  if (header.toString('latin1', pe, pe + 4) !== 'PE\0\0' || header.readUInt16LE(optional) !== 0x20b)
    throw unknownForm('it is no PE32+ executable');
  const count = header.readUInt16LE(pe + 6);
  const table = optional + header.readUInt16LE(pe + 20);
  const [sectionAlign, fileAlign] = [header.readUInt32LE(optional + 32), header.readUInt32LE(optional + 36)];
  const [imageBytes, headersBytes] = [header.readUInt32LE(optional + 56), header.readUInt32LE(optional + 60)];
  const entry = table + count * sectionBytes;
  const room = header.subarray(entry, entry + sectionBytes);
  if (entry + sectionBytes > headersBytes || room.some((byte) => byte !== 0))
    throw unknownForm('its headers have no room for another section');
  const directory = (which: keyof typeof directoryOf): number => optional + 112 + directoryOf[which] * 8;
  const end = await withoutSignature(file, header, directory('security'));
  const old = header.readUInt32LE(directory('resources'));
  const section = sectionWith(header, table, count, old);
  const bytes = await file.read(section.offset, section.sizeBytes);
  const tree = withBlob(readTree(bytes, old - section.address, section.address), resourceName, content);
  const address = aligned(imageBytes, sectionAlign);
  const laid = layTree(tree, address);
  const offset = aligned(end, fileAlign);
  const rawBytes = aligned(laid.length, fileAlign);
  // Tools look for resources by the section's name as well.
  header.write('.rsrcold', section.entry, 'latin1');
  header.write('.rsrc\0\0\0', entry, 'latin1');
  header.writeUInt32LE(laid.length, entry + 8);
  header.writeUInt32LE(address, entry + 12);
  header.writeUInt32LE(rawBytes, entry + 16);
  header.writeUInt32LE(offset, entry + 20);
  header.writeUInt32LE(initializedReadable, entry + 36);
  header.writeUInt16LE(count + 1, pe + 6);
  header.writeUInt32LE(header.readUInt32LE(optional + 8) + rawBytes, optional + 8);
  header.writeUInt32LE(aligned(address + laid.length, sectionAlign), optional + 56);
  // Only drivers need it; what is appended later would make it wrong.
  header.writeUInt32LE(0, optional + 64);
  header.writeUInt32LE(address, directory('resources'));
  header.writeUInt32LE(laid.length, directory('resources') + 4);
  await file.write(Buffer.concat([laid, Buffer.alloc(rawBytes - laid.length)]), offset);
  await file.write(header.subarray(0, headersBytes), 0);
}

/** Cuts the signature off, which lies at the end of the file; returns where that is now. */
async function withoutSignature(file: Bytes, header: Buffer, directory: number): Promise<number> {
  const [offset, sizeBytes] = [header.readUInt32LE(directory), header.readUInt32LE(directory + 4)];
  if (sizeBytes === 0) return file.sizeBytes;
  if (offset + sizeBytes !== file.sizeBytes) throw unknownForm('its signature is not at its end');
  header.fill(0, directory, directory + 8);
  await file.truncate(offset);
  return offset;
}

function sectionWith(
  header: Buffer,
  table: number,
  count: number,
  address: number,
): { readonly entry: number; readonly address: number; readonly offset: number; readonly sizeBytes: number } {
  for (let at = 0; at < count; at += 1) {
    const from = table + at * sectionBytes;
    const [begin, sizeBytes] = [header.readUInt32LE(from + 12), header.readUInt32LE(from + 16)];
    if (address >= begin && address < begin + sizeBytes)
      return { entry: from, address: begin, offset: header.readUInt32LE(from + 20), sizeBytes };
  }
  throw unknownForm('it has no resources');
}

function aligned(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
