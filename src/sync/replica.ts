import type { SealedEntry } from '../events/index.ts';
import type { BlobGate } from './blob-gate.ts';
import type { BlobPiece } from './blob-pieces.ts';
import type { EntriesParcel, NamedBlob, Place } from './transport.ts';

/** An entry of our own outward feed with its place as our own log has it. */
export type PlacedEntry = SealedEntry & Place;

/** What became of something that was received. `parked` waits for what comes before it, and is offered again. */
export type Verdict =
  | { readonly outcome: 'appended' | 'known' | 'parked' }
  | { readonly outcome: 'refused'; readonly code: string; readonly message: string };

/** A blob of ours that was listed in pieces, and which of them the other side needs. */
export type OwedPieces = {
  readonly pieces: readonly BlobPiece[];
  /** Whether the other side knows lists: one that doesn't gets whole blobs. */
  readonly knowsLists: boolean;
  /** Pieces that the other side has in a package it said to hold. */
  readonly heldThere: ReadonlySet<number>;
  /** The digests of those packages. */
  readonly heldIn: readonly string[];
  /** Pieces that it asked for all the same, and how often it asked. */
  readonly asked: ReadonlySet<number>;
  readonly asks: number;
};

/** A blob that is wanted, and what its author has listed of it. */
export type WantedPieces = {
  readonly pieces: readonly BlobPiece[];
  /** Pieces that its author won't send, because we said to hold a package that has them. */
  readonly assumed: ReadonlySet<number>;
  /** What we have asked for all the same. */
  readonly asked: ReadonlySet<number>;
  readonly asks: number;
};

/** A wanted blob that is not taken for want of room, in words. */
export type NoRoom = {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly code: 'BLOB_QUOTA' | 'DISK_RESERVE';
  readonly message: string;
};

/** One link's view of the log and the blob store. */
export interface Replica {
  /** The next entries of our outward feed after a place, in order, at most `limit`. */
  outgoing(after: Place, limit: number): readonly PlacedEntry[];
  /** The signed head of our outward feed; undefined while there is none. The same bytes until it is time for new ones. */
  outgoingHead(): Uint8Array | undefined;
  /** How far the peer's newest receipt covers our outward feed; `{ epoch: 0, seq: 0 }` before the first. */
  confirmed(): Place;
  /** Blobs that our entries name and the peer has not said to hold; `attempt` counts the peer's refusals of each. */
  blobsOwed(): readonly NamedBlob[];
  /** Exactly `length` bytes of a blob we hold, in `into` where there is one. Throws where the store can't give them. */
  openBlob(digest: string, offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  /** Blobs that verified entries name and we don't hold; `attempt` counts our own refusals of each. */
  incomingBlobs(): readonly NamedBlob[];
  holdsBlob(digest: string): boolean;
  /** Verifies and appends; one verdict an entry. A refusal is a verdict, not an exception. */
  receiveEntries(entries: EntriesParcel['entries']): Promise<readonly Verdict[]>;
  receiveHead(bytes: Uint8Array): Promise<Verdict>;
  /** Where a blob lies while it arrives by this link and no other; on the same volume as the store. */
  incomingFile(digest: string): string;
  /**
   * Takes over a file whose SHA-256 is the digest, by moving it. `refused` names what in it is not as announced.
   */
  adoptBlob(digest: string, path: string): Promise<'held' | { readonly refused: readonly string[] }>;
  /**
   * What arrived under this digest is something else. Records the refusal, so that the peer sends it again as the
   * next attempt, and names the changed parts as well as they can be told; the file is removed afterwards.
   */
  refuseBlob(digest: string, path: string): Promise<readonly string[]>;
  /** When blobs may move and how fast; always and at once where it isn't there. */
  readonly gate?: BlobGate;
  /** Wanted blobs that `incomingBlobs` leaves out, since there is no room for them. */
  noRoom?(): readonly NoRoom[];
  /** The pieces of a blob that we owe, where they were listed. */
  owedPieces?(digest: string): Promise<OwedPieces | undefined>;
  /** The pieces of a blob that we want, where its list is held here. */
  wantedPieces?(digest: string): Promise<WantedPieces | undefined>;
  /** The bytes of a wanted blob's piece out of another blob that is held here; verified, or undefined. */
  findPiece?(digest: string, index: number): Promise<Uint8Array | undefined>;
  /** Tells the author that these pieces are needed, some of them because they came wrong. */
  askForPieces?(digest: string, indexes: readonly number[], damaged: readonly number[]): Promise<void>;
  /** Where the peer, as it told itself, stands in its own feed, if that is before what is held of it here. */
  peerStands?(): Place | undefined;
  /** The peer's own entries after a place, as they are held here. */
  incoming?(after: Place, limit: number): readonly PlacedEntry[];
  /** Something new is held: appends a receipt if one is due. */
  acknowledge(): Promise<void>;
}
