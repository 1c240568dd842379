import { dirname, join } from 'node:path';
import { flag } from '../../variables/index.ts';
import { currentFolder, packageAction, type Done, type Work } from '../convention.ts';
import { ExecutorError } from '../errors.ts';
import { withHomeDirectory } from '../features/iis/application-host.ts';
import { configurationFile, editIis, iisFile } from '../features/iis/configuration-file.ts';
import { featureSettings } from '../features/settings.ts';

/**
 * Points a site of IIS, or an application or virtual directory below it, at the application: the one change is where
 * it lies. A site that isn't there fails the step, by its name; none is ever made.
 */
export async function setIisHomeDirectory(work: Work): Promise<Done> {
  if (!flag(work.variables, 'Octopus.Action.Package.UpdateIisWebsite', false))
    return { state: 'feature-off' };
  const settings = featureSettings(work.variables, 'wholly');
  const file = iisFile(settings, process.platform, process.env);
  if (file === undefined) {
    throw new ExecutorError(
      'HOST_LACKS_FEATURE',
      'Cannot set an IIS home directory: IIS is there on Windows only',
      {
        hint: `Leave it out on this host, or name the file of IIS in ${configurationFile}.`,
      },
    );
  }
  const place =
    settings.text('Octopus.Action.Package.UpdateIisWebsiteName') ?? packageAction(work.step).package.id;
  const home = homeOf(work);
  const { changes, files } = await editIis(work, file, (text) => withHomeDirectory(text, place, home));
  for (const change of changes) work.log('info', `The home directory of ${change}`);
  const detail = changes.length > 0 ? changes.join('; ') : `${place} lies at ${home}`;
  return { state: 'done', ...(files.length > 0 && { files }), detail };
}

/** The folder with the application's Web.config: the current one, or the shallowest below it. */
function homeOf(work: Work): string {
  const folder = currentFolder(work)!;
  const found = work.disk
    .filesBelow(folder)
    .filter((file) => /(?:^|\/)web\.config$/i.test(file))
    .toSorted((one, other) => one.split('/').length - other.split('/').length)[0];
  if (found !== undefined) return dirname(join(folder, found));
  throw new ExecutorError(
    'FEATURE_FAILED',
    `Cannot set the IIS home directory: ${folder} has no Web.config`,
    {
      hint: 'A site is pointed at the folder that holds a Web.config; add one to the package.',
      details: { folder },
    },
  );
}
