export { admitFile, wouldAdmitFile, type Admission } from './admit-packages.ts';
export { blobRoom } from './blob-room.ts';
export { clearBlobs, planClearing, type ClearPlan } from './clear-blobs.ts';
export { runDaemon, type DaemonOptions, type DaemonSummary } from './compose.ts';
export { revisionOf } from './freeze-plan.ts';
export { lastBundles } from './last-bundle.ts';
export { linkReplica } from './link-replica.ts';
export type { ListenAt } from './open-page.ts';
export { plannedStep, type PlannedPackage } from './planned-step.ts';
export { preflight, tryInput, type PreflightOptions, type TypedValues } from './preflight.ts';
export { newerRevision, previewPlan, refuseUnready, unknownPlaces, type PlanPreview } from './preview.ts';
export { approve, scriptsOfRelease, type ReleaseScripts } from './release-scripts.ts';
export { formerHubLinks, hubLinks, hubSettingsOf, ownHubConnection } from './own-hub.ts';
export { standInOf } from './stand-ins.ts';
export { recordBrokenRuns, settleDeployment, toldSoFar, type ToldSoFar } from './settle.ts';
export { previewReport, tellReport, type ReportPreview } from './tell-report.ts';
export { toldReport, type ToldReport } from './told-report.ts';
export { readToldLog } from './told-log.ts';
export { runTeller, type ProgressTone, type SayProgress } from './tell-run.ts';
export { everybodysTrust, packageTrust, type JudgedBy } from './package-trust.ts';
export { companyCertificates, introducedCertificates, trustedFingerprints } from './trusted-fingerprints.ts';
export {
  feedViews,
  outboundLines,
  readDeployment,
  readLinkViews,
  readStatus,
  readWarnings,
  type DaemonFacts,
} from './status.ts';
export { checkSource, sourceCheckAlarms } from './check-source.ts';
export { pushAndRecord } from './push-packages.ts';
export { repositoryTrouble, whyNotPushed } from './repository-warnings.ts';
export {
  readCredential,
  repositoryNamed,
  repositoryOf,
  requireSource,
  sourceNamed,
  sourceSecretRef,
  type SourceSecret,
} from './repositories.ts';
