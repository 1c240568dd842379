import { CommandError, findEnvironment, giveValue, removeInput } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { findLink, type Instance } from '../../instance/index.ts';
import { nearest } from '../../process/index.ts';
import {
  inputVersion,
  nameKey,
  readEnvironments,
  readGivenValues,
  readInputs,
  readLinks,
  readPeerInputs,
} from '../../projections/index.ts';
import { command, flag, misuse, needed, text, type Outcome } from '../command.ts';
import { definitionsOf, inputNames, secretNames, whatIsKnownOf } from '../told/input-definitions.ts';
import { keepInput, refuseUnfitValue, type KeptInput } from '../runs/keep-input.ts';
import { section, table } from '../table.ts';
import { commandLine, moment } from '../../words.ts';

const set = command({
  path: 'input set',
  about: 'Set a value only this side knows, from standard input or asked for; a secret never leaves',
  example: 'crossgap input set ConnectionStrings.Main --env uat --secret < connection.txt',
  args: { NAME: needed('NAME', 'name of the input') },
  options: {
    env: text('E', 'only in this environment (else in all)'),
    for: text('LINK', 'a value this side gives to one receiver of its releases'),
    secret: flag('keep it encrypted and never show it; inputs known as secret are in any case'),
    plain: flag('keep it readable, where no release known here asks for it yet'),
  },
  excess:
    'A value is never an argument: the shell keeps what is typed in its history; it is asked for, or comes from standard input.',
  async run(context, { NAME }, { env, for: receiver, secret: asSecret, plain: asPlain }): Promise<Outcome> {
    if (env !== undefined && receiver !== undefined) {
      throw misuse(
        'Cannot set the input: --env and --for exclude one another',
        'Name one of them; a receiver has environments of its own.',
      );
    }
    if (asSecret && asPlain) {
      throw misuse('Cannot set the input: --secret and --plain exclude one another', 'Name one of them.');
    }
    refuseUnfitName(NAME);
    const instance = await context.open();
    const { db } = instance;
    if (env !== undefined) findEnvironment(readEnvironments(db), env);
    if (receiver !== undefined) findLink(db, receiver);
    const definitions = definitionsOf(db, NAME);
    const name = definitions[0]?.input.name ?? NAME;
    const known = whatIsKnownOf(instance, NAME);
    if (known.secret && asPlain) {
      throw misuse(`Cannot keep ${name} readable: a release asks for it as a secret`, 'Leave --plain out.');
    }
    const wasSecret = readInputs(db).some((row) => row.secret && nameKey(row.name) === nameKey(NAME));
    const secret = asSecret || known.secret || (wasSecret && !asPlain);
    if (receiver !== undefined && secret) throw secretForLink(name, receiver);
    if (!known.asked && !secret && !asPlain) throw unknownInput(db, name);
    const value = await context.terminal.readValue(name, secret);
    const ours = definitions.filter(({ release }) => release.link === '');
    refuseUnfitValue(db, name, value, receiver === undefined ? definitions : ours);
    return receiver === undefined
      ? setHere(instance, { name, environment: env ?? null, secret, value })
      : give(instance, { name, value, receiver });
  },
});

const remove = command({
  path: 'input remove',
  about: 'Take an input away that was set here; of a secret nothing is kept',
  example: 'crossgap input remove Site.Prot --env uat',
  args: { NAME: needed('NAME', 'name of the input') },
  options: { env: text('E', 'the value for this environment (else the one for all)') },
  async run(context, { NAME }, { env }): Promise<Outcome> {
    const instance = await context.open();
    const environment = env ?? null;
    const here = readInputs(instance.db).filter((row) => nameKey(row.name) === nameKey(NAME));
    const found = here.find((row) => row.environment === environment);
    if (found === undefined && inputVersion(instance.db, NAME, environment) === 0) {
      throw notSetHere(instance.db, NAME, environment, here);
    }
    const entries = instance.record((db) =>
      removeInput(
        readInputs(db).find((row) => nameKey(row.name) === nameKey(NAME) && row.environment === environment),
      ),
    );
    // After the log knows it: a value that is forgotten and still counted on would be worse than one kept too long.
    instance.vault.forget({ name: NAME, environment });
    const changed = entries.length > 0;
    const name = found?.name ?? NAME;
    return {
      document: { name, environment, changed },
      text: `Input ${name} ${changed ? 'is removed' : 'was removed before'} ${whereOf(environment)}`,
    };
  },
});

