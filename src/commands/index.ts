export { acknowledge, refuseBlob, takePackage, type Acknowledgement } from './acknowledge.ts';
export {
  approveScripts,
  refuseUnapproved,
  scriptSet,
  type ScriptInRelease,
  type ScriptsInRelease,
} from './approve-scripts.ts';
export { answerOffer, removeInput, reportInputs, setInput, type Answer, type Offer } from './answer-offer.ts';
export {
  addTrust,
  demandTrust,
  distrust,
  importRevocations,
  removeTrust,
  type TrustEntry,
} from './arrange-trust.ts';
export { askForChunks } from './ask-for-chunks.ts';
export {
  addEnvironment,
  findEnvironment,
  removeEnvironment,
  type Environment,
} from './arrange-environments.ts';
export { atHome, told, type Decided, type Decision, type NewEvent } from './decision.ts';
export { decideWait, type AskedWait, type PersonsWord } from './decide-wait.ts';
export { CommandError, type CommandErrorCode } from './errors.ts';
export {
  addPackage,
  createRelease,
  importTests,
  judgeRelease,
  publishProcess,
  type ReleaseParts,
} from './make-release.ts';
export {
  giveUpBlobs,
  superfluousBlobs,
  type BlobFacts,
  type KeptBlob,
  type NamingRelease,
  type SuperfluousBlob,
} from './retain-blobs.ts';
export {
  acceptInvitation,
  confirm,
  invite,
  removeLink,
  takeReply,
  type KnownLink,
  type Peer,
  type Reply,
} from './pair.ts';
export {
  closedBecause,
  giveValue,
  howToOpen,
  publishRelease,
  publishToEach,
  whyNotConfirmed,
  withdrawRelease,
  type Gate,
  type Receiver,
  type Standing,
} from './publish-release.ts';
export {
  refuseUndeployable,
  requestDeployment,
  onceGivenUp,
  rollbackTarget,
  type DeployableRelease,
  type DeploymentIntent,
  type Place,
  type PlacedDeployment,
} from './request-deployment.ts';
export { installedRun, requestUninstall, uninstallTarget } from './request-uninstall.ts';
export { forkPlace, showForks } from './show-fork.ts';
export {
  removeApplication,
  superfluousApplications,
  type KeptApplication,
  type Retention,
} from './retain-applications.ts';
export {
  commentLengthMax,
  composeReport,
  refuseUntellable,
  reportLines,
  tellRun,
  type ReportWish,
  type TellableRun,
} from './compose-report.ts';
export { linesTold, struckState, type ReportLine } from './report-lines.ts';
export { recordedStep, recordRun, startRun, type RunTold } from './record-run.ts';
export type { RecordedDeployment, ReportRules } from './report-run.ts';
export { cancelDeployment, resumeDeployment, type OpenRun } from './resume-or-cancel.ts';
export { recordComparison, recordPush } from './record-repository.ts';
