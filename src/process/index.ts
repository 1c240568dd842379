export {
  processErrorCodes,
  ProcessError,
  ProcessFileError,
  type Problem,
  type ProcessErrorCode,
} from './errors.ts';
export { readProcessFile, type ProcessFileSource } from './read-process-file.ts';
export { scriptsBeside } from './read-script.ts';
export {
  readRevision,
  reviseProcess,
  scriptsBeforeSteps,
  scriptsIn,
  type InputDefinition,
  type LocalPart,
  type ProcessCheck,
  type ProcessFile,
  type RevisedProcess,
  type Revision,
  type ScopedValue,
  type Script,
  type Step,
} from './revision.ts';
export { namesUnknownHere, resolveVariables, stepApplies, type Place } from './scope.ts';
export { checkInput, missingInputs } from './inputs.ts';
export { nearest } from './nearest.ts';
export { featureOwning, isMachineFeature } from './machine-features.ts';
export { refusedProperty } from './octopus-properties.ts';
export {
  diffRevisions,
  isSame,
  type FieldChange,
  type RevisionDiff,
  type ScriptChange,
  type StepChange,
} from './diff.ts';
export { unifiedLines, type ChangedLine } from './line-diff.ts';
export { describeDiff } from './describe-diff.ts';
export { processSchema } from './json-schema.ts';
export {
  referencesIn,
  unknownReferences,
  type NamesIn,
  type Reference,
  type UnknownReference,
} from './references.ts';
export { readYaml, type YamlSource } from './yaml-source.ts';
