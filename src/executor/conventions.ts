import { prepareVerification } from '../packages/index.ts';
import type { Convention, ConventionWork } from './convention.ts';
import type { FeatureStage } from './features/feature.ts';
import type { PackagedStage, ScriptStage } from './conventions/run-scripts.ts';

/*
 * The work of each comes in when it is asked for: who only reads how a run went needs the list and none of the rest.
 */
type Load = () => Promise<ConventionWork>;

const extractPackage: Load = async () => {
  await prepareVerification();
  return (await import('./conventions/extract-package.ts')).extractPackage;
};
const runFeatures =
  (stage: FeatureStage): Load =>
  async () =>
    (await import('./conventions/run-features.ts')).runFeatures(stage);
const runInlineScripts =
  (stage: ScriptStage): Load =>
  async () =>
    (await import('./conventions/run-scripts.ts')).runInlineScripts(stage);
const runPackagedScript =
  (stage: PackagedStage): Load =>
  async () =>
    (await import('./conventions/run-scripts.ts')).runPackagedScript(stage);
const removeTemporaryFiles: Load = async () =>
  (await import('./conventions/remove-temporary-files.ts')).removeTemporaryFiles;
const substituteInFiles: Load = async () =>
  (await import('./conventions/substitute-in-files.ts')).substituteInFiles;
const transformConfig: Load = async () => (await import('./conventions/transform-config.ts')).transformConfig;
const setConfigVariables: Load = async () =>
  (await import('./conventions/set-config-variables.ts')).setConfigVariables;
const setStructuredVariables: Load = async () =>
  (await import('./conventions/set-structured-variables.ts')).setStructuredVariables;
const copyToInstallFolder: Load = async () =>
  (await import('./conventions/copy-to-install-folder.ts')).copyToInstallFolder;
const setIisHomeDirectory: Load = async () =>
  (await import('./conventions/set-iis-home-directory.ts')).setIisHomeDirectory;
const runStepScript: Load = async () => (await import('./conventions/run-step-script.ts')).runStepScript;

/**
 * What is done to a package, in this order: the list is the specification. PreDeploy runs the process's scripts
 * before the packaged one, Deploy and PostDeploy the packaged one first; that is how Octopus does it.
 */
export const packageConventions: readonly Convention[] = [
  { number: 0, key: '0', name: 'ExtractPackage', load: extractPackage },
  { number: 1, key: '1', name: 'Features BeforePreDeploy', load: runFeatures('BeforePreDeploy') },
  { number: 2, key: '2a', name: 'PreDeploy', load: runInlineScripts('PreDeploy') },
  { number: 2, key: '2b', name: 'PreDeploy', load: runPackagedScript('PreDeploy') },
  { number: 3, key: '3', name: 'Features AfterPreDeploy', load: runFeatures('AfterPreDeploy') },
  { number: 4, key: '4', name: 'RemoveTemporaryFiles', load: removeTemporaryFiles },
  { number: 5, key: '5', name: 'SubstituteInFiles', load: substituteInFiles },
  { number: 6, key: '6', name: 'TransformConfig', load: transformConfig },
  { number: 7, key: '7', name: 'SetConfigVariables', load: setConfigVariables },
  { number: 7.5, key: '7.5', name: 'SetStructuredVariables', load: setStructuredVariables },
  { number: 8, key: '8', name: 'CopyToInstallFolder', load: copyToInstallFolder },
  { number: 9, key: '9', name: 'Features BeforeDeploy', load: runFeatures('BeforeDeploy') },
  { number: 10, key: '10a', name: 'Deploy', load: runPackagedScript('Deploy') },
  { number: 10, key: '10b', name: 'Deploy', load: runInlineScripts('Deploy') },
  { number: 11, key: '11', name: 'Features AfterDeploy', load: runFeatures('AfterDeploy') },
  { number: 12, key: '12', name: 'SetIisHomeDirectory', load: setIisHomeDirectory },
  { number: 13, key: '13', name: 'Features BeforePostDeploy', load: runFeatures('BeforePostDeploy') },
  { number: 14, key: '14a', name: 'PostDeploy', load: runPackagedScript('PostDeploy') },
  { number: 14, key: '14b', name: 'PostDeploy', load: runInlineScripts('PostDeploy') },
  { number: 15, key: '15', name: 'Features AfterPostDeploy', load: runFeatures('AfterPostDeploy') },
];

/** What is done after one of the above failed; nothing is undone by itself. */
export const failureConventions: readonly Convention[] = [
  { number: 'F', key: 'F', name: 'DeployFailed', load: runPackagedScript('DeployFailed') },
  { number: 'F', key: 'Fb', name: 'DeployFailed', load: runFeatures('DeployFailed') },
];

/** A step that is nothing but a script has one line, at the place where the work of a package step is done. */
export const scriptConventions: readonly Convention[] = [
  { number: 10, key: '10', name: 'RunScript', load: runStepScript },
];

/** A step that waits for a person has one line too; what a person decides is not something a convention does. */
export const manualConventions: readonly Convention[] = [
  { number: 10, key: 'manual', name: 'Confirm', load: () => Promise.resolve(confirmedByPerson) },
];

function confirmedByPerson(): never {
  throw new TypeError('a manual step is confirmed by a person, not run');
}
