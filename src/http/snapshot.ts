import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { StatusView } from '../projections/index.ts';
import type { StatusSource } from './source.ts';

export type Snapshot = {
  /** The present state; read again after a change, or when the ages in it are old, and shared by all who ask till then. */
  view(): StatusView;
  /** Names the present state; another one after each change and after each start of the server. */
  stamp(): string;
  close(): void;
};

const ageMsMax = 1000;

/** One reading of the source for however many ask at once: reading it is the expensive part of an answer. */
export function snapshotOf(source: StatusSource, clock: Clock, changed: () => void): Snapshot {
  const start = randomBytes(4).toString('hex');
  let changes = 0;
  let kept: { readonly view: StatusView; readonly readAt: number } | undefined;
  const stop = source.changed(() => {
    changes += 1;
    kept = undefined;
    changed();
  });
  return {
    view() {
      const now = clock.now();
      if (kept === undefined || Math.abs(now - kept.readAt) >= ageMsMax)
        kept = { view: source.view(), readAt: now };
      return kept.view;
    },
    stamp: () => `${start}-${changes}`,
    close: stop,
  };
}
