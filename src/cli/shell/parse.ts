import { Command as Commander, CommanderError, Help, Option } from 'commander';
import { nearest } from '../../process/index.ts';
import type { Command, Spec } from '../command.ts';
import { CliError } from '../errors.ts';

/** What a command line asks for: a command with what it was given, or a text to show. */
export type Asked =
  | {
      readonly command: Command;
      readonly args: Record<string, unknown>;
      readonly options: Record<string, unknown>;
      readonly folder: string | undefined;
      readonly json: boolean;
    }
  | { readonly show: string };

export type Table = {
  readonly name: string;
  readonly about: string;
  readonly version: string;
  /** What is said of the option --data. */
  readonly folder?: string;
  /** What it does by itself, where it is no table of commands. */
  readonly itself?: Command;
  readonly commands: readonly Command[];
  /** What each first word of several commands is for. */
  readonly families: Readonly<Record<string, string>>;
};

/** The same wherever it is read, so that it can be quoted. */
const helpWidth = 80;

const headings = { ready: 'Commands:', later: 'Not in this version:' } as const;

/** The command line in our words: `help deploy`, `version` and `-v` are what other tools have taught people. */
export function inOurWords(argv: readonly string[]): readonly string[] {
  let at = 0;
  while (argv[at] === '--json' || argv[at]?.startsWith('--data')) at += argv[at] === '--data' ? 2 : 1;
  const [before, first, rest] = [argv.slice(0, at), argv[at], argv.slice(at + 1)];
  if (first === 'help') return [...before, ...rest, '--help'];
  return first === 'version' || first === '-v' ? [...before, '--version', ...rest] : argv;
}

/**
 * Reads a command line by the table of commands.
 *
 * @throws CliError USAGE_INVALID, naming the nearest command or option
 */
export function parse(table: Table, argv: readonly string[]): Asked {
  let asked: Asked | undefined;
  const definitions = new Map<Commander, Command>();
  let shown = '';
  const program = newCommander(table.name, table.about, table.folder);
  program.version(table.version, '--version', 'show the version').enablePositionalOptions();
  const taking =
    (one: Command): Take =>
    (args, options, folder, json) => {
      asked = { command: one, args, options, folder, json };
    };
  if (table.itself !== undefined) {
    declare(program, table.itself, taking(table.itself));
    definitions.set(program, table.itself);
  }
  for (const one of table.commands) definitions.set(addCommand(program, table, one, taking(one)), one);
  const everyCommander = (from: Commander): Commander[] => [from, ...from.commands.flatMap(everyCommander)];
  for (const each of everyCommander(program)) {
    each.exitOverride().configureOutput({
      writeOut: (text) => {
        shown += text;
      },
      writeErr: () => undefined,
    });
  }
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { show: shown };
    throw asUsage(error, program, argv, definitions);
  }
  return asked ?? { show: shown };
}

function newCommander(
  name: string,
  about: string,
  folder = 'data folder (else CROSSGAP_DATA, else ./crossgap-data)',
): Commander {
  const commander = new Commander(name)
    .description(about)
    .enablePositionalOptions()
    .configureHelp({ showGlobalOptions: true });
  commander.addOption(new Option('--data <DIR>', folder));
  commander.addOption(new Option('--json', 'print one JSON document'));
  commander.helpOption('-h, --help', 'show help').helpCommand(false);
  commander.createHelp = () =>
    Object.assign(new Help(), {
      helpWidth,
      minWidthToWrap: 24,
      showGlobalOptions: true,
      subcommandTerm,
      subcommandDescription,
    });
  return commander;
}

/** What stands beside it: what it does, or what its family is for and holds. */
function subcommandDescription(commander: Commander): string {
  const members = membersOf(commander);
  const about = commander.description();
  return members.length === 0 ? about : `${about}: ${members.join(', ')}`;
}

function membersOf(commander: Commander): string[] {
  return commander.commands.filter((each) => each.helpGroup() !== headings.later).map((each) => each.name());
}

/** A line of the list of commands: its name and what it is called with. */
function subcommandTerm(commander: Commander): string {
  if (membersOf(commander).length > 0 || commander.helpGroup() === headings.later) return commander.name();
  const given = commander.registeredArguments.map((each) => {
    const name = `${each.name()}${each.variadic ? '…' : ''}`;
    return each.required ? name : `[${name}]`;
  });
  return [commander.name(), ...given].join(' ');
}

