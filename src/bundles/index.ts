export { ageRecipient, loadAgeIdentity, type AgeIdentity } from './age-keys.ts';
export { bundleTransport } from './bundle-transport.ts';
export {
  frontBytesMax,
  invitationIn,
  readFront,
  type BundleFacts,
  type Envelope,
  type OpenFacts,
  type SealedFacts,
} from './envelope.ts';
export { BundleError, type BundleErrorCode } from './errors.ts';
export {
  exportBundle,
  partBytesDefault,
  partBytesMin,
  reissueBundle,
  type Export,
  type Exported,
  type ExportedPart,
  type Recipient,
  type Reissue,
  type Sender,
  type Unknown,
} from './export.ts';
export { importBundles, type Imported } from './import.ts';
export type { Answer, Importer, ReceivingLink } from './importer.ts';
export { inspectBundles, type Inspection, type PartState } from './inspect.ts';
export { madeBundles, type MadeBundle } from './kept-bundle.ts';
export { leaveOutPieces, type LeftOut, type PieceKnowledge } from './leave-out.ts';
export { openBundle, type OpenBundle } from './open-bundle.ts';
export { introducedIn } from './successors.ts';
export { askAgain, partDamaged } from './part-bytes.ts';
export { keepStand, readStand } from './peer-stand.ts';
export { placeText } from './places.ts';
export { planInside, type BundleSource, type Inside, type Intent } from './plan.ts';
export { carriedBytes, type BundledBlob, type Manifest } from './records.ts';
export {
  findBundles,
  missingParts,
  type BundleInFile,
  type Found,
  type FoundBundle,
  type FoundPart,
  type SpoiltPart,
} from './scan.ts';
export {
  isMeant,
  quotaBytesDefault,
  readAllowances,
  setAllowance,
  type Allowance,
  type Party,
} from './relay-allowance.ts';
export { damagedFrom, namingHop, namingWithholder } from './relay-blame.ts';
export { type ReadNote } from './relay-note.ts';
export {
  findHopNotes,
  isArrival,
  noteShelf,
  notesAbout,
  routeOf,
  writeNotes,
  type FoundNotes,
  type NoteShelf,
} from './relay-notes.ts';
export { partiesMeant, passOn, receiptsFor, waitingFor, type PassedOn } from './relay-pass.ts';
export {
  bytesOf,
  dropParts,
  noteOf,
  relayedBundles,
  takeNotes,
  type Relay,
  usedBytes,
  type RelayedBundle,
} from './relay-store.ts';
export { isForRelay, takeForRelay, type SealedBundle, type TakenForRelay } from './relay-take.ts';
export {
  beginsAs,
  fixedBytes,
  introductionIn,
  isSignedBy,
  readText,
  sealText,
  signedBytes,
  textBytesOf,
  versionOf,
  type FrontKind,
} from './signed-front.ts';
export { writeTransportSheet, type SheetFacts, type SheetFile, type SheetPart } from './transport-sheet.ts';
export { frontError, incompleteError, incompleteness, withSpoilt } from './unfit-bundle.ts';
