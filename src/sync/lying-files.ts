import { hash } from 'node:crypto';
import { lookAt, readParcelBytes, type EntriesSpan } from './folder-layout.ts';
import { decodeParcelFile } from './parcel-file.ts';
import type { BlobParcel, Chunk, EntriesParcel, Parcel } from './transport.ts';

/** What a file carries, without its bytes. */
export type Described =
  | { readonly kind: 'head' }
  | (EntriesSpan & { readonly kind: 'entries' })
  | (Chunk & { readonly kind: 'blob' });

type Whole = {
  readonly identity: string;
  readonly parcel: Described;
  readonly seenAt: number;
  readonly digest: string;
  /** This run wrote it, or found in it what it would write; else it only looks like a parcel of ours. */
  readonly isOurs: boolean;
};

/**
 * The files in our own part of a shared folder, as far as they were read back and found whole. Others may write there too:
 * a checksum that fits proves nothing.
 */
export interface LyingFiles {
  /** This run wrote it. */
  written(path: string, identity: string, parcel: Parcel, bytes: Uint8Array): void;
  /** What a file carries, if it is there and as it was written; it is read back whenever it may have changed. */
  carried(path: string): Promise<Described | undefined>;
  /** Whether a file holds what we would write there, as `isOurs` says; one that an earlier run left is looked at once. */
  holds(path: string, isOurs: (parcel: Parcel) => boolean | Promise<boolean>): Promise<boolean>;
  /** Whether these bytes are what this run wrote or found to be its own. */
  isOurs(path: string, bytes: Uint8Array): boolean;
  forget(gone: (path: string) => boolean): void;
}

export function lyingFiles({
  believedMs,
  now,
}: {
  readonly believedMs: number;
  readonly now: () => number;
}): LyingFiles {
  const whole = new Map<string, Whole>();

  async function carried(path: string): Promise<Described | undefined> {
    const before = whole.get(path);
    if (before && now() - before.seenAt < believedMs) return before.parcel;
    whole.delete(path);
    const found = await lookAt(path);
    if (typeof found === 'string') return undefined;
    if (before?.identity === found.identity) {
      whole.set(path, { ...before, seenAt: now() });
      return before.parcel;
    }
    const bytes = (await readParcelBytes(path)) ?? Buffer.alloc(0);
    const decoded = decodeParcelFile(bytes);
    if (!('parcel' in decoded)) return undefined;
    const digest = digestOf(bytes);
    const isOurs = before?.isOurs === true;
    // Somebody else wrote it, however well it is made.
    if (isOurs && before.digest !== digest) return undefined;
    const parcel = describe(decoded.parcel);
    whole.set(path, { identity: found.identity, parcel, seenAt: now(), digest, isOurs });
    return parcel;
  }

  return {
    carried,
    written: (path, identity, parcel, bytes) =>
      void whole.set(path, {
        identity,
        parcel: describe(parcel),
        seenAt: now(),
        digest: digestOf(bytes),
        isOurs: true,
      }),
    async holds(path, isOurs) {
      const known = whole.get(path);
      if (known === undefined || known.isOurs) return known !== undefined;
      const bytes = (await readParcelBytes(path)) ?? Buffer.alloc(0);
      const decoded = decodeParcelFile(bytes);
      if (!('parcel' in decoded) || !(await isOurs(decoded.parcel))) return false;
      whole.set(path, { ...known, digest: digestOf(bytes), isOurs: true });
      return true;
    },
    isOurs: (path, bytes) => {
      const known = whole.get(path);
      return known?.isOurs === true && known.digest === digestOf(bytes);
    },
    forget(gone) {
      for (const path of whole.keys()) if (gone(path)) whole.delete(path);
    },
  };
}

/** Whether a file carries exactly this chunk. */
export function isChunk(lying: Described | undefined, chunk: Chunk): boolean {
  return (
    lying?.kind === 'blob' &&
    lying.digest === chunk.digest &&
    lying.sizeBytes === chunk.sizeBytes &&
    lying.attempt === chunk.attempt &&
    lying.offset === chunk.offset &&
    lying.length === chunk.length
  );
}

function describe(parcel: Parcel): Described {
  switch (parcel.kind) {
    case 'head':
      return { kind: 'head' };
    case 'entries':
      return { kind: 'entries', ...spanOf(parcel) };
    case 'blob':
      return { kind: 'blob', ...chunkOf(parcel) };
  }
}

export function spanOf({ epoch, givenBack, firstSeq, entries }: EntriesParcel): EntriesSpan {
  const row = { epoch, ...(givenBack && { givenBack }) };
  return { ...row, first: firstSeq, last: firstSeq + entries.length - 1 };
}

export function chunkOf({ digest, sizeBytes, attempt, offset, bytes }: BlobParcel): Chunk {
  return { digest, sizeBytes, attempt, offset, length: bytes.length };
}

function digestOf(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}
