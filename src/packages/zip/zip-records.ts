/**
 * The records of a zip archive, as bytes.
 *
 *     local header, data, [data descriptor]      once per entry
 *     central header                             once per entry, together the central directory
 *     end record                                 22 bytes, the last of the file
 *
 * All numbers are little-endian. Nothing is judged here: fields are taken as they stand, and only what runs past
 * the end of the given bytes is undefined. Field by field: APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
 */
export const localSignature = 0x04034b50;
export const centralSignature = 0x02014b50;
export const endSignature = 0x06054b50;
export const zip64LocatorSignature = 0x07064b50;
export const descriptorSignature = 0x08074b50;

export const localHeaderSize = 30;
export const centralHeaderSize = 46;
export const endRecordSize = 22;

export const flagBits = { encrypted: 1 << 0, deflateLevel: 6, descriptor: 1 << 3, utf8: 1 << 11 } as const;
export const methods = { stored: 0, deflated: 8 } as const;

export type EndRecord = {
  readonly position: number;
  readonly disk: number;
  readonly centralDisk: number;
  readonly entriesOnDisk: number;
  readonly entries: number;
  readonly centralSize: number;
  readonly centralOffset: number;
  readonly commentLength: number;
};

export type LocalHeader = {
  readonly flags: number;
  readonly method: number;
  readonly dosTime: number;
  readonly dosDate: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly nameBytes: Buffer;
  readonly extra: Buffer;
  /** Of the header with name and extra field. */
  readonly headerSize: number;
};

export type CentralHeader = LocalHeader & {
  /** Where in the file this header stands. */
  readonly position: number;
  readonly versionMadeBy: number;
  readonly disk: number;
  readonly externalAttributes: number;
  readonly localOffset: number;
};

const nothing = Buffer.alloc(0);

/** Most records have no extra field, and a view of nothing costs as much to make as any other. */
const view = (bytes: Buffer, start: number, end: number): Buffer =>
  start === end ? nothing : bytes.subarray(start, end);

/** The end record at `at` of `bytes`, whose first byte stands at `base` in the file. */
export function endRecordAt(bytes: Buffer, at: number, base: number): EndRecord | undefined {
  if (at + endRecordSize > bytes.length || bytes.readUInt32LE(at) !== endSignature) return undefined;
  return {
    position: base + at,
    disk: bytes.readUInt16LE(at + 4),
    centralDisk: bytes.readUInt16LE(at + 6),
    entriesOnDisk: bytes.readUInt16LE(at + 8),
    entries: bytes.readUInt16LE(at + 10),
    centralSize: bytes.readUInt32LE(at + 12),
    centralOffset: bytes.readUInt32LE(at + 16),
    commentLength: bytes.readUInt16LE(at + 20),
  };
}

/** The central header at `at` of `bytes`, whose first byte stands at `base` in the file. */
export function centralHeaderAt(bytes: Buffer, at: number, base: number): CentralHeader | undefined {
  if (at + centralHeaderSize > bytes.length || bytes.readUInt32LE(at) !== centralSignature) return undefined;
  const nameEnd = at + centralHeaderSize + bytes.readUInt16LE(at + 28);
  const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
  const end = extraEnd + bytes.readUInt16LE(at + 32);
  if (end > bytes.length) return undefined;
  return {
    position: base + at,
    versionMadeBy: bytes.readUInt16LE(at + 4),
    flags: bytes.readUInt16LE(at + 8),
    method: bytes.readUInt16LE(at + 10),
    dosTime: bytes.readUInt16LE(at + 12),
    dosDate: bytes.readUInt16LE(at + 14),
    crc32: bytes.readUInt32LE(at + 16),
    compressedSize: bytes.readUInt32LE(at + 20),
    size: bytes.readUInt32LE(at + 24),
    disk: bytes.readUInt16LE(at + 34),
    externalAttributes: bytes.readUInt32LE(at + 38),
    localOffset: bytes.readUInt32LE(at + 42),
    nameBytes: view(bytes, at + centralHeaderSize, nameEnd),
    extra: view(bytes, nameEnd, extraEnd),
    headerSize: end - at,
  };
}

/** How long the local header that starts with these 30 bytes is, with its name and extra field. */
export function localHeaderLength(fixed: Buffer): number | undefined {
  if (fixed.length < localHeaderSize || fixed.readUInt32LE(0) !== localSignature) return undefined;
  return localHeaderSize + fixed.readUInt16LE(26) + fixed.readUInt16LE(28);
}

/** The local header that `bytes` begins with. */
export function localHeader(bytes: Buffer): LocalHeader | undefined {
  const headerSize = localHeaderLength(bytes);
  if (headerSize === undefined || headerSize > bytes.length) return undefined;
  const nameEnd = localHeaderSize + bytes.readUInt16LE(26);
  return {
    flags: bytes.readUInt16LE(6),
    method: bytes.readUInt16LE(8),
    dosTime: bytes.readUInt16LE(10),
    dosDate: bytes.readUInt16LE(12),
    crc32: bytes.readUInt32LE(14),
    compressedSize: bytes.readUInt32LE(18),
    size: bytes.readUInt32LE(22),
    nameBytes: view(bytes, localHeaderSize, nameEnd),
    extra: view(bytes, nameEnd, headerSize),
    headerSize,
  };
}

/** The ids of the blocks of an extra field; undefined where the blocks don't fill it exactly. */
export function extraFieldIds(extra: Buffer): number[] | undefined {
  const ids: number[] = [];
  let at = 0;
  while (at + 4 <= extra.length) {
    ids.push(extra.readUInt16LE(at));
    at += 4 + extra.readUInt16LE(at + 2);
  }
  return at === extra.length ? ids : undefined;
}

/** The moment of a DOS date and time, read as local time as zip has it; undefined where it is none. */
export function dosMoment(dosDate: number, dosTime: number): Date | undefined {
  const [year, month, day] = [1980 + (dosDate >> 9), (dosDate >> 5) & 15, dosDate & 31];
  const [hour, minute, second] = [dosTime >> 11, (dosTime >> 5) & 63, (dosTime & 31) * 2];
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  const moment = new Date(year, month - 1, day, hour, minute, second);
  return moment.getDate() === day ? moment : undefined;
}
