/*
 * A hop note: what an instance says of a bundle that came by and that it can't open. A file of its own, which lies
 * beside the parts; its name means nothing. Integers are big-endian.
 *
 *   offset  size
 *        0     8   the ASCII letters "CGHOPNOT"
 *        8     1   format version, 1
 *        9     3   zero
 *       12     4   length n of the note, at most 384 KiB
 *       16     n   the note: JSON in UTF-8
 *     16+n    64   Ed25519 signature by the instance key of who wrote it, over the pre-authentication encoding of all
 *                  bytes before it, with the type below
 *
 * Nothing follows. Nobody believes a note in more than what it is: the word of the instance whose introduction stands
 * in it. Entries and packages are judged without it. It tells people which way a bundle went, and after which hop the
 * bytes of a part became others.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Digest, Id } from '../events/index.ts';
import { fingerprintWords, type SigningKey } from '../identity/index.ts';
import type { BundleFacts, SealedFacts } from './envelope.ts';
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
} from './signed-front.ts';

const noteKind: FrontKind = {
  magic: Buffer.from('CGHOPNOT', 'latin1'),
  version: 1,
  type: 'application/vnd.crossgap.bundle-hop.v1',
};
export const noteMagic = noteKind.magic;

const textBytesMax = 384 * 1024;
/** The longest file that is read as a hop note. */
export const noteBytesMax = fixedBytes + textBytesMax + signedBytes;

/** A bundle passes at most so many instances. */
export const hopsMax = 16;

const HopNote = z.strictObject({
  format: z.literal(1),
  bundle: z.strictObject({
    id: Id,
    number: z.int().min(1).max(999_999),
    link: Id,
    from: Id,
    to: Id,
  }),
  /** Which hop of the way this was, from 1; the receiver is the last. */
  hop: z.int().min(1).max(hopsMax),
  by: z.strictObject({
    instance: Id,
    name: z.string().min(1).max(200),
    introduction: z.base64().max(90_000),
  }),
  takenAt: z.iso.datetime(),
  /** When it was written to a medium again; null while it was not. */
  passedAt: z.iso.datetime().nullable(),
  /** The parts that were there, and the digest of the content of each. */
  parts: z
    .array(z.strictObject({ part: z.int().min(1).max(999), sha256: Digest }))
    .min(1)
    .max(999),
});
export type HopNote = z.infer<typeof HopNote>;

/** A note whose signature and introduction hold. */
export type ReadNote = HopNote & {
  readonly bytes: Uint8Array;
  /** SHA-256 of the file. */
  readonly digest: string;
  /** The words of the company certificate of who wrote it. */
  readonly words: string;
};

/** What of a bundle a note names. */
export function bundleOf({ id, number, link, from, to }: SealedFacts): HopNote['bundle'] {
  return { id, number, link, from: from.instance, to: to.instance };
}

/** Whether a note is about this bundle; none is about an open one, which no hop passes on. */
export function isAbout({ bundle }: HopNote, facts: BundleFacts): boolean {
  return facts.format === 1 && JSON.stringify(bundle) === JSON.stringify(bundleOf(facts));
}

/** The bytes of a note. */
export function sealNote(note: HopNote, key: SigningKey): Buffer {
  const text = JSON.stringify(HopNote.parse(note));
  return sealText(noteKind, text, fixedBytes + Buffer.byteLength(text) + signedBytes, key);
}

/** Reads a note; undefined where the bytes do not begin like one. */
export function readNote(bytes: Buffer): ReadNote | { readonly unfit: string } | undefined {
  if (!beginsAs(noteKind, bytes)) return undefined;
  if (bytes.length < fixedBytes + signedBytes) return { unfit: 'it was cut short' };
  if (versionOf(bytes) !== noteKind.version) return { unfit: `it is of format version ${versionOf(bytes)}` };
  const textBytes = textBytesOf(bytes);
  if (textBytes > textBytesMax || bytes.length !== fixedBytes + textBytes + signedBytes)
    return { unfit: 'it has not the length it says' };
  const note = readText(bytes, HopNote);
  if (note === undefined) return { unfit: 'what it says can not be read' };
  const by = introductionIn(note.by.introduction);
  if (typeof by === 'string') return { unfit: by };
  if (!isSignedBy(noteKind, bytes, by)) return { unfit: 'its signature does not fit' };
  if (by.instanceId !== note.by.instance || by.name !== note.by.name)
    return { unfit: 'its introduction is of somebody else' };
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { ...note, bytes: Uint8Array.from(bytes), digest, words: fingerprintWords(by.chain[0]!) };
}
