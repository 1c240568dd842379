import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { ConfigFileError, decodeXml, encodeXml, inFile } from '../../../config-files/index.ts';
import type { Work } from '../../convention.ts';
import { rewriteFiles } from '../../conventions/rewrite-files.ts';
import type { Host } from '../feature.ts';
import { unusable, type FeatureSettings } from '../settings.ts';
import type { IisEdit } from './application-host.ts';

export const configurationFile = 'Crossgap.Action.IIS.ConfigurationFile';

/** The file with IIS' sites: the one the step names, on Windows else the system's; undefined where there is none. */
export function iisFile(
  settings: FeatureSettings,
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const named = settings.text(configurationFile);
  if (named !== undefined) {
    if (isAbsolute(named)) return named;
    throw unusable(configurationFile, 'it is not an absolute path');
  }
  if (platform !== 'win32') return undefined;
  const system = environment['SystemRoot'] ?? environment['SYSTEMROOT'] ?? String.raw`C:\Windows`;
  return join(system, 'System32', 'inetsrv', 'config', 'applicationHost.config');
}

/** Why IIS can't be configured here, empty where it can. */
export function iisLacking(settings: FeatureSettings, host: Host): readonly string[] {
  const file = iisFile(settings, host.platform, host.environment);
  if (file === undefined)
    return [`IIS is there on Windows only, or where ${configurationFile} names its file`];
  return existsSync(file) ? [] : [`there is no ${file}`];
}

/**
 * Changes IIS' file at once; a run that goes on finds its own work and leaves it. Returns what was changed, in words, and
 * the file where it was, also before an interruption.
 */
export async function editIis(
  work: Work,
  file: string,
  edit: (text: string) => IisEdit,
): Promise<{ readonly changes: readonly string[]; readonly files: readonly string[] }> {
  let changes: readonly string[] = [];
  const rewritten = await rewriteFiles(work, dirname(file), [basename(file)], (bytes) => {
    try {
      const { text, encoding } = decodeXml(bytes);
      const edited = edit(text);
      ({ changes } = edited);
      return edited.text === text ? undefined : encodeXml(edited.text, encoding);
    } catch (error) {
      if (!(error instanceof ConfigFileError)) throw error;
      throw inFile(error, 'change', file, 'Nothing was changed in it.');
    }
  });
  return { changes, files: rewritten.length > 0 ? [file] : [] };
}
