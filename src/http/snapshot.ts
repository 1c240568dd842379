import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { FleetChoice, PageView } from '../projections/index.ts';
import type { StatusSource } from './source.ts';

export type Snapshot = {
  /** The present state; read again after a change, or when the ages in it are old, and shared by all who ask till then. */
  page(choice?: FleetChoice): PageView;
  /** Names the present state; another one after each change and after each start of the server. */
  stamp(): string;
  /** How long it took to read it last. */
  readonly readMs: number;
  close(): void;
};

const ageMsMax = 1000;
/** So many different parts of the fleet are kept for who asks for the same; more are read each time. */
const choicesMax = 8;

/** The page as who chooses nothing sees it. */
const firstPage: FleetChoice = { find: '', page: 1 };

/** One reading of the source for however many ask at once: reading it is the expensive part of an answer. */
export function snapshotOf(source: StatusSource, clock: Clock, changed: () => void): Snapshot {
  const start = randomBytes(4).toString('hex');
  let changes = 0;
  let readMs = 0;
  const kept = new Map<string, { readonly view: PageView; readonly readAt: number }>();
  const stop = source.changed(() => {
    changes += 1;
    kept.clear();
    changed();
  });
  return {
    page(choice = firstPage) {
      const now = clock.now();
      for (const [key, { readAt }] of kept) if (Math.abs(now - readAt) >= ageMsMax) kept.delete(key);
      const key = `${choice.page} ${choice.find}`;
      const before = kept.get(key);
      if (before !== undefined) return before.view;
      const began = performance.now();
      const view = source.page(choice);
      readMs = performance.now() - began;
      if (kept.size < choicesMax) kept.set(key, { view, readAt: now });
      return view;
    },
    stamp: () => `${start}-${changes}`,
    get readMs() {
      return readMs;
    },
    close: stop,
  };
}
