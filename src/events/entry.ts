/** An entry as it is stored, sent and forwarded: the exact bytes and the author's signature. Never made again. */
export type SealedEntry = { readonly bytes: Uint8Array; readonly signature: Uint8Array };

/** What stands in the fixed header of an entry. Ids and hashes are lower-case hex. */
export type EntryHeader = {
  /** 16 bytes: SHA-256 of author and audience, see docs/event-format.md. */
  readonly feed: string;
  readonly epoch: number;
  readonly seq: number;
  /** Hash of the entry before it; zeros for the first one of a feed. */
  readonly previous: string;
  /** 16 bytes: the link's id, or the instance's own id in its self feed. */
  readonly audience: string;
  readonly type: string;
  readonly schemaVersion: number;
  /** Milliseconds since 1970 UTC by the author's clock; for display only. */
  readonly at: number;
  /** The account that asked for it, at most 64 bytes of UTF-8. */
  readonly actor: string;
  readonly bodyLength: number;
};

/** A place in a feed. */
export type FeedPoint = { readonly epoch: number; readonly seq: number; readonly hash: string };
