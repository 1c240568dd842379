import type { ReleaseDocument, ReleaseInput } from '../events/index.ts';
import type { InputRow } from './input-board.ts';
import { nameKey } from './projection.ts';

/** Where the value of an input comes from in one environment. */
export type InputSource =
  | { readonly from: 'set'; readonly input: InputRow }
  | { readonly from: 'given'; readonly value: string }
  | { readonly from: 'default'; readonly value: string }
  | { readonly from: 'nowhere' };

/** What is known of values: what this side set, and what the author gave it. */
export type KnownValues = {
  readonly inputs: readonly InputRow[];
  readonly given: readonly { readonly name: string; readonly value: string }[];
};

/**
 * Which value an input has in an environment: what was set for that environment, else for all, else what the author
 * gave this receiver, else the default. What stands in clear is no value of a secret: it has to be set again.
 */
export function sourceOf(input: ReleaseInput, environment: string, known: KnownValues): InputSource {
  const same = (name: string): boolean => nameKey(name) === nameKey(input.name);
  const fitting = known.inputs.filter((row) => same(row.name) && (row.secret || !input.secret));
  const set =
    fitting.find((row) => row.environment === environment) ?? fitting.find((row) => row.environment === null);
  if (set !== undefined) return { from: 'set', input: set };
  const given = input.secret ? undefined : known.given.find(({ name }) => same(name));
  if (given !== undefined) return { from: 'given', value: given.value };
  return input.default === null ? { from: 'nowhere' } : { from: 'default', value: input.default };
}

/** Every required input without a value in this environment, in the order of the document. */
export function missingInputs(
  document: ReleaseDocument,
  environment: string,
  known: KnownValues,
): ReleaseInput[] {
  return document.inputs.filter(
    (input) => input.required && sourceOf(input, environment, known).from === 'nowhere',
  );
}