const listAll = command({
  path: 'input list',
  about:
    'Inputs set here, given by the other side, and reported as set by receivers; secrets are never shown',
  example: 'crossgap input list',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const { db } = await context.open();
    const links = readLinks(db).filter(({ state }) => state !== 'removed');
    const names = new Map(links.map(({ link, name }) => [link, name]));
    const secrets = secretNames(db);
    const inClear = (one: { name: string }): boolean => secrets.has(nameKey(one.name));
    const inputs = readInputs(db).map(({ setAt, actor, ...input }) => ({
      ...input,
      // What was set in clear before a release called it secret is no value of it, and is not shown any more.
      ...(!input.secret && inClear(input) ? { value: null, setAgain: true } : { setAgain: false }),
      setAt: new Date(setAt).toISOString(),
      setBy: actor,
    }));
    const received = links.flatMap(({ link, name }) =>
      readGivenValues(db, link, false).map((one) => ({ from: name, ...one, ...(inClear(one) && hidden) })),
    );
    const given = links.flatMap(({ link, name }) =>
      readGivenValues(db, link, true).map((one) => ({ to: name, ...one, ...(inClear(one) && hidden) })),
    );
    const reported = readPeerInputs(db).map(({ link, at, ...one }) => ({
      ...one,
      link: names.get(link) ?? link,
      at: new Date(at).toISOString(),
    }));
    const lines = [
      ...section(
        'Set here',
        table(
          inputs.map((one) => [
            one.name,
            one.environment ?? 'all',
            one.setAgain
              ? '(a secret, set in clear: set it again)'
              : one.value === null
                ? '(secret, set)'
                : firstLine(one.value),
            `version ${one.version}`,
            `${moment(one.setAt)} by ${one.setBy}`,
          ]),
        ),
      ),
      ...section(
        'Given to us',
        table(received.map((one) => [one.name, firstLine(one.value), `by ${one.from}`])),
      ),
      ...section('Given by us', table(given.map((one) => [one.name, firstLine(one.value), `to ${one.to}`]))),
      ...section(
        'Reported by receivers',
        table(
          reported.map((one) => [one.name, one.environment ?? 'all', one.state, one.link, moment(one.at)]),
        ),
      ),
    ];
    return {
      document: { inputs, received, given, reported },
      text:
        lines.length === 0
          ? 'No input is set; `crossgap release check R --env E` tells which are needed'
          : lines.slice(1),
    };
  },
});

export const inputCommands = [set, listAll, remove];

/** What is shown instead of a value that was given before a release called it secret. */
const hidden = { value: '(secret)' };

const whereOf = (environment: string | null): string =>
  environment === null ? 'for all environments' : `for ${environment}`;

function setHere(instance: Instance, intent: KeptInput): Outcome {
  const { name, environment, secret } = intent;
  const { version, changed } = keepInput(instance, intent);
  return {
    document: { name, environment, secret, version, changed },
    text: `Input ${name} ${changed ? 'is set' : 'was set to that before'} ${whereOf(environment)}${secret ? ', as a secret' : ''} (version ${version})`,
  };
}

function give(
  instance: Instance,
  { name, value, receiver }: { name: string; value: string; receiver: string },
): Outcome {
  const entries = instance.record((db) => {
    const { link, state, name: called } = findLink(db, receiver);
    if (state === 'confirmed') return giveValue(readGivenValues(db, link, true), { link, name, value });
    throw new CommandError('LINK_NOT_CONFIRMED', `Cannot give ${called} a value: that link is ${state}`, {
      hint: 'Pair first: `crossgap link confirm REPLY --fingerprint WORDS`.',
      details: { link, state },
    });
  });
  const changed = entries.length > 0;
  return {
    document: { name, for: receiver, changed },
    text: `Input ${name} ${changed ? 'is given to' : 'was given before to'} ${receiver}, who can see its value`,
  };
}

function refuseUnfitName(name: string): void {
  const fits = name !== '' && name.length <= 200 && name.trim() === name && !/\p{Cc}|#\{/u.test(name);
  if (fits) return;
  throw misuse(
    `Cannot set input ${JSON.stringify(name)}: that is no name of an input`,
    'Use the name that `crossgap release show R` lists.',
  );
}

function secretForLink(name: string, receiver: string): CommandError {
  return new CommandError(
    'SECRET_FOR_LINK',
    `Cannot give ${receiver} the value of ${name}: it is a secret, and secrets never leave`,
    {
      hint: `Let ${receiver} set it there: \`${commandLine('input', 'set', name, '--secret')}\`.`,
      details: { name },
    },
  );
}

/** Whether a value may be read by everybody can't be guessed, and what is in the log once stays there. */
function unknownInput(db: Database, name: string): CommandError {
  const names = inputNames(db);
  const meant = nearest(name, names);
  const guess = meant === undefined ? '' : `Did you mean ${meant}? `;
  const asked = names.length === 0 ? '' : ` Asked for: ${names.join(', ')}.`;
  return new CommandError(
    'INPUT_UNKNOWN',
    `Cannot set input ${name}: no release known here asks for it, so whether it is a secret is not known`,
    {
      hint: `${guess}Add --secret to keep it encrypted, or --plain if everybody may read it.${asked}`,
      details: { name, known: names, ...(meant !== undefined && { nearest: meant }) },
    },
  );
}

function notSetHere(
  db: Database,
  name: string,
  environment: string | null,
  here: readonly { readonly environment: string | null }[],
): CommandError {
  const names = [...new Set(readInputs(db).map((row) => row.name))];
  const elsewhere = here.map((row) => (row.environment === null ? 'for all' : `--env ${row.environment}`));
  return new CommandError(
    'INPUT_UNKNOWN',
    `Cannot remove input ${name}: it is not set ${whereOf(environment)}`,
    {
      hint:
        elsewhere.length > 0
          ? `It is set ${elsewhere.join(', ')}.`
          : `Set here: ${names.join(', ') || 'none'}; see \`crossgap input list\`.`,
      details: { name, environment, known: names },
    },
  );
}

function firstLine(value: string): string {
  const [line = '', ...more] = value.split('\n');
  return more.length > 0 || line.length > 80 ? `${line.slice(0, 80)}…` : line;
}
