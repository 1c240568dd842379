import { existsSync, renameSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { removeApplication, superfluousApplications } from '../commands/index.ts';
import { holdersOf } from '../executor/index.ts';
import type { Instance } from '../instance/index.ts';
import type { Logger } from '../log.ts';
import {
  isFolderTakenSince,
  readApplications,
  readOpenDeployments,
  type DeploymentRow,
} from '../projections/index.ts';

/**
 * Removes folders of versions that the settings say are kept no longer, after a deployment to the same place. What
 * somebody still uses stays, and is looked at again after the next one; folders that applications were copied to are
 * never touched.
 */
export async function clearApplications(
  instance: Instance,
  place: Pick<DeploymentRow, 'link' | 'process' | 'environment'>,
  log: Logger,
): Promise<void> {
  const { db, folder, settings, clock } = instance;
  const open = new Set(readOpenDeployments(db).map(({ deployment }) => deployment));
  const now = clock.now();
  const rows = readApplications(db, place);
  const apps = folder.environmentApps(place.environment);
  for (const row of superfluousApplications(rows, { retention: settings.retention, now, open })) {
    const { extractedTo, packageId, version } = row;
    const below = relative(apps, extractedTo);
    // A folder elsewhere was made by an instance that lay elsewhere, and may be another's by now.
    if (below === '' || below.startsWith('..') || below.split(sep).length !== 2) continue;
    // Taken out of sight at once, so that nobody ever finds half of it; the rest has time.
    const doomed = join(dirname(extractedTo), `.${basename(extractedTo)}.removed`);
    try {
      // It may be gone already, by hand or by a removal that was cut off, and its name another's by now.
      if (existsSync(extractedTo) && !isFolderTakenSince(db, row)) {
        const holders = holdersOf(extractedTo);
        if (holders.length > 0) {
          log.info({ packageId, version, folder: extractedTo, holders }, 'old version still in use');
          continue;
        }
        renameSync(extractedTo, doomed);
      }
      await rm(doomed, { recursive: true, force: true });
    } catch (error) {
      log.warn({ err: error, packageId, version, folder: extractedTo }, 'old version not removed');
      continue;
    }
    removeIfEmpty(dirname(extractedTo));
    instance.record(() => removeApplication(row));
    log.info({ packageId, version, folder: extractedTo }, 'old version removed');
  }
}

/** The folder of a package of which no version is left. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error;
  }
}
