import type { Action, Field } from '../page.ts';

/** How a person at a terminal is asked. Each rejects with the signal's reason when that aborts, with `PersonEnded` when the person ends. */
export type Questions = Disposable & {
  /** What was typed; undefined where the person left it as it is. */
  readonly field: (field: Field, signal: AbortSignal) => Promise<string | undefined>;
  /** The id of the action that was chosen. */
  readonly action: (
    asked: { readonly actions: readonly Action[]; readonly mustChoose: boolean },
    signal: AbortSignal,
  ) => Promise<string>;
  /** Waits for Enter between two screens of text; false where the rest is not wanted. */
  readonly more: (signal: AbortSignal) => Promise<boolean>;
};

/** The person ended: Ctrl-C, Ctrl-D, or the terminal is gone. */
export class PersonEnded extends Error {}
