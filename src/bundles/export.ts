import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { SigningKey } from '../identity/index.ts';
import {
  ageRecipient,
  freshAgeIdentity,
  openSmall,
  sealAgeFront,
  sealSmall,
  nonceBytes,
  type AgeIdentity,
} from './age-keys.ts';
import { payloadKey, sealedSize, type PayloadKey } from './age-payload.ts';
import { ageFileBytes, plaintextOf, type Plaintext } from './content.ts';
import {
  frontLength,
  sealFront,
  type BundleFacts,
  type Envelope,
  type OpenFacts,
  type SealedFacts,
  type UnsizedFacts,
} from './envelope.ts';
import { BundleError } from './errors.ts';
import {
  bundleNumbers,
  keepBundle,
  madeBundles,
  manifestOf,
  readKept,
  type KeptBundle,
} from './kept-bundle.ts';
import { planInside, type BundleSource, type Inside, type Intent } from './plan.ts';
import { discardParts, partNames, settleParts, writePart, type WrittenPart } from './write-parts.ts';
import { carriedBytes, type Manifest } from './records.ts';
import { writeTransportSheet, type SheetFacts } from './transport-sheet.ts';

/** FAT32 holds files of less than 4 GiB. */
export const partBytesDefault = 4095 * 1024 * 1024;
export const partBytesMin = 16 * 1024;
const partsMax = 999;

/** Who sends: the instance as it introduces itself, and where it remembers its bundles. */
export type Sender = {
  readonly instance: string;
  readonly name: string;
  readonly introduction: Uint8Array;
  readonly signing: SigningKey;
  /** Our own X25519 key: what is remembered of a bundle is sealed to it. */
  readonly sealingKey: Uint8Array;
  /** `DATA/bundles`. */
  readonly kept: string;
};

/** Who receives: what the other side's introduction says. */
export type Recipient = {
  readonly instance: string;
  readonly name: string;
  /** The words of its company certificate. */
  readonly words: string;
  /** X25519, 32 bytes. */
  readonly sealingKey: Uint8Array;
};

/** Whoever will answer an invitation: the bundle is open. */
export type Unknown = {
  /** What the link is called here. */
  readonly name: string;
  /** The text of the file that `link invite` writes. */
  readonly invitation: string;
};

export type Export = Omit<Intent, 'number' | 'from' | 'to'> & {
  readonly sender: Sender;
  readonly recipient: Recipient | Unknown;
  readonly source: BundleSource;
  /** The folder for the parts; it is made. */
  readonly out: string;
  /** Bytes of the largest file, its front included. */
  readonly partBytes: number;
  /** Is told what it will be before anything is written, and may throw. */
  readonly refuse?: (facts: BundleFacts) => void;
};

export type ExportedPart = {
  readonly part: number;
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
};

/** What was made. */
export type Exported = {
  readonly facts: BundleFacts;
  readonly parts: readonly ExportedPart[];
  /** How many entries of the receiver's own feed go back to it. */
  readonly givenBack: number;
  /** Bytes of packages that are not inside. */
  readonly leftOutBytes: number;
  /** The transport sheet. */
  readonly sheet: string;
};

/**
 * Makes a bundle of everything after a place, sealed to the receiver; or open, where nobody is known to be one. Its parts
 * appear under their names when all of them are whole, and what is needed to make each again is remembered first.
 *
 * @throws {BundleError} BUNDLE_PART_SIZE_UNFIT, BUNDLE_PART_NOT_WRITTEN
 */
export async function exportBundle(order: Export): Promise<Exported> {
  const { sender, recipient, source, out, partBytes } = order;
  const number = (bundleNumbers(sender.kept, order.link).at(-1) ?? 0) + 1;
  const sealed = await sealedTo(recipient);
  const to = sealed.facts.format === 1 ? sealed.facts.to.instance : null;
  const inside = planInside(source, { ...order, number, from: sender.instance, to });
  const age = await sealAgeFront(sealed.recipient);
  const plaintext = plaintextOf(inside, source);
  const file: AgeFile = { front: age.bytes, plaintext, key: payloadKey(age.key) };
  const sealedBytes = age.bytes.length + sealedSize(plaintext.sizeBytes);
  const known: UnsizedFacts = { ...sealed.facts, ...factsOf(order, inside) };
  const frontBytes = frontLength(known);
  const facts: BundleFacts = { ...known, sealedBytes, parts: partCount(sealedBytes, partBytes - frontBytes) };
  order.refuse?.(facts);
  const names = await partNames(out, facts);
  const contentBytes = partBytes - frontBytes;
  const written: WrittenPart[] = [];
  const fronts: Uint8Array[] = [];
  try {
    for (const [at, name] of names.entries()) {
      const offset = at * contentBytes;
      const end = Math.min(sealedBytes, offset + contentBytes);
      const content = ageFileBytes(file, offset, end);
      const part = await writePart(join(out, name), { frontBytes, content }, (sha256, sizeBytes) => {
        refuseShort(sizeBytes, end - offset, name);
        const envelope: Envelope = { ...facts, part: at + 1, content: { offset, sizeBytes, sha256 } };
        fronts[at] = sealFront(envelope, frontBytes, sender.signing);
        return fronts[at];
      });
      written.push(part);
    }
    const fileKey = await sealSmall(age.key.fileKey, ageRecipient(sender.sealingKey));
    keepBundle(sender.kept, keptOf({ facts, inside, ageFront: age.bytes, fileKey, fronts, written }));
    await settleParts(written);
  } catch (error) {
    await discardParts(written.map(({ temporary }) => temporary));
    throw error;
  }
  const parts = written.map(({ path, sizeBytes, sha256 }, at) => ({
    part: at + 1,
    file: path,
    size: frontBytes + sizeBytes,
    sha256,
  }));
  const told = sheetFacts(facts, inside.manifest);
  const sheet = await writeTransportSheet(out, told, parts);
  const givenBack = inside.manifest.givenBack?.entries ?? 0;
  return { facts, parts, givenBack, leftOutBytes: told.leftOutBytes, sheet };
}