/** Global options may stand after any word of a command; they are listed once, at the end of its help. */
function hideGlobals(commander: Commander): void {
  for (const option of commander.options) option.hideHelp();
}

type Take = (
  args: Record<string, unknown>,
  options: Record<string, unknown>,
  folder: string | undefined,
  json: boolean,
) => void;

function addCommand(program: Commander, table: Table, one: Command, take: Take): Commander {
  const words = one.path.split(' ');
  let parent = program;
  for (const [at, word] of words.slice(0, -1).entries()) {
    const family = words.slice(0, at + 1).join(' ');
    parent = parent.commands.find((each) => each.name() === word) ?? addFamily(parent, word, table, family);
  }
  const made = newCommander(words.at(-1)!, one.about, table.folder);
  hideGlobals(made);
  if (one.kind === 'later') {
    made.argument('[anything...]').allowUnknownOption().helpGroup(headings.later);
    made.addHelpText('before', 'This is not in this version yet.\n');
  }
  if (one.kind === 'ready') made.helpGroup(headings.ready);
  made.aliases(one.aliases ?? []);
  declare(made, one, take);
  parent.addCommand(made);
  return made;
}

/** Tells a commander what a command takes, and what is done then. */
function declare(made: Commander, one: Command, take: Take): void {
  for (const [name, spec] of Object.entries(one.args)) made.argument(argumentForm(name, spec), spec.about);
  for (const [name, spec] of Object.entries(one.options)) made.addOption(optionOf(name, spec));
  if (one.example !== '') made.addHelpText('after', `\nExample:\n  ${one.example}`);
  made.action(() => {
    const given = Object.fromEntries(Object.keys(one.args).map((name, at) => [name, made.processedArgs[at]]));
    const chain = [made, ...ancestors(made)];
    const raw = made.opts<Record<string, unknown>>();
    const options = Object.fromEntries(Object.keys(one.options).map((name) => [name, raw[camel(name)]]));
    const folder = chain
      .map((each) => each.opts<{ data?: string }>().data)
      .find((each) => each !== undefined);
    take(
      given,
      options,
      folder,
      chain.some((each) => each.opts<{ json?: boolean }>().json === true),
    );
  });
}

function addFamily(parent: Commander, word: string, table: Table, path: string): Commander {
  const family = newCommander(word, table.families[path] ?? '', table.folder);
  hideGlobals(family);
  family.helpGroup(headings.ready);
  parent.addCommand(family);
  return family;
}

function ancestors(commander: Commander): Commander[] {
  return commander.parent === null ? [] : [commander.parent, ...ancestors(commander.parent)];
}

function argumentForm(name: string, spec: Spec<unknown>): string {
  const inner = spec.form === 'list' ? `${name}...` : name;
  return spec.required ? `<${inner}>` : `[${inner}]`;
}

function optionOf(name: string, spec: Spec<unknown>): Option {
  const form = { flag: '', text: ` <${spec.placeholder}>`, list: ` <${spec.placeholder}...>` }[spec.form];
  return new Option(`--${name}${form}`, spec.about).makeOptionMandatory(spec.required);
}

