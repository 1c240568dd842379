import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { faultPoint } from '../faults.ts';
import { ExecutorError, systemCode } from './errors.ts';
import { openOutputPipes, type OutputStream } from './output-pipes.ts';
import { makePlain } from './plain-script.ts';
import { endTree } from './process-tree.ts';
import type { Handover, ScriptLanguage } from './script-kinds.ts';
import { scriptLines } from './script-lines.ts';

export type ScriptRun = Handover & {
  readonly language: ScriptLanguage;
  /** Absolute; with a `body` it need not exist, the script then only believes to be there. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A folder of this run for bootstrap files, which hold no values. */
  readonly scratch: string;
  /** Ends the script's whole process tree when it aborts; its reason is then thrown. */
  readonly signal: AbortSignal;
  readonly graceMs: number;
  /** Called once the script's process lives. */
  readonly onStart: (pid: number) => void;
  /** Lines of output without their ends, as many as came at once; in the order of arrival within each stream. */
  readonly onLines: (stream: OutputStream, lines: readonly string[]) => void;
};

export type ScriptEnd = {
  /** The exit code; 128 and the signal's number where a signal ended it, as shells tell it. */
  readonly exitCode: number;
  readonly endedBy?: NodeJS.Signals;
  /** Whether a process that the script left behind still holds its output. */
  readonly outputHeld: boolean;
  /** How many bytes of its output were left out, since their lines were too long. */
  readonly leftOutBytes: number;
};

/**
 * Runs one script in its own session, without terminal and input, and returns when its process has ended, whether
 * or not something it started still holds its output. Throws `SCRIPT_NOT_STARTED` where its interpreter is missing,
 * and the reason of `signal` where that ended it.
 */
export async function runScript(run: ScriptRun): Promise<ScriptEnd> {
  run.signal.throwIfAborted();
  const { programs, switches } = run.language.command(settingOf(run.variables));
  const program = findProgram(programs, run.environment['PATH'] ?? '');
  if (program === undefined) throw missingInterpreter(run.language, programs);
  if (run.body === undefined && run.language.plainUtf8) makePlain(run.file);
  const bootstrap = join(run.scratch, run.language.bootstrap.file);
  mkdirSync(run.scratch, { recursive: true, mode: 0o700 });
  writeFileSync(bootstrap, run.language.bootstrap.text, { mode: 0o600 });

  const lines = { stdout: scriptLines(), stderr: scriptLines() };
  const pipes = openOutputPipes(run.scratch, (stream, bytes) => {
    const whole = lines[stream].take(bytes);
    if (whole.length > 0) run.onLines(stream, whole);
  });
  try {
    faultPoint('executor.script.before');
    const byStdin = run.language.valuesOn === 'stdin';
    const child = spawn(program, [...switches, bootstrap, run.file], {
      cwd: dirname(run.file),
      env: { ...run.environment, OctopusCalamariWorkingDirectory: dirname(run.file) },
      detached: true,
      windowsHide: true,
      stdio: [byStdin ? 'pipe' : 'ignore', pipes.stdout, pipes.stderr, ...(byStdin ? [] : ['pipe' as const])],
    });
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    pipes.handedOver(child);
    if (child.pid !== undefined) run.onStart(child.pid);
    const values = byStdin ? child.stdin : child.stdio[3];
    if (values !== null && values !== undefined && 'end' in values) {
      // A script that ended before it took its values has closed the pipe; its exit code tells that.
      values.on('error', () => undefined);
      values.end(run.language.encode(run));
    }
    faultPoint('executor.script.during');
    const { code, signal } = await endedOrStopped(ended, child.pid, run, pipes.inodes);
    const outputHeld = await pipes.drain();
    for (const stream of ['stdout', 'stderr'] as const) {
      const last = lines[stream].end();
      if (last.length > 0) run.onLines(stream, last);
    }
    run.signal.throwIfAborted();
    faultPoint('executor.script.after');
    return {
      exitCode: code ?? 128 + signalNumber(signal),
      ...(signal && { endedBy: signal }),
      outputHeld,
      leftOutBytes: lines.stdout.leftOut + lines.stderr.leftOut,
    };
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EACCES') {
      throw new ExecutorError('SCRIPT_NOT_STARTED', `Cannot start ${program} in ${dirname(run.file)}`, {
        hint: 'Look whether the program and the folder are there and may be used by this account.',
        details: { program, folder: dirname(run.file) },
        cause: error,
      });
    }
    throw error;
  } finally {
    pipes.close();
  }
}

async function endedOrStopped<End>(
  ended: Promise<End>,
  pid: number | undefined,
  run: ScriptRun,
  outputInodes: ReadonlySet<number>,
): Promise<End> {
  if (pid === undefined) return await ended;
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    stopping = endTree({ pid, outputInodes }, run.language.stopSignal, run.graceMs);
  };
  run.signal.addEventListener('abort', stop, { once: true });
  if (run.signal.aborted) stop();
  try {
    return await ended;
  } finally {
    run.signal.removeEventListener('abort', stop);
    await stopping;
  }
}

/** The first of `programs` that is an executable file, in one of the folders of `path` where it is only a name. */
export function findProgram(programs: readonly string[], path: string): string | undefined {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  for (const program of programs) {
    const folders = path.split(delimiter).filter((folder) => folder !== '');
    const places = isAbsolute(program) ? [program] : folders.map((folder) => join(folder, program));
    for (const place of places) {
      const found = endings.map((ending) => place + ending).find(isExecutable);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    if (systemCode(error) !== undefined) return false;
    throw error;
  }
}

/** Looks up variables as Octopus does, upper and lower case being the same. */
function settingOf(variables: ReadonlyMap<string, string>): (name: string) => string | undefined {
  return (asked) => {
    const wanted = asked.toLowerCase();
    for (const [name, value] of variables) if (name.toLowerCase() === wanted) return value;
    return undefined;
  };
}

function missingInterpreter(language: ScriptLanguage, wanted: readonly string[]): ExecutorError {
  const programs = wanted.join(' or ');
  return new ExecutorError(
    'SCRIPT_NOT_STARTED',
    `Cannot run a ${language.name} script: ${programs} is not on this machine`,
    {
      hint: `Install ${programs} and make sure it is on the PATH of the account that runs deployments.`,
      details: { kind: language.kind, programs: wanted },
    },
  );
}

const signalNumbers: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

function signalNumber(signal: NodeJS.Signals | null): number {
  return (signal !== null && signalNumbers[signal]) || 0;
}