/** What of a bundle that was made is made again. */
export type Reissue = {
  readonly kept: string;
  readonly link: string;
  readonly number: number;
  /** Undefined: all of them. */
  readonly part: number | undefined;
  readonly identity: AgeIdentity;
  readonly source: BundleSource;
  readonly out: string;
};

/**
 * Makes a part, or all parts, of an earlier bundle again, byte for byte.
 *
 * @throws {BundleError} BUNDLE_NUMBER_UNKNOWN, BUNDLE_PLAN_UNREADABLE, BUNDLE_NOT_AS_BEFORE where the log or the store
 * no longer gives the same bytes: nothing of it is written then
 */
export async function reissueBundle({
  kept: root,
  link,
  number,
  part,
  identity,
  source,
  out,
}: Reissue): Promise<Exported> {
  const kept = readKept(root, link, number);
  const { facts } = kept;
  if (part !== undefined && (part < 1 || part > facts.parts))
    throw new BundleError(
      'BUNDLE_NUMBER_UNKNOWN',
      `Cannot make part ${part} of bundle ${number}: it has ${facts.parts}`,
      {
        hint: 'See `crossgap bundle inspect PATH`, where the bundle lies, for the part that is missing.',
        details: { number, part, parts: facts.parts },
      },
    );
  const file = await ageFileOf(kept, source, identity);
  const names = await partNames(out, facts);
  const wanted = part === undefined ? kept.parts.map((_, at) => at) : [part - 1];
  const written: WrittenPart[] = [];
  try {
    for (const at of wanted) {
      const { front, sizeBytes, sha256 } = kept.parts[at]!;
      const frontBytes = Buffer.from(front, 'base64');
      const offset = kept.parts.slice(0, at).reduce((sum, before) => sum + before.sizeBytes, 0);
      const content = (): AsyncGenerator<Uint8Array> => ageFileBytes(file, offset, offset + sizeBytes);
      // The key may only ever seal these very bytes: nothing else under it may reach a medium.
      const found = await digestOf(content()).catch(refuseGone(number, at + 1));
      if (found !== sha256) throw notAsBefore(number, at + 1, { expected: sha256, found });
      const order = { frontBytes: frontBytes.length, content: content() };
      written.push(await writePart(join(out, names[at]!), order, () => frontBytes));
    }
    await settleParts(written);
  } catch (error) {
    await discardParts(written.map(({ temporary }) => temporary));
    throw error;
  }
  const parts = written.map(({ path, sizeBytes, sha256 }, index) => ({
    part: wanted[index]! + 1,
    file: path,
    size: sizeBytes + Buffer.from(kept.parts[wanted[index]!]!.front, 'base64').length,
    sha256,
  }));
  const manifest = manifestOf(kept.manifest);
  const told = sheetFacts(facts, manifest);
  const sheet = await writeTransportSheet(out, told, allParts(kept, names));
  const givenBack = manifest.givenBack?.entries ?? 0;
  return { facts, parts, givenBack, leftOutBytes: told.leftOutBytes, sheet };
}

function sheetFacts(facts: BundleFacts, { blobs }: Manifest): SheetFacts {
  const leftOutBytes = blobs.reduce((sum, blob) => sum + blob.sizeBytes - carriedBytes(blob), 0);
  return { ...facts, leftOutBytes };
}

type AgeFile = { readonly front: Uint8Array; readonly plaintext: Plaintext; readonly key: PayloadKey };

async function ageFileOf(kept: KeptBundle, source: BundleSource, identity: AgeIdentity): Promise<AgeFile> {
  const front = Buffer.from(kept.ageFront, 'base64');
  const fileKey = await openSmall(Buffer.from(kept.fileKey, 'base64'), identity);
  const inside: Inside = {
    manifest: manifestOf(kept.manifest),
    manifestText: kept.manifest,
    head: kept.head === null ? undefined : Buffer.from(kept.head, 'base64'),
    entriesBytes: kept.entriesBytes,
    sha256: kept.sha256,
  };
  const key = payloadKey({ fileKey, nonce: front.subarray(front.length - nonceBytes) });
  return { front, plaintext: plaintextOf(inside, source), key };
}

