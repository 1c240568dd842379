import { chunkBytesDefault } from './blobs.ts';

export type ExchangeLimits = {
  /** Entries of one parcel, together; a single larger entry still travels, alone. */
  readonly batchBytes: number;
  readonly chunkBytes: number;
  /** Bytes of blobs each way before entries have their turn again. */
  readonly blobBytesPerTurn: number;
  /** Time to spend on sending blobs, which includes reading back what lies there, before entries have their turn again. */
  readonly blobMsPerTurn: number;
};

export const exchangeLimits: ExchangeLimits = {
  batchBytes: 1024 * 1024,
  chunkBytes: chunkBytesDefault,
  blobBytesPerTurn: 16 * 1024 * 1024,
  blobMsPerTurn: 1000,
};
