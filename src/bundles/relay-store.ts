import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Digest } from '../events/index.ts';
import { faultPoint } from '../faults.ts';
import type { SigningKey } from '../identity/index.ts';
import { replaceFile } from '../replace-file.ts';
import { SealedFacts } from './envelope.ts';
import { BundleError, systemCode } from './errors.ts';
import { partiesOf, readAllowances, type Allowance, type Party } from './relay-allowance.ts';
import { bundleOf, hopsMax, readNote, sealNote, type ReadNote } from './relay-note.ts';
import { isArrival, notesAbout, type NoteShelf } from './relay-notes.ts';
import { guardRead, type FoundPart } from './scan.ts';
import { discardParts, guard } from './write-parts.ts';

/*
 * What a relay stores, in `DATA/relay`:
 *
 *   allowed.json             whose bundles, and how much of them
 *   parts/ab/abcd…           parts as they came, by the SHA-256 of the whole file
 *   bundles/KEY.json         what is known of a bundle, by the SHA-256 of its facts
 *
 * A part is in its place before a record names it, so that a process that ended at any moment left nothing that
 * passes for more than it is.
 */
const time = z.iso.datetime();
const size = z.int().min(0);

const RelayedPart = z.strictObject({
  part: z.int().min(1).max(999),
  /** SHA-256 of the whole file, and of its content. */
  file: Digest,
  sha256: Digest,
  sizeBytes: size,
});
export type RelayedPart = z.infer<typeof RelayedPart>;

const RelayedBundle = z.strictObject({
  format: z.literal(1),
  facts: SealedFacts,
  /** The words of the sender's company certificate. */
  senderWords: z.string().min(1).max(200),
  /** What the operator allowed it for. */
  under: z.string(),
  takenAt: time,
  passedAt: time.nullable(),
  /** When the receiver said that it has it: the parts are no longer here then. */
  arrivedAt: time.nullable(),
  parts: z.array(RelayedPart).max(999),
});
export type RelayedBundle = z.infer<typeof RelayedBundle>;

/** An instance that stores and passes on. */
export type Relay = {
  /** `DATA/relay`. */
  readonly root: string;
  readonly shelf: NoteShelf;
  readonly self: {
    readonly instance: string;
    readonly name: string;
    readonly introduction: Uint8Array;
    readonly signing: SigningKey;
  };
  /** Now, in ISO 8601. */
  now(): string;
};

