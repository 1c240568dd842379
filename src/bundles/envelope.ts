/*
 * A part of a bundle as a file. Every part says by itself what it is, so a file's name means nothing.
 *
 *   offset  size
 *        0     8   the ASCII letters "CGBUNDLE"
 *        8     1   format version, 1; 2 where the bundle is open
 *        9     3   zero
 *       12     4   length n of the envelope, at most 128 KiB; of an open bundle 256 KiB
 *       16     n   envelope: JSON in UTF-8, padded with spaces at its end
 *     16+n    64   Ed25519 signature by the sender's instance key over the pre-authentication encoding of all bytes
 *                  before it, with the type below
 *     80+n     s   content: `content.sizeBytes` bytes of the bundle's age file, from `content.offset` on
 *
 * Nothing follows. The contents of all parts in their order are one age file, sealed to the receiver; the whole of it
 * has `sealedBytes`. The envelope is not sealed, so that anybody can tell whether a bundle is complete. The sender's
 * introduction stands in it: whoever holds the medium can check that each byte is the one the sender signed, and
 * whose certificate that was. Whether that sender is to be believed is for the receiver, who pinned it.
 *
 * A bundle for a link that nobody has answered is open: it is sealed to a key made for this bundle, which stands in its
 * envelope beside the invitation. Who has the file can read it, and can answer the invitation.
 */
import { z } from 'zod';
import { Digest, Id } from '../events/index.ts';
import { fingerprintWords, type OpenedIntroduction, type SigningKey } from '../identity/index.ts';
import { PlaceAt } from './records.ts';
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

const magic = Buffer.from('CGBUNDLE', 'latin1');
/** What parts are, by their format version: what older programs can't read says so by its first bytes. */
const partKinds: Record<BundleFacts['format'], FrontKind & { readonly envelopeBytesMax: number }> = {
  1: { magic, version: 1, type: 'application/vnd.crossgap.bundle-part.v1', envelopeBytesMax: 128 * 1024 },
  2: { magic, version: 2, type: 'application/vnd.crossgap.bundle-part.v2', envelopeBytesMax: 256 * 1024 },
};
/** The longest front of a part: what is read of a file to learn what it is. */
export const frontBytesMax = fixedBytes + partKinds[2].envelopeBytesMax + signedBytes;

/** A front's length is a multiple of this, so that it is known before the numbers in it are. */
const frontStep = 512;

/** How `age` writes an X25519 identity. */
const ageIdentityText = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/;

const name = z.string().min(1).max(200);
const size = z.int().min(0);

const common = {
  id: Id,
  number: z.int().min(1).max(999_999),
  link: Id,
  sentAt: z.iso.datetime(),
  from: z.strictObject({ instance: Id, name, introduction: z.base64().max(90_000) }),
  /** What the receiver must hold before, and the last entry of this bundle. */
  after: PlaceAt,
  last: PlaceAt,
  /** The bundle that brings what must be held before, if the sender made one that does. */
  follows: z.int().min(1).nullable(),
  entries: size,
  packages: size,
  parts: z.int().min(1).max(999),
  sealedBytes: size,
};

/** What every part of a bundle for one receiver says alike. */
export const SealedFacts = z.strictObject({
  format: z.literal(1),
  ...common,
  /** The receiver, and the words of its company certificate as the sender knows them. */
  to: z.strictObject({ instance: Id, name, words: name }),
});
export type SealedFacts = z.infer<typeof SealedFacts>;

/** The same of an open bundle: there is no receiver yet, only a link that waits for one. */
const OpenFacts = z.strictObject({
  format: z.literal(2),
  ...common,
  /** What the sender calls whoever will answer. */
  to: z.strictObject({ name }),
  open: z.strictObject({
    /** What opens the seal, as `age` writes it. */
    identity: z.string().regex(ageIdentityText),
    /** The text of the file that `link invite` writes. */
    invitation: z.string().min(2).max(150_000),
  }),
});
export type OpenFacts = z.infer<typeof OpenFacts>;

export const BundleFacts = z.discriminatedUnion('format', [SealedFacts, OpenFacts]);
export type BundleFacts = z.infer<typeof BundleFacts>;

