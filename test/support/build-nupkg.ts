import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { memory } from './in-memory.ts';

/** The fields of a header as they stand in the archive; what is not given is what the content makes right. */
export type HeaderFields = {
  readonly name: string | Buffer;
  readonly flags: number;
  readonly method: number;
  readonly dosTime: number;
  readonly dosDate: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly extra: Buffer;
};

export type RawEntry = {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  readonly stored?: boolean;
  /** In place of the compressed content. */
  readonly data?: Buffer;
  readonly both?: Partial<HeaderFields>;
  readonly local?: Partial<HeaderFields>;
  readonly central?: Partial<HeaderFields> & {
    readonly localOffset?: number;
    readonly externalAttributes?: number;
    readonly disk?: number;
    readonly comment?: string;
  };
  /** Sizes and CRC follow the data, and the local header says nothing. */
  readonly descriptor?: Buffer | true;
  /** Stands before the local header, unexplained. */
  readonly before?: Buffer;
};

export type RawEnd = {
  readonly disk?: number;
  readonly entries?: number;
  readonly entriesOnDisk?: number;
  readonly centralSize?: number;
  readonly centralOffset?: number;
  readonly comment?: string;
  readonly beforeCentral?: Buffer;
  readonly afterCentral?: Buffer;
  readonly after?: Buffer;
};

const u16 = (value: number): Buffer => Buffer.from([value & 255, (value >> 8) & 255]);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};
export const signatureOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A zip archive made byte by byte, so that every field can be made wrong. */
export function buildZip(entries: readonly RawEntry[], end: RawEnd = {}): Buffer {
  const body: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  const push = (...parts: Buffer[]): void => {
    for (const part of parts) {
      body.push(part);
      offset += part.length;
    }
  };
  for (const entry of entries) {
    push(entry.before ?? Buffer.alloc(0));
    const at = offset;
    const right = rightFields(entry);
    const { name, extra, ...fields } = { ...right.fields, ...entry.both, ...right.local, ...entry.local };
    const nameBytes = Buffer.from(name as string);
    push(signatureOf('PK\x03\x04'), u16(20), header(fields, nameBytes, extra), nameBytes, extra, right.data);
    push(right.descriptor);
    central.push(centralHeader({ ...right.fields, ...entry.both, ...entry.central }, entry, at));
  }
  push(end.beforeCentral ?? Buffer.alloc(0));
  const directory = Buffer.concat(central);
  const comment = Buffer.from(end.comment ?? '');
  return Buffer.concat([
    ...body,
    directory,
    end.afterCentral ?? Buffer.alloc(0),
    signatureOf('PK\x05\x06'),
    u16(end.disk ?? 0),
    u16(0),
    u16(end.entriesOnDisk ?? end.entries ?? entries.length),
    u16(end.entries ?? entries.length),
    u32(end.centralSize ?? directory.length),
    u32(end.centralOffset ?? offset),
    u16(comment.length),
    comment,
    end.after ?? Buffer.alloc(0),
  ]);
}

function rightFields(entry: RawEntry): {
  fields: HeaderFields;
  local: Partial<HeaderFields>;
  data: Buffer;
  descriptor: Buffer;
} {
  const content = Buffer.from((entry.content ?? '') as string);
  const stored = entry.stored ?? content.length === 0;
  const data = entry.data ?? (stored ? content : deflateRawSync(content));
  const isAscii = Buffer.from(entry.name as string).every((byte) => byte < 0x80);
  const flags = (isAscii ? 0 : 0x800) | (entry.descriptor ? 8 : 0);
  const numbers = { crc32: crc32(content), compressedSize: data.length, size: content.length };
  const fields = { name: entry.name, flags, method: stored ? 0 : 8, dosTime: 0, dosDate: 0x21, ...numbers };
  const written = { ...numbers, ...entry.both };
  const usual = [u32(written.crc32), u32(written.compressedSize), u32(written.size)];
  const descriptor = Buffer.concat([signatureOf('PK\x07\x08'), ...usual]);
  return {
    fields: { ...fields, extra: Buffer.alloc(0) },
    local: entry.descriptor ? { crc32: 0, compressedSize: 0, size: 0 } : {},
    data,
    descriptor: entry.descriptor === true ? descriptor : (entry.descriptor ?? Buffer.alloc(0)),
  };
}

function header(fields: Omit<HeaderFields, 'name' | 'extra'>, name: Buffer, extra: Buffer): Buffer {
  const bytes = Buffer.alloc(24);
  const { flags, method, dosTime, dosDate } = fields;
  for (const [i, value] of [flags, method, dosTime, dosDate].entries()) bytes.writeUInt16LE(value, i * 2);
  const sizes = [fields.crc32, fields.compressedSize, fields.size];
  for (const [i, value] of sizes.entries()) bytes.writeUInt32LE(value >>> 0, 8 + i * 4);
  for (const [i, value] of [name.length, extra.length].entries()) bytes.writeUInt16LE(value, 20 + i * 2);
  return bytes;
}

function centralHeader(fields: HeaderFields, entry: RawEntry, at: number): Buffer {
  const { name, extra, ...rest } = fields;
  const nameBytes = Buffer.from(name as string);
  const comment = Buffer.from(entry.central?.comment ?? '');
  return Buffer.concat([
    signatureOf('PK\x01\x02'),
    u16(20),
    u16(20),
    header(rest, nameBytes, extra),
    u16(comment.length),
    u16(entry.central?.disk ?? 0),
    u16(0),
    u32(entry.central?.externalAttributes ?? 0),
    u32(entry.central?.localOffset ?? at),
    nameBytes,
    extra,
    comment,
  ]);
}

/** The nuspec every package needs. */
export function nuspecEntry(id = 'Orders.Web', version = '1.0.0'): RawEntry {
  const text = `<package><metadata><id>${id}</id><version>${version}</version></metadata></package>`;
  return { name: `${id}.nuspec`, content: text };
}

/** Puts a signature into an unsigned archive, as the last entry, where `buildZip` left room for nothing else. */
export function withSignature(entries: readonly RawEntry[], signature: Buffer, end: RawEnd = {}): Buffer {
  return buildZip([...entries, { name: '.signature.p7s', content: signature, stored: true }], end);
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export type TemporaryFolder = Disposable & {
  readonly path: string;
  file(name: string, bytes?: Uint8Array): string;
};

/** A folder of its own for one test, gone afterwards. */
export function temporaryFolder(place = tmpdir()): TemporaryFolder {
  const path = mkdtempSync(join(place, 'crossgap-'));
  return {
    path,
    file: (name, bytes) => {
      if (bytes !== undefined) writeFileSync(join(path, name), bytes);
      return join(path, name);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The same for a test that is not about the disk. */
export function memoryFolder(): TemporaryFolder {
  return temporaryFolder(memory);
}
