import { Command as Commander, CommanderError, Help, Option } from 'commander';
import type { Command, Spec } from './command.ts';
import { CliError } from './errors.ts';

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
  readonly commands: readonly Command[];
  /** What each first word of several commands is for. */
  readonly families: Readonly<Record<string, string>>;
};

const headings = { ready: 'Commands:', later: 'Not in this version:' } as const;

/**
 * Reads a command line by the table of commands.
 *
 * @throws CliError USAGE_INVALID, naming the nearest command or option
 */
export function parse(table: Table, argv: readonly string[]): Asked {
  let asked: Asked | undefined;
  let shown = '';
  const program = newCommander(table.name, table.about);
  program.version(table.version, '--version', 'show the version').enablePositionalOptions();
  for (const one of table.commands) {
    addCommand(program, table, one, (args, options, folder, json) => {
      asked = { command: one, args, options, folder, json };
    });
  }
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
    throw asUsage(error, program, argv);
  }
  return asked ?? { show: shown };
}

function newCommander(name: string, about: string): Commander {
  const commander = new Commander(name)
    .description(about)
    .enablePositionalOptions()
    .configureHelp({ showGlobalOptions: true });
  commander.addOption(new Option('--data <DIR>', 'data folder (else CROSSGAP_DATA, else ./crossgap-data)'));
  commander.addOption(new Option('--json', 'print one JSON document'));
  commander.helpOption('-h, --help', 'show help').helpCommand(false);
  commander.createHelp = () =>
    Object.assign(new Help(), { helpWidth: 110, showGlobalOptions: true, subcommandTerm });
  return commander;
}

/** A line of the list of commands: its name and what it is called with, or what its family holds. */
function subcommandTerm(commander: Commander): string {
  const members = commander.commands
    .filter((each) => each.helpGroup() !== headings.later)
    .map((each) => each.name());
  if (members.length > 0) return `${commander.name()} ${members.join('|')}`;
  if (commander.helpGroup() === headings.later) return commander.name();
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

function addCommand(program: Commander, table: Table, one: Command, take: Take): void {
  const words = one.path.split(' ');
  let parent = program;
  for (const [at, word] of words.slice(0, -1).entries()) {
    const family = words.slice(0, at + 1).join(' ');
    parent =
      parent.commands.find((each) => each.name() === word) ?? addFamily(parent, word, table.families[family]);
  }
  const made = newCommander(words.at(-1)!, one.about);
  hideGlobals(made);
  if (one.kind === 'later') made.argument('[anything...]').allowUnknownOption().helpGroup(headings.later);
  if (one.kind === 'ready') made.helpGroup(headings.ready);
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
  parent.addCommand(made);
}

function addFamily(parent: Commander, word: string, about: string | undefined): Commander {
  const family = newCommander(word, about ?? '');
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

function asUsage(error: CommanderError, program: Commander, argv: readonly string[]): CliError {
  const [sentence, nearest] = error.message.replace(/^error: /, '').split('\n');
  const at = reached(program, argv);
  const called = [at, ...ancestors(at)].map((each) => each.name()).toReversed();
  const isHelp = error.code === 'commander.help';
  const what = isHelp ? 'no command was named' : sentence!;
  const names = at.commands
    .filter((each) => each.helpGroup() === headings.ready && !each.name().startsWith('_'))
    .map((each) => each.name())
    .join(', ');
  const guess = /\(Did you mean (.+)\?\)/.exec(nearest ?? '')?.[1];
  const see = `\`${called.join(' ')} --help\``;
  const hint =
    guess !== undefined
      ? `Did you mean ${guess}? See ${see}.`
      : names === '' || !isHelp
        ? `See ${see}.`
        : `Name one of: ${names}; see ${see}.`;
  return new CliError('USAGE_INVALID', `Cannot follow ${called.join(' ')}: ${what.replace(/\.$/, '')}`, {
    hint,
    details: { ...(guess !== undefined && { nearest: guess }) },
    cause: error,
  });
}

/** The deepest command that the words of the command line name. */
function reached(program: Commander, argv: readonly string[]): Commander {
  let at = program;
  for (const word of argv) at = at.commands.find((each) => each.name() === word) ?? at;
  return at;
}
