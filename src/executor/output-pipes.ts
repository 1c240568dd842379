import { execFileSync, type ChildProcess } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ExecutorError, systemCode } from './errors.ts';

export type OutputStream = 'stdout' | 'stderr';

/**
 * The two pipes a script writes to. They are named pipes, taken out of the folder as soon as both ends are open: the
 * sockets that Node uses instead can't be opened again as `/dev/stderr`, which scripts do all the time. Windows has
 * neither, so there they are Node's.
 */
export interface OutputPipes {
  readonly stdout: number | 'pipe';
  readonly stderr: number | 'pipe';
  /** By which processes that hold them are known; empty where they are Node's. */
  readonly inodes: ReadonlySet<number>;
  /** To be called once the script has its ends: from then on only it keeps the pipes open. */
  handedOver(child: Pick<ChildProcess, 'stdout' | 'stderr'>): void;
  /** Reads what is there once the script has ended; true where somebody still holds one of the pipes. */
  drain(): Promise<boolean>;
  close(): void;
}

const chunkBytes = 64 * 1024;
/** A child that never stops writing must not keep a script from having ended. */
const drainedAtMost = 64 * 1024 * 1024;

/** For how long nothing may have come from a pipe of Node's that is not closed, until it counts as drained. */
const quietMs = 200;

type Take = (stream: OutputStream, bytes: Buffer) => void;

/** Opens both pipes; `take` gets every chunk. */
export function openOutputPipes(
  scratch: string,
  take: Take,
  platform: NodeJS.Platform = process.platform,
): OutputPipes {
  return platform === 'win32' ? nodesPipes(take) : namedPipes(scratch, take);
}

/** What makes named pipes on every system but Windows; part of its core utilities. */
export const pipeMaker = 'mkfifo';

function makePipes(paths: readonly string[]): void {
  try {
    execFileSync(pipeMaker, ['-m', '600', ...paths]);
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw cause;
    throw new ExecutorError(
      'HOST_LACKS_INTERPRETER',
      `Cannot run a script here: ${pipeMaker} is not on this machine`,
      {
        hint: `Install what brings it (the core utilities); the output of scripts is read through pipes that it makes.`,
        details: { program: pipeMaker },
        cause,
      },
    );
  }
}

/** Here what stdout holds is always taken before a chunk of stderr, since a message on stdout may say what must be masked. */
function namedPipes(scratch: string, take: Take): OutputPipes {
  const paths = { stdout: join(scratch, 'stdout'), stderr: join(scratch, 'stderr') };
  for (const path of Object.values(paths)) rmSync(path, { force: true });
  makePipes([paths.stdout, paths.stderr]);
  const readers = {
    stdout: openSync(paths.stdout, constants.O_RDONLY | constants.O_NONBLOCK),
    stderr: openSync(paths.stderr, constants.O_RDONLY | constants.O_NONBLOCK),
  };
  const writers = {
    stdout: openSync(paths.stdout, constants.O_WRONLY),
    stderr: openSync(paths.stderr, constants.O_WRONLY),
  };
  const inodes = new Set([fstatSync(writers.stdout).ino, fstatSync(writers.stderr).ino]);
  for (const path of Object.values(paths)) rmSync(path);

  const buffer = Buffer.allocUnsafe(chunkBytes);
  const ended = { stdout: false, stderr: false };
  const readNow = (stream: OutputStream): void => {
    let taken = 0;
    while (!ended[stream] && taken < drainedAtMost) {
      const length = readWithoutWaiting(readers[stream], buffer);
      if (length === undefined) return;
      if (length === 0) ended[stream] = true;
      else take(stream, Buffer.from(buffer.subarray(0, length)));
      taken += length;
    }
  };
  const sockets = (['stdout', 'stderr'] as const).map((stream) => {
    const socket = new Socket({ fd: readers[stream], readable: true, writable: false });
    socket.on('data', (bytes) => {
      if (stream === 'stderr') readNow('stdout');
      take(stream, Buffer.from(bytes));
    });
    socket.on('end', () => (ended[stream] = true));
    socket.on('error', () => (ended[stream] = true));
    return socket;
  });
  let isHandedOver = false;
  const handedOver = (): void => {
    if (isHandedOver) return;
    isHandedOver = true;
    closeSync(writers.stdout);
    closeSync(writers.stderr);
  };
  return {
    ...writers,
    inodes,
    handedOver,
    drain() {
      readNow('stdout');
      readNow('stderr');
      return Promise.resolve(!(ended.stdout && ended.stderr));
    },
    close() {
      handedOver();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function nodesPipes(take: Take): OutputPipes {
  const open = new Map<OutputStream, Readable>();
  let heard = (): void => undefined;
  return {
    stdout: 'pipe',
    stderr: 'pipe',
    inodes: new Set(),
    handedOver(child) {
      for (const stream of ['stdout', 'stderr'] as const) {
        const readable = child[stream];
        if (readable === null) continue;
        open.set(stream, readable);
        readable.on('data', (bytes: Buffer) => {
          take(stream, bytes);
          heard();
        });
        const over = (): void => {
          open.delete(stream);
          heard();
        };
        readable.on('end', over);
        readable.on('error', over);
      }
    },
    async drain() {
      for (let isQuiet = false; open.size > 0 && !isQuiet;) {
        isQuiet = await new Promise<boolean>((resolve) => {
          const timer = setTimeout(resolve, quietMs, true);
          heard = () => {
            clearTimeout(timer);
            resolve(false);
          };
        });
      }
      return open.size > 0;
    },
    close() {
      for (const readable of open.values()) readable.destroy();
    },
  };
}

/** How many bytes were there: 0 at the end, undefined where there are none now. */
function readWithoutWaiting(descriptor: number, buffer: Buffer): number | undefined {
  try {
    return readSync(descriptor, buffer);
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') return undefined;
    throw error;
  }
}
