import assert from 'node:assert/strict';
import { z } from 'zod';
import { unfit, type BodyPlan, type SchemaReader } from './body-plan.ts';
import { decodeBody, readBody } from './body-reader.ts';
import { EventError } from './errors.ts';
import { bodyPlan, schemaReader } from './schema-reader.ts';

/** A field that holds bytes. */
export const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not bytes');

/** An event as it is appended: its type, the newest version of its schema, and data that fits it. */
export type MadeEvent<Name extends string = string, Data = unknown> = {
  readonly name: Name;
  readonly version: number;
  readonly data: Data;
};

/** An event type: all versions of its schema, and how data of an older one is read as the newest. */
export type EventDefinition<Name extends string, Data> = {
  readonly name: Name;
  /** The newest version, counted from 1. */
  readonly version: number;
  /** What data of the newest version has to fit. */
  readonly schema: z.ZodType;
  /** @throws {EventError} BODY_SCHEMA_INVALID */
  make(data: Data): MadeEvent<Name, Data>;
  /**
   * Data of version `version`, checked and brought to the newest one.
   *
   * @throws {EventError} BODY_SCHEMA_INVALID
   */
  read(version: number, data: unknown): Data;
  /**
   * The same from the bytes of a body.
   *
   * @throws {EventError} BODY_SCHEMA_INVALID, and as `decodeBody` does
   */
  readBody(version: number, body: Uint8Array): Data;
  /** The same type with one version more; `upcast` is pure and reads data of the version before it as this one. */
  next<S extends z.ZodType>(
    schema: S,
    upcast: (data: Data) => z.output<S>,
  ): EventDefinition<Name, z.output<S>>;
};

/** The event that a definition reads. */
export type EventOf<Definition> =
  Definition extends EventDefinition<infer Name, infer Data>
    ? { readonly name: Name; readonly data: Data }
    : never;

export type AnyEvent = { readonly name: string; readonly data: unknown };

/** What an entry says, or that this version of crossgap cannot read it. */
export type DecodedEvent<E extends AnyEvent = AnyEvent> =
  | ({ readonly known: true } & E)
  | {
      readonly known: false;
      readonly name: string;
      readonly version: number;
      /** BODY_UNFIT: taken in before the type was known here, and its body does not fit the schema. */
      readonly reason: 'TYPE_UNKNOWN' | 'VERSION_UNKNOWN' | 'BODY_UNFIT';
    };

/** Reads bodies by the type and version that stand in the header of their entry. */
export type EventCatalog<E extends AnyEvent = AnyEvent> = {
  /** The newest version of a type, or undefined where it is not known. */
  versionOf(type: string): number | undefined;
  /**
   * Reads bytes from outside. The form of the body is checked also where its type is unknown.
   *
   * @throws {EventError} BODY_MALFORMED, BODY_TOO_DEEP, BODY_TOO_MANY_ELEMENTS, BODY_NOT_CANONICAL, BODY_SCHEMA_INVALID
   */
  decode(type: string, schemaVersion: number, body: Uint8Array): DecodedEvent<E>;
  /** The same for a body whose form was checked when it came into the log. */
  decodeChecked(type: string, schemaVersion: number, body: Uint8Array): DecodedEvent<E>;
};

/**
 * An event type in its first version. The schema describes what is signed: objects are strict, and nothing in it
 * may change a value (no default, coerce, transform, trim), so that what was signed is what is read.
 */
export function defineEvent<const Name extends string, S extends z.ZodType>(
  name: Name,
  schema: S,
): EventDefinition<Name, z.output<S>> {
  assert(/^[a-z0-9.-]{1,48}$/.test(name), `event type ${name} is not 1 to 48 of a-z 0-9 . -`);
  refuseAltering(schema, name, new Set());
  return definition(name, [versionOf(schema, (data) => data)]);
}

type Version = {
  readonly schema: z.ZodType;
  readonly reader: SchemaReader;
  /** Made when a body is read: of many types and versions a process reads none. */
  readonly plan: () => BodyPlan;
  readonly upcast: (data: unknown) => unknown;
};

function versionOf(schema: z.ZodType, upcast: Version['upcast']): Version {
  let plan: BodyPlan | undefined;
  return { schema, reader: schemaReader(schema), plan: () => (plan ??= bodyPlan(schema)), upcast };
}

