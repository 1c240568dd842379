import type { Convention } from './convention.ts';
import { copyToInstallFolder } from './conventions/copy-to-install-folder.ts';
import { extractPackage } from './conventions/extract-package.ts';
import { removeTemporaryFiles } from './conventions/remove-temporary-files.ts';
import { runFeatures } from './conventions/run-features.ts';
import { runInlineScripts, runPackagedScript } from './conventions/run-scripts.ts';
import { runStepScript } from './conventions/run-step-script.ts';
import { setConfigVariables } from './conventions/set-config-variables.ts';
import { setStructuredVariables } from './conventions/set-structured-variables.ts';
import { setIisHomeDirectory } from './conventions/set-iis-home-directory.ts';
import { substituteInFiles } from './conventions/substitute-in-files.ts';
import { transformConfig } from './conventions/transform-config.ts';

/**
 * What is done to a package, in this order: the list is the specification. PreDeploy runs the process's scripts
 * before the packaged one, Deploy and PostDeploy the packaged one first; that is how Octopus does it.
 */
export const packageConventions: readonly Convention[] = [
  { number: 0, key: '0', name: 'ExtractPackage', run: extractPackage },
  { number: 1, key: '1', name: 'Features BeforePreDeploy', run: runFeatures('BeforePreDeploy') },
  { number: 2, key: '2a', name: 'PreDeploy', run: runInlineScripts('PreDeploy') },
  { number: 2, key: '2b', name: 'PreDeploy', run: runPackagedScript('PreDeploy') },
  { number: 3, key: '3', name: 'Features AfterPreDeploy', run: runFeatures('AfterPreDeploy') },
  { number: 4, key: '4', name: 'RemoveTemporaryFiles', run: removeTemporaryFiles },
  { number: 5, key: '5', name: 'SubstituteInFiles', run: substituteInFiles },
  { number: 6, key: '6', name: 'TransformConfig', run: transformConfig },
  { number: 7, key: '7', name: 'SetConfigVariables', run: setConfigVariables },
  { number: 7.5, key: '7.5', name: 'SetStructuredVariables', run: setStructuredVariables },
  { number: 8, key: '8', name: 'CopyToInstallFolder', run: copyToInstallFolder },
  { number: 9, key: '9', name: 'Features BeforeDeploy', run: runFeatures('BeforeDeploy') },
  { number: 10, key: '10a', name: 'Deploy', run: runPackagedScript('Deploy') },
  { number: 10, key: '10b', name: 'Deploy', run: runInlineScripts('Deploy') },
  { number: 11, key: '11', name: 'Features AfterDeploy', run: runFeatures('AfterDeploy') },
  { number: 12, key: '12', name: 'SetIisHomeDirectory', run: setIisHomeDirectory },
  { number: 13, key: '13', name: 'Features BeforePostDeploy', run: runFeatures('BeforePostDeploy') },
  { number: 14, key: '14a', name: 'PostDeploy', run: runPackagedScript('PostDeploy') },
  { number: 14, key: '14b', name: 'PostDeploy', run: runInlineScripts('PostDeploy') },
  { number: 15, key: '15', name: 'Features AfterPostDeploy', run: runFeatures('AfterPostDeploy') },
];

/** What is done after one of the above failed; nothing is undone by itself. */
export const failureConventions: readonly Convention[] = [
  { number: 'F', key: 'F', name: 'DeployFailed', run: runPackagedScript('DeployFailed') },
  { number: 'F', key: 'Fb', name: 'DeployFailed', run: runFeatures('DeployFailed') },
];

/** A step that is nothing but a script has one line, at the place where the work of a package step is done. */
export const scriptConventions: readonly Convention[] = [
  { number: 10, key: '10', name: 'RunScript', run: runStepScript },
];

/** A step that waits for a person has one line too; what a person decides is not something a convention does. */
export const manualConventions: readonly Convention[] = [
  { number: 10, key: 'manual', name: 'Confirm', run: confirmedByPerson },
];

function confirmedByPerson(): never {
  throw new TypeError('a manual step is confirmed by a person, not run');
}
