import { checkSource, repositoryTrouble, whyNotPushed } from '../../daemon/index.ts';
import { CrossgapError } from '../../errors.ts';
import type { Instance } from '../../instance/index.ts';
import { usualPatience } from '../../nuget/index.ts';
import { commandLine } from '../../words.ts';
import { good, ofError, wrong, type Finding } from './finding.ts';

/** Nobody waits at a terminal for as long as a daemon may. */
const patience = { ...usualPatience, idleMs: 8000, documentMs: 15_000, tries: 1 };
const shownMax = 20;

/** Tries each of others' NuGet repositories, and tells where one has something else than it should. */
export async function checkSources(instance: Instance, signal: AbortSignal): Promise<Finding[]> {
  const tried = instance.settings.source.map(async (source): Promise<Finding> => {
    try {
      const { what } = await checkSource(instance, source, { signal, patience });
      return good('source', `${source.name}: ${what}`);
    } catch (error) {
      if (!(error instanceof CrossgapError)) throw error;
      return ofError({ about: 'source' }, error);
    }
  });
  const trouble = repositoryTrouble(instance);
  const alarms = trouble.alarms.map(({ repository, id, version, expected, found }): Finding => {
    const hint = `Ask whoever runs it where that came from; when it is put right, ${commandLine('source', 'check', repository)}.`;
    const message = `${repository} has other content as ${id} ${version}: ${found}, and the release names ${expected}`;
    return { ...wrong('source', message, hint), code: 'SOURCE_CONTENT_DIFFERS' };
  });
  const pushes = trouble.pushes.map((row): Finding => {
    const { repository, id, version, code } = row;
    const hint = `Mend it, then: ${commandLine('package', 'push', `${id}@${version}`, '--to', repository)}.`;
    const said = `${id} ${version} is not in ${repository}: ${whyNotPushed(row)}`;
    return { ...wrong('source', said, hint), ...(code !== null && { code }) };
  });
  return [...(await Promise.all(tried)), ...[...alarms, ...pushes].slice(0, shownMax)];
}
