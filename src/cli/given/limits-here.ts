import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ZipLimits } from '../../packages/index.ts';
import type { Context } from '../command.ts';

/**
 * What a package may be at most by the settings in the data folder, for commands that need no instance; undefined where
 * there are no settings: then what every package may be at most counts.
 *
 * @throws SettingsError
 */
export async function limitsHere({ folder }: Pick<Context, 'folder'>): Promise<ZipLimits | undefined> {
  // Most who sign have no settings there, and reading what reads them would take longer than to sign.
  if (!existsSync(join(folder, 'crossgap.toml'))) return undefined;
  const [{ dataFolder, packageLimits }, { loadSettings }] = await Promise.all([
    import('../shell/opening.ts'),
    import('../../settings/index.ts'),
  ]);
  return packageLimits(loadSettings(dataFolder(folder).settings));
}
