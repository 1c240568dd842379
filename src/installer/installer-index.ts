/*
 * An installer is an executable file of its platform, with a bundle and what its maker signed appended to it. No
 * system looks behind the end of an executable, so it starts as it is.
 *
 *   the program   an executable: the runtime, with the program inside (program.ts); the same bytes for every release
 *   the bundle    one part of a bundle, as in bundles/envelope.ts: the whole bundle; a runner has none
 *   the index     a front as in bundles/signed-front.ts with the letters "CGINSTAL", version 1, signed under the type
 *                 below; its text is the JSON below
 *   the footer    32 bytes:
 *
 *   offset  size
 *        0     8   the ASCII letters "CGFOOTER"
 *        8     8   where in the file the index begins, big-endian
 *       16     4   length of the index with its signature, big-endian
 *       20    12   zero
 *
 * Nothing follows. The index names each part with its place, size and SHA-256; parts follow one another without gaps,
 * and the index follows the last. The maker's introduction stands in it: whoever holds the file can check that each
 * byte is the one the maker signed, and whose certificate that was. Whether that maker is to be believed is for the
 * site. The index of a runner says nothing that changes from one release to the next, so a runner stays the same file.
 */
import { z } from 'zod';
import {
  beginsAs,
  fixedBytes,
  introductionIn,
  isSignedBy,
  readText,
  sealText,
  signedBytes,
  textBytesOf,
  versionOf,
  type FrontKind,
} from '../bundles/index.ts';
import { Digest, Id } from '../events/index.ts';
import { fingerprintWords, type OpenedIntroduction, type SigningKey } from '../identity/index.ts';

const indexKind: FrontKind = {
  magic: Buffer.from('CGINSTAL', 'latin1'),
  version: 1,
  type: 'application/vnd.crossgap.installer.v1',
};
const indexTextMax = 128 * 1024;

export const footerBytes = 32;
const footerMagic = Buffer.from('CGFOOTER', 'latin1');

const word = z.string().min(1).max(200);
const size = z.int().min(0);

/** The names of what an installer consists of, as people are told which of them is wrong. */
export type PartName = 'program' | 'bundle' | 'index';

const Part = z.strictObject({ offset: size, sizeBytes: size, sha256: Digest });

export const InstallerIndex = z.strictObject({
  format: z.literal(1),
  platform: word,
  program: Part.extend({
    /** The version of crossgap. */
    version: word,
    /** SHA-256 of the manifest of the program's files. */
    digest: Digest,
    /** The version of Node. */
    runtime: word,
  }),
  bundle: Part.extend({ id: Id, number: z.int().min(1) }).nullable(),
  from: z.strictObject({ instance: Id, name: word, introduction: z.base64().max(90_000) }),
  /** What it installs; null in a runner, as is the time. */
  release: z.strictObject({ process: word, number: word, digest: Digest }).nullable(),
  madeAt: z.iso.datetime().nullable(),
});
export type InstallerIndex = z.infer<typeof InstallerIndex>;

/** The bytes that follow the parts: index and footer. */
export function sealIndex(index: InstallerIndex, offset: number, key: SigningKey): Buffer {
  const text = JSON.stringify(InstallerIndex.parse(index));
  const front = sealText(indexKind, text, fixedBytes + Buffer.byteLength(text) + signedBytes, key);
  const footer = Buffer.alloc(footerBytes);
  footerMagic.copy(footer);
  footer.writeBigUInt64BE(BigInt(offset), 8);
  footer.writeUInt32BE(front.length, 16);
  return Buffer.concat([front, footer]);
}

/** Where the index lies, as the last bytes of a file of `fileBytes` say; undefined where they are no footer. */
export function indexPlace(
  footer: Buffer,
  fileBytes: number,
): { readonly offset: number; readonly sizeBytes: number } | 'damaged' | undefined {
  if (!footer.subarray(0, footerMagic.length).equals(footerMagic)) return undefined;
  if (footer.length !== footerBytes || footer.subarray(20).some((byte) => byte !== 0)) return 'damaged';
  const offset = Number(footer.readBigUInt64BE(8));
  const sizeBytes = footer.readUInt32BE(16);
  const fits = offset + sizeBytes + footerBytes === fileBytes;
  return fits && sizeBytes <= fixedBytes + indexTextMax + signedBytes ? { offset, sizeBytes } : 'damaged';
}

/**
 * How many bytes follow the last footer in the end of a file of `fileBytes`; undefined where there is none. The program
 * in the file has the letters of one in its own text.
 */
export function bytesAfterFooter(end: Buffer, fileBytes: number): number | undefined {
  const at = end.lastIndexOf(footerMagic);
  if (at < 0) return undefined;
  const after = end.length - at - footerBytes;
  const place = indexPlace(end.subarray(at, at + footerBytes), fileBytes - after);
  return typeof place === 'object' ? after : undefined;
}

export type ReadIndex =
  | {
      readonly index: InstallerIndex;
      readonly maker: OpenedIntroduction;
      /** The words of the maker's company certificate. */
      readonly words: string;
    }
  | { readonly unfit: 'version' | 'damaged'; readonly why: string };

/** Reads an index that begins at `offset` of its file. */
export function readIndex(bytes: Buffer, offset: number): ReadIndex {
  const damaged = (why: string): ReadIndex => ({ unfit: 'damaged', why });
  if (bytes.length < fixedBytes || !beginsAs(indexKind, bytes)) return damaged('it does not begin like one');
  if (versionOf(bytes) !== indexKind.version)
    return { unfit: 'version', why: `it is of format version ${versionOf(bytes)}` };
  if (fixedBytes + textBytesOf(bytes) + signedBytes !== bytes.length)
    return damaged('its length is another one');
  const index = readText(bytes, InstallerIndex);
  if (index === undefined) return damaged('it can not be read');
  const maker = introductionIn(index.from.introduction);
  if (typeof maker === 'string') return damaged(maker);
  if (!isSignedBy(indexKind, bytes, maker)) return damaged('its signature does not fit');
  if (maker.instanceId !== index.from.instance || maker.name !== index.from.name)
    return damaged('its introduction is of somebody else');
  const { program, bundle } = index;
  const end = bundle === null ? program.sizeBytes : bundle.offset + bundle.sizeBytes;
  const follow = program.offset === 0 && (bundle === null || bundle.offset === program.sizeBytes);
  if (!follow || end !== offset) return damaged('its parts do not follow one another');
  return { index, maker, words: fingerprintWords(maker.chain[0]!) };
}
