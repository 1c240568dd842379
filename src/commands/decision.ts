import type { CrossgapEvent, MadeEvent } from '../events/index.ts';

/** A product event as it is appended, at the newest version of its schema. */
export type NewEvent = CrossgapEvent & Pick<MadeEvent, 'version'>;

/** One event to append, and the feed it belongs in: this instance's own, or the one to a link. */
export type Decided = { readonly to: 'self' | { readonly link: string }; readonly event: NewEvent };

/** What a command comes to: the events to append, in one transaction. Empty where nothing changes. */
export type Decision = readonly Decided[];

export const atHome = (event: NewEvent): Decided => ({ to: 'self', event });
export const told = (link: string, event: NewEvent): Decided => ({ to: { link }, event });
