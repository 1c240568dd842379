/**
 * The layout of a package's zip archive: every record found, compared with every other record that says the same.
 *
 * An archive is sound when the local entries follow each other from the first byte without gap or overlap, the
 * central directory follows them and the end record follows that and ends the file; when local header, central
 * header and data descriptor of an entry agree; when nothing is encrypted, split, or zip64; when each name is one
 * that any system can write and no two would meet; and when sizes and counts stay below the limits. What is read
 * from a sound archive is what any other zip reader would read; `yauzl-reading.ts` asks one.
 */
import { clashingNames, hasMoreFolders, isAscii, nameExtent, unsafeName } from './entry-names.ts';
import { PackageError } from '../errors.ts';
import type { PackageFile } from './package-file.ts';
import {
  centralHeaderAt,
  descriptorSignature,
  endRecordAt,
  endRecordSize,
  endSignature,
  extraFieldIds,
  flagBits,
  localHeader,
  localHeaderLength,
  localHeaderSize,
  localSignature,
  methods,
  zip64LocatorSignature,
  type CentralHeader,
  type EndRecord,
  type LocalHeader,
} from './zip-records.ts';

/** What an archive may be at most; each is the setting of `[packages]` that an error about it names. */
export type ZipLimits = {
  /** Entries, and as many folders that their names imply. */
  readonly entriesMax: number;
  /** All entries together, inflated. */
  readonly totalBytesMax: number;
  /** How many times larger than the archive its content may be, looked at above `ratioFromBytes`. */
  readonly ratioMax: number;
  readonly ratioFromBytes: number;
  /** Folders on the way to a file, and the file. */
  readonly depthMax: number;
  /** Bytes of UTF-8 of a whole path. */
  readonly nameBytesMax: number;
};

/** More entries than this can't be counted by an archive that a signature may be put into. */
export const entriesCeiling = 65_533;

export const defaultZipLimits: ZipLimits = {
  entriesMax: entriesCeiling,
  totalBytesMax: 8 * 2 ** 30,
  ratioMax: 250,
  ratioFromBytes: 64 * 2 ** 20,
  depthMax: 64,
  nameBytesMax: 1024,
};

/** The central directory is held in memory; real ones stay far below. */
const centralBytesMax = 16 * 2 ** 20;
const faultsMax = 50;
/**
 * Extra fields that only say when and by whom a file was made, or pad: NTFS times, Info-ZIP's times and owners (two
 * generations), a comment in Unicode, the growth room of Open Packaging, the marks of Java and of aligned archives.
 * Any other could give the entry another name, size, kind or key in a reader that knows it.
 */
const plainExtraIds: ReadonlySet<number> = new Set([
  0x000a, 0x5455, 0x5855, 0x7855, 0x7875, 0x6375, 0xa220, 0xcafe, 0xd935,
]);
/** By this number NuGet's client refuses to sign one. */
const zip64Unsigned = 'which package signing does not know (NU3006)';
const zip64ExtraId = 0x0001;
const allowedFlags = flagBits.deflateLevel | flagBits.descriptor | flagBits.utf8;
const descriptorSize = 16;

export type ZipEntry = CentralHeader & {
  readonly name: string;
  readonly isFolder: boolean;
  /** Where its data begins: behind the local header. */
  readonly dataStart: number;
  /** Where the next local header or the central directory begins. */
  readonly spanEnd: number;
};

export type ZipFault = {
  readonly kind: 'archive' | 'name' | 'limit';
  /** What is the case, as the end of a sentence about the archive. */
  readonly message: string;
  readonly entry?: string;
};

export type ZipLayout = {
  /** In the order of the central directory. */
  readonly entries: readonly ZipEntry[];
  readonly centralStart: number;
  /** Behind the last central header; the end record of a sound archive begins here. */
  readonly centralEnd: number;
  readonly end: EndRecord;
  /** The very bytes the central headers and the end record were read from, to the end of the file. */
  readonly tail: Buffer;
  /** Empty for a sound archive. */
  readonly faults: readonly ZipFault[];
};

/**
 * Reads the layout of `file` and everything that is wrong with it.
 *
 * Throws `NOT_A_PACKAGE` or `PACKAGE_ARCHIVE_MALFORMED` only where no list of entries can be made at all.
 */
