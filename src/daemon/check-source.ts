import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance } from '../instance/index.ts';
import { largestCarrier, openSource, type Patience } from '../nuget/index.ts';
import { readFileFacts } from '../packages/index.ts';
import { nameKey, readPackageFiles, readSourceAlarms, readWantedBlobs } from '../projections/index.ts';
import type { SourceSettings } from '../settings/index.ts';
import { noteComparison } from './fetch-packages.ts';
import { repositoryOf } from './repositories.ts';
import { noteSourceFailures } from './source-failures.ts';

type CheckOptions = { readonly signal: AbortSignal; readonly patience?: Patience };

/** Tries a repository: the way there, who we are, and what it is. @throws NugetError */
export async function checkSource(
  instance: Instance,
  source: SourceSettings,
  options: CheckOptions,
): Promise<{ readonly what: string; readonly takesPushes: boolean }> {
  using opened = openSource(repositoryOf(instance, source), options);
  const found = await opened.look();
  noteSourceFailures(instance, { failures: [], answered: [source.name] });
  return found;
}

/**
 * Looks again at what a repository had with another content than a release names, and records what is there now. Where it
 * has nothing of that name any more, the alarm is over too.
 *
 * @throws NugetError, and PackageError where what it has is no package
 */
export async function sourceCheckAlarms(
  instance: Instance,
  source: SourceSettings,
  options: CheckOptions,
): Promise<{ readonly id: string; readonly version: string; readonly same: boolean }[]> {
  const alarms = readSourceAlarms(instance.db).filter(
    ({ repository }) => nameKey(repository) === nameKey(source.name),
  );
  if (alarms.length === 0) return [];
  using opened = openSource(repositoryOf(instance, source), options);
  const folder = await mkdtemp(join(tmpdir(), 'crossgap-'));
  try {
    const looked = [];
    for (const { id, version, expected: contentDigest } of alarms) {
      const target = {
        path: join(folder, 'there.nupkg'),
        bytesMax: largestCarrier(sizeOf(instance, contentDigest)),
      };
      const isThere = await opened.fetch({ id, version }, target);
      const found = isThere
        ? (await readFileFacts(target.path, { limits: instance.packageLimits })).contentDigest
        : contentDigest;
      noteComparison(instance, source.name, { id, version, contentDigest }, found);
      looked.push({ id, version, same: found === contentDigest });
    }
    return looked;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const unknownBytes = 1 << 30;

/** How large a file with this content is, as far as anybody said. */
function sizeOf({ db }: Instance, contentDigest: string): number {
  const pins = [...readPackageFiles(db), ...readWantedBlobs(db)].flatMap(({ pin }) => pin ?? []);
  return pins.find((pin) => pin.contentDigest === contentDigest)?.sizeBytes ?? unknownBytes;
}
