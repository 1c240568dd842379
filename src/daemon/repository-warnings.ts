import type { Instance } from '../instance/index.ts';
import { readPushes, readSourceAlarms, type StatusView } from '../projections/index.ts';
import { commandLine, count } from '../words.ts';

const shownMax = 10;

/** Packages of which a repository has something else, and those that could not be given to one. */
export function repositoryWarnings({ db }: Pick<Instance, 'db'>): StatusView['warnings'] {
  const alarms = readSourceAlarms(db).map(({ repository, id, version, expected, found }) => ({
    code: 'SOURCE_CONTENT_DIFFERS',
    message: `repository ${repository} has other content as ${id} ${version}: ${found}, and the release names ${expected}; nothing of it is used (${commandLine('source', 'check', repository)} looks again)`,
  }));
  const pushes = readPushes(db)
    .filter(({ outcome }) => outcome !== 'taken' && outcome !== 'there')
    .map(({ repository, id, version, outcome, code, message }) => ({
      code: code ?? 'PUSH_REFUSED',
      message: `${id} ${version} is not in repository ${repository}${outcome === 'failed' ? ' yet' : ''}: ${reasonOf(message)}`,
    }));
  const all = [...alarms, ...pushes];
  if (all.length <= shownMax) return all;
  const more = `${count(all.length - shownMax, 'more package')} of repositories: see ${commandLine('source', 'list')}`;
  return [...all.slice(0, shownMax), { code: 'PUSH_REFUSED', message: more }];
}

/** What stands behind the colon of an error's sentence. */
function reasonOf(message: string | null): string {
  return message?.replace(/^Cannot use repository \S+: /, '') ?? 'nobody knows why';
}
