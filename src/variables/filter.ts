import type { Run } from './run.ts';

/**
 * A filter: the text so far (undefined where there is none) and its options to a text, undefined where it can't be
 * made, which leaves the token unresolved. Throws FilterRefusal where Octopus would end the evaluation.
 */
export type Filter = (input: string | undefined, options: readonly string[], run: Run) => string | undefined;

/** Why no result can be made at all. The message never holds a value, which may be a secret. */
export class FilterRefusal extends Error {}
