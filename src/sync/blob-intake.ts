import { existsSync } from 'node:fs';
import { openIncomingBlob, type IncomingBlob } from './blobs.ts';
import type { NamedBlob } from './transport.ts';

/** How far a wanted blob has come. */
export type BlobProgress = NamedBlob & { readonly heldBytes: number; readonly stalledMs: number };

/** The blobs that are on their way to us, kept open from one exchange to the next. */
export interface BlobIntake {
  /** The partial blob, taken up from the disk at the first call. */
  open(blob: NamedBlob): Promise<IncomingBlob>;
  /** The partial blob if anything of it is there; an empty blob is there from the start. */
  begun(blob: NamedBlob): Promise<IncomingBlob | undefined>;
  noteProgress(digest: string): void;
  forget(digest: string): void;
  /** Forgets what is no longer wanted, and tells how far the rest is. */
  progress(wanted: readonly NamedBlob[]): readonly BlobProgress[];
}

export function blobIntake(incomingFile: (digest: string) => string, now: () => number): BlobIntake {
  const opened = new Map<string, IncomingBlob>();
  const movedAt = new Map<string, number>();

  async function open(blob: NamedBlob): Promise<IncomingBlob> {
    const before = opened.get(blob.digest);
    if (before?.blob.attempt === blob.attempt && before.blob.sizeBytes === blob.sizeBytes) return before;
    const incoming = await openIncomingBlob(blob, incomingFile(blob.digest));
    opened.set(blob.digest, incoming);
    return incoming;
  }

  return {
    open,
    async begun(blob) {
      const there = opened.has(blob.digest) || blob.sizeBytes === 0 || existsSync(incomingFile(blob.digest));
      return there ? open(blob) : undefined;
    },
    noteProgress(digest) {
      movedAt.set(digest, now());
    },
    forget(digest) {
      opened.delete(digest);
      movedAt.delete(digest);
    },
    progress(wanted) {
      const digests = new Set(wanted.map(({ digest }) => digest));
      for (const digest of [...opened.keys(), ...movedAt.keys()])
        if (!digests.has(digest)) this.forget(digest);
      return wanted.map((blob) => {
        const since = movedAt.get(blob.digest) ?? now();
        movedAt.set(blob.digest, since);
        return { ...blob, heldBytes: opened.get(blob.digest)?.heldBytes ?? 0, stalledMs: now() - since };
      });
    },
  };
}
