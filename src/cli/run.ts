import { existsSync } from 'node:fs';
import { exitCodes, type ExitCode } from '../errors.ts';
import type { Instance } from '../instance/index.ts';
import type { Context, Outcome } from './command.ts';
import { CliError } from './errors.ts';
import { inOurWords, parse, type Asked } from './parse.ts';
import { programVersion } from '../installation.ts';
import { programFor } from './program.ts';
import { reportFailure } from './report.ts';
import { terminal, type Streams, type Terminal } from './terminal.ts';

/** What a command line runs in: its streams, and how it learns that it should end. */
export type World = Streams & {
  /** Calls back when somebody asks the process to end; from then on it does not end by itself. */
  onEnd(callback: () => void): void;
};

/** Runs one command line; the exit code says how it went. Nothing is thrown. */
export async function runCommandLine(typed: readonly string[], world: World): Promise<ExitCode> {
  const argv = inOurWords(typed);
  const talking = terminal(world);
  const telling = { terminal: talking, json: argv.includes('--json'), version: programVersion() };
  try {
    const asked = await read(argv, world);
    if ('show' in asked) {
      talking.result(asked.show);
      return exitCodes.done;
    }
    return await runCommand(asked, world, talking);
  } catch (error) {
    return reportFailure(error, telling);
  }
}

/** Reads the command line; where it names too little, the refusal says what there is to name. */
async function read(argv: readonly string[], world: World): Promise<Asked> {
  try {
    return parse(await programFor(argv), argv);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const { withWhatThereIs } = await import('./what-there-is.ts');
    throw await withWhatThereIs(error, folderOf(folderIn(argv), world));
  }
}

const folderOf = (given: string | undefined, { env }: World): string =>
  given ?? (env['CROSSGAP_DATA'] || './crossgap-data');

function folderIn(argv: readonly string[]): string | undefined {
  const at = argv.lastIndexOf('--data');
  return at >= 0 ? argv[at + 1] : argv.find((word) => word.startsWith('--data='))?.slice('--data='.length);
}

/** Tells of an error that nobody was waiting for, as any other that is not expected. */
export function reportUncaught(error: unknown, argv: readonly string[], streams: Streams): ExitCode {
  const telling = { terminal: terminal(streams), json: argv.includes('--json'), version: programVersion() };
  return reportFailure(error, telling);
}

async function runCommand(
  asked: Exclude<Asked, { show: string }>,
  world: World,
  talking: Terminal,
): Promise<ExitCode> {
  const { command, args, options, json } = asked;
  const folder = folderOf(asked.folder, world);
  // Read where it is needed: what works without an instance does without the most of the program.
  let instance: Instance | undefined;
  let openedAt = 0;
  let ending: AbortController | undefined;
  const open = async (): Promise<Instance> => {
    if (instance !== undefined) return instance;
    const { openInstance } = await import('./opening.ts');
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
    open,
    async openIfThere() {
      const { dataFolder } = await import('./opening.ts');
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
      return reportFailure(outcome.failure, { terminal: talking, json, version: programVersion() });
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
