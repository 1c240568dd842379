import { existsSync } from 'node:fs';
import { openIncomingPieces, type BlobPiece, type IncomingPieces } from './blob-pieces.ts';
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
  /** The same blob once its pieces are known; what came before is kept as far as it is right. */
  openPieces(blob: NamedBlob, pieces: readonly BlobPiece[]): Promise<IncomingPieces>;
  /** Which of its pieces came wrong and were not asked for since. */
  damaged(digest: string): Set<number>;
  /** Whether it is time to ask the author for pieces again: each time later, since nobody says why they come wrong. */
  mayAsk(digest: string): boolean;
  noteProgress(digest: string): void;
  forget(digest: string): void;
  /** Throws away what was begun of blobs that came whole by another road. */
  discardHeld(holds: (digest: string) => boolean): Promise<void>;
  /** Whether nothing is begun and nothing is known of any blob. */
  isEmpty(): boolean;
  /** Tells how far those are that are wanted. */
  progress(wanted: readonly NamedBlob[]): readonly BlobProgress[];
}

const askAgainFirstMs = 1000;
const askAgainMostMs = 300_000;

export function blobIntake(incomingFile: (digest: string) => string, now: () => number): BlobIntake {
  const opened = new Map<string, IncomingBlob>();
  const listed = new Map<string, IncomingPieces>();
  const movedAt = new Map<string, number>();
  const damage = new Map<string, Set<number>>();
  const asked = new Map<string, { readonly times: number; readonly at: number }>();

  async function open(blob: NamedBlob): Promise<IncomingBlob> {
    const before = opened.get(blob.digest);
    if (before?.blob.attempt === blob.attempt && before.blob.sizeBytes === blob.sizeBytes) return before;
    const incoming = await openIncomingBlob(blob, incomingFile(blob.digest));
    opened.set(blob.digest, incoming);
    return incoming;
  }

  async function openPieces(blob: NamedBlob, pieces: readonly BlobPiece[]): Promise<IncomingPieces> {
    const before = listed.get(blob.digest);
    if (before?.blob.sizeBytes === blob.sizeBytes) return before;
    const incoming = await openIncomingPieces(blob, incomingFile(blob.digest), pieces);
    listed.set(blob.digest, incoming);
    opened.delete(blob.digest);
    return incoming;
  }

  return {
    open,
    openPieces,
    async begun(blob) {
      const there = opened.has(blob.digest) || blob.sizeBytes === 0 || existsSync(incomingFile(blob.digest));
      return there ? open(blob) : undefined;
    },
    noteProgress(digest) {
      movedAt.set(digest, now());
    },
    damaged(digest) {
      const known = damage.get(digest) ?? new Set();
      damage.set(digest, known);
      return known;
    },
    mayAsk(digest) {
      const { times, at } = asked.get(digest) ?? { times: 0, at: -Infinity };
      if (now() - at < Math.min(askAgainMostMs, askAgainFirstMs * 2 ** times)) return false;
      asked.set(digest, { times: times + 1, at: now() });
      return true;
    },
    forget(digest) {
      for (const known of [opened, listed, movedAt, damage, asked]) known.delete(digest);
    },
    isEmpty: () => [opened, listed, movedAt, damage, asked].every(({ size }) => size === 0),
    async discardHeld(holds) {
      for (const incoming of [...opened.values(), ...listed.values()]) {
        if (!holds(incoming.blob.digest)) continue;
        await incoming.discard();
        this.forget(incoming.blob.digest);
      }
    },
    progress(wanted) {
      const digests = new Set(wanted.map(({ digest }) => digest));
      for (const digest of movedAt.keys()) if (!digests.has(digest)) movedAt.delete(digest);
      return wanted.map((blob) => {
        const since = movedAt.get(blob.digest) ?? now();
        movedAt.set(blob.digest, since);
        return {
          ...blob,
          heldBytes: (listed.get(blob.digest) ?? opened.get(blob.digest))?.heldBytes ?? 0,
          stalledMs: now() - since,
        };
      });
    },
  };
}
