import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Asked, Told } from './nats-told.ts';

type Kind = Told['kind'];
type ToldOf<K extends Kind> = Extract<Told, { kind: K }>;

/** A process under measurement, as whoever started it sees it. */
export interface Peer extends AsyncDisposable {
  /** Resolves with the first thing of this kind that it tells, or has told last, and that is enough. */
  told<K extends Kind>(kind: K, isEnough?: (told: ToldOf<K>) => boolean): Promise<ToldOf<K>>;
  /** Profiles it from now on, until it is asked for facts. */
  profile(): void;
  /** The most memory it had so far, in MiB, and where its time went since it was profiled. */
  facts(): Promise<ToldOf<'facts'>>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a process from a file of this folder; it is ready when this resolves. */
export async function startPeer(file: string, ...args: readonly string[]): Promise<Peer> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args);
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  child.once('exit', () => process.off('exit', killNow));
  const last = new Map<Kind, Told>();
  const waiting = new Set<{ look(told: Told): void; fail(error: Error): void }>();
  let ended: Error | undefined;
  child.on('message', (told: Told) => {
    last.set(told.kind, told);
    for (const waiter of waiting) waiter.look(told);
  });
  child.once('exit', (code, signal) => {
    ended = new Error(`${file} ended with ${signal ?? code}`);
    for (const waiter of waiting) waiter.fail(ended);
  });

  function told<K extends Kind>(
    kind: K,
    isEnough: (told: ToldOf<K>) => boolean = () => true,
  ): Promise<ToldOf<K>> {
    const { promise, resolve, reject } = Promise.withResolvers<ToldOf<K>>();
    const waiter = {
      look(found: Told): void {
        if (found.kind !== kind || !isEnough(found as ToldOf<K>)) return;
        waiting.delete(waiter);
        resolve(found as ToldOf<K>);
      },
      fail: reject,
    };
    waiting.add(waiter);
    if (ended) reject(ended);
    const before = last.get(kind);
    if (before) waiter.look(before);
    return promise;
  }

  const ask = (asked: Asked): void => void child.send(asked);
  await told('ready');
  return {
    told,
    profile: () => ask('profile'),
    async facts() {
      last.delete('facts');
      ask('facts');
      return told('facts');
    },
    async kill() {
      if (isOver(child)) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    async [Symbol.asyncDispose]() {
      if (isOver(child)) return;
      const gone = once(child, 'exit');
      ask('end');
      await gone;
    },
  };
}

function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** The most memory a process of another program ever had, in MiB; 0 where the system does not tell. */
export function peakMiBOf(pid: number | undefined): number {
  if (process.platform !== 'linux') return 0;
  const [, kiB] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kiB ?? 0) / 1024);
}
