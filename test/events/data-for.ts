import fc from 'fast-check';
import type { z } from 'zod';

type Facts = {
  readonly type: string;
  readonly shape: Readonly<Record<string, z.ZodType>>;
  readonly element: z.ZodType;
  readonly innerType: z.ZodType;
  readonly options: readonly z.ZodType[];
  readonly entries: Readonly<Record<string, string>>;
  readonly values: readonly unknown[];
  readonly checks?: readonly { readonly _zod: { readonly def: CheckFacts } }[];
};
type CheckFacts = {
  readonly check: string;
  readonly pattern?: RegExp;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: number;
};

/** Any data that fits a schema of an event. */
export function dataFor(schema: z.ZodType): fc.Arbitrary<unknown> {
  const facts = schema._zod.def as unknown as Facts;
  const checks = (facts.checks ?? []).map(({ _zod }) => _zod.def);
  const bound = (check: string): CheckFacts | undefined => checks.find((one) => one.check === check);
  switch (facts.type) {
    case 'object':
      return objectFor(facts.shape);
    case 'array':
      return fc.array(dataFor(facts.element), {
        minLength: bound('min_length')?.minimum ?? 0,
        maxLength: Math.min(3, bound('max_length')?.maximum ?? 3),
      });
    case 'nullable':
      return fc.option(dataFor(facts.innerType), { nil: null });
    case 'string': {
      const pattern = bound('string_format')?.pattern;
      if (pattern !== undefined) return fc.stringMatching(pattern);
      return fc.string({
        minLength: bound('min_length')?.minimum ?? 0,
        maxLength: bound('max_length')?.maximum ?? 20,
      });
    }
    case 'number':
      return fc.integer({
        min: bound('greater_than')?.value ?? Number.MIN_SAFE_INTEGER,
        max: bound('less_than')?.value ?? Number.MAX_SAFE_INTEGER,
      });
    case 'boolean':
      return fc.boolean();
    case 'enum':
      return fc.constantFrom(...Object.values(facts.entries));
    case 'literal':
      return fc.constantFrom(...facts.values);
    case 'union':
      return fc.oneof(...facts.options.map(dataFor));
    case 'custom':
      return fc.uint8Array({ maxLength: 8 });
    default:
      throw new TypeError(`no data is made for ${facts.type} yet`);
  }
}

/** What is optional is there or not; it is never there as undefined. */
function objectFor(shape: Facts['shape']): fc.Arbitrary<unknown> {
  const inner = Object.entries(shape).map(([name, schema]) => {
    const facts = schema._zod.def as unknown as Facts;
    const optional = facts.type === 'optional';
    return { name, optional, data: dataFor(optional ? facts.innerType : schema) };
  });
  return fc.record(Object.fromEntries(inner.map(({ name, data }) => [name, data])), {
    requiredKeys: inner.filter(({ optional }) => !optional).map(({ name }) => name),
    noNullPrototype: true,
  });
}
