export type { EntryHeader, FeedPoint, SealedEntry } from './entry.ts';
export { EventError, type EventErrorCode } from './errors.ts';
export {
  bytes,
  catalog,
  defineEvent,
  type AnyEvent,
  type DecodedEvent,
  type EventCatalog,
  type EventDefinition,
  type EventOf,
  type MadeEvent,
} from './define-event.ts';
export { decodeBody } from './body-reader.ts';
export { encodeBody } from './encoding.ts';
export { entryBytesMax, headerBytes, readHeader, signatureBytes } from './header.ts';
export { feedId } from './feed.ts';
export { entryHash, entryHashType, entryType, sealEntry, type EntryPlace, type FreshEntry } from './seal.ts';
export { verifyEntry } from './verify.ts';
export { headBytes, headType, readHead, sealHead, verifyHead, type Head } from './head.ts';
export type { LoggedEntry } from './logged-entry.ts';
export type { By, LogWriter } from './append.ts';
export type { Pin } from './door.ts';
export type { Evidence, EvidenceKind } from './evidence.ts';
export type { HeadVerdict } from './receive-head.ts';
export type { NewKey, Revocation } from './change-key.ts';
export type { NewEpoch, StartedEpochs, StuckFeed } from './new-epoch.ts';
export type { LostEntries, Standing } from './standing.ts';
export type { Doubt } from './witnesses.ts';
export type { Gap, Verdict } from './verdict.ts';
export type { FirstBad, VerifyReport } from './verify-log.ts';
export { openLog, type FeedFacts, type Log, type LogOptions, type ReadOptions } from './log.ts';
export { readSideFile, writeSideFile, type SideFile, type VerifiedPosition } from './side-file.ts';
export { EpochStarted, FeedOpened, KeyReplaced, KeyRotated } from './feed-events.ts';
export {
  Digest,
  ForkFound,
  Id,
  LinkAccepted,
  LinkAnswered,
  LinkConfirmed,
  LinkInvited,
  LinkRemoved,
  LinkTransport,
  ReceiptGiven,
} from './link-events.ts';
export { EnvironmentAdded, EnvironmentRemoved, ProcessPublished } from './process-events.ts';
export {
  BlobRefused,
  ChunkListPin,
  ChunksAsked,
  ChunksListed,
  OfferAnswered,
  PackageAdded,
  PackagePin,
  ReleaseAnswered,
  ReleaseCreated,
  ReleaseJudged,
  ReleaseOffered,
  ReleasePublished,
  ReleaseTimed,
  ReleaseWithdrawn,
  TestsImported,
  ValueGiven,
} from './release-events.ts';
export { blobsOf, freezeRelease, readRelease, ReleaseDocument, ReleaseInput } from './release-document.ts';
export {
  DeploymentAsked,
  DeploymentCancelRequested,
  DeploymentDecided,
  DeploymentEnded,
  DeploymentInterrupted,
  DeploymentReported,
  DeploymentRequested,
  DeploymentResumed,
  DeploymentStarted,
  DeploymentStepEnded,
  DeploymentWaiting,
  InputReported,
  InputSet,
  toldLogBytesMax,
  TraceLine,
  type DeploymentReport,
  type RecordedStep,
} from './deployment-events.ts';
export { isReportPart, partInWords } from './report-parts.ts';
export { ApplicationInstalled, ApplicationRemoved } from './application-events.ts';
export { BlobsRemoved } from './blob-events.ts';
export { PackagePushed, SourceCompared } from './repository-events.ts';
export { approvedScriptsMax, ScriptsApproved } from './script-events.ts';
export { eventCatalog, everyEvent, type CrossgapEvent } from './catalog.ts';
export {
  RevocationImported,
  RevocationTold,
  TrustAdded,
  TrustDemand,
  TrustPurpose,
  TrustDistrusted,
  TrustRemoved,
  TrustRequired,
  type RevocationPin,
} from './trust-events.ts';