export function readZipLayout(file: PackageFile, limits: ZipLimits = defaultZipLimits): ZipLayout {
  const faults: ZipFault[] = [];
  const fault = (kind: ZipFault['kind'], message: string, entry?: string): void => {
    if (faults.length < faultsMax)
      faults.push(entry === undefined ? { kind, message } : { kind, message, entry });
  };
  const { end, isAlone } = findEnd(file);
  if (!isAlone) fault('archive', 'it has two end records, and readers differ in which one they take');
  if (end.position + endRecordSize !== file.size || end.commentLength !== 0)
    fault('archive', 'there is a comment or other data behind its end record');
  if (end.disk !== 0 || end.centralDisk !== 0 || end.entriesOnDisk !== end.entries)
    fault('archive', 'it says it is one part of several');
  if (isZip64(file, end)) throw malformed(file, `it is a zip64 archive, ${zip64Unsigned}`);
  const tail = readTail(file, end);
  const headers = centralHeaders(tail, end, limits.entriesMax + 1);
  if (headers.length > limits.entriesMax) {
    fault('limit', tooMany('entries', limits.entriesMax));
    const [centralStart, centralEnd] = [end.centralOffset, end.position];
    return { entries: [], centralStart, centralEnd, end, tail, faults };
  }
  const centralEnd = headers.at(-1) ? endOf(headers.at(-1)!) : end.centralOffset;
  if (headers.length !== end.entries)
    fault('archive', `its end record counts ${end.entries} entries, and there are ${headers.length}`);
  if (end.centralOffset + end.centralSize !== end.position || centralEnd !== end.position)
    fault('archive', 'its central directory does not end where its end record begins');
  if (headers.length === 0) fault('archive', 'it is empty');
  checkSizes(file, headers, limits, fault);
  const entries = locateEntries(file, headers, end.centralOffset, fault);
  checkNames(entries, limits, fault);
  return { entries, centralStart: end.centralOffset, centralEnd, end, tail, faults };
}

type Fault = (kind: ZipFault['kind'], message: string, entry?: string) => void;

const endOf = (header: CentralHeader): number => header.position + header.headerSize;

function malformed(file: PackageFile, because: string): PackageError {
  return new PackageError('PACKAGE_ARCHIVE_MALFORMED', `Cannot read package ${file.path}: ${because}`, {
    hint: 'Get the package again from where it was made.',
    details: { file: file.path, because },
  });
}

/** The last end record, and whether no other could be taken for it: inside it, or before it with all else as comment. */
function findEnd(file: PackageFile): { end: EndRecord; isAlone: boolean } {
  const base = Math.max(0, file.size - endRecordSize - 0xffff);
  const bytes = file.read(base, file.size - base);
  let end: EndRecord | undefined;
  let isAlone = true;
  for (let at = bytes.lastIndexOf(endMark); at >= 0; at = at > 0 ? bytes.lastIndexOf(endMark, at - 1) : -1) {
    const found = endRecordAt(bytes, at, base);
    if (found === undefined) isAlone = false;
    else if (end === undefined) end = found;
    else if (found.position + endRecordSize + found.commentLength === file.size) isAlone = false;
  }
  if (end === undefined)
    throw beginsAsArchive(file) ? malformed(file, 'its end is missing') : notAPackage(file);
  return { end, isAlone };
}

function beginsAsArchive(file: PackageFile): boolean {
  const start = file.read(0, 4);
  return start.length === 4 && start.readUInt32LE(0) === localSignature;
}

function notAPackage(file: PackageFile): PackageError {
  const because = 'it is no zip archive';
  return new PackageError('NOT_A_PACKAGE', `Cannot read package ${file.path}: ${because}`, {
    hint: 'Give the path of a .nupkg file.',
    details: { file: file.path, because },
  });
}

const endMark = Buffer.alloc(4);
endMark.writeUInt32LE(endSignature);

/** What is too much of, and the setting that would allow more, where the format itself does. */
function tooMany(what: string, most: number): string {
  const sentence = `it has more than ${most} ${what}`;
  return most < entriesCeiling ? `${sentence}, which \`[packages] entries\` allows` : sentence;
}

function isZip64(file: PackageFile, end: EndRecord): boolean {
  const locator = end.position >= 20 ? file.read(end.position - 20, 4) : Buffer.alloc(0);
  const marked = locator.length === 4 && locator.readUInt32LE(0) === zip64LocatorSignature;
  return (
    marked || end.entries === 0xffff || end.centralOffset === 0xffffffff || end.centralSize === 0xffffffff
  );
}

