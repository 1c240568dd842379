import type * as OverNats from './over-nats.ts';

export { blobGate, type BlobGate, type Closed, type DayWindow, type GateOptions } from './blob-gate.ts';
export type { BlobProgress } from './blob-intake.ts';
export type { BlobPiece } from './blob-pieces.ts';
export { stretchesOf, type Stretch } from './blob-stretches.ts';
export type { HubCheck } from './check-hub.ts';
export type { HubFinding } from './hub-finding.ts';
export { doorbell, type Doorbell } from './doorbell.ts';
export { SyncError, type SyncErrorCode } from './errors.ts';
export { folderTransport, type FolderTransportOptions } from './folder-transport.ts';
export { decodeParcelFile, encodeParcelFile } from './parcel-file.ts';
export type { ApplyHubOptions, HubChanges, HubLimits } from './jetstream-hub.ts';
export { durableNames, headSubject, streamName, waySubject } from './jetstream-names.ts';
export type { JetstreamTransportOptions } from './jetstream-transport.ts';
export type { ExchangeLimits } from './limits.ts';
export { isLoopback, parseHubAddress, type HubAddress } from './nats-address.ts';
export type { HubClient, HubConnection, HubConnectionOptions, HubState } from './nats-connection.ts';
/** Loads what opens lines to NATS servers. */
export const overNats = (): Promise<typeof OverNats> => import('./over-nats.ts');
export type { NoRoom, OwedPieces, PlacedEntry, Replica, Verdict, WantedPieces } from './replica.ts';
export { replicate, replicateOnce, type ReplicateOnceOptions, type ReplicateOptions } from './replicate.ts';
export type { Exchange, Refusal } from './tally.ts';
export { comparePlaces } from './transport.ts';
export type {
  BlobParcel,
  Chunk,
  EntriesParcel,
  EntriesRow,
  HeadParcel,
  NamedBlob,
  Parcel,
  Place,
  Received,
  Settled,
  Transport,
  Unreadable,
} from './transport.ts';
export { waitOut } from './wait-out.ts';
