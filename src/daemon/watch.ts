import { openDatabase } from '../db/index.ts';
import type { Instance } from '../instance/index.ts';

/** Tells listeners that another process, or this one, committed something to the database. */
export interface Watch extends Disposable {
  /** Calls `listener` after each change; gives back how to stop that. */
  onChange(listener: () => void): () => void;
  /** Looks now, instead of at the next tick. */
  look(): void;
}

const lookEveryMs = 50;

/**
 * Watches the database through a connection of its own, whose `data_version` changes with every commit of any other
 * one. The command line is an ordinary writer, so this is how the daemon hears of what people ask for.
 */
export function watchDatabase({ folder, clock }: Pick<Instance, 'folder' | 'clock'>): Watch {
  const observer = openDatabase({ path: folder.database, clock, readOnly: true });
  const listeners = new Set<() => void>();
  const version = (): number => observer.pragma('data_version', { simple: true }) as number;
  let seen = version();
  const look = (): void => {
    const now = version();
    if (now === seen) return;
    seen = now;
    for (const listener of listeners) listener();
  };
  const timer = setInterval(look, lookEveryMs);
  return {
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    look,
    [Symbol.dispose]() {
      clearInterval(timer);
      listeners.clear();
      observer.close();
    },
  };
}
