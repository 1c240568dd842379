/*
 * `DATA/source-failures.json`: which repositories could not be asked when they were asked last, for people. It is replaced
 * whole; nothing follows from it, nothing in it is secret, and nothing is lost with it.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Instance } from '../instance/index.ts';
import type { NugetError } from '../nuget/index.ts';
import { nameKey } from '../projections/index.ts';
import { replaceFile } from '../replace-file.ts';

const text = z.string().max(4096);
const SourceFailure = z.strictObject({ repository: text, code: text, message: text, since: text, at: text });
const File = z.strictObject({ format: z.literal(1), failures: z.array(SourceFailure) });

/** A repository that can't be asked; times are ISO 8601 UTC. */
export type SourceFailure = z.infer<typeof SourceFailure>;

const pathOf = ({ folder }: Pick<Instance, 'folder'>): string => join(folder.root, 'source-failures.json');

/** The repositories of the settings that could not be asked, with why and since when. */
export function readSourceFailures(
  instance: Pick<Instance, 'folder' | 'settings'>,
): readonly SourceFailure[] {
  const known = new Set(
    instance.settings.source.flatMap(({ name, fetch }) => (fetch ? [nameKey(name)] : [])),
  );
  const path = pathOf(instance);
  if (known.size === 0 || !existsSync(path)) return [];
  try {
    const { data } = File.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return (data?.failures ?? []).filter(({ repository }) => known.has(nameKey(repository)));
  } catch {
    // Gone or cut off meanwhile: the next look tells it anew.
    return [];
  }
}

/** Keeps how asking repositories went: each is in one of the lists, or was not asked and stays as it was. */
export function noteSourceFailures(
  instance: Pick<Instance, 'folder' | 'settings' | 'clock'>,
  { failures, answered }: { readonly failures: readonly NugetError[]; readonly answered: readonly string[] },
): void {
  const before = readSourceFailures(instance);
  const failed = new Map(failures.map((error) => [nameKey(String(error.details['repository'])), error]));
  const gone = new Set([...answered.map(nameKey), ...failed.keys()]);
  const at = new Date(instance.clock.now()).toISOString();
  const now = [...failed].map(([key, { code, message, details }]): SourceFailure => {
    const since = before.find(({ repository }) => nameKey(repository) === key)?.since ?? at;
    const repository = String(details['repository']);
    return { repository, code, message: message.slice(0, 1000), since, at };
  });
  const all = [...before.filter(({ repository }) => !gone.has(nameKey(repository))), ...now];
  if (all.length > 0) replaceFile(pathOf(instance), JSON.stringify({ format: 1, failures: all }));
  else if (before.length > 0) rmSync(pathOf(instance), { force: true });
}
