import type { Statement } from 'better-sqlite3';
import type { Database } from './open.ts';

const known = new WeakMap<Database, Map<string, Statement>>();

/**
 * A statement that is asked for often, made once for each database: for thousands of links, making one takes longer than
 * running it. For `get` and `all` only, of a fixed text: who iterates or plucks changes it for everybody.
 */
export function prepared(db: Database, sql: string): Pick<Statement, 'get' | 'all'> {
  let statements = known.get(db);
  if (statements === undefined) known.set(db, (statements = new Map()));
  let statement = statements.get(sql);
  if (statement === undefined) statements.set(sql, (statement = db.prepare(sql)));
  return statement;
}