const ofPart = {
  part: z.int().min(1).max(999),
  content: z.strictObject({ offset: size, sizeBytes: size, sha256: Digest }),
};
export const Envelope = z.discriminatedUnion('format', [
  SealedFacts.extend(ofPart),
  OpenFacts.extend(ofPart),
]);
export type Envelope = z.infer<typeof Envelope>;

/** The text of the invitation that an open bundle brings; undefined where it is sealed to one receiver. */
export function invitationIn(facts: BundleFacts): string | undefined {
  return facts.format === 2 ? facts.open.invitation : undefined;
}

/** Facts before the number of parts and the length of the content are known. */
export type UnsizedFacts =
  | Omit<SealedFacts, 'parts' | 'sealedBytes'>
  | Omit<OpenFacts, 'parts' | 'sealedBytes'>;

/** The bytes that stand before a part's content, `frontBytes` of them. */
export function sealFront(envelope: Envelope, frontBytes: number, key: SigningKey): Buffer {
  return sealText(partKinds[envelope.format], JSON.stringify(envelope), frontBytes, key);
}

/** How long the front of each part of a bundle is, whatever its number and sizes come to be. */
export function frontLength(facts: UnsizedFacts): number {
  const most = Number.MAX_SAFE_INTEGER;
  const content = { offset: most, sizeBytes: most, sha256: '0'.repeat(64) };
  const widest: Envelope = { ...facts, parts: 999, part: 999, sealedBytes: most, content };
  const least = fixedBytes + Buffer.byteLength(JSON.stringify(widest)) + signedBytes;
  return Math.ceil(least / frontStep) * frontStep;
}

/** What a file is that begins like a part. */
export type ReadFront =
  | {
      readonly envelope: Envelope;
      readonly frontBytes: number;
      readonly sender: OpenedIntroduction;
      /** The words of the sender's company certificate. */
      readonly words: string;
    }
  | {
      readonly unfit: 'version' | 'damaged';
      readonly why: string;
      /** What the front says all the same, where it can be read: good for naming the part, for nothing else. */
      readonly claims?: Envelope;
    };

/** Reads the front of a part; undefined where the bytes do not begin like one. */
export function readFront(start: Buffer): ReadFront | undefined {
  if (!beginsAs(partKinds[1], start)) return undefined;
  if (start.length < fixedBytes) return { unfit: 'damaged', why: 'it ends within its front' };
  const partKind = Object.values(partKinds).find(({ version }) => version === versionOf(start));
  if (partKind === undefined) return { unfit: 'version', why: `it is of format version ${versionOf(start)}` };
  const envelopeBytes = textBytesOf(start);
  if (envelopeBytes > partKind.envelopeBytesMax)
    return { unfit: 'damaged', why: `its envelope says it has ${envelopeBytes} bytes` };
  const frontBytes = fixedBytes + envelopeBytes + signedBytes;
  if (start.length < frontBytes) return { unfit: 'damaged', why: 'it ends within its front' };
  const envelope = readText(start, Envelope);
  if (envelope === undefined || envelope.format !== partKind.version)
    return { unfit: 'damaged', why: 'its envelope can not be read' };
  const damaged = (why: string): ReadFront => ({ unfit: 'damaged', why, claims: envelope });
  const sender = introductionIn(envelope.from.introduction);
  if (typeof sender === 'string') return damaged(sender);
  if (!isSignedBy(partKind, start, sender)) return damaged('its signature does not fit its front');
  if (sender.instanceId !== envelope.from.instance || sender.name !== envelope.from.name)
    return damaged('its introduction is of somebody else');
  if (!isSane(envelope)) return damaged('its numbers do not fit one another');
  return { envelope, frontBytes, sender, words: fingerprintWords(sender.chain[0]!) };
}

function isSane({ part, parts, content, sealedBytes, after, last }: Envelope): boolean {
  return (
    part <= parts &&
    content.offset + content.sizeBytes <= sealedBytes &&
    (part < parts || content.offset + content.sizeBytes === sealedBytes) &&
    (part > 1 || content.offset === 0) &&
    (after.epoch < last.epoch || (after.epoch === last.epoch && after.seq <= last.seq))
  );
}
