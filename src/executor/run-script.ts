import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { faultPoint } from '../faults.ts';
import { ExecutorError, systemCode } from './errors.ts';
import { openOutputPipes, type OutputStream } from './output-pipes.ts';
import { endTree } from './process-tree.ts';
import type { Handover, ScriptLanguage } from './script-kinds.ts';

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
  /** One line of output without its end; called in the order of arrival within each stream. */
  readonly onLine: (stream: OutputStream, line: string) => void;
};

export type ScriptEnd = {
  /** The exit code; 128 and the signal's number where a signal ended it, as shells tell it. */
  readonly exitCode: number;
  readonly endedBy?: NodeJS.Signals;
  /** Whether a process that the script left behind still holds its output. */
  readonly outputHeld: boolean;
};

/**
 * What comes in one line after this many characters is dropped, so that a program that never ends a line can't fill
 * the memory. It is dropped rather than handed on as a line of its own, which could begin inside a secret.
 */
const longestLine = 16 * 1024 * 1024;

/**
 * Runs one script in its own session, without terminal and input, and returns when its process has ended, whether
 * or not something it started still holds its output. Throws `SCRIPT_NOT_STARTED` where its interpreter is missing,
 * and the reason of `signal` where that ended it.
 */
export async function runScript(run: ScriptRun): Promise<ScriptEnd> {
  run.signal.throwIfAborted();
  const program = findProgram(run.language.programs, run.environment['PATH'] ?? '');
  if (program === undefined) throw missingInterpreter(run.language);
  const bootstrap = join(run.scratch, run.language.bootstrap.file);
  mkdirSync(run.scratch, { recursive: true, mode: 0o700 });
  writeFileSync(bootstrap, run.language.bootstrap.text, { mode: 0o600 });

  const lines = { stdout: lineSplitter(), stderr: lineSplitter() };
  const pipes = openOutputPipes(run.scratch, (stream, bytes) => {
    for (const line of lines[stream].take(bytes)) run.onLine(stream, line);
  });
  try {
    faultPoint('executor.script.before');
    const byStdin = run.language.valuesOn === 'stdin';
    const child = spawn(program, run.language.arguments(bootstrap, run.file), {
      cwd: dirname(run.file),
      env: run.environment,
      detached: true,
      windowsHide: true,
      stdio: [byStdin ? 'pipe' : 'ignore', pipes.stdout, pipes.stderr, ...(byStdin ? [] : ['pipe' as const])],
    });
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    pipes.handedOver();
    if (child.pid !== undefined) run.onStart(child.pid);
    const values = byStdin ? child.stdin : child.stdio[3];
    if (values !== null && values !== undefined && 'end' in values) {
      // A script that ended before it took its values has closed the pipe; its exit code tells that.
      values.on('error', () => undefined);
      values.end(run.language.encode(run));
    }
    faultPoint('executor.script.during');
    const { code, signal } = await endedOrStopped(ended, child.pid, run, pipes.inodes);
    const outputHeld = pipes.drain();
    for (const stream of ['stdout', 'stderr'] as const) {
      for (const line of lines[stream].end()) run.onLine(stream, line);
    }
    run.signal.throwIfAborted();
    faultPoint('executor.script.after');
    return { exitCode: code ?? 128 + signalNumber(signal), ...(signal && { endedBy: signal }), outputHeld };
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

/** The first of `programs` that is an executable file in one of the folders of `path`. */
export function findProgram(programs: readonly string[], path: string): string | undefined {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  for (const program of programs) {
    for (const folder of path.split(delimiter)) {
      const found = endings.map((ending) => join(folder, program + ending)).find(isExecutable);
      if (folder !== '' && found !== undefined) return found;
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

function missingInterpreter(language: ScriptLanguage): ExecutorError {
  const programs = language.programs.join(' or ');
  return new ExecutorError(
    'SCRIPT_NOT_STARTED',
    `Cannot run a ${language.name} script: ${programs} is not on this machine`,
    {
      hint: `Install ${programs} and make sure it is on the PATH of the account that runs deployments.`,
      details: { kind: language.kind, programs: language.programs },
    },
  );
}

/** Bytes to lines; UTF-8 characters and line ends may be cut anywhere. */
function lineSplitter(): { take(bytes: Buffer): string[]; end(): string[] } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const whole = (text: string): string[] => {
    const lines = text.split('\n');
    lines[0] = rest.length >= longestLine ? rest : rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  };
  return {
    take: (bytes) => whole(decoder.write(bytes)),
    end() {
      const lines = whole(decoder.end());
      const last = rest;
      rest = '';
      return last === '' ? lines : [...lines, last];
    },
  };
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
