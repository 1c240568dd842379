/** Reads a stretch of a file; shorter where the file ends before. */
type Read = (offset: number, length: number) => Promise<Buffer>;

/**
 * How many bytes an executable has at least, as its own headers say: of Linux (ELF of 64 bits) as a runner is made, or of
 * Windows (PE). Undefined where they can't be read; where the file ends before them, up to where they reach.
 */
export async function executableBytes(read: Read): Promise<number | undefined> {
  const start = await read(0, 4096);
  if (start.length < 64) return undefined;
  return start.readUInt16BE(0) === 0x4d5a ? portableBytes(start) : await elfBytes(start, read);
}

/** Where the program headers of ours lie, behind the executable as it was: at a multiple of this. */
const movedTo = 0x1_0000;

/**
 * Program headers say which stretch of the file each segment is. In others than ours they may well speak of more than the
 * file has: debug symbols that were put into a file of their own keep the headers of the whole.
 */
async function elfBytes(start: Buffer, read: Read): Promise<number | undefined> {
  const [is64, isLittle] = [start[4] === 2, start[5] === 1];
  if (!is64 || !isLittle) return undefined;
  const place = Number(start.readBigUInt64LE(32));
  const [each, count] = [start.readUInt16LE(54), start.readUInt16LE(56)];
  const isOurs = each === 56 && place > 0 && place % movedTo === 0 && Number.isSafeInteger(place);
  if (!isOurs) return undefined;
  const table = await read(place, each * count);
  const end = place + each * count;
  if (table.length < each * count) return end;
  const segments = Array.from({ length: count }, (_, at) => table.subarray(at * each, (at + 1) * each));
  const ends = segments.map((one) => Number(one.readBigUInt64LE(8)) + Number(one.readBigUInt64LE(32)));
  return Math.max(end, ...ends);
}

/** Sections follow the headers, each with its place in the file. */
function portableBytes(start: Buffer): number | undefined {
  const pe = start.readUInt32LE(0x3c);
  if (pe + 24 > start.length || start.toString('latin1', pe, pe + 4) !== 'PE\0\0') return undefined;
  const [count, table] = [start.readUInt16LE(pe + 6), pe + 24 + start.readUInt16LE(pe + 20)];
  if (count === 0 || table + count * 40 > start.length) return undefined;
  const sections = Array.from({ length: count }, (_, at) => table + at * 40);
  return Math.max(...sections.map((at) => start.readUInt32LE(at + 16) + start.readUInt32LE(at + 20)));
}
