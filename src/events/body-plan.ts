/** What a reader gives for a value it does not take. */
export const unfit = Symbol('unfit');

/** Takes a value and gives what the schema would give for it, or `unfit`, which settles nothing. */
export type SchemaReader = (value: unknown) => unknown;

/**
 * How the bytes of a body become a value of a schema in one pass, without a value in between. As with a `SchemaReader`,
 * what does not fit settles nothing.
 */
export type BodyPlan = ObjectPlan | ListPlan | NullablePlan | ValuePlan;

/** An object all of whose properties have to be there. */
export type ObjectPlan = {
  readonly kind: 'object';
  /** The bytes that say that it is one, of so many properties. */
  readonly head: Uint8Array;
  /** Its properties in the order in which a body has them; `key` is the name as it stands there. */
  readonly ordered: readonly { readonly name: string; readonly key: Uint8Array; readonly plan: BodyPlan }[];
  /** Them in the order of the schema, without values: to fill a copy is faster than to add one after the other. */
  readonly empty: Readonly<Record<string, unknown>>;
};

export type ListPlan = {
  readonly kind: 'list';
  readonly holds: (items: ArrayLike<unknown>) => boolean;
  readonly item: BodyPlan;
};

type NullablePlan = { readonly kind: 'nullable'; readonly inner: BodyPlan };

/** Any other value: read as it is, then shown to the schema. */
type ValuePlan = { readonly kind: 'value'; readonly read: SchemaReader };
