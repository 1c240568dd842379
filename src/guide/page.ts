/** One thing to read on a page. A terminal writes them one below the other, a browser draws them. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  /** Something to look at before going on: a warning, or that something is not as it should be. */
  | { readonly kind: 'notice'; readonly tone: 'note' | 'warning' | 'problem'; readonly text: string }
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'checks'; readonly checks: readonly Check[] }
  /**
   * Text that stands as it is, such as a script or the lines of a result; long ones are folded away in a browser, and
   * so is what stands aside: it need not be read before something is decided.
   */
  | {
      readonly kind: 'verbatim';
      readonly title: string;
      readonly text: string;
      readonly isAside?: boolean;
    }
  /** How far something has come. Lines are only ever added to it. */
  | { readonly kind: 'progress'; readonly done: Progress | null; readonly lines: readonly ProgressLine[] };

export type Progress = { readonly what: string; readonly done: number; readonly of: number };

export type ProgressLine = { readonly tone: 'plain' | 'good' | 'bad' | 'strong'; readonly text: string };

/** Something that was looked at before anything is done. */
export type Check = {
  readonly id: string;
  /** What was looked at: `Space on /srv`. */
  readonly name: string;
  readonly state: 'good' | 'note' | 'lacking';
  /** What was found. */
  readonly found: string;
  /** What to do about it, where something is lacking. */
  readonly hint: string | null;
  /** False where it is a script that was not run: what it would have found is not known. */
  readonly wasLookedAt?: false;
};

export const fieldTypes = [
  'text',
  'integer',
  'port',
  'boolean',
  'choice',
  'path',
  'url',
  'long-text',
] as const;

/** Something to fill in. Values are text, as typed; what is typed is never evaluated. */
export type Field = {
  readonly name: string;
  readonly label: string;
  readonly help: string | null;
  readonly type: (typeof fieldTypes)[number];
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  /** Never shown, logged or sent back: `value` of one that is kept is null and `isKept` says so. */
  readonly secret: boolean;
  /** Whether a secret may be looked at while it is typed. */
  readonly mayBeShown: boolean;
  readonly required: boolean;
  /** What stands in the field at first: the answer kept from last time, or the default. */
  readonly value: string | null;
  /** Where nothing is typed a default or an answer from before counts, so that it can't be made empty. */
  readonly staysFilled?: boolean;
  /** An answer from before is kept and need not be typed again. */
  readonly isKept: boolean;
  /** What is wrong with what was typed. */
  readonly problem: string | null;
};

/** A way on from a page. `back` and `leave` are on every page where nothing is under way. */
export type Action = {
  readonly id: string;
  readonly label: string;
  /** What it means, where there is something to choose. */
  readonly about: string | null;
  /** The fields of the page belong to it: who chooses it in a terminal is asked for them then. */
  readonly isSigned?: boolean;
  /** It stands for having read the page: a terminal offers it once all was shown that does not stand aside. */
  readonly isForReaders?: boolean;
};

export type Page = {
  readonly id: string;
  readonly title: string;
  /** Which of how many, for pages that are counted; with the titles of all of them, as far as things are known. */
  readonly place: {
    readonly at: number;
    readonly of: number;
    readonly titles?: readonly string[];
  } | null;
  readonly blocks: readonly Block[];
  readonly fields: readonly Field[];
  /** The first is what Enter does; a page on which a person must decide has `mustChoose`, and Enter does nothing. */
  readonly actions: readonly Action[];
  readonly mustChoose: boolean;
  /** Something is under way: the page changes by itself, and its actions are what may be done meanwhile. */
  readonly isBusy: boolean;
};

/** What a person said on a page. Fields that are left out keep what they had. */
export type Said = { readonly action: string; readonly values: Readonly<Record<string, string>> };
