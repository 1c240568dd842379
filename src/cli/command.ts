import type { ExitCode } from '../errors.ts';
import type { CrossgapError } from '../errors.ts';
import type { Instance } from '../instance/index.ts';
import { CliError } from './errors.ts';
import type { Terminal } from './terminal.ts';

/** What a command knows of how it was called. */
export type Context = {
  /** The data folder, as it was given. */
  readonly folder: string;
  readonly json: boolean;
  readonly terminal: Terminal;
  /** What an error says to do next, in words that fit how the program was started. */
  readonly hintOf: (error: CrossgapError) => string;
  /** Opens the instance in the data folder, once; it is closed when the command ends. */
  open(): Promise<Instance>;
  /** The instance, or undefined where the data folder holds none. */
  openIfThere(): Promise<Instance | undefined>;
  /** Aborts when a person or the system asks the command to end; until it is asked for, they end it at once. */
  readonly signal: AbortSignal;
};

/** What a command ends with: a document for machines, lines for people, and where it did not go well, why. */
export type Outcome = {
  readonly document?: unknown;
  readonly text?: string | readonly string[];
  /** Written to stdout as they are, before anything else. */
  readonly bytes?: Uint8Array;
  /** Said after the result, as an error is; its exit code is the command's. */
  readonly failure?: CrossgapError;
  readonly exitCode?: ExitCode;
};

/** An argument or option: how it looks in the help and how its raw form becomes a value. */
export type Spec<Value> = {
  readonly form: 'flag' | 'text' | 'list';
  readonly placeholder: string;
  readonly about: string;
  readonly required: boolean;
  readonly read: (raw: unknown) => Value;
};

type Specs = Readonly<Record<string, Spec<unknown>>>;
type Values<Given extends Specs> = { readonly [Name in keyof Given]: ReturnType<Given[Name]['read']> };

const asText = (raw: unknown): string | undefined => (typeof raw === 'string' ? raw : undefined);
const asList = (raw: unknown): readonly string[] => (Array.isArray(raw) ? (raw as string[]) : []);

export const flag = (about: string): Spec<boolean> => ({
  form: 'flag',
  placeholder: '',
  about,
  required: false,
  read: (raw) => raw === true,
});

export const text = (placeholder: string, about: string): Spec<string | undefined> => ({
  form: 'text',
  placeholder,
  about,
  required: false,
  read: asText,
});

export const needed = (placeholder: string, about: string): Spec<string> => ({
  form: 'text',
  placeholder,
  about,
  required: true,
  read: (raw) => asText(raw) ?? '',
});

export const list = (placeholder: string, about: string): Spec<readonly string[]> => ({
  form: 'list',
  placeholder,
  about,
  required: false,
  read: asList,
});

export const neededList = (placeholder: string, about: string): Spec<readonly string[]> => ({
  ...list(placeholder, about),
  required: true,
});

/** One row of the table of commands. */
export type Command = {
  /** The words that call it: `release create`. */
  readonly path: string;
  readonly about: string;
  /** One line that a person could type; empty for a command that is not there yet. */
  readonly example: string;
  readonly args: Specs;
  readonly options: Specs;
  /** What is said where more was given than it takes, which is never repeated. */
  readonly excess?: string;
  /** Other last words that mean the same. */
  readonly aliases?: readonly string[];
  readonly kind: 'ready' | 'later';
  readonly run: (
    context: Context,
    args: Record<string, unknown>,
    options: Record<string, unknown>,
  ) => Promise<Outcome>;
};

type Definition<Args extends Specs, Options extends Specs> = {
  readonly path: string;
  readonly about: string;
  readonly example: string;
  readonly args: Args;
  readonly options: Options;
  readonly excess?: string;
  readonly aliases?: readonly string[];
  readonly run: (context: Context, args: Values<Args>, options: Values<Options>) => Promise<Outcome>;
};

/** A command whose arguments and options are read as its specs say. */
export function command<Args extends Specs, Options extends Specs>(
  definition: Definition<Args, Options>,
): Command {
  const { run, ...rest } = definition;
  return {
    ...rest,
    kind: 'ready',
    run: async (context, args, options) =>
      run(context, values(definition.args, args), values(definition.options, options)),
  };
}

/** A command of a later version: says so, whatever it is given. */
export function later(path: string, about: string): Command {
  return {
    path,
    about,
    example: '',
    args: {},
    options: {},
    kind: 'later',
    run: async () => {
      throw notYet(`run crossgap ${path}`);
    },
  };
}

/** The refusal of what a later version will do. */
export function notYet(what: string): CliError {
  return new CliError(
    'NOT_IN_THIS_VERSION',
    `Cannot ${what}: this version of crossgap does not have it yet`,
    {
      hint: 'See `crossgap --help` for what there is.',
    },
  );
}

/** A call that can't be followed, for reasons that only the command itself can see. */
export function misuse(message: string, hint: string): CliError {
  return new CliError('USAGE_INVALID', message, { hint });
}

function values<Given extends Specs>(specs: Given, raw: Record<string, unknown>): Values<Given> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, spec.read(raw[name])]),
  ) as Values<Given>;
}
