import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { signatureOf } from '../../support/build-nupkg.ts';
import { hostileNames, twinNames } from '../../support/hostile-names.ts';
import type { Random } from './random.ts';

/** A zip archive taken apart; what is not changed comes out as it was. */
type Archive = { before: Buffer; parts: Part[]; beforeEnd: Buffer; end: Buffer; after: Buffer };
type Part = {
  local: Header;
  data: Buffer;
  /** What follows the data: a descriptor, or nothing. */
  gap: Buffer;
  central: Header;
  comment: Buffer;
  /** In place of where the local header stands. */
  offset?: number;
};
/** The fixed fields of a header, and what follows them; lengths are mended unless they are told to lie. */
type Header = {
  fixed: Buffer;
  name: Buffer;
  extra: Buffer;
  lies: [at: number, width: 2 | 4, value: number][];
};

/** Changes parts of a sound archive: headers, names, sizes, offsets, counts, flags, extra fields, records, their order. */
export function mutateArchive(
  original: Buffer,
  random: Random,
  mutateSignature: (bytes: Buffer) => Buffer,
): Buffer {
  const archive = takenApart(original);
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    if (archive.parts.length === 0) break;
    changeOne(archive, random, mutateSignature);
  }
  return putTogether(archive);
}

/** The archive with another signature in its last entry, and all else as it was. */
export function withOtherSignature(original: Buffer, change: (signature: Buffer) => Buffer): Buffer {
  const archive = takenApart(original);
  const last = archive.parts.at(-1)!;
  fill(last, change(last.data));
  return putTogether(archive);
}

function changeOne(archive: Archive, random: Random, mutateSignature: (bytes: Buffer) => Buffer): void {
  const { parts } = archive;
  const part = random.pick(parts);
  const headers = random.pick<Header[]>([[part.local], [part.central], [part.local, part.central]]);
  const signature = parts.at(-1)!;
  random.pick<() => void>([
    () => rename(headers, random.pick(allNames)),
    () => rename([part.local, part.central], random.pick(allNames)),
    () => rename([part.local, part.central], twinOf(random.pick(parts).central.name, random)),
    () => setField(headers, random),
    () => setField(headers, random),
    () => setField([part.local, part.central], random),
    () => setEnd(archive, random),
    () => addExtra(headers, random),
    () => void parts.splice(parts.indexOf(part), 1),
    () => void parts.splice(random.below(parts.length), 0, structuredCopy(part)),
    () => void parts.reverse(),
    () => void parts.unshift(parts.pop()!),
    () => (part.offset = random.pick([0, 1, random.below(5000), 0xffffffff])),
    () => (part.data = damaged(part.data, random)),
    () => fill(part, damaged(part.data, random)),
    () => refill(part, Buffer.alloc(random.pick([0, 1, 300_000, 3_000_000]), random.below(256))),
    () => (part.gap = random.pick([Buffer.alloc(0), random.bytes(12), random.bytes(16), descriptorOf(part)])),
    () => {
      for (const header of [part.local, part.central])
        header.lies.push([header === part.local ? 6 : 8, 2, 8]);
      part.gap = descriptorOf(part);
    },
    () => (archive.before = random.bytes(1 + random.below(40))),
    () => (archive.after = random.pick([random.bytes(1 + random.below(40)), archive.end])),
    () => (archive.beforeEnd = random.pick([random.bytes(20), zip64Locator(), zip64Records(), archive.end])),
    () => (part.comment = random.bytes(random.below(300))),
    () => (part.gap = Buffer.concat([part.gap, archive.end])),
    () => fill(signature, mutateSignature(signature.data)),
    () => rename([signature.local, signature.central], Buffer.from('.Signature.p7s')),
    () => void parts.push(structuredCopy(signature)),
  ])();
}

const allNames = [...Object.values(hostileNames), ...Object.values(twinNames)]
  .flat()
  .concat([
    'a/'.repeat(300),
    `${'d/'.repeat(70)}x`,
    'n'.repeat(60_000),
    '.signature.p7s',
    '[Content_Types].xml',
    'x.nuspec',
  ])
  .map((name) => Buffer.from(name));

function twinOf(name: Buffer, random: Random): Buffer {
  const text = name.toString();
  return Buffer.from(
    random.pick([
      text,
      text.toUpperCase(),
      `${text}/below`,
      text.replace(/[a-z]/, (c) => `%${c.charCodeAt(0).toString(16)}`),
    ]),
  );
}

