import type { Database } from '../db/index.ts';
import { eventCatalog, everyEvent, type LoggedEntry } from '../events/index.ts';
import { rebuildReadModels } from './project.ts';
import { decidesAtHome } from './told-events.ts';
import { readUnknownEntries } from './unknown-entries.ts';

/**
 * After the program was updated: reads what came in before its type or version was known. `first` is done before, in
 * the same transaction. Does nothing where the same types were known the last time, and folds nothing where nothing was
 * waiting for them. A migration that changes what read models keep empties `read_with`: all of them are made anew then.
 */
export function readAnew(
  db: Database,
  instanceId: string,
  { first, history }: { first: () => void; history: () => Iterable<readonly LoggedEntry[]> },
): void {
  const types = readableTypes();
  const before = db.prepare<[], string>('SELECT types FROM read_with').pluck();
  if (before.get() === types) return;
  db.transaction(() => {
    const known = before.get();
    if (known === types) return;
    first();
    const waiting = readUnknownEntries(db).some(
      ({ type, schemaVersion }) =>
        !decidesAtHome(type) && (eventCatalog.versionOf(type) ?? 0) >= schemaVersion,
    );
    if (waiting || known === undefined) rebuildReadModels(db, instanceId, history());
    db.prepare(
      'INSERT INTO read_with (id, types) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET types = excluded.types',
    ).run(types);
  }).immediate();
}

/** Every event type with its newest version: what a program can read, in one line. */
function readableTypes(): string {
  return everyEvent
    .map(({ name, version }) => `${name}@${version}`)
    .toSorted()
    .join(' ');
}