function definition<Name extends string, Data>(
  name: Name,
  versions: readonly Version[],
): EventDefinition<Name, Data> {
  const newest = versions.length;
  const check = (version: number, data: unknown): unknown => {
    const { schema, reader } = versions[version - 1]!;
    const read = reader(data);
    if (read !== unfit) return read;
    const parsed = schema.safeParse(data);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw new EventError(
      'BODY_SCHEMA_INVALID',
      `Cannot accept ${name} v${version}: ${where === '' ? '' : `${where}: `}${issue?.message ?? 'it does not fit its schema'}`,
      {
        hint: 'The author has to write it again with a correct program; this entry is not taken.',
        details: { issues: parsed.error.issues.slice(0, 5).map(({ path, message }) => ({ path, message })) },
      },
    );
  };
  const upcast = (version: number, data: unknown): Data => {
    let current = data;
    for (const later of versions.slice(version)) current = later.upcast(current);
    return current as Data;
  };
  return {
    name,
    version: newest,
    schema: versions[newest - 1]!.schema,
    make: (data) => ({ name, version: newest, data: check(newest, data) as Data }),
    read: (version, data) => upcast(version, check(version, data)),
    readBody: (version, body) => {
      const read = readBody(versions[version - 1]!.plan(), body);
      return upcast(version, read === unfit ? check(version, decodeBody(body)) : read);
    },
    next: (schema, toNext) => {
      refuseAltering(schema, name, new Set());
      return definition(name, [...versions, versionOf(schema, toNext as Version['upcast'])]);
    },
  };
}

type AnyDefinition = Pick<EventDefinition<string, unknown>, 'name' | 'version' | 'readBody'>;

/** All event types there are, as one reader. */
export function catalog<const List extends readonly AnyDefinition[]>(
  list: List,
): EventCatalog<EventOf<List[number]>> {
  const byName = new Map(list.map((one) => [one.name, one]));
  assert.equal(byName.size, list.length, 'an event type stands twice in the catalog');
  const read = (
    type: string,
    version: number,
    body: Uint8Array,
    isChecked: boolean,
  ): DecodedEvent<EventOf<List[number]>> => {
    const found = byName.get(type);
    if (found === undefined || version > found.version) {
      if (!isChecked) decodeBody(body);
      return {
        known: false,
        name: type,
        version,
        reason: found === undefined ? 'TYPE_UNKNOWN' : 'VERSION_UNKNOWN',
      };
    }
    const event = { known: true, name: found.name, data: found.readBody(version, body) };
    // The name selects the definition whose data this is; the types can't follow that far.
    return event as unknown as DecodedEvent<EventOf<List[number]>>;
  };
  return {
    versionOf: (type) => byName.get(type)?.version,
    decode: (type, version, body) => read(type, version, body, false),
    decodeChecked: (type, version, body) => read(type, version, body, true),
  };
}

const altering = new Set([
  'transform',
  'default',
  'prefault',
  'pipe',
  'catch',
  'codec',
  'success',
  'promise',
]);

type SchemaFacts = {
  readonly type: string;
  readonly coerce?: boolean;
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly check: string } } }[];
  readonly catchall?: z.ZodType;
};

/** Walks a schema and asserts that it only judges. */
function refuseAltering(schema: z.ZodType, name: string, seen: Set<z.ZodType>): void {
  if (seen.has(schema)) return;
  seen.add(schema);
  const facts = schema._zod.def as unknown as SchemaFacts & Record<string, unknown>;
  assert(
    !altering.has(facts.type) && facts.coerce !== true,
    `a schema of ${name} alters values: ${facts.type}`,
  );
  for (const check of facts.checks ?? [])
    assert.notEqual(check._zod.def.check, 'overwrite', `a schema of ${name} alters values: ${facts.type}`);
  if (facts.type === 'object')
    assert.equal(facts.catchall?._zod.def.type, 'never', `an object in a schema of ${name} is not strict`);
  for (const part of Object.values(facts))
    for (const inner of schemasIn(part)) refuseAltering(inner, name, seen);
  if (facts.type === 'lazy') refuseAltering((facts['getter'] as () => z.ZodType)(), name, seen);
}

function schemasIn(part: unknown): z.ZodType[] {
  if (typeof part !== 'object' || part === null) return [];
  if (isSchema(part)) return [part];
  return Object.values(part).filter(isSchema);
}

function isSchema(part: unknown): part is z.ZodType {
  return typeof part === 'object' && part !== null && '_zod' in part && 'safeParse' in part;
}