function rename(headers: readonly Header[], name: Buffer): void {
  for (const header of headers) {
    header.name = name;
    const at = header.fixed.length === 30 ? 6 : 8;
    if (name.some((byte) => byte >= 0x80))
      header.fixed.writeUInt16LE(header.fixed.readUInt16LE(at) | 0x800, at);
  }
}

/** Field by field as the local header has them; the central header has them two bytes later. */
const sharedFields: readonly [at: number, width: 2 | 4][] = [
  [4, 2],
  [6, 2],
  [8, 2],
  [10, 2],
  [12, 2],
  [14, 4],
  [18, 4],
  [22, 4],
  [26, 2],
  [28, 2],
];
const centralFields: readonly [at: number, width: 2 | 4][] = [
  [0, 4],
  [4, 2],
  [32, 2],
  [34, 2],
  [36, 2],
  [38, 4],
  [42, 4],
];
const endFields: readonly [at: number, width: 2 | 4][] = [
  [0, 4],
  [4, 2],
  [6, 2],
  [8, 2],
  [10, 2],
  [12, 4],
  [16, 4],
  [20, 2],
];
const modes = [0o120777, 0o020666, 0o104755, 0o040755, 0o100644].map((mode) => (mode << 16) >>> 0);

function valueFor(old: number, width: 2 | 4, random: Random): number {
  const most = width === 2 ? 0xffff : 0xffffffff;
  const wished = random.pick([
    0,
    1,
    8,
    9,
    old + 1,
    old - 1,
    most,
    most - 1,
    old ^ (1 << random.below(16)),
    0x06054b50,
    99,
    random.below(most),
    ...modes,
  ]);
  return (wished >>> 0) & most ? Math.min(wished >>> 0, most) : 0;
}

function setField(headers: readonly Header[], random: Random): void {
  const onlyCentral = headers.every(({ fixed }) => fixed.length === 46) && random.chance(0.5);
  const [at, width] = random.pick(onlyCentral ? centralFields : sharedFields);
  const shift = ({ fixed }: Header): number => (fixed.length === 46 && !onlyCentral ? at + 2 : at);
  const old = headers[0]!.fixed.readUIntLE(shift(headers[0]!), width);
  const value = valueFor(old, width, random);
  for (const header of headers) header.lies.push([shift(header), width, value]);
}

function setEnd(archive: Archive, random: Random): void {
  const [at, width] = random.pick(endFields);
  const end = Buffer.from(archive.end);
  archive.end = end;
  // Counts and places are mended when the archive is put together, unless they are marked.
  endLies.set(end, [
    ...(endLies.get(end) ?? []),
    [at, width, valueFor(end.readUIntLE(at, width), width, random)],
  ]);
}

const endLies = new WeakMap<Buffer, [at: number, width: 2 | 4, value: number][]>();

function addExtra(headers: readonly Header[], random: Random): void {
  const id = random.pick([
    0x0001,
    0x7075,
    0x6375,
    0x5455,
    0x000a,
    0x000d,
    0x756e,
    0x7875,
    0x9901,
    0xa220,
    random.below(0x10000),
  ]);
  const value = random.bytes(random.pick([0, 1, 5, 8, 24, 28]));
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(random.chance(0.8) ? value.length : random.below(100), 2);
  for (const header of headers) header.extra = Buffer.concat([header.extra, head, value]);
}

function damaged(data: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(data);
  if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  return random.pick([
    bytes,
    bytes.subarray(0, random.below(bytes.length + 1)),
    Buffer.concat([bytes, random.bytes(9)]),
  ]);
}

/** Other stored data, with sizes and checksum that fit. */
function fill(part: Part, data: Buffer): void {
  const isDeflated = part.central.fixed.readUInt16LE(10) === 8;
  let content = data;
  if (isDeflated) {
    try {
      content = inflateRawSync(data, { maxOutputLength: 1 << 24 });
    } catch {
      content = Buffer.alloc(0);
    }
  }
  setData(part, data, content);
}

function refill(part: Part, content: Buffer): void {
  const isDeflated = part.central.fixed.readUInt16LE(10) === 8;
  setData(part, isDeflated ? deflateRawSync(content) : content, content);
}

