import {
  checkSource,
  requireSource,
  sourceCheckAlarms,
  sourceSecretRef,
  type SourceSecret,
} from '../../daemon/index.ts';
import { CrossgapError } from '../../errors.ts';
import type { Instance } from '../../instance/index.ts';
import { nameKey, readPushes, readSourceAlarms } from '../../projections/index.ts';
import type { SourceSettings } from '../../settings/index.ts';
import { commandLine, moment } from '../../words.ts';
import { command, flag, misuse, needed, text, type Outcome } from '../command.ts';
import { section, table } from '../table.ts';

const listAll = command({
  path: 'source list',
  about:
    "The company's own NuGet repositories: what is fetched from them, what they were given, what differs there",
  example: 'crossgap source list',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const instance = await context.open();
    const sources = instance.settings.source.map((source) => sourceView(instance, source));
    const pushes = readPushes(instance.db).map(({ at, ...push }) => ({
      ...push,
      at: new Date(at).toISOString(),
    }));
    const alarms = readSourceAlarms(instance.db).map(({ at, ...alarm }) => ({
      ...alarm,
      at: new Date(at).toISOString(),
    }));
    const rows = sources.map(({ name, where, fetch, packages, pushed, knows }) => [
      name,
      where,
      fetch ? `fetched: ${packages.join(' ')}` : 'not fetched from',
      pushed ? 'pushed to' : '',
      knows,
    ]);
    const text_ = [
      ...table(rows),
      ...section(
        'Other content there than releases name',
        alarms.flatMap(({ repository, id, version, expected, found, at }) => [
          `${id} ${version} in ${repository}, since ${moment(at)}`,
          `  named ${expected}`,
          `  there ${found}`,
        ]),
      ),
      ...section(
        'Given to repositories',
        table(
          pushes.map(({ id, version, repository, outcome, code, at }) => [
            `${id} ${version}`,
            repository,
            code === null ? outcome : `${outcome} [${code}]`,
            moment(at),
          ]),
        ),
      ),
    ];
    return {
      document: { sources, pushes, alarms },
      text:
        text_.length === 0
          ? ['crossgap.toml has no [[source]], and nothing was pushed anywhere']
          : text_[0] === ''
            ? text_.slice(1)
            : text_,
    };
  },
});

const check = command({
  path: 'source check',
  about:
    'Try repositories: the way there, who we are, what they are; look again where other content was found',
  example: 'crossgap source check nexus',
  args: { NAME: text('NAME', 'a [[source]] of crossgap.toml; without it all') },
  options: {},
  async run(context, { NAME }): Promise<Outcome> {
    const instance = await context.open();
    const { signal } = context;
    const chosen = NAME === undefined ? instance.settings.source : [requireSource(instance, NAME)];
    let failure: CrossgapError | undefined;
    const sources = [];
    const lines: string[] = [];
    for (const source of chosen) {
      try {
        const { what, takesPushes } = await checkSource(instance, source, { signal });
        const alarms = await sourceCheckAlarms(instance, source, { signal });
        sources.push({
          name: source.name,
          ok: alarms.every(({ same }) => same),
          what,
          takesPushes,
          alarms,
          error: null,
        });
        lines.push(`${source.name}: ${what}${takesPushes ? ', takes packages' : ''}`);
        for (const { id, version, same } of alarms)
          lines.push(`  ${id} ${version}: ${same ? 'is what releases name, now' : 'still is other content'}`);
      } catch (error) {
        if (!(error instanceof CrossgapError)) throw error;
        failure ??= error;
        const { code, message, hint } = error;
        sources.push({
          name: source.name,
          ok: false,
          what: null,
          takesPushes: false,
          alarms: [],
          error: { code, message, hint },
        });
        // The first one is said behind the list, with what to do.
        lines.push(`${source.name}: ${error === failure ? "can't be used" : message} [${code}]`);
      }
    }
    return {
      document: { sources },
      text: lines.length === 0 ? ['crossgap.toml has no [[source]]'] : lines,
      ...(failure && { failure }),
    };
  },
});

const setSecret = command({
  path: 'source secret',
  about:
    'Keep the password of a repository, or the key to push with, in the vault; from standard input or asked for',
  example: 'crossgap source secret nexus < password.txt',
  args: { NAME: needed('NAME', 'a [[source]] of crossgap.toml') },
  options: {
    'api-key': flag('the key to push with, instead of the password'),
    remove: flag('forget it'),
  },
  excess:
    'A secret is never an argument: the shell keeps what is typed in its history; it is asked for, or comes from standard input.',
  async run(context, { NAME }, { 'api-key': isKey, remove }): Promise<Outcome> {
    const instance = await context.open();
    const source = requireSource(instance, NAME);
    const which: SourceSecret = isKey ? 'api-key' : 'password';
    const ref = sourceSecretRef(source.name, which);
    const what = isKey ? 'key' : 'password';
    if (remove) {
      instance.vault.forget(ref);
      return {
        document: { name: source.name, which, set: false },
        text: `The ${what} of ${source.name} is forgotten`,
      };
    }
    if (source.folder !== undefined)
      throw misuse(
        `Cannot keep a ${what} for ${source.name}: it is a folder`,
        'Folders have neither users nor keys.',
      );
    const value = await context.terminal.readValue(`${what} of ${source.name}`, true);
    if (value === '' || /\p{Cc}/u.test(value))
      throw misuse(
        `Cannot keep the ${what} of ${source.name}: it must be one line of text`,
        'Give it without line breaks.',
      );
    instance.vault.keep(ref, value);
    const lacksUser = !isKey && source.user === undefined;
    const next = lacksUser ? '; it is told with `user` in the [[source]], which is not there yet' : '';
    return {
      document: { name: source.name, which, set: true },
      text: `The ${what} of ${source.name} is kept in the vault${next} (${commandLine('source', 'check', source.name)} tries it)`,
    };
  },
});

export const sourceCommands = [listAll, check, setSecret];

function sourceView(instance: Instance, source: SourceSettings) {
  const { name, url, folder, fetch, packages, user } = source;
  const isSet = (which: SourceSecret, file: string | undefined): boolean =>
    file !== undefined || instance.vault.has(sourceSecretRef(name, which));
  const passwordSet = isSet('password', source['password-file']);
  const apiKeySet = isSet('api-key', source['api-key-file']);
  const pushed = instance.settings.push.some(({ to }) => nameKey(to) === nameKey(name));
  const knows = [
    ...(user === undefined ? [] : [`as ${user}${passwordSet ? '' : ', whose password is missing'}`]),
    ...(apiKeySet ? ['with a key'] : []),
  ].join(', ');
  const where = url ?? folder ?? '';
  return { name, where, fetch, packages, pushed, user: user ?? null, passwordSet, apiKeySet, knows };
}