function readTail(file: PackageFile, end: EndRecord): Buffer {
  if (end.centralOffset > end.position)
    throw malformed(file, 'its central directory is not where its end record says');
  if (end.position - end.centralOffset > centralBytesMax)
    throw malformed(file, 'its list of entries is too long');
  const tail = file.read(end.centralOffset, file.size - end.centralOffset);
  if (tail.length !== file.size - end.centralOffset)
    throw malformed(file, 'it became shorter while it was read');
  return tail;
}

/** The central headers that follow each other, as many as are worth looking at. */
function centralHeaders(tail: Buffer, end: EndRecord, countMax: number): CentralHeader[] {
  const headers: CentralHeader[] = [];
  const directory = tail.subarray(0, end.position - end.centralOffset);
  for (let at = 0; headers.length < countMax;) {
    const header = centralHeaderAt(directory, at, end.centralOffset);
    if (header === undefined) break;
    headers.push(header);
    at += header.headerSize;
  }
  return headers;
}

function checkSizes(
  file: PackageFile,
  headers: readonly CentralHeader[],
  limits: ZipLimits,
  fault: Fault,
): void {
  const total = headers.reduce((sum, header) => sum + header.size, 0);
  if (total > limits.totalBytesMax)
    fault(
      'limit',
      `it holds ${total} bytes unpacked, and \`[packages] unpacked\` allows ${limits.totalBytesMax}`,
    );
  if (total > limits.ratioFromBytes && total > limits.ratioMax * file.size)
    fault(
      'limit',
      `it would grow to more than ${limits.ratioMax} times its size, which \`[packages] ratio\` allows`,
    );
}

/** Finds each entry's local header and data, which together must cover the file up to the central directory. */
function locateEntries(
  file: PackageFile,
  headers: readonly CentralHeader[],
  centralStart: number,
  fault: Fault,
): ZipEntry[] {
  const inFile = headers.toSorted((a, b) => a.localOffset - b.localOffset);
  const spanEnds = new Map(inFile.map((header, i) => [header, inFile[i + 1]?.localOffset ?? centralStart]));
  if ((inFile[0]?.localOffset ?? 0) !== 0) fault('archive', 'there is data before its first entry');
  return headers.map((header) => {
    const name = entryName(header, fault);
    const spanEnd = spanEnds.get(header)!;
    const local = readLocalHeader(file, header);
    if (local === undefined) fault('archive', 'its local header is missing', name);
    else checkAgainstLocal(header, local, name, fault);
    checkEntry(header, name, fault);
    const dataStart = header.localOffset + (local?.headerSize ?? localHeaderSize);
    const between = spanEnd - dataStart - header.compressedSize;
    if (!gapExplained(file, header, dataStart + header.compressedSize, between))
      fault('archive', 'its data does not end where the next part of the archive begins', name);
    return Object.assign(header, { name, isFolder: name.endsWith('/'), dataStart, spanEnd });
  });
}

function readLocalHeader(
  file: PackageFile,
  { localOffset, nameBytes }: CentralHeader,
): LocalHeader | undefined {
  // As long as it is where nothing but the same name follows.
  const guess = file.readNearby(localOffset, localHeaderSize + nameBytes.length);
  const length = localHeaderLength(guess);
  if (length === undefined) return undefined;
  return localHeader(length <= guess.length ? guess : file.readNearby(localOffset, length));
}

function entryName(header: CentralHeader, fault: Fault): string {
  const bytes = header.nameBytes;
  const plain = bytes.toString('latin1');
  if (isAscii(plain)) return plain;
  const name = bytes.toString('utf8');
  if ((header.flags & flagBits.utf8) === 0) fault('name', 'is neither ASCII nor marked as UTF-8', name);
  else if (!Buffer.from(name).equals(bytes)) fault('name', 'is not UTF-8', name);
  return name;
}

function checkAgainstLocal(header: CentralHeader, local: LocalHeader, name: string, fault: Fault): void {
  if (!local.nameBytes.equals(header.nameBytes))
    fault('archive', 'its two headers name it differently', name);
  const differs = (field: keyof typeof fieldWords): void => {
    if (local[field] !== header[field])
      fault('archive', `its two headers differ in ${fieldWords[field]}`, name);
  };
  differs('flags');
  differs('method');
  differs('dosDate');
  differs('dosTime');
  checkExtra(local.extra, 'its local header', name, fault);
  const left = (header.flags & flagBits.descriptor) !== 0;
  if (left && local.crc32 === 0 && local.compressedSize === 0 && local.size === 0) return;
  differs('crc32');
  differs('compressedSize');
  differs('size');
}

