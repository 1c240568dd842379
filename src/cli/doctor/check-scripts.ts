import { readFile } from 'node:fs/promises';
import { missingEngines, type ScriptKind } from '../../executor/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readRevision, scriptsBeforeSteps, scriptsIn, type Revision } from '../../process/index.ts';
import { readReleases, readRevisions } from '../../projections/index.ts';
import { advice, good, type Finding } from './finding.ts';

/** Script engines that processes known here ask for, and that are not on this machine. */
export async function checkScripts(instance: Instance): Promise<Finding[]> {
  const asking = new Map<ScriptKind, Set<string>>();
  for (const [process, digest] of newestRevisions(instance)) {
    const revision = readRevision(await readFile(instance.blobs.path(digest)));
    for (const kind of kindsIn(revision)) asking.set(kind, (asking.get(kind) ?? new Set()).add(process));
  }
  if (asking.size === 0) return [];
  const missing = [...asking].flatMap(([kind, processes]) =>
    missingEngines([kind]).map(({ name, programs }) => ({ name, programs, processes })),
  );
  if (missing.length === 0) return [good('scripts', 'every script engine that processes ask for is here')];
  return missing.map(({ name, programs, processes }) =>
    advice(
      'scripts',
      `${[...processes].join(', ')} ${processes.size === 1 ? 'asks' : 'ask'} for ${name}, and ${programs.join(' or ')} is not on this machine`,
      'Install it, unless none of the environments here runs those steps.',
    ),
  );
}

/** The newest revision of each process that is here, of this side and of others, by name. */
function newestRevisions(instance: Instance): ReadonlyMap<string, string> {
  const newest = new Map<string, string>();
  for (const { process, digest } of readRevisions(instance.db)) newest.set(process, digest);
  for (const { link, process, withdrawn, document } of readReleases(instance.db))
    if (link !== '' && withdrawn === null) newest.set(process, document.revision.digest);
  return new Map([...newest].filter(([, digest]) => instance.holds(digest)));
}

function kindsIn(revision: Revision): Set<ScriptKind> {
  const { steps, uninstall = [] } = revision;
  const inSteps = [...steps, ...uninstall].flatMap(({ action }) => scriptsIn(action));
  const before = scriptsBeforeSteps(revision).map(({ script }) => script);
  return new Set([...before, ...inSteps].map(({ kind }) => kind));
}
