import { layTree, type ResourceTable } from '../../../src/installer/inject/pe-resources.ts';

const fileAlign = 512;
const sectionAlign = 4096;

/** What of an executable is not as usual. */
export type Oddity = {
  readonly bits?: 32;
  readonly sections?: number;
  readonly signedBytes?: number;
  readonly after?: number;
};

/** A small executable of Windows with some resources, and behind them a signature. */
export function peFile(
  resources: ResourceTable,
  { bits, sections = 1, signedBytes = 24, after = 0 }: Oddity = {},
): Buffer {
  const laid = layTree(resources, sectionAlign);
  const raw = Math.ceil(laid.length / fileAlign) * fileAlign;
  const header = Buffer.alloc(1024);
  const pe = 0x80;
  const optional = pe + 24;
  header.write('MZ', 0);
  header.writeUInt32LE(pe, 0x3c);
  header.write('PE\0\0', pe, 'latin1');
  header.writeUInt16LE(0x8664, pe + 4);
  header.writeUInt16LE(sections, pe + 6);
  header.writeUInt16LE(240, pe + 20);
  header.writeUInt16LE(bits === 32 ? 0x10b : 0x20b, optional);
  header.writeUInt32LE(sectionAlign, optional + 32);
  header.writeUInt32LE(fileAlign, optional + 36);
  header.writeUInt32LE(sectionAlign * 2, optional + 56);
  header.writeUInt32LE(header.length, optional + 60);
  header.writeUInt32LE(0x1234, optional + 64);
  header.writeUInt32LE(16, optional + 108);
  header.writeUInt32LE(sectionAlign, optional + 112 + 16);
  header.writeUInt32LE(laid.length, optional + 112 + 20);
  header.writeUInt32LE(header.length + raw, optional + 112 + 32);
  header.writeUInt32LE(signedBytes, optional + 112 + 36);
  const section = optional + 240;
  header.write('.rsrc', section);
  header.writeUInt32LE(laid.length, section + 8);
  header.writeUInt32LE(sectionAlign, section + 12);
  header.writeUInt32LE(raw, section + 16);
  header.writeUInt32LE(header.length, section + 20);
  const fuse = Buffer.from('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:0', 'latin1');
  const content = Buffer.alloc(raw);
  laid.copy(content);
  // The mark that tells the runtime to look for a blob stands somewhere in its data.
  fuse.copy(header, 900);
  return Buffer.concat([header, content, Buffer.alloc(signedBytes, 0xcc), Buffer.alloc(after)]);
}

/** What a reader of executables sees. */
export type PeFacts = {
  readonly machine: number;
  readonly imageBytes: number;
  readonly checksum: number;
  readonly signedBytes: number;
  readonly sections: readonly {
    readonly name: string;
    readonly address: number;
    readonly inMemory: number;
    readonly offset: number;
    readonly rawBytes: number;
  }[];
  readonly resources: { readonly address: number; readonly sizeBytes: number };
};

/** Reads the headers of an executable of Windows, and nothing that our own code knows of it. */
export function readPe(file: Buffer): PeFacts {
  const pe = file.readUInt32LE(0x3c);
  const optional = pe + 24;
  const table = optional + file.readUInt16LE(pe + 20);
  return {
    machine: file.readUInt16LE(pe + 4),
    imageBytes: file.readUInt32LE(optional + 56),
    checksum: file.readUInt32LE(optional + 64),
    signedBytes: file.readUInt32LE(optional + 112 + 36),
    sections: Array.from({ length: file.readUInt16LE(pe + 6) }, (_, at) => {
      const from = table + at * 40;
      return {
        name: file.toString('latin1', from, from + 8).replaceAll('\0', ''),
        inMemory: file.readUInt32LE(from + 8),
        address: file.readUInt32LE(from + 12),
        rawBytes: file.readUInt32LE(from + 16),
        offset: file.readUInt32LE(from + 20),
      };
    }),
    resources: {
      address: file.readUInt32LE(optional + 112 + 16),
      sizeBytes: file.readUInt32LE(optional + 112 + 20),
    },
  };
}
