import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { exitCodes, type CrossgapError, type ExitCode } from '../errors.ts';
import type { Instance } from '../instance/index.ts';
import type { Context, Outcome } from './command.ts';
import { CliError } from './errors.ts';
import { inFolder } from './shell/in-folder.ts';
import { inOurWords, parse, type Asked, type Table } from './shell/parse.ts';
import { programVersion } from '../installation.ts';
import { firstWords, programFor } from './program.ts';
import { reportFailure } from './shell/report.ts';
import { commandsByFile, hintHere, type Here, type StartedFile } from './shell/started-file.ts';
import { terminal, type Streams, type Terminal } from './terminal.ts';

/** What a command line runs in: its streams, and how it learns that it should end. */
export type World = Streams & {
  /** Calls back when somebody asks the process to end; from then on it does not end by itself. */
  onEnd(callback: () => void): void;
  /** The file that was started, where one file is all of the program. */
  readonly file?: StartedFile | undefined;
};

type Telling = {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly version: string;
  readonly hintOf: (error: CrossgapError) => string;
  readonly isOneFile: boolean;
};

/** Runs one command line; the exit code says how it went. Nothing is thrown. */
export async function runCommandLine(typed: readonly string[], world: World): Promise<ExitCode> {
  const talking = terminal(world);
  const { argv, here } = heard(typed, world);
  const named = folderIn(argv);
  const hintOf = (error: CrossgapError): string =>
    here === undefined && named !== undefined && resolve(named) !== resolve(folderOf(undefined, world))
      ? inFolder(error.hint, named)
      : hintHere(error, here, firstWords);
  const telling: Telling = {
    terminal: talking,
    json: argv.includes('--json'),
    version: programVersion(),
    hintOf,
    isOneFile: world.file !== undefined,
  };
  try {
    const asked = await read(argv, here, world);
    if ('show' in asked) {
      talking.result(asked.show);
      return exitCodes.done;
    }
    return await runCommand(asked, world, telling);
  } catch (error) {
    return reportFailure(error, telling);
  }
}

/**
 * What a command line asks to be shown, help or the version; undefined where it asks for more than that, or can't be
 * understood.
 */
export async function readShown(
  typed: readonly string[],
  world: Pick<World, 'file' | 'env'>,
): Promise<string | undefined> {
  const { argv, here } = heard(typed, world);
  try {
    const asked = parse(await tableFor(argv, here, world), argv);
    return 'show' in asked ? asked.show : undefined;
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}

/** What was typed in our words, and what can be typed where one file is all of the program. */
function heard(
  typed: readonly string[],
  { file }: Pick<World, 'file'>,
): { readonly argv: readonly string[]; readonly here: Here | undefined } {
  const isByFile = file !== undefined && typed[0] === 'crossgap';
  const argv = inOurWords(isByFile ? typed.slice(1) : typed);
  return { argv, here: file && { file, folder: folderIn(argv), isGuide: !isByFile } };
}

/** Reads the command line; where it names too little, the refusal says what there is to name. */
async function read(argv: readonly string[], here: Here | undefined, world: World): Promise<Asked> {
  try {
    return parse(await tableFor(argv, here, world), argv);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const { withWhatThereIs } = await import('./shell/what-there-is.ts');
    throw await withWhatThereIs(error, folderOf(folderIn(argv), world));
  }
}

async function tableFor(
  argv: readonly string[],
  here: Here | undefined,
  { env }: Pick<World, 'env'>,
): Promise<Table> {
  if (here === undefined) return await programFor(argv);
  const folder = env['CROSSGAP_DATA'];
  if (!here.isGuide) return commandsByFile(await programFor(argv), here.file, folder);
  const { fileProgram } = await import('./file-program.ts');
  return fileProgram(here.file, folder);
}

const folderOf = (given: string | undefined, { env }: World): string =>
  given ?? (env['CROSSGAP_DATA'] || './crossgap-data');

function folderIn(argv: readonly string[]): string | undefined {
  const at = argv.lastIndexOf('--data');
  return at >= 0 ? argv[at + 1] : argv.find((word) => word.startsWith('--data='))?.slice('--data='.length);
}

/** Tells of an error that nobody was waiting for, as any other that is not expected. */
export function reportUncaught(
  error: unknown,
  argv: readonly string[],
  { file, ...streams }: Streams & Pick<World, 'file'>,
): ExitCode {
  return reportFailure(error, {
    terminal: terminal(streams),
    json: argv.includes('--json'),
    version: programVersion(),
    isOneFile: file !== undefined,
  });
}

async function runCommand(
  asked: Exclude<Asked, { show: string }>,
  world: World,
  telling: Telling,
): Promise<ExitCode> {
  const { terminal: talking, hintOf } = telling;
  const { command, args, options, json } = asked;
  const folder = folderOf(asked.folder, world);
  // Read where it is needed: what works without an instance does without the most of the program.
  let instance: Instance | undefined;
  let openedAt = 0;
  let ending: AbortController | undefined;
  const open = async (): Promise<Instance> => {
    if (instance !== undefined) return instance;
    const { openInstance } = await import('./shell/opening.ts');
    instance = await openInstance(folder);
    openedAt = instance.log.lastPosition();
    return instance;
  };
  // What was written is known outside of the database too before the command says that it is done.
  const saveHead = (): void => {
    if (instance !== undefined && instance.log.lastPosition() > openedAt) instance.log.saveHead();
  };
  const context: Context = {
    folder,
    json,
    terminal: talking,
    hintOf,
    open,
    async openIfThere() {
      const { dataFolder } = await import('./shell/opening.ts');
      return existsSync(dataFolder(folder).database) ? open() : undefined;
    },
    get signal() {
      if (ending === undefined) {
        const controller = (ending = new AbortController());
        world.onEnd(() => controller.abort());
      }
      return ending.signal;
    },
  };
  try {
    const outcome = await command.run(context, args, options);
    saveHead();
    tell(outcome, json, talking);
    if (outcome.failure !== undefined) {
      return reportFailure(outcome.failure, { ...telling, json });
    }
    return outcome.exitCode ?? exitCodes.done;
  } finally {
    instance?.close();
  }
}

function tell({ document, text, bytes }: Outcome, json: boolean, talking: Terminal): void {
  if (bytes !== undefined) talking.bytes(bytes);
  if (json) {
    if (document !== undefined) talking.document(document);
    return;
  }
  const lines = typeof text === 'string' ? [text] : (text ?? []);
  if (lines.length > 0) talking.result(lines.join('\n'));
}
