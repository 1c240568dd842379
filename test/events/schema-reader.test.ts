import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { unfit } from '../../src/events/body-plan.ts';
import { readBody } from '../../src/events/body-reader.ts';
import { everyEvent } from '../../src/events/catalog.ts';
import { bytes, decodeBody, encodeBody, EventError } from '../../src/events/index.ts';
import { bodyPlan, schemaReader } from '../../src/events/schema-reader.ts';
import { dataFor } from './data-for.ts';
import { readable } from './golden.ts';

/** What the schema itself says of a value, written so that the order of properties counts. */
function bySchema(schema: z.ZodType, value: unknown): string {
  const parsed = schema.safeParse(value);
  return parsed.success ? written(parsed.data) : 'refused';
}

function byReader(schema: z.ZodType, value: unknown): string {
  const read = schemaReader(schema)(value);
  return read === unfit ? 'refused' : written(read);
}

/** The same straight from the bytes of a body, or the code under which they are refused. */
function byPlan(schema: z.ZodType, body: Uint8Array): string {
  return codeOr(() => {
    const read = readBody(bodyPlan(schema), body);
    return read === unfit ? 'refused' : written(read);
  });
}

function codeOr(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof EventError) return error.code;
    throw error;
  }
}

const written = (value: unknown): string => JSON.stringify({ value: readable(value) });

/** One value somewhere inside is another one, is gone, or has another beside it. */
function spoiled(value: unknown, at: number, by: unknown): unknown {
  const places = [...placesIn(value, [])];
  const path = places[at % places.length]!;
  return replaced(value, path, by);
}

function* placesIn(value: unknown, path: string[]): Generator<string[]> {
  yield path;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  for (const [key, inner] of Object.entries(value)) yield* placesIn(inner, [...path, key]);
}

function replaced(value: unknown, [key, ...rest]: string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((item, at) => (String(at) === key ? replaced(item, rest, by) : item));
  const { [key]: inner, ...others } = value as Record<string, unknown>;
  if (rest.length > 0) return { ...others, [key]: replaced(inner, rest, by) };
  if (by === 'gone') return others;
  if (by === 'more') return { ...others, [key]: inner, [`${key}2`]: 1 };
  return { ...others, [key]: by };
}

const wrong = fc.constantFrom<unknown>(
  'gone',
  'more',
  null,
  '',
  'x',
  'F',
  0,
  -1,
  1.5,
  2 ** 53,
  [],
  {},
  true,
  undefined,
);

test.each(everyEvent.map(({ name, schema }) => [name, schema] as const))(
  '%s is read as its schema reads it, property by property',
  (_, schema) => {
    fc.assert(
      fc.property(dataFor(schema), (data) => {
        expect(byReader(schema, data)).toBe(bySchema(schema, data));
        // Off the wire its properties come in another order.
        const received = decodeBody(encodeBody(data));
        expect(byReader(schema, received)).toBe(bySchema(schema, data));
        expect(byReader(schema, received)).not.toBe('refused');
        expect(byPlan(schema, encodeBody(data))).toBe(bySchema(schema, data));
      }),
      { numRuns: 20 },
    );
  },
);

test.each(everyEvent.map(({ name, schema }) => [name, schema] as const))(
  '%s that does not fit its schema is not read',
  (_, schema) => {
    fc.assert(
      fc.property(dataFor(schema), fc.nat(), wrong, (data, at, by) => {
        const given = spoiled(data, at, by);
        // It may send to the schema what the schema takes, and never the other way round.
        expect([bySchema(schema, given), 'refused']).toContain(byReader(schema, given));
      }),
      { numRuns: 60 },
    );
  },
);

test.each(everyEvent.map(({ name, schema }) => [name, schema] as const))(
  'the body of %s that was changed is read straight from its bytes only where its value is',
  (_, schema) => {
    fc.assert(
      fc.property(dataFor(schema), fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (data, at, byte, cut) => {
        const body = Buffer.from(encodeBody(data));
        body[at % body.length] = byte;
        const given = cut ? body.subarray(0, at % body.length) : body;
        const byValue = codeOr(() => byReader(schema, decodeBody(given)));
        // It may leave to the value what the value takes, and what the value refuses, but says nothing else.
        expect([byValue, 'refused']).toContain(byPlan(schema, given));
      }),
      { numRuns: 100 },
    );
  },
);

test('a body is read straight from its bytes as far as the limits of any body go', () => {
  const many = z.strictObject({ list: z.array(z.int()) });
  const ofLength = (length: number): Uint8Array => encodeBody({ list: Array.from({ length }, () => 1) });
  for (const length of [0, 15, 16, 300, 65_532])
    expect(byPlan(many, ofLength(length))).toBe(byReader(many, decodeBody(ofLength(length))));
  let deep: z.ZodType = z.int();
  let value: unknown = 1;
  for (let levels = 1; levels <= 32; levels += 1) {
    deep = z.array(deep);
    value = [value];
  }
  expect(byPlan(deep, encodeBody(value))).toBe(written(value));
  const deeper = Buffer.concat([Buffer.of(0x91), encodeBody(value)]);
  expect(codeOr(() => written(decodeBody(deeper)))).toBe('BODY_TOO_DEEP');
  expect(byPlan(z.array(deep), deeper)).not.toBe(written([value]));
  // One value more than a body may have: the map, its key, the list and its items.
  const tooMany = Buffer.concat([
    Buffer.of(0x81, 0xa4),
    Buffer.from('list'),
    Buffer.of(0xdc, 0xff, 0xfe),
    Buffer.alloc(0xfffe, 1),
  ]);
  expect(codeOr(() => written(decodeBody(tooMany)))).toBe('BODY_TOO_MANY_ELEMENTS');
  expect(byPlan(many, tooMany)).toBe('BODY_TOO_MANY_ELEMENTS');
});

test('what a schema of another kind takes and gives is asked of it', () => {
  const long = z.string().transform((text) => text.length);
  expect(schemaReader(long)('four')).toBe(4);
  for (const schema of [
    z.string().optional(),
    z.union([z.strictObject({ a: z.int() }), z.strictObject({ b: z.int() })]),
    z.strictObject({ a: z.int() }).refine(({ a }) => a > 1),
    z.int().gt(3),
    z.iso.datetime(),
    z.object({ a: z.int() }),
    z.record(z.string(), z.int()),
    z.array(z.int()).length(2),
    bytes,
  ]) {
    for (const value of [
      '2026-01-01T00:00:00Z',
      'x',
      3,
      4,
      { a: 1 },
      { a: 2, c: 3 },
      { b: 1 },
      [1],
      [1, 2],
      Buffer.of(1),
    ])
      expect(byReader(schema, value), written(value)).toBe(bySchema(schema, value));
  }
});
