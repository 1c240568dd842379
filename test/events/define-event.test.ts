import { expect, test } from 'vitest';
import { z } from 'zod';
import { bytes, catalog, defineEvent, encodeBody } from '../../src/events/index.ts';

const Priced = defineEvent('thing.priced', z.strictObject({ price: z.int() }))
  .next(z.strictObject({ price: z.int(), currency: z.string() }), (before) => ({
    ...before,
    currency: 'EUR',
  }))
  .next(z.strictObject({ cents: z.int(), currency: z.string() }), ({ price, currency }) => ({
    cents: price * 100,
    currency,
  }));
const Named = defineEvent('thing.named', z.strictObject({ name: z.string(), icon: bytes.optional() }));
const events = catalog([Priced, Named]);

test('every version of an event is read as the newest one', () => {
  const read = (version: number, data: unknown) => events.decode('thing.priced', version, encodeBody(data));
  const newest = { known: true, name: 'thing.priced', data: { cents: 500, currency: 'EUR' } };
  expect(read(1, { price: 5 })).toEqual(newest);
  expect(read(2, { price: 5, currency: 'EUR' })).toEqual(newest);
  expect(read(3, { cents: 500, currency: 'EUR' })).toEqual(newest);
  expect(read(4, { cents: 500 })).toEqual({
    known: false,
    name: 'thing.priced',
    version: 4,
    reason: 'VERSION_UNKNOWN',
  });
  expect(events.decode('thing.lost', 1, encodeBody(1))).toMatchObject({
    known: false,
    reason: 'TYPE_UNKNOWN',
  });
});

test('reading current data changes nothing', () => {
  const made = Priced.make({ cents: 1, currency: 'CHF' });
  expect(made).toEqual({ name: 'thing.priced', version: 3, data: { cents: 1, currency: 'CHF' } });
  expect(events.decode(made.name, made.version, encodeBody(made.data))).toMatchObject({ data: made.data });
});

test('data that does not fit its schema is refused where it is made and where it is read', () => {
  const invalid = expect.objectContaining({ code: 'BODY_SCHEMA_INVALID' });
  // @ts-expect-error: a field is missing
  expect(() => Named.make({})).toThrow(invalid);
  // @ts-expect-error: a field too many
  expect(() => Named.make({ name: 'x', more: 1 })).toThrow(invalid);
  expect(() => events.decode('thing.named', 1, encodeBody({ name: 'x', icon: 'y' }))).toThrow(invalid);
  expect(() => events.decode('thing.priced', 1, encodeBody({ price: 5, currency: 'EUR' }))).toThrow(invalid);
});

test('a schema that would alter what was signed is no event schema', () => {
  const altering: Record<string, z.ZodType> = {
    default: z.strictObject({ a: z.string().default('x') }),
    prefault: z.strictObject({ a: z.string().prefault('x') }),
    coerce: z.strictObject({ a: z.coerce.number() }),
    transform: z.strictObject({ a: z.array(z.string().transform((text) => text.length)) }),
    trim: z.strictObject({ a: z.string().trim() }),
    lowerCase: z.strictObject({ a: z.union([z.int(), z.string().toLowerCase()]) }),
    catch: z.strictObject({ a: z.string().catch('x').nullable() }),
    pipe: z.strictObject({ a: z.record(z.string(), z.string().pipe(z.string())) }),
    preprocess: z.strictObject({ a: z.preprocess((data) => data, z.string()) }),
    'open object': z.strictObject({ a: z.object({ b: z.string() }) }),
    'loose object': z.looseObject({ a: z.string() }),
  };
  for (const [how, schema] of Object.entries(altering))
    expect(() => defineEvent('thing.altered', schema), how).toThrow(/alters values|is not strict/);
  expect(() => Named.next(z.strictObject({ a: z.string().trim() }), () => ({ a: 'x' }))).toThrow(
    /alters values/,
  );
});

test('a type stands once in the catalog, and its name is one the header can hold', () => {
  expect(() => catalog([Named, Named])).toThrow(/twice/);
  for (const name of ['', 'Thing.Named', 'a b', 'x'.repeat(49), 'ä'])
    expect(() => defineEvent(name, z.strictObject({}))).toThrow(/event type/);
});
