import type { Instance } from '../instance/index.ts';
import {
  nameKey,
  readPushes,
  readSourceAlarms,
  type PushRow,
  type SourceAlarm,
  type StatusView,
} from '../projections/index.ts';
import { commandLine, count, moment } from '../words.ts';
import { readSourceFailures } from './source-failures.ts';

const shownMax = 10;

/** What a person should look at in the repositories of the settings: other content than there should be, and what they did not take. */
export function repositoryTrouble({ db, settings }: Pick<Instance, 'db' | 'settings'>): {
  readonly alarms: readonly SourceAlarm[];
  readonly pushes: readonly PushRow[];
} {
  const known = new Set(settings.source.map(({ name }) => nameKey(name)));
  if (known.size === 0) return { alarms: [], pushes: [] };
  const isKnown = ({ repository }: { readonly repository: string }): boolean =>
    known.has(nameKey(repository));
  return {
    alarms: readSourceAlarms(db).filter(isKnown),
    pushes: readPushes(db).filter(
      (row) => isKnown(row) && row.outcome !== 'taken' && row.outcome !== 'there',
    ),
  };
}

/** The same as the status says it, and before it those that can't be asked. */
export function repositoryWarnings(
  instance: Pick<Instance, 'db' | 'settings' | 'folder'>,
): StatusView['warnings'] {
  const { alarms, pushes } = repositoryTrouble(instance);
  const all = [
    ...readSourceFailures(instance).map(({ repository, code, message, since }) => ({
      code,
      message: `repository ${repository} can't be asked for packages since ${moment(since)}: ${withoutName(message)}; links bring them all the same (${commandLine('source', 'check', repository)} looks again)`,
    })),
    ...alarms.map(({ repository, id, version, expected, found }) => ({
      code: 'SOURCE_CONTENT_DIFFERS',
      message: `repository ${repository} has other content as ${id} ${version}: ${found}, and the release names ${expected}; nothing of it is used (${commandLine('source', 'check', repository)} looks again)`,
    })),
    ...pushes.map((row) => ({
      code: row.code ?? 'PUSH_REFUSED',
      message: `${row.id} ${row.version} is not in repository ${row.repository}${row.outcome === 'failed' ? ' yet' : ''}: ${whyNotPushed(row)}`,
    })),
  ];
  if (all.length <= shownMax) return all;
  const more = `${count(all.length - shownMax, 'more package')} of repositories: see ${commandLine('source', 'list')}`;
  return [...all.slice(0, shownMax), { code: 'PUSH_REFUSED', message: more }];
}

const withoutName = (message: string): string => message.replace(/^Cannot use repository \S+: /, '');

/** What stands behind the colon of the error's sentence. */
export function whyNotPushed({ message }: Pick<PushRow, 'message'>): string {
  return message === null ? 'nobody said why' : withoutName(message);
}
