import assert from 'node:assert/strict';
import type { Ending } from './guide.ts';
import type { Known } from './known.ts';
import type { Action, Block, Field, Progress, ProgressLine, Said } from './page.ts';
import type { FileSite, Site } from './site.ts';

/** A page of the walk before it is shown: when it is part of it, what is done on the way to it, and what it makes of what is said. */
export type Leaf = {
  readonly id: string;
  /** As which it stands in the walk, as things are known: one page for each; none where it is no part of it. */
  readonly keys: (known: Known) => readonly string[];
  /** Whether a person who goes on is asked; what is not asked can be gone back to. Always, where it is left out. */
  readonly isAsked?: (known: Known, key: string) => boolean;
  /** What is done when it is come to, while it is shown as busy. Where it is then no part of the walk any more, that goes on. */
  readonly enter?: (hand: Hand, key: string) => Promise<void>;
  readonly show: (known: Known, key: string, remarks: Remarks) => Shown;
  /** What is kept of what was said, whichever way it goes on. */
  readonly keep?: (known: Known, key: string, said: Said) => Partial<Known>;
  /** Goes on by one of its own actions; `back` and `leave` are not its business. */
  readonly take: (hand: Hand, key: string, said: Said) => Promise<Step>;
};

/** What a page shows of its own; the guide adds where it stands in the walk, and `back` and `leave`. */
export type Shown = {
  readonly title: string;
  readonly blocks: readonly Block[];
  readonly fields?: readonly Field[];
  readonly actions: readonly Action[];
  readonly mustChoose?: boolean;
  /** What kept it from being all that it should be is told by its own blocks. */
  readonly tellsTrouble?: boolean;
  /** Nothing can be undone by going back from here. */
  readonly noWayBack?: boolean;
};

/** What was wrong with what was said last on this page. */
export type Remarks = { readonly problems: Readonly<Record<string, string>> };

export type Step =
  | { readonly go: 'next' }
  /** The same page again, with what is wrong at its fields. */
  | { readonly go: 'stay'; readonly problems?: Readonly<Record<string, string>> }
  /** Another page; the first of that name. */
  | { readonly go: 'to'; readonly page: string }
  | { readonly go: 'end'; readonly ending: Ending };

/** What a page can do. */
export type Hand = {
  readonly site: Site;
  readonly known: Known;
  readonly learn: (more: Partial<Known>) => void;
  readonly progress: (progress: Progress) => void;
  readonly tell: (line: ProgressLine) => void;
  /** Aborts when a person asks to end what is under way, or the guide is over. */
  readonly signal: AbortSignal;
};

/** The machine as one to which a file was carried; pages that have to do with that file stand nowhere else. */
export function carriedTo(site: Site): FileSite {
  assert('takeIn' in site, 'no file was carried here');
  return site;
}

export const next: Step = { go: 'next' };
export const stay: Step = { go: 'stay' };
export const once: readonly string[] = [''];
export const never: readonly string[] = [];

export const goOn: Action = { id: 'next', label: 'Go on', about: null };

/** A field as plain as it can be; what differs is said. */
export function field(given: Pick<Field, 'name' | 'label'> & Partial<Field>): Field {
  return {
    help: null,
    type: 'text',
    choices: [],
    secret: false,
    mayBeShown: false,
    required: false,
    value: null,
    isKept: false,
    problem: null,
    ...given,
  };
}
