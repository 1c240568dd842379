import { open, type FileHandle } from 'node:fs/promises';
import type { BundleFacts } from './envelope.ts';
import { BundleError } from './errors.ts';
import { damageOf } from './inspect.ts';
import { malformed } from './malformed.ts';
import { guardRead, missingParts, type FoundBundle, type FoundPart } from './scan.ts';

/** The age file whose pieces the parts of a bundle are, readable at any place. */
export interface PartBytes extends AsyncDisposable {
  readonly sizeBytes: number;
  /**
   * Exactly `length` bytes from `offset` on, in `into` where there is one.
   *
   * @throws {BundleError} BUNDLE_PART_MISSING, BUNDLE_PART_DAMAGED where a part ends early, BUNDLE_PART_UNREADABLE
   */
  read(offset: number, length: number, into?: Buffer): Promise<Buffer>;
  /** The error for bytes that are not those that were sealed: it names the part they are in. */
  damaged(offset: number, length: number): BundleError;
}

export function partBytes(bundle: FoundBundle): PartBytes {
  const { facts } = bundle;
  const byOffset = [...bundle.parts.values()].toSorted((a, b) => a.content.offset - b.content.offset);
  let opened: { readonly part: FoundPart; readonly file: FileHandle } | undefined;
  const damaged = (part: FoundPart): BundleError => partDamaged(bundle, part);

  const partAt = (offset: number): FoundPart => {
    const part = byOffset.find(
      ({ content }) => content.offset <= offset && offset < content.offset + content.sizeBytes,
    );
    if (part !== undefined) return part;
    const missing = missingParts(bundle);
    throw missing.length > 0
      ? partMissing(bundle, missing)
      : malformed(bundle, 'its parts do not fit together');
  };

  /** Parts of an open bundle whose every byte is the one that was signed. */
  const whole = new Set<FoundPart>();

  /** The seal tells of a changed byte where its key is secret. Where it is not, anybody could have sealed something else. */
  const refuseResealed = async (part: FoundPart): Promise<void> => {
    if (facts.format === 1 || whole.has(part)) return;
    if ((await damageOf(part)) !== undefined) throw damaged(part);
    whole.add(part);
  };

  const fileOf = async (part: FoundPart): Promise<FileHandle> => {
    if (opened?.part === part) return opened.file;
    await opened?.file.close();
    opened = undefined;
    const file = await open(part.path, 'r');
    opened = { part, file };
    return file;
  };

  return {
    sizeBytes: facts.sealedBytes,
    async read(offset, length, into) {
      const bytes = into === undefined ? Buffer.allocUnsafe(length) : into.subarray(0, length);
      for (let done = 0; done < length;) {
        const part = partAt(offset + done);
        const within = offset + done - part.content.offset;
        const wanted = Math.min(length - done, part.content.sizeBytes - within);
        await refuseResealed(part);
        const bytesRead = await guardRead(part.path, async () => {
          const file = await fileOf(part);
          return (await file.read(bytes, done, wanted, part.offset + part.frontBytes + within)).bytesRead;
        });
        if (bytesRead === 0) throw damaged(part);
        done += bytesRead;
      }
      return bytes;
    },
    damaged: (offset, length) => {
      const end = offset + length;
      const touched = byOffset.filter(
        ({ content }) => content.offset < end && offset < content.offset + content.sizeBytes,
      );
      return damaged(touched[0] ?? partAt(offset));
    },
    async [Symbol.asyncDispose]() {
      await opened?.file.close();
      opened = undefined;
    },
  };
}

/**
 * What to ask of whoever made a bundle, for a part of it. One without packages may be the result of a site that has nothing
 * but the file of an installer, where nobody exports anything.
 */
export function askAgain(facts: BundleFacts, part: number): string {
  const { format, number, parts, packages } = facts;
  const again = `crossgap bundle export --to LINK --bundle ${number} --part ${part}.`;
  return format === 1 && parts === 1 && packages === 0
    ? `ask the sender for it again: a site that installs by a file writes its result anew by starting that file with --result FILE, any other sender with ${again}`
    : `ask the sender for it: ${again}`;
}

export function partDamaged({ facts }: FoundBundle, { part, path }: FoundPart): BundleError {
  return new BundleError(
    'BUNDLE_PART_DAMAGED',
    `Cannot read bundle ${facts.number} from ${facts.from.name}: part ${part} of ${facts.parts} is damaged (${path})`,
    {
      hint: `Copy that part again, or ${askAgain(facts, part)}`,
      details: { bundle: facts.number, part, file: path, id: facts.id },
    },
  );
}

export function partMissing({ facts }: FoundBundle, missing: readonly number[]): BundleError {
  const which = missing.length === 1 ? `part ${missing[0]}` : `parts ${missing.slice(0, 20).join(', ')}`;
  return new BundleError(
    'BUNDLE_PART_MISSING',
    `Cannot read bundle ${facts.number} from ${facts.from.name} to its end: ${which} of ${facts.parts} is not here`,
    {
      hint: `Bring it, or ${askAgain(facts, missing[0] ?? 1)}`,
      details: { bundle: facts.number, missing, parts: facts.parts, id: facts.id },
    },
  );
}
