import { Worker } from 'node:worker_threads';
import { writeFile } from './write-files.ts';
import type { Written } from './write-files-thread.ts';

/** Writes new files; `onWritten` is told of each when it is there, in their order. */
export type FileWriter = AsyncDisposable & {
  /** Puts one file to be written. `seconds` since 1970 is when it was changed; null is now. */
  put(name: string, content: Uint8Array, seconds: number | null): void;
  /** Lets what was put be written; resolves when little of it is left. Rejects with the system's error. */
  turn(): Promise<void>;
  /** Resolves when all of it is written. */
  finished(): Promise<void>;
};

/**
 * Writes each file at once. Files are below `folder`; a name is the path from there, with `/`.
 */
export function directWriter(folder: string, onWritten: (name: string) => void): FileWriter {
  return {
    put(name, content, seconds) {
      writeFile(`${folder}/${name}`, content, seconds);
      onWritten(name);
    },
    // The process may do other things now and then.
    turn: () => new Promise((resolve) => void setImmediate(resolve)),
    finished: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const turnsAhead = 3;

/**
 * Writes files in a thread beside, so that the next ones are read and inflated meanwhile: making a file takes the system
 * as long as all that is done for it before. For many files; a thread takes some time to start.
 */
export function besideWriter(folder: string, onWritten: (name: string) => void): FileWriter {
  // Flags of this process are about what it was started with, and some refuse to be a thread's.
  const worker = new Worker(threadFile(), { execArgv: [] });
  const waiting: { readonly names: readonly string[]; readonly done: () => void }[] = [];
  let failure: unknown;
  let [names, contents, seconds]: [string[], Uint8Array[], (number | null)[]] = [[], [], []];
  let allDone = Promise.resolve();
  const ahead: Promise<void>[] = [];

  const fail = (error: unknown): void => {
    failure ??= error;
    for (const { done } of waiting.splice(0)) done();
  };
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the thread that writes files ended')));
  worker.on('message', (written: Written) => {
    const batch = waiting.shift();
    if (batch === undefined) return;
    if (written === null && failure === undefined) {
      try {
        for (const name of batch.names) onWritten(name);
      } catch (error) {
        failure = error;
      }
    } else if (written !== null) failure ??= Object.assign(new Error(written.message), written);
    batch.done();
  });

  const refuse = (): void => {
    if (failure !== undefined) throw failure;
  };
  const send = (): void => {
    if (names.length === 0) return;
    const bytes = Buffer.allocUnsafeSlow(contents.reduce((sum, { length }) => sum + length, 0));
    const ends: number[] = [];
    let end = 0;
    for (const content of contents) {
      bytes.set(content, end);
      end += content.length;
      ends.push(end);
    }
    const sent = names;
    const done = new Promise<void>((resolve) => waiting.push({ names: sent, done: resolve }));
    const paths = names.map((name) => `${folder}/${name}`);
    worker.postMessage({ paths, ends, seconds, bytes }, [bytes.buffer]);
    ahead.push(done);
    allDone = done;
    [names, contents, seconds] = [[], [], []];
  };

  return {
    put(name, content, changed) {
      names.push(name);
      contents.push(content);
      seconds.push(changed);
    },
    async turn() {
      refuse();
      send();
      while (ahead.length > turnsAhead) await ahead.shift();
      refuse();
    },
    async finished() {
      send();
      await allDone;
      refuse();
    },
    async [Symbol.asyncDispose]() {
      worker.removeAllListeners('exit');
      await worker.terminate();
    },
  };
}

/** The same in the source as in what is built of it, where every file lies in a folder beside `packages`. */
function threadFile(): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? './write-files-thread.ts' : '../packages/write-files-thread.js', import.meta.url);
}
