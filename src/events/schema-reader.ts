import type { z } from 'zod';
import { unfit, type BodyPlan, type SchemaReader } from './body-plan.ts';
import { encodeBody } from './encoding.ts';

type Facts = {
  readonly type: string;
  readonly checks?: readonly CheckedSchema[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly values?: readonly unknown[];
};
type CheckedSchema = { readonly _zod: { readonly def: CheckFacts } };
type CheckFacts = {
  readonly check: string;
  readonly when?: unknown;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: number;
  readonly inclusive?: boolean;
};
type Test<T> = (value: T) => boolean;

/**
 * The short way through a schema that only judges: what fits it comes out as the schema itself would give it, its
 * properties in the schema's order, several times as fast. What does not fit, or is of a kind not known here, is left
 * to the schema, which alone refuses and says why.
 */
export function schemaReader(schema: z.ZodType): SchemaReader {
  return shortWay(schema) ?? askSchema(schema);
}

function askSchema(schema: z.ZodType): SchemaReader {
  return (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : unfit;
  };
}

function shortWay(schema: z.ZodType): SchemaReader | undefined {
  const facts = schema._zod.def as unknown as Facts;
  switch (facts.type) {
    case 'object':
      return objectReader(facts);
    case 'array':
      return arrayReader(facts);
    case 'nullable': {
      const inner = schemaReader(facts.innerType!);
      return (value) => (value === null ? null : inner(value));
    }
    case 'string':
      return textReader(facts);
    case 'number':
      return integerReader(facts);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : unfit);
    case 'enum':
      return oneOf(Object.values(facts.entries!).filter((entry) => typeof entry === 'string'));
    case 'literal':
      return oneOf(facts.values!);
    case 'union':
      return unionReader(facts);
    default:
      return undefined;
  }
}

/** The same way through the bytes of a body: a value of the schema is made as it is read. */
export function bodyPlan(schema: z.ZodType): BodyPlan {
  const facts = schema._zod.def as unknown as Facts;
  if (facts.type === 'nullable') return { kind: 'nullable', inner: bodyPlan(facts.innerType!) };
  if (facts.type === 'array') {
    const holds = lengthsOf(facts);
    if (holds !== undefined) return { kind: 'list', holds, item: bodyPlan(facts.element!) };
  }
  if (facts.type === 'object') {
    const properties = propertiesOf(facts);
    // Of objects that have no optional property it is known how they begin, and which key stands where.
    if (properties?.every(({ optional }) => !optional)) return objectPlan(properties);
  }
  return { kind: 'value', read: schemaReader(schema) };
}

function objectPlan(properties: readonly Property[]): BodyPlan {
  const names = properties.map(({ name }) => name);
  const ordered = properties
    .map(({ name, schema }) => ({ name, key: encodeBody(name), plan: bodyPlan(schema) }))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  // Values differ from body to body, what stands before the first of them does not.
  const empty = Object.fromEntries(names.map((name) => [name, null]));
  const head = encodeBody(empty).subarray(0, names.length < 0x10 ? 1 : 3);
  return { kind: 'object', head, ordered, empty };
}

type Property = { readonly name: string; readonly optional: boolean; readonly schema: z.ZodType };

/** Of an object that has these properties and no others; undefined where its schema asks for more than that. */
function propertiesOf({ shape, catchall, checks = [] }: Facts): readonly Property[] | undefined {
  if (checks.length > 0 || catchall?._zod.def.type !== 'never') return undefined;
  return Object.entries(shape!).map(([name, schema]) => {
    const facts = schema._zod.def as unknown as Facts;
    const optional = facts.type === 'optional';
    return { name, optional, schema: optional ? facts.innerType! : schema };
  });
}

/** What the length of a list has to be; undefined where its schema asks for more than that. */
function lengthsOf({ checks = [] }: Facts): Test<ArrayLike<unknown>> | undefined {
  const tests = checks.map(({ _zod: { def } }) => lengthTest(def));
  return tests.includes(undefined) ? undefined : all(tests as Test<ArrayLike<unknown>>[]);
}