async function digestOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of content) hash.update(bytes);
  return hash.digest('hex');
}

/** Whom a bundle is sealed to, and what its envelope says of that. */
async function sealedTo(receiver: Recipient | Unknown): Promise<{
  readonly recipient: string;
  readonly facts: Pick<SealedFacts, 'format' | 'to'> | Pick<OpenFacts, 'format' | 'to' | 'open'>;
}> {
  if ('sealingKey' in receiver) {
    const { instance, name, words, sealingKey } = receiver;
    return { recipient: ageRecipient(sealingKey), facts: { format: 1, to: { instance, name, words } } };
  }
  const { identity, recipient } = await freshAgeIdentity();
  const { name, invitation } = receiver;
  return { recipient, facts: { format: 2, to: { name }, open: { identity, invitation } } };
}

function factsOf(
  { sender }: Export,
  { manifest }: Inside,
): Omit<SealedFacts, 'parts' | 'sealedBytes' | 'format' | 'to'> {
  const { id, number, link, sentAt, last, entries, blobs } = manifest;
  const after = { epoch: manifest.after.epoch, seq: manifest.after.seq };
  return {
    id,
    number,
    link,
    sentAt,
    from: {
      instance: sender.instance,
      name: sender.name,
      introduction: Buffer.from(sender.introduction).toString('base64'),
    },
    after,
    last,
    follows: bringing(sender.kept, link, after),
    entries,
    packages: blobs.filter(({ kind }) => kind === 'package').length,
  };
}

/** The first bundle that brought the receiver as far as this one presumes. */
function bringing(root: string, link: string, after: { epoch: number; seq: number }): number | null {
  if (after.seq === 0) return null;
  const reaches = ({ facts: { last } }: { facts: BundleFacts }): boolean =>
    last.epoch > after.epoch || (last.epoch === after.epoch && last.seq >= after.seq);
  return madeBundles(root, link).find(reaches)?.facts.number ?? null;
}

function partCount(sealedBytes: number, contentBytes: number): number {
  const parts = Math.ceil(sealedBytes / contentBytes);
  if (contentBytes >= partBytesMin / 2 && parts <= partsMax) return parts;
  throw new BundleError(
    'BUNDLE_PART_SIZE_UNFIT',
    contentBytes < partBytesMin / 2
      ? `Cannot make parts so small: a part needs at least ${partBytesMin} bytes`
      : `Cannot make parts so small: the bundle would have ${parts} of them, and ${partsMax} are the most`,
    { hint: 'Say a larger --part-size.', details: { sealedBytes, parts } },
  );
}

function refuseShort(found: number, expected: number, name: string): void {
  if (found === expected) return;
  throw new BundleError(
    'BUNDLE_NOT_AS_BEFORE',
    `Cannot write ${name}: the log changed while it was written`,
    {
      hint: 'Run the command again.',
      details: { expected, found },
    },
  );
}

/** A file that was removed since, as `package gc` does once the receipt is here. */
function refuseGone(number: number, part: number): (error: unknown) => never {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw notAsBefore(number, part, { missing: error.message }, error);
    throw error;
  };
}

function notAsBefore(number: number, part: number, details: object, cause?: unknown): BundleError {
  return new BundleError(
    'BUNDLE_NOT_AS_BEFORE',
    `Cannot make part ${part} of bundle ${number} again: the log or the store gives other bytes than then`,
    {
      hint: 'Check the packages with `crossgap package verify FILE`, or make a new bundle without --bundle.',
      details: { number, part, ...details },
      cause,
    },
  );
}

function keptOf(made: {
  facts: BundleFacts;
  inside: Inside;
  ageFront: Uint8Array;
  fileKey: Uint8Array;
  fronts: readonly Uint8Array[];
  written: readonly WrittenPart[];
}): KeptBundle {
  const { facts, inside, ageFront, fileKey, fronts, written } = made;
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    format: 1,
    facts,
    manifest: inside.manifestText,
    head: inside.head === undefined ? null : text(inside.head),
    entriesBytes: inside.entriesBytes,
    sha256: inside.sha256,
    ageFront: text(ageFront),
    fileKey: text(fileKey),
    parts: written.map(({ sizeBytes, sha256 }, at) => ({ front: text(fronts[at]!), sizeBytes, sha256 })),
  };
}

function allParts(kept: KeptBundle, names: readonly string[]): ExportedPart[] {
  return kept.parts.map(({ front, sizeBytes, sha256 }, at) => ({
    part: at + 1,
    file: names[at]!,
    size: sizeBytes + Buffer.from(front, 'base64').length,
    sha256,
  }));
}
