import { CommandError, findEnvironment, giveValue, setInput, type Decision } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { findLink, releaseOf, type Instance } from '../../instance/index.ts';
import { checkInput, type InputDefinition } from '../../process/index.ts';
import {
  nameKey,
  readEnvironments,
  readGivenValues,
  readInputs,
  readLinks,
  readPeerInputs,
  readReleases,
} from '../../projections/index.ts';
import { command, flag, misuse, needed, text, type Outcome } from '../command.ts';
import { definitionsOf, inputNames, isSecretSomewhere, type Definition } from '../input-definitions.ts';
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
  },
  async run(context, { NAME }, { env, for: receiver, secret: asSecret }): Promise<Outcome> {
    if (env !== undefined && receiver !== undefined) {
      throw misuse(
        'Cannot set the input: --env and --for exclude one another',
        'Name one of them; a receiver has environments of its own.',
      );
    }
    refuseUnfitName(NAME);
    const instance = await context.open();
    const { db } = instance;
    if (env !== undefined) findEnvironment(readEnvironments(db), env);
    if (receiver !== undefined) findLink(db, receiver);
    const definitions = definitionsOf(db, NAME);
    const name = definitions[0]?.input.name ?? NAME;
    const secret =
      asSecret ||
      isSecretSomewhere(db, NAME) ||
      readInputs(db).some((row) => row.secret && nameKey(row.name) === nameKey(NAME));
    if (receiver !== undefined && secret) throw secretForLink(name, receiver);
    const value = await context.terminal.readValue(name, secret);
    const ours = definitions.filter(({ release }) => release.link === '');
    refuseUnfitValue(db, name, value, receiver === undefined ? definitions : ours);
    if (definitions.length === 0) context.terminal.talk(unknownNote(db, name));
    return receiver === undefined
      ? setHere(instance, { name, environment: env ?? null, secret, value })
      : give(instance, { name, value, receiver });
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
    const inputs = readInputs(db).map(({ setAt, actor, ...input }) => ({
      ...input,
      setAt: new Date(setAt).toISOString(),
      setBy: actor,
    }));
    const received = links.flatMap(({ link, name }) =>
      readGivenValues(db, link, false).map((one) => ({ from: name, ...one })),
    );
    const given = links.flatMap(({ link, name }) =>
      readGivenValues(db, link, true).map((one) => ({ to: name, ...one })),
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
            one.value === null ? '(secret, set)' : firstLine(one.value),
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

export const inputCommands = [set, listAll];

type Intent = {
  readonly name: string;
  readonly environment: string | null;
  readonly secret: boolean;
  readonly value: string;
};

function setHere(instance: Instance, { name, environment, secret, value }: Intent): Outcome {
  let version = 0;
  const entries = instance.record((db): Decision => {
    const known = readInputs(db).find(
      (row) => nameKey(row.name) === nameKey(name) && row.environment === environment,
    );
    if (known !== undefined && secret && known.secret && instance.vault.open(known) === value) {
      version = known.version;
      return [];
    }
    const decided = setInput(
      known,
      { name, environment, secret, value: secret ? null : value },
      askingLinks(db, name),
    );
    version = decided.version;
    if (secret && decided.decision.length > 0) instance.vault.keep({ name, environment, version }, value);
    return decided.decision;
  });
  const changed = entries.length > 0;
  const where = environment === null ? 'for all environments' : `for ${environment}`;
  return {
    document: { name, environment, secret, version, changed },
    text: `Input ${name} ${changed ? 'is set' : 'was set to that before'} ${where}${secret ? ', as a secret' : ''} (version ${version})`,
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

/** The authors of releases that ask for it are told that it is set, never what it is. */
function askingLinks(db: Database, name: string): string[] {
  const confirmed = readLinks(db).filter(({ state }) => state === 'confirmed');
  const links = new Set(confirmed.map(({ link }) => link));
  const asking = readReleases(db).filter(
    ({ link, document }) =>
      links.has(link) && document.inputs.some((one) => nameKey(one.name) === nameKey(name)),
  );
  return [...new Set(asking.map(({ link }) => link))];
}

function refuseUnfitName(name: string): void {
  const fits = name !== '' && name.length <= 200 && name.trim() === name && !/\p{Cc}|#\{/u.test(name);
  if (fits) return;
  throw misuse(
    `Cannot set input ${JSON.stringify(name)}: that is no name of an input`,
    'Use the name that `crossgap release show R` lists.',
  );
}

function refuseUnfitValue(
  db: Database,
  name: string,
  value: string,
  definitions: readonly Definition[],
): void {
  for (const { input, release } of definitions) {
    const why = checkInput({ ...input, type: input.type as InputDefinition['type'] }, value);
    if (why === undefined) continue;
    throw new CommandError('INPUT_INVALID', `Cannot set input ${name}: ${why}`, {
      hint: `Release ${releaseOf(db, release)} asks for type ${input.type}; give such a value.`,
      details: { name, type: input.type, choices: input.choices },
    });
  }
  if (!value.includes('\0')) return;
  throw new CommandError('INPUT_INVALID', `Cannot set input ${name}: it must not hold a NUL character`, {
    hint: 'Give text.',
    details: { name },
  });
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

function unknownNote(db: Database, name: string): string {
  const names = inputNames(db);
  const known = names.length === 0 ? '' : `; they ask for ${names.join(', ')}`;
  return `note: no release known here asks for ${name} yet${known}`;
}

function firstLine(value: string): string {
  const [line = '', ...more] = value.split('\n');
  return more.length > 0 || line.length > 80 ? `${line.slice(0, 80)}…` : line;
}
