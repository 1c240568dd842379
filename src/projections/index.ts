export { isFolderTakenSince, readApplications, type ApplicationRow } from './application-board.ts';
export { readAskedInputs } from './asked-inputs.ts';
export {
  readAskedChunks,
  readChunkLists,
  readListedPackages,
  type AskedChunks,
  type ListedPackage,
} from './chunk-board.ts';
export {
  findDeployment,
  readDeployments,
  readOpenDeployments,
  readPlace,
  readSucceededIn,
  readSteps,
  readWaits,
  waitsForPerson,
  type DeploymentRow,
  type WaitRow,
} from './deployment-queue.ts';
export { conventionNumber, deploymentView, reportedView, stepView } from './deployment-view.ts';
export { standingOf } from './customer-board.ts';
export {
  durationOfRuns,
  expectedDuration,
  type ExpectedDuration,
  type MeasuredRun,
} from './expected-duration.ts';
export { findReport, readFleetState, type FleetStateRow } from './fleet-board.ts';
export { fleetInPieces, fleetOf, fleetRows, type FleetWish } from './fleet-page.ts';
export { ageOf, attemptInWords, isTroubled } from './fleet-view.ts';
export {
  inputVersion,
  readInputs,
  readPeerInputs,
  readUntoldInputs,
  type InputRow,
  type PeerInputRow,
} from './input-board.ts';
export {
  allLinksInPieces,
  describeTransport,
  heardAfter,
  livingNames,
  prepareFindLink,
  readAnsweredLinks,
  readLink,
  readLinks,
  silentLongest,
  toldLast,
  type AnsweredLink,
  type LinkRow,
} from './link-board.ts';
export { linkCalled, linkNames, livingFirst, prepareLinkNames } from './link-names.ts';
export {
  bundleView,
  describeError,
  describeLive,
  describeRefused,
  describeSent,
  hinderedViews,
  linksLiveOf,
  linkViews,
  type LastBundle,
  type LinkFacts,
  type LinksLive,
  type PeerHead,
} from './link-view.ts';
export { describeEvent } from './outbound-line.ts';
export { linkSeries, pageView } from './page-view.ts';
export {
  fileFor,
  findPackage,
  readPackageFiles,
  readPackages,
  readRemovedPackages,
  type PackageRow,
  type RemovedPackage,
} from './package-shelf.ts';
export { namedPackagesReader, type NamedPackage } from './named-packages.ts';
export { readEnvironments, type EnvironmentRow } from './place-board.ts';
export { readRevisions, type RevisionRow } from './process-catalog.ts';
export { readAnew } from './read-anew.ts';
export { digestReadModels, projector, rebuildReadModels, type Project } from './project.ts';
export { nextEnvironment } from './next-environment.ts';
export { nameKey } from './projection.ts';
export { missingInputs, sourceOf, type InputSource, type KnownValues } from './readiness.ts';
export { refusalInWords } from './refusal.ts';
export {
  isHere,
  preparePublication,
  readEveryOwedBlob,
  readEvidence,
  readGivenValues,
  readHeldBlobs,
  readOwedBlobs,
  readOwnDocuments,
  readPublications,
  readReleases,
  readRemovedBlobs,
  readWantedBlobs,
  type OwedBlob,
  type PublicationRow,
  type ReleaseRow,
  type RemovedBlob,
  type WantedBlob,
} from './release-board.ts';
export {
  commonParts,
  offerParts,
  ownReleases,
  readKnown,
  releaseView,
  runsIn,
  statusView,
  type Known,
  type StatusFacts,
} from './status-view.ts';
export { readPushes, readSourceAlarms, type PushRow, type SourceAlarm } from './repository-board.ts';
export { readApprovedScripts, type ApprovedScript } from './script-approvals.ts';
export { findToldReport, readToldLogs, readUntoldRuns, type ToldLog } from './told-reports.ts';
export { decidesAtHome } from './told-events.ts';
export {
  readRevocationLists,
  readTrustDemands,
  readDistrusted,
  readTrusted,
  type DemandRow,
  type RevocationRow,
  type TrustedRow,
} from './trust-board.ts';
export { readUnknownEntries, type UnknownEntry } from './unknown-entries.ts';
export { openWaits, waysToDecide } from './open-waits.ts';
export type * from './views.ts';
