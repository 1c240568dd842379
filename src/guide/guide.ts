import type { CrossgapError, ExitCode } from '../errors.ts';
import type { Page, Said } from './page.ts';

/** The guide as somebody who shows it sees it, in a terminal or a browser: one page at a time, and what was said on it. */
export type Guide = {
  readonly page: Page;
  /** Goes on as a person said; resolves when the next page stands, or the work that follows is under way. */
  submit(said: Said): Promise<void>;
  /** Calls back when the page is another one or shows more; returns how to stop that. */
  onChange(callback: () => void): () => void;
  /** Asks to end, as Ctrl-C does: what is under way is stopped as cleanly as it can be. */
  end(): Promise<void>;
  /** How it ended. */
  readonly ending: Promise<Ending>;
};

/** What the program says and returns when the guide is over. */
export type Ending = {
  readonly exitCode: ExitCode;
  readonly document: unknown;
  readonly text: readonly string[];
  readonly failure?: CrossgapError;
};