/** Every bundle that was stored here, oldest first. @throws {BundleError} RELAY_STORE_DAMAGED */
export function relayedBundles({ root }: Relay): RelayedBundle[] {
  let names: string[];
  try {
    names = readdirSync(join(root, 'bundles'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => readRecord(join(root, 'bundles', name)))
    .toSorted((a, b) => (a.takenAt < b.takenAt ? -1 : 1) || a.facts.number - b.facts.number);
}

/** What is known of a bundle, undefined where it was never here. @throws {BundleError} RELAY_STORE_DAMAGED */
export function relayedBundle({ root }: Relay, facts: SealedFacts): RelayedBundle | undefined {
  try {
    return readRecord(recordPath(root, facts));
  } catch (error) {
    if (error instanceof BundleError && systemCode(error.cause) === 'ENOENT') return undefined;
    throw error;
  }
}

function readRecord(path: string): RelayedBundle {
  try {
    return RelayedBundle.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new BundleError('RELAY_STORE_DAMAGED', `Cannot read ${path}: it is not as it was written`, {
      hint: 'Remove that file; the bundle can be brought again.',
      details: { file: path },
      cause,
    });
  }
}

export function keepRecord({ root }: Relay, record: RelayedBundle): void {
  mkdirSync(join(root, 'bundles'), { recursive: true, mode: 0o700 });
  replaceFile(recordPath(root, record.facts), JSON.stringify(record));
  faultPoint('relay.recorded');
}

function recordPath(root: string, facts: SealedFacts): string {
  const key = createHash('sha256').update(JSON.stringify(facts)).digest('hex');
  return join(root, 'bundles', `${key}.json`);
}

export function partPath(root: string, { file }: { readonly file: string }): string {
  return join(root, 'parts', file.slice(0, 2), file);
}

/** The bytes that lie here for an allowance. */
export function usedBytes(relay: Relay, { for: who }: Allowance): number {
  return relayedBundles(relay)
    .filter(({ under }) => under === who)
    .reduce((sum, { parts }) => sum + bytesOf(parts), 0);
}

export function bytesOf(parts: readonly RelayedPart[]): number {
  return parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** What the operator allowed that fits a bundle. */
export function allowanceFor(
  { root }: Relay,
  facts: SealedFacts,
  senderWords: string,
  isMeant: (party: Party, who: string) => boolean,
): Allowance | undefined {
  const { from, to } = partiesOf(facts, senderWords);
  return readAllowances(root).find(({ for: who }) => isMeant(to, who) || isMeant(from, who));
}

/** Lets go of what lies here of a bundle. What is known of it stays, and so do the notes. */
export function dropParts(relay: Relay, record: RelayedBundle, arrivedAt: string | null): RelayedBundle {
  const dropped = { ...record, arrivedAt, parts: [] };
  keepRecord(relay, dropped);
  for (const part of record.parts) rmSync(partPath(relay.root, part), { force: true });
  return dropped;
}

/** The digest of the content of a file that was to be copied in, and what it is in the store; undefined where it is not. */
export type Copied = { readonly sha256: string; readonly part: RelayedPart | undefined };

/** Copies a part into the store if its content is what the sender signed; else says what it is. */
export async function storePart({ root }: Relay, found: FoundPart): Promise<Copied> {
  const temporary = join(root, 'parts', 'incoming~');
  await guard(temporary, () => mkdir(join(root, 'parts'), { recursive: true, mode: 0o700 }));
  try {
    const { file, sha256, sizeBytes } = await copyHashed(found.path, temporary, found.frontBytes, {
      offset: found.offset,
      sizeBytes: found.fileBytes,
    });
    const isWhole = sizeBytes === found.frontBytes + found.content.sizeBytes;
    if (sha256 !== found.content.sha256 || !isWhole) return { sha256, part: undefined };
    const part: RelayedPart = { part: found.part, file, sha256, sizeBytes };
    const path = partPath(root, part);
    await guard(path, async () => {
      await mkdir(join(root, 'parts', file.slice(0, 2)), { recursive: true, mode: 0o700 });
      await rename(temporary, path);
    });
    faultPoint('relay.part-stored');
    return { sha256, part };
  } finally {
    await discardParts([temporary]);
  }
}

const copyBytes = 1024 * 1024;

/** Copies a file and tells its digest and that of what follows its front. The copy is on the disk when this returns. */
export async function copyHashed(
  from: string,
  to: string,
  frontBytes: number,
  { offset, sizeBytes }: { offset: number; sizeBytes: number } = { offset: 0, sizeBytes: Infinity },
): Promise<{ file: string; sha256: string; sizeBytes: number }> {
  const [whole, content] = [createHash('sha256'), createHash('sha256')];
  const buffer = Buffer.allocUnsafe(copyBytes);
  let at = 0;
  await using source = await guardRead(from, () => open(from, 'r'));
  await using target = await guard(to, () => open(to, 'w'));
  for (;;) {
    const wanted = Math.min(copyBytes, sizeBytes - at);
    const { bytesRead } = await guardRead(from, () => source.read(buffer, 0, wanted, offset + at));
    if (bytesRead === 0) break;
    const bytes = buffer.subarray(0, bytesRead);
    whole.update(bytes);
    content.update(bytes.subarray(Math.min(bytesRead, Math.max(0, frontBytes - at))));
    await guard(to, () => target.write(bytes, 0, bytesRead, at));
    at += bytesRead;
  }
  await guard(to, () => target.sync());
  return { file: whole.digest('hex'), sha256: content.digest('hex'), sizeBytes: at };
}

/** Signs what this instance has to say of a bundle. The same facts make the same bytes. */
export function noteOf(
  { self, shelf }: Pick<Relay, 'self' | 'shelf'>,
  facts: SealedFacts,
  said: {
    readonly takenAt: string;
    readonly passedAt: string | null;
    readonly parts: readonly { part: number; sha256: string }[];
  },
): ReadNote {
  const before = shelf.of(facts).filter(({ by }) => by.instance !== self.instance);
  // A receiver's note says that the bundle arrived; it is no hop that came before.
  const hops = before.filter((note) => !isArrival(note, facts)).map(({ hop }) => hop);
  const bytes = sealNote(
    {
      format: 1,
      bundle: bundleOf(facts),
      hop: Math.min(hopsMax, Math.max(0, ...hops) + 1),
      by: {
        instance: self.instance,
        name: self.name,
        introduction: Buffer.from(self.introduction).toString('base64'),
      },
      takenAt: said.takenAt,
      passedAt: said.passedAt,
      parts: said.parts.map(({ part, sha256 }) => ({ part, sha256 })).toSorted((a, b) => a.part - b.part),
    },
    self.signing,
  );
  return readNote(bytes) as ReadNote;
}

/**
 * Remembers notes about bundles that are, or were, here. Where the receiver says that it has all of one, its parts
 * are let go. Returns the bundles whose arrival is news.
 */
export function takeNotes(relay: Relay, notes: readonly ReadNote[]): RelayedBundle[] {
  if (notes.length === 0) return [];
  return relayedBundles(relay).flatMap((record) => {
    const { facts } = record;
    const about = notesAbout(notes, facts);
    relay.shelf.keep(facts, about);
    const arrival = about.find((note) => isArrival(note, facts) && note.parts.length === facts.parts);
    if (arrival === undefined || record.arrivedAt !== null) return [];
    return [dropParts(relay, record, arrival.takenAt)];
  });
}
