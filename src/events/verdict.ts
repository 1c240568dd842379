import type { CrossgapError } from '../errors.ts';

/** Entries of a feed that are missing here; ask the author for them. Both ends belong to it. */
export type Gap = {
  readonly feed: string;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
};

/** What became of one entry from outside. */
export type Verdict =
  /** It is in the log now. */
  | { readonly outcome: 'accepted'; readonly hash: string; readonly pos: number }
  /** It was in the log already. */
  | { readonly outcome: 'known'; readonly hash: string }
  /** It is kept until those before it come; `waitsFor` tells which. */
  | { readonly outcome: 'parked'; readonly hash: string; readonly waitsFor: Gap }
  /** It was not taken in. Of the error's code, details and message only the code is meant for the other side. */
  | { readonly outcome: 'refused'; readonly error: CrossgapError };

export function refused(error: CrossgapError): Verdict {
  return { outcome: 'refused', error };
}
