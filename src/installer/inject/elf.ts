/*
 * A note in an ELF executable of 64 bits, little-endian. Program headers can't grow where they are, so they move behind
 * the end of the file, and the note with them:
 *
 *   the executable as it was, zeros up to a place X, the program headers with two more, the note
 *
 * The first of the two is a segment that has the system map all of it; the second says that the note is one. Systems
 * before Linux 5.18 tell a program where its headers are by adding where they lie in the file to where its beginning is
 * mapped. So X is mapped exactly as far behind the beginning as it lies in the file: beyond all that was mapped before.
 */
import { resourceName, unknownForm, type Bytes } from './bytes.ts';

const load = 1;
const note = 4;
const headers = 6;
const headerBytes = 56;
const page = 0x1_0000;
const readable = 4;

type Segment = {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly inMemory: number;
};

/** @throws {InstallerError} RUNNER_NOT_BUILT */
export async function addElfNote(file: Bytes, content: Buffer): Promise<void> {
  const start = await file.read(0, 64);
  if (start[4] !== 2 || start[5] !== 1) throw unknownForm('it is not of 64 bits');
  const count = start.readUInt16LE(56);
  if (start.readUInt16LE(54) !== headerBytes) throw unknownForm('its program headers have another size');
  const table = await file.read(Number(start.readBigUInt64LE(32)), count * headerBytes);
  const segments = Array.from({ length: count }, (_, at) => segmentAt(table, at));
  const loads = segments.filter(({ type }) => type === load);
  const first = loads[0];
  if (first === undefined || first.offset !== 0) throw unknownForm('its beginning is not mapped');
  const mapped = Math.max(...loads.map(({ address, inMemory }) => address + inMemory)) - first.address;
  const place = Math.ceil(Math.max(file.sizeBytes, mapped) / page) * page;
  const address = first.address + place;
  const tableBytes = (count + 2) * headerBytes;
  const noteBytes = noteOf(content);
  const next = Buffer.alloc(tableBytes);
  table.copy(next);
  const own = segments.findIndex(({ type }) => type === headers);
  const move = { offset: place, address, sizeBytes: tableBytes };
  if (own >= 0) writeSegment(next, own, { type: headers, align: 8, ...move });
  // Segments that are mapped stand in the order of their addresses, and this one is the last.
  const all = { offset: place, address, sizeBytes: tableBytes + noteBytes.length };
  writeSegment(next, count, { type: load, align: page, ...all });
  const within = { offset: place + tableBytes, address: address + tableBytes, sizeBytes: noteBytes.length };
  writeSegment(next, count + 1, { type: note, align: 4, ...within });
  start.writeBigUInt64LE(BigInt(place), 32);
  start.writeUInt16LE(count + 2, 56);
  await file.write(next, place);
  await file.write(noteBytes, place + tableBytes);
  await file.write(start, 0);
}

/** Lengths of name and content, a type that nobody asks for, the name and the content, each filled up to 4 bytes. */
function noteOf(content: Buffer): Buffer {
  const name = Buffer.from(`${resourceName}\0`, 'latin1');
  const front = Buffer.alloc(12);
  front.writeUInt32LE(name.length, 0);
  front.writeUInt32LE(content.length, 4);
  return Buffer.concat([front, filled(name), filled(content)]);
}

function filled(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function segmentAt(table: Buffer, at: number): Segment {
  const from = at * headerBytes;
  return {
    type: table.readUInt32LE(from),
    offset: Number(table.readBigUInt64LE(from + 8)),
    address: Number(table.readBigUInt64LE(from + 16)),
    inMemory: Number(table.readBigUInt64LE(from + 40)),
  };
}

function writeSegment(
  table: Buffer,
  at: number,
  segment: { type: number; offset: number; address: number; sizeBytes: number; align: number },
): void {
  const from = at * headerBytes;
  const { type, offset, address, sizeBytes, align } = segment;
  table.writeUInt32LE(type, from);
  table.writeUInt32LE(readable, from + 4);
  // Place in the file, in memory, and in physical memory, which means nothing here; length in the file and in memory.
  for (const [index, value] of [offset, address, address, sizeBytes, sizeBytes, align].entries())
    table.writeBigUInt64LE(BigInt(value), from + 8 + index * 8);
}
