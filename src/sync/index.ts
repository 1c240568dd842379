export type { BlobProgress } from './blob-intake.ts';
export { doorbell, type Doorbell } from './doorbell.ts';
export { SyncError, type SyncErrorCode } from './errors.ts';
export { folderTransport, type FolderTransportOptions } from './folder-transport.ts';
export { decodeParcelFile, encodeParcelFile } from './parcel-file.ts';
export type { ExchangeLimits } from './limits.ts';
export type { PlacedEntry, Replica, Verdict } from './replica.ts';
export { replicate, replicateOnce, type ReplicateOnceOptions, type ReplicateOptions } from './replicate.ts';
export type { Exchange, Refusal } from './tally.ts';
export type {
  BlobParcel,
  Chunk,
  EntriesParcel,
  HeadParcel,
  NamedBlob,
  Parcel,
  Place,
  Received,
  Settled,
  Transport,
  Unreadable,
} from './transport.ts';
