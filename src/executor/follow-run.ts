import { closeSync, mkdirSync, openSync, readSync, statSync, watch, type FSWatcher } from 'node:fs';
import { systemCode } from './errors.ts';
import { journalPath, parseFacts, type Fact } from './journal.ts';
import { isRunAlive } from './read-journal.ts';
import { logPath, parseLogLine, type LogLine } from './run-log.ts';

export type FollowOptions = {
  readonly signal: AbortSignal;
  /** Waits for a run that has not begun yet, rather than taking it for one whose process is gone. */
  readonly awaitStart?: boolean;
  /** How often to look where the file system tells no changes, and whether the process still lives. */
  readonly pollMs?: number;
};

/**
 * Every fact of a run, from its beginning, as they are written; ends when its process is gone, after the run's end or
 * without one, or when `signal` aborts. It reads the journal only, so it may begin before, during or after the run.
 */
export async function* followRun(
  runFolder: string,
  { signal, awaitStart = false, pollMs = 500 }: FollowOptions,
): AsyncGenerator<Fact> {
  mkdirSync(runFolder, { recursive: true, mode: 0o700 });
  const reader = journalReader(runFolder);
  using changes = watchFolder(runFolder, pollMs, signal);
  let hasBegun = !awaitStart;
  while (!signal.aborted) {
    // Asked before reading: what a process wrote before it went is then read in this very round.
    const alive = isRunAlive(runFolder);
    for (const fact of reader()) {
      hasBegun = true;
      yield fact;
    }
    if (!alive && hasBegun) return;
    await changes.next();
  }
}

/**
 * The lines of a run's masked log, from its beginning or behind so many bytes of it, turn by turn, until `signal` aborts and
 * what was written until then is told. A turn reads what was added when it is asked for its lines: a run writes its lines
 * before the fact that they led to, so who reads the journal first knows of no end whose lines are still to come. A turn
 * without lines tells that the run went on otherwise. The run may begin, halt and be resumed meanwhile.
 */
export async function* followLog(
  runFolder: string,
  {
    signal,
    pollMs = 500,
    after = 0,
  }: Pick<FollowOptions, 'signal' | 'pollMs'> & { readonly after?: number | undefined },
): AsyncGenerator<() => readonly LogLine[]> {
  mkdirSync(runFolder, { recursive: true, mode: 0o700 });
  const added = lineReader(logPath(runFolder), after);
  using changes = watchFolder(runFolder, pollMs, signal);
  for (let last = false; !last;) {
    last = signal.aborted;
    yield added;
    if (!last) await changes.next();
  }
}

/** Every line of a run's masked log up to now; none where it has not begun. */
export function readRunLog(runFolder: string): LogLine[] {
  return lineReader(logPath(runFolder))();
}

/** Reads whole facts that were appended since it was last called. */
function journalReader(runFolder: string): () => Fact[] {
  const path = journalPath(runFolder);
  const added = wholeReader(path);
  // A torn last line that is cut off when the run is resumed leaves the file shorter than what was read of it.
  return () => parseFacts(added(), path).facts;
}

/** How many bytes a run's log has up to now. */
export function runLogBytes(runFolder: string): number {
  return statSync(logPath(runFolder), { throwIfNoEntry: false })?.size ?? 0;
}

function lineReader(path: string, after = 0): () => LogLine[] {
  const added = wholeReader(path, after);
  return () =>
    added()
      .split('\n')
      .flatMap((line) => parseLogLine(line) ?? []);
}

/** Reads whole lines that were appended since it was last called. */
function wholeReader(path: string, after = 0): () => string {
  let position = after;
  let rest = Buffer.alloc(0);
  return () => {
    const added = readFrom(path, position);
    position += added.length;
    const bytes = Buffer.concat([rest, added]);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    rest = Buffer.from(bytes.subarray(whole));
    return bytes.toString('utf8', 0, whole);
  };
}

function readFrom(path: string, position: number): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    const parts: Buffer[] = [];
    for (let at = position; ;) {
      const part = Buffer.alloc(64 * 1024);
      const length = readSync(file, part, 0, part.length, at);
      if (length === 0) return Buffer.concat(parts);
      parts.push(part.subarray(0, length));
      at += length;
    }
  } finally {
    closeSync(file);
  }
}

type Changes = { next(): Promise<void> } & Disposable;

/** Resolves `next` when something changed since the last call, after `pollMs` at the latest, or on abort. */
function watchFolder(folder: string, pollMs: number, signal: AbortSignal): Changes {
  let changed = false;
  let wake: (() => void) | undefined;
  const tell = (): void => {
    changed = true;
    wake?.();
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(folder, { persistent: false }, tell).on('error', () => watcher?.close());
  } catch (error) {
    // No watches left on this machine, or a file system without them: looking now and then does.
    if (systemCode(error) === undefined) throw error;
  }
  signal.addEventListener('abort', tell);
  return {
    async next() {
      if (!changed && !signal.aborted) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = setTimeout(resolve, pollMs);
        });
        clearTimeout(timer);
        wake = undefined;
      }
      changed = false;
    },
    [Symbol.dispose]() {
      watcher?.close();
      signal.removeEventListener('abort', tell);
    },
  };
}
