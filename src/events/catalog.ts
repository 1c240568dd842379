import { ApplicationInstalled, ApplicationRemoved } from './application-events.ts';
import { BlobsRemoved } from './blob-events.ts';
import { catalog, type EventOf } from './define-event.ts';
import {
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
} from './deployment-events.ts';
import { EpochStarted, FeedOpened, KeyReplaced, KeyRotated } from './feed-events.ts';
import {
  ForkFound,
  LinkAccepted,
  LinkAnswered,
  LinkConfirmed,
  LinkInvited,
  LinkRemoved,
  ReceiptGiven,
} from './link-events.ts';
import { EnvironmentAdded, EnvironmentRemoved, ProcessPublished } from './process-events.ts';
import {
  BlobRefused,
  ChunksAsked,
  ChunksListed,
  OfferAnswered,
  PackageAdded,
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
import { ScriptsApproved } from './script-events.ts';
import {
  RevocationImported,
  RevocationTold,
  TrustAdded,
  TrustDistrusted,
  TrustRemoved,
  TrustRequired,
} from './trust-events.ts';
import { PackagePushed, SourceCompared } from './repository-events.ts';

/** Every event type in its newest version. */
export const everyEvent = [
  FeedOpened,
  EpochStarted,
  KeyRotated,
  KeyReplaced,
  LinkInvited,
  LinkAccepted,
  LinkAnswered,
  LinkConfirmed,
  LinkRemoved,
  ReceiptGiven,
  ForkFound,
  EnvironmentAdded,
  EnvironmentRemoved,
  ProcessPublished,
  PackageAdded,
  BlobRefused,
  BlobsRemoved,
  PackagePushed,
  SourceCompared,
  ReleaseCreated,
  TestsImported,
  ReleaseJudged,
  ReleasePublished,
  ReleaseWithdrawn,
  ReleaseOffered,
  ReleaseTimed,
  ChunksAsked,
  ChunksListed,
  ValueGiven,
  ReleaseAnswered,
  OfferAnswered,
  InputSet,
  InputReported,
  DeploymentRequested,
  DeploymentStarted,
  DeploymentStepEnded,
  DeploymentInterrupted,
  DeploymentAsked,
  DeploymentWaiting,
  DeploymentDecided,
  DeploymentResumed,
  DeploymentCancelRequested,
  DeploymentEnded,
  DeploymentReported,
  ApplicationInstalled,
  ApplicationRemoved,
  TrustAdded,
  TrustDistrusted,
  TrustRemoved,
  TrustRequired,
  RevocationImported,
  RevocationTold,
  ScriptsApproved,
] as const;

/** What reads them all; a type that is not in the list is kept, forwarded and shown, but not read. */
export const eventCatalog = catalog(everyEvent);

/** Any event this version knows, at its newest schema version. */
export type CrossgapEvent = EventOf<(typeof everyEvent)[number]>;
