import Database from 'better-sqlite3';
import { DatabaseError } from './errors.ts';
import type { Migration } from './migrate.ts';

type SchemaObject = { readonly type: string; readonly name: string; readonly sql: string };

/**
 * Compares what a database consists of with what its migrations make: every table, index, trigger and view of theirs
 * must be there with the same text, and no trigger or view beside them, since those could act behind our back.
 *
 * @throws {DatabaseError} DATABASE_SCHEMA_CHANGED
 */
export function checkSchema(db: Database.Database, migrations: readonly Migration[]): void {
  const expected = expectedSchema(migrations);
  const found = schemaOf(db);
  const textOf = new Map(found.map((one) => [key(one), plain(one.sql)]));
  for (const one of expected) {
    const text = textOf.get(key(one));
    if (text === undefined) throw changed(one, 'is missing');
    if (text !== plain(one.sql)) throw changed(one, 'has another text than it was made with');
  }
  const known = new Set(expected.map(key));
  for (const one of found)
    if ((one.type === 'trigger' || one.type === 'view') && !known.has(key(one)))
      throw changed(one, 'was added by somebody else');
}

/** What the migrations make, as it was found out last: a process that opens several databases needs it once. */
let modelled: { readonly by: string; readonly schema: readonly SchemaObject[] } | undefined;

function expectedSchema(migrations: readonly Migration[]): readonly SchemaObject[] {
  const by = migrations.map(({ sql }) => sql).join('\n');
  if (modelled?.by !== by) modelled = { by, schema: schemaMadeBy(migrations) };
  return modelled.schema;
}

function schemaMadeBy(migrations: readonly Migration[]): SchemaObject[] {
  const model = new Database(':memory:');
  try {
    for (const { sql } of migrations) model.exec(sql);
    return schemaOf(model);
  } finally {
    model.close();
  }
}

function schemaOf(db: Database.Database): SchemaObject[] {
  return db
    .prepare(
      `SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'`,
    )
    .all() as SchemaObject[];
}

const key = (one: SchemaObject): string => `${one.type} ${one.name}`;

/** Renaming a table rewrites its text with quotes around the name. */
const plain = (sql: string): string => sql.replaceAll('"', '').replace(/\s+/g, ' ');

function changed(one: SchemaObject, how: string): DatabaseError {
  return new DatabaseError(
    'DATABASE_SCHEMA_CHANGED',
    `Cannot open the database: the ${one.type} ${one.name} ${how}`,
    {
      hint: 'Somebody changed the file with another tool; keep a copy and restore the last backup.',
      details: { type: one.type, name: one.name },
    },
  );
}