/** As commander keeps it: `password-file` under `passwordFile`. */
function camel(name: string): string {
  return name.replaceAll(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
}

/** What people type who know other tools, and what it is called here. */
const alsoCalled: Readonly<Record<string, string>> = { environment: 'env', port: 'listen', host: 'listen' };

function asUsage(
  error: CommanderError,
  program: Commander,
  argv: readonly string[],
  definitions: ReadonlyMap<Commander, Command>,
): CliError {
  const at = reached(program, argv);
  const called = [at, ...ancestors(at)].map((each) => each.name()).toReversed();
  const { what, hint, details = {} } = usage(error, at, argv, definitions.get(at));
  const see = `\`${called.join(' ')} --help\``;
  return new CliError('USAGE_INVALID', `Cannot understand \`${called.join(' ')}\`: ${what}`, {
    hint: hint === undefined ? `See ${see}.` : `${hint}${/[.?!]$/.test(hint) ? ' See' : '; see'} ${see}.`,
    details,
    cause: error,
  });
}

type Usage = {
  readonly what: string;
  readonly hint?: string | undefined;
  readonly details?: Record<string, unknown>;
};

function usage(
  { code, message }: CommanderError,
  at: Commander,
  argv: readonly string[],
  definition: Command | undefined,
): Usage {
  const named = /'([^']*)'/.exec(message)?.[1] ?? '';
  const members = at.commands
    .filter((each) => each.helpGroup() === headings.ready)
    .map((each) => each.name());
  const oneOf = `Name one of: ${members.join(', ')}`;
  switch (code) {
    case 'commander.help':
      return { what: 'no command was named', hint: oneOf };
    case 'commander.unknownCommand': {
      const meant = nearest(named, members);
      return {
        what: `there is no command ${named}`,
        hint: meant === undefined ? oneOf : `Did you mean ${meant}?`,
        ...(meant !== undefined && { details: { nearest: meant } }),
      };
    }
    case 'commander.unknownOption': {
      // What stands behind the equals sign may be anything, a password too.
      const option = named.split('=', 1)[0]!;
      const meant = optionMeant(option, [at, ...ancestors(at)]);
      if (meant === option)
        return { what: `${option} takes no value`, hint: 'Give it alone, or leave it out.' };
      return noOption(option, meant);
    }
    case 'commander.excessArguments': {
      const takes = Object.keys(definition?.args ?? {}).join(' and ');
      const byOption = definition !== undefined && 'env' in definition.options && !argv.includes('--env');
      return {
        what: `${takes === '' ? 'it takes no arguments' : `it takes ${takes}`}, and more was given`,
        hint: definition?.excess ?? (byOption ? 'An environment is named with --env.' : undefined),
        ...(byOption && { details: { lacking: 'env' } }),
      };
    }
    case 'commander.missingArgument':
      return { what: `${named} is missing`, details: { lacking: named } };
    case 'commander.missingMandatoryOptionValue': {
      const option = /^--([\w-]+)/.exec(named)?.[1] ?? named;
      // Where it lacks because it was called otherwise, that is what is told.
      const chain = [at, ...ancestors(at)];
      const known = new Set(chain.flatMap((each) => each.options.map(({ long }) => long)));
      const otherwise = argv
        .filter((word) => word.startsWith('--'))
        .map((word) => word.split('=', 1)[0]!)
        .find((word) => !known.has(word) && optionMeant(word, chain) === `--${option}`);
      if (otherwise !== undefined) return noOption(otherwise, `--${option}`);
      const about = definition?.options[option]?.about;
      const beyond = at.args.slice(at.registeredArguments.length);
      const isOne = beyond.length === 1 && /^[\w.-]+$/.test(beyond[0]!);
      const meant = isOne ? ` Did you mean --${option} ${beyond[0]}?` : '';
      return {
        what: `${named.replace(/[<>]/g, '').replace('...', '')} is missing`,
        ...(about !== undefined && { hint: `--${option} says ${about}.${meant}` }),
        details: { lacking: option },
      };
    }
    default:
      return {
        what: message
          .replace(/^error: /, '')
          .split('\n')[0]!
          .replace(/\.$/, ''),
      };
  }
}

function noOption(given: string, meant: string | undefined): Usage {
  return {
    what: `there is no option ${given}`,
    ...(meant !== undefined && { hint: `Did you mean ${meant}?`, details: { nearest: meant } }),
  };
}

function optionMeant(given: string, at: readonly Commander[]): string | undefined {
  const known = [...new Set(at.flatMap((each) => each.options.map(({ long }) => long ?? '')))];
  const word = given.replace(/^-+/, '');
  const other = `--${alsoCalled[word] ?? word}`;
  if (known.includes(other)) return other;
  const begins = known.filter((one) => one !== '' && (one.startsWith(other) || other.startsWith(one)));
  return begins.length === 1 ? begins[0] : nearest(given, known);
}

/** The deepest command that the words of the command line name. */
function reached(program: Commander, argv: readonly string[]): Commander {
  let at = program;
  for (const word of argv) {
    at = at.commands.find((each) => each.name() === word || each.aliases().includes(word)) ?? at;
  }
  return at;
}