function setData(part: Part, data: Buffer, content: Buffer): void {
  part.data = data;
  for (const { fixed } of [part.local, part.central]) {
    const at = fixed.length === 30 ? 14 : 16;
    fixed.writeUInt32LE(crc32(content), at);
    fixed.writeUInt32LE(data.length, at + 4);
    fixed.writeUInt32LE(content.length, at + 8);
  }
  if (part.gap.length > 0) part.gap = descriptorOf(part);
}

function descriptorOf({ central }: Part): Buffer {
  return Buffer.concat([signatureOf('PK\x07\x08'), central.fixed.subarray(16, 28)]);
}

const zip64Locator = (): Buffer => Buffer.concat([signatureOf('PK\x06\x07'), Buffer.alloc(16)]);
const zip64Records = (): Buffer =>
  Buffer.concat([signatureOf('PK\x06\x06'), Buffer.alloc(52), zip64Locator()]);

const structuredCopy = (part: Part): Part => ({
  ...part,
  local: { ...part.local, fixed: Buffer.from(part.local.fixed), lies: [...part.local.lies] },
  central: { ...part.central, fixed: Buffer.from(part.central.fixed), lies: [...part.central.lies] },
});

function takenApart(bytes: Buffer): Archive {
  const end = bytes.lastIndexOf(signatureOf('PK\x05\x06'));
  const centralStart = bytes.readUInt32LE(end + 16);
  const centrals: { at: number; header: Header; comment: Buffer }[] = [];
  for (let at = centralStart; at < end;) {
    const [name, extra, comment] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    const header = headerAt(bytes, at, 46, name, extra);
    const commentAt = at + 46 + name + extra;
    centrals.push({ at, header, comment: bytes.subarray(commentAt, commentAt + comment) });
    at = commentAt + comment;
  }
  const starts = centrals.map(({ at }) => bytes.readUInt32LE(at + 42));
  const parts = centrals.map(({ header: central, comment }, index): Part => {
    const at = starts[index]!;
    const [name, extra] = [bytes.readUInt16LE(at + 26), bytes.readUInt16LE(at + 28)];
    const dataAt = at + 30 + name + extra;
    const dataEnd = dataAt + central.fixed.readUInt32LE(20);
    const next = Math.min(centralStart, ...starts.filter((start) => start > at));
    const local = headerAt(bytes, at, 30, name, extra);
    return {
      local,
      data: bytes.subarray(dataAt, dataEnd),
      gap: bytes.subarray(dataEnd, next),
      central,
      comment,
    };
  });
  const nothing = Buffer.alloc(0);
  return { before: nothing, parts, beforeEnd: nothing, end: bytes.subarray(end), after: nothing };
}

const headerAt = (bytes: Buffer, at: number, size: number, name: number, extra: number): Header => ({
  fixed: Buffer.from(bytes.subarray(at, at + size)),
  name: bytes.subarray(at + size, at + size + name),
  extra: bytes.subarray(at + size + name, at + size + name + extra),
  lies: [],
});

function putTogether({ before, parts, beforeEnd, end, after }: Archive): Buffer {
  const body: Buffer[] = [before];
  const directory: Buffer[] = [];
  let offset = before.length;
  for (const part of parts) {
    part.central.fixed.writeUInt32LE(part.offset ?? offset, 42);
    part.central.fixed.writeUInt16LE(part.comment.length, 32);
    const pieces = [...headerBytes(part.local, 26), part.data, part.gap];
    body.push(...pieces);
    offset += pieces.reduce((sum, { length }) => sum + length, 0);
    directory.push(...headerBytes(part.central, 28), part.comment);
  }
  const mended = Buffer.from(end);
  mended.writeUInt16LE(parts.length & 0xffff, 8);
  mended.writeUInt16LE(parts.length & 0xffff, 10);
  mended.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  mended.writeUInt32LE(offset, 16);
  for (const [at, width, value] of endLies.get(end) ?? []) mended.writeUIntLE(value, at, width);
  return Buffer.concat([...body, ...directory, beforeEnd, mended, after]);
}

function headerBytes({ fixed, name, extra, lies }: Header, lengthsAt: number): Buffer[] {
  const bytes = Buffer.from(fixed);
  bytes.writeUInt16LE(name.length & 0xffff, lengthsAt);
  bytes.writeUInt16LE(extra.length & 0xffff, lengthsAt + 2);
  for (const [at, width, value] of lies) bytes.writeUIntLE(value, at, width);
  return [bytes, name, extra];
}