const fieldWords = {
  flags: 'flags',
  method: 'method',
  dosDate: 'date',
  dosTime: 'time',
  crc32: 'checksum',
  compressedSize: 'compressed size',
  size: 'size',
} as const;

function checkExtra(extra: Buffer, whose: string, name: string, fault: Fault): void {
  const ids = extraFieldIds(extra);
  const unknown = ids?.find((id) => !plainExtraIds.has(id));
  if (ids === undefined) fault('archive', `${whose} has an extra field that is cut off`, name);
  else if (unknown === zip64ExtraId)
    fault('archive', `${whose} has a field of zip64, ${zip64Unsigned}`, name);
  else if (unknown !== undefined) {
    const id = `0x${unknown.toString(16).padStart(4, '0')}`;
    fault('archive', `${whose} has the extra field ${id}, which may change what the entry is`, name);
  }
}

function checkEntry(header: CentralHeader, name: string, fault: Fault): void {
  if ((header.flags & flagBits.encrypted) !== 0) fault('archive', 'it is encrypted', name);
  else if ((header.flags & ~allowedFlags) !== 0)
    fault('archive', 'it has flags that are not understood', name);
  if (header.method !== methods.stored && header.method !== methods.deflated)
    fault(
      'archive',
      `it is compressed by method ${header.method}, and only stored and deflated are read`,
      name,
    );
  if (header.method === methods.stored && header.compressedSize !== header.size)
    fault('archive', 'it is stored, and its two sizes differ', name);
  if (header.disk !== 0) fault('archive', 'it is said to be on another disk', name);
  checkExtra(header.extra, 'its central header', name, fault);
  checkFileType(header, name, fault);
}

/** Unix keeps the kind of a file in the upper half of the external attributes, DOS in the lower. */
function checkFileType(header: CentralHeader, name: string, fault: Fault): void {
  const mode = header.externalAttributes >>> 16;
  const kind = mode & 0xf000;
  const isFolder = name.endsWith('/');
  const [regular, folder] = [0x8000, 0x4000];
  if (kind !== 0 && kind !== (isFolder ? folder : regular))
    fault('name', 'is neither a plain file nor a folder', name);
  else if ((mode & 0o7000) !== 0) fault('name', 'asks for set-uid, set-gid or sticky', name);
  const [dosFolder, reparsePoint] = [0x10, 0x400];
  if ((header.externalAttributes & dosFolder) !== 0 && !isFolder)
    fault('name', 'is a file marked as folder', name);
  if ((header.externalAttributes & reparsePoint) !== 0) fault('name', 'is marked as a link', name);
  if (isFolder && header.size !== 0) fault('name', 'is a folder with content', name);
}

/** Between data and next entry there is nothing, or the data descriptor that the flags announce. */
function gapExplained(file: PackageFile, header: CentralHeader, at: number, length: number): boolean {
  if ((header.flags & flagBits.descriptor) === 0) return length === 0;
  if (length !== descriptorSize && length !== descriptorSize - 4) return false;
  const bytes = file.readNearby(at, length);
  if (bytes.length !== length) return false;
  const values = bytes.subarray(length - 12);
  return (
    (length !== descriptorSize || bytes.readUInt32LE(0) === descriptorSignature) &&
    values.readUInt32LE(0) === header.crc32 &&
    values.readUInt32LE(4) === header.compressedSize &&
    values.readUInt32LE(8) === header.size
  );
}

function checkNames(entries: readonly ZipEntry[], limits: ZipLimits, fault: Fault): void {
  let areFine = true;
  const wrong: Fault = (...what) => {
    areFine = false;
    fault(...what);
  };
  for (const { name } of entries) {
    const because = unsafeName(name);
    if (because !== undefined) wrong('name', because, name);
    const { bytes, depth } = nameExtent(name);
    if (bytes > limits.nameBytesMax)
      wrong(
        'limit',
        `its name has ${bytes} bytes, and \`[packages] name-length\` allows ${limits.nameBytesMax}`,
        name,
      );
    if (depth > limits.depthMax)
      wrong('limit', `it lies ${depth} deep, and \`[packages] depth\` allows ${limits.depthMax}`, name);
  }
  if (!areFine) return;
  const names = entries.map(({ name }) => name);
  if (hasMoreFolders(names, limits.entriesMax)) return fault('limit', tooMany('folders', limits.entriesMax));
  const clash = clashingNames(names);
  if (clash !== undefined) fault('name', `and "${clash.names[1]}" ${clash.how}`, clash.names[0]);
}
