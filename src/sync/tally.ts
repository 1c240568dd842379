import type { Closed } from './blob-gate.ts';
import type { BlobProgress } from './blob-intake.ts';
import type { NoRoom } from './replica.ts';

/** Something that came and was not taken; it changes nothing for what comes after it. */
export type Refusal = {
  /** The place of an entry, the digest of a blob, or the name of a file. */
  readonly what: string;
  readonly code: string;
  readonly message: string;
  /** What of a refused blob has changed, as well as it can be told. */
  readonly parts?: readonly string[];
};

/** What one exchange did, both ways. */
export type Exchange = {
  readonly entriesIn: number;
  readonly entriesKnown: number;
  readonly entriesParked: number;
  readonly entriesOut: number;
  readonly blobBytesIn: number;
  readonly blobBytesOut: number;
  /** Bytes of wanted blobs that were in others already. */
  readonly blobBytesFound: number;
  /** Digests of the blobs that came to be held. */
  readonly blobsHeld: readonly string[];
  /** Blobs that are named by entries and still missing. */
  readonly waiting: readonly BlobProgress[];
  /** Blobs that are wanted and not taken, since there is no room for them. */
  readonly noRoom: readonly NoRoom[];
  /** Why blobs did not move on, though there are some to move; entries did. */
  readonly paused: Closed | undefined;
  readonly refusals: readonly Refusal[];
  /** Why a part of the exchange could not be done now; what it was about comes again. */
  readonly failures: readonly Error[];
};

/** More refusals tell nobody more, and how many there are is the other side's choice. */
const refusalsMax = 1000;

/** What an exchange has done so far. */
export type Tally = {
  entriesIn: number;
  entriesKnown: number;
  entriesParked: number;
  entriesOut: number;
  blobBytesIn: number;
  blobBytesOut: number;
  blobBytesFound: number;
  readonly blobsHeld: string[];
  readonly refusals: Map<string, Refusal>;
  readonly failures: Error[];
};

export function newTally(): Tally {
  const counts = { entriesIn: 0, entriesKnown: 0, entriesParked: 0, entriesOut: 0 };
  const bytes = { blobBytesIn: 0, blobBytesOut: 0, blobBytesFound: 0 };
  return { ...counts, ...bytes, blobsHeld: [], refusals: new Map(), failures: [] };
}

/** Notes a refusal, once for each thing and reason. */
export function noteRefusal({ refusals }: Tally, refusal: Refusal): void {
  if (refusals.size < refusalsMax) refusals.set(`${refusal.what} ${refusal.code}`, refusal);
}

/** Notes a failure; both ways of one missing folder are one. */
export function noteFailure({ failures }: Tally, error: unknown): void {
  const failure = error instanceof Error ? error : new Error(String(error));
  if (failures.every(({ message }) => message !== failure.message)) failures.push(failure);
}

/** Grows with everything that came, after which there may be more to take and to say. */
export function cameSoFar(tally: Tally): number {
  const { entriesIn, blobBytesIn, blobBytesFound, blobsHeld } = tally;
  return entriesIn + blobBytesIn + blobBytesFound + blobsHeld.length;
}
