import { execFileSync } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { systemCode } from './errors.ts';

export type OutputStream = 'stdout' | 'stderr';

/**
 * The two pipes a script writes to. They are named pipes, taken out of the folder as soon as both ends are open: the
 * sockets that Node uses instead can't be opened again as `/dev/stderr`, which scripts do all the time.
 */
export interface OutputPipes {
  readonly stdout: number;
  readonly stderr: number;
  readonly inodes: ReadonlySet<number>;
  /** To be called once the script has its ends: from then on only it keeps the pipes open. */
  handedOver(): void;
  /** Reads what is there now without waiting; true where somebody still holds one of the pipes. */
  drain(): boolean;
  close(): void;
}

const chunkBytes = 64 * 1024;
/** A child that never stops writing must not keep a script from having ended. */
const drainedAtMost = 64 * 1024 * 1024;

/**
 * Opens both pipes; `take` gets every chunk. What stdout holds is always taken before a chunk of stderr, since a
 * message on stdout may say what must be masked.
 */
export function openOutputPipes(
  scratch: string,
  take: (stream: OutputStream, bytes: Buffer) => void,
): OutputPipes {
  const paths = { stdout: join(scratch, 'stdout'), stderr: join(scratch, 'stderr') };
  for (const path of Object.values(paths)) rmSync(path, { force: true });
  execFileSync('mkfifo', ['-m', '600', paths.stdout, paths.stderr]);
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
      return !(ended.stdout && ended.stderr);
    },
    close() {
      handedOver();
      for (const socket of sockets) socket.destroy();
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
