import type { PackageContent } from '../../packages/index.ts';

const featureScript =
  /^[^/]+_(?:Before|After)(?:PreDeploy|Deploy|PostDeploy)\.(?:ps1|csx|sh|py|fsx)$|^Octopus\.Features\.[^/]+_DeployFailed\.\w+$/i;

/** Whether a file at the top of a package has the name of a feature's script, which Octopus would run in its place. */
export function isFeatureScript(file: string): boolean {
  return featureScript.test(file);
}

const namespace = 'http://schemas.microsoft.com/XML-Document-Transform';

/** Whether a file holds instructions of an XML transform. */
export function isTransform(content: PackageContent, file: string): boolean {
  return /\.config$/i.test(file) && content.read(file).includes(namespace);
}
