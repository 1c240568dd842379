import type { Database } from '../db/index.ts';
import type { Fold, Projection } from './projection.ts';

/** This side's environments and the order releases take through them. */
export const placeBoard: Projection = {
  name: 'place-board',
  tables: ['environment'],
  prepare(db) {
    const add = db.prepare(
      `INSERT INTO environment (name, position, after_json, tags_json) VALUES (?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET after_json = excluded.after_json, tags_json = excluded.tags_json`,
    );
    const remove = db.prepare(`DELETE FROM environment WHERE name = ?`);
    const apply: Fold['apply'] = ({ pos, event }) => {
      if (event.name === 'environment.added') {
        const { name, after, tags } = event.data;
        add.run(name, pos, JSON.stringify(after), JSON.stringify(tags));
      } else if (event.name === 'environment.removed') {
        remove.run(event.data.name);
      }
    };
    return { apply };
  },
};

/** An environment of this side. */
export type EnvironmentRow = {
  readonly name: string;
  readonly after: readonly string[];
  readonly tags: readonly string[];
};

/** This side's environments in the order in which they were made. */
export function readEnvironments(db: Database): EnvironmentRow[] {
  const rows = db.prepare(`SELECT name, after_json, tags_json FROM environment ORDER BY position`).all() as {
    name: string;
    after_json: string;
    tags_json: string;
  }[];
  return rows.map((row) => ({
    name: row.name,
    after: JSON.parse(row.after_json) as string[],
    tags: JSON.parse(row.tags_json) as string[],
  }));
}
