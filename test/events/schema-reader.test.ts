import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { everyEvent } from '../../src/events/catalog.ts';
import { bytes, decodeBody, encodeBody } from '../../src/events/index.ts';
import { schemaReader, unfit } from '../../src/events/schema-reader.ts';
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
