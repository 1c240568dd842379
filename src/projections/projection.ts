import type { CrossgapEvent, EntryHeader } from '../events/index.ts';
import type { Database } from '../db/index.ts';

/** Where an entry stands: at home, told to a link, or heard from one. */
export type Place =
  | { readonly kind: 'self' }
  | { readonly kind: 'outward'; readonly link: string }
  | { readonly kind: 'inward'; readonly link: string };

/** An entry whose event this version knows. */
export type KnownEntry = {
  readonly pos: number;
  readonly hash: string;
  readonly header: EntryHeader;
  readonly place: Place;
  readonly event: CrossgapEvent;
};

/**
 * A read model: which tables are its own and how an entry changes them. Its content follows from the entries in
 * the order of `pos` alone: no clock, no chance, no setting.
 */
export type Projection = {
  readonly name: string;
  readonly tables: readonly string[];
  prepare(db: Database): Fold;
};

/** An entry that is not read here: of a later version, or not its author's to decide. */
export type UnreadEntry = Omit<KnownEntry, 'event'>;

/** Takes in one entry after another; what it gathers instead of writing at once, `save` writes at the end of a batch. */
export type Fold = {
  readonly apply: (entry: KnownEntry) => void;
  readonly pass?: (entry: UnreadEntry) => void;
  readonly save?: () => void;
};

/** The name under which names that differ only in case are one. */
export const nameKey = (name: string): string => name.toUpperCase();

/** What a place of a customer is found by in memory. Unmistakable without quoting, since two of its parts tell their length. */
export function placeKey(link: string, environment: string, process: string): string {
  return `${link.length} ${environment.length} ${link}${environment}${process}`;
}