function objectReader(facts: Facts): SchemaReader | undefined {
  const properties = propertiesOf(facts)?.map(({ name, optional, schema }) => ({
    name,
    optional,
    reader: schemaReader(schema),
  }));
  if (properties === undefined) return undefined;
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return unfit;
    const given = value as Record<string, unknown>;
    let left = Object.keys(given).length;
    const read: Record<string, unknown> = {};
    for (let at = 0; at < properties.length; at += 1) {
      const { name, optional, reader } = properties[at]!;
      const before = given[name];
      if (before === undefined) {
        if (optional && !(name in given)) continue;
        return unfit;
      }
      const after = reader(before);
      if (after === unfit) return unfit;
      left -= 1;
      read[name] = after;
    }
    return left === 0 ? read : unfit;
  };
}

function arrayReader(facts: Facts): SchemaReader | undefined {
  const holds = lengthsOf(facts);
  if (holds === undefined) return undefined;
  const item = schemaReader(facts.element!);
  return (value) => {
    if (!Array.isArray(value) || !holds(value)) return unfit;
    const read: unknown[] = [];
    for (let at = 0; at < value.length; at += 1) {
      const after = item(value[at]);
      if (after === unfit) return unfit;
      read.push(after);
    }
    return read;
  };
}

function textReader({ checks = [], ...facts }: Facts): SchemaReader | undefined {
  if ('format' in facts || 'coerce' in facts) return undefined;
  const tests = checks.map(({ _zod: { def } }) => patternTest(def) ?? lengthTest(def));
  if (tests.includes(undefined)) return undefined;
  const holds = all(tests as Test<string>[]);
  return (value) => (typeof value === 'string' && holds(value) ? value : unfit);
}

function integerReader(facts: Facts): SchemaReader | undefined {
  // `z.int()` is a format of its own, and the checks on it stand beside.
  if (!('format' in facts) || facts.format !== 'safeint' || 'coerce' in facts) return undefined;
  const tests = (facts.checks ?? []).map(({ _zod: { def } }) => boundTest(def));
  if (tests.includes(undefined)) return undefined;
  const holds = all(tests as Test<number>[]);
  return (value) => (Number.isSafeInteger(value) && holds(value as number) ? value : unfit);
}

function oneOf(values: readonly unknown[]): SchemaReader {
  const allowed = new Set(values);
  return (value) => (allowed.has(value) ? value : unfit);
}

/** Only of plain values, where it cannot matter which of the options took one. */
function unionReader({ options, checks = [] }: Facts): SchemaReader | undefined {
  const plain = new Set(['string', 'number', 'boolean', 'enum', 'literal', 'null']);
  if (checks.length > 0 || !options!.every((option) => plain.has(option._zod.def.type))) return undefined;
  const readers = options!.map(schemaReader);
  return (value) => {
    for (const reader of readers) if (reader(value) !== unfit) return value;
    return unfit;
  };
}

function all<T>(tests: readonly Test<T>[]): Test<T> {
  const [first, second] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  return (value) => tests.every((test) => test(value));
}

function patternTest({ check, format, pattern, when }: CheckFacts): Test<string> | undefined {
  if (check !== 'string_format' || format !== 'regex' || when !== undefined) return undefined;
  if (pattern === undefined || pattern.global || pattern.sticky) return undefined;
  return (text) => pattern.test(text);
}

function lengthTest({ check, minimum, maximum }: CheckFacts): Test<ArrayLike<unknown>> | undefined {
  if (check === 'min_length' && minimum !== undefined) return ({ length }) => length >= minimum;
  if (check === 'max_length' && maximum !== undefined) return ({ length }) => length <= maximum;
  return undefined;
}

function boundTest({ check, value: bound, inclusive, when }: CheckFacts): Test<number> | undefined {
  if (typeof bound !== 'number' || inclusive !== true || when !== undefined) return undefined;
  if (check === 'greater_than') return (number) => number >= bound;
  if (check === 'less_than') return (number) => number <= bound;
  return undefined;
}
