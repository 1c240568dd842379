import { prepared, type Database } from '../db/index.ts';
import { nameKey, type Fold, type Projection } from './projection.ts';

/** Which inputs are set here, and which the customers said are set there. */
export const inputBoard: Projection = {
  name: 'input-board',
  tables: ['input_value', 'peer_input', 'told_input'],
  prepare(db) {
    const set = db.prepare(
      `INSERT INTO input_value (name_key, environment, name, version, secret, value, set_at, actor)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (name_key, environment) DO UPDATE
          SET name = excluded.name, version = excluded.version, secret = excluded.secret, value = excluded.value,
              set_at = excluded.set_at, actor = excluded.actor`,
    );
    const heard = db.prepare(
      `INSERT INTO peer_input (link, name_key, environment, name, state, at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (link, name_key, environment) DO UPDATE SET state = excluded.state, at = excluded.at`,
    );
    const told = db.prepare(
      `INSERT INTO told_input (link, name_key, environment) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    const apply: Fold['apply'] = ({ event, header, place }) => {
      if (event.name === 'input.set') {
        const { name, environment, version, secret, value } = event.data;
        set.run(
          nameKey(name),
          environment ?? '',
          name,
          version,
          secret ? 1 : 0,
          value,
          header.at,
          header.actor,
        );
      } else if (event.name === 'input.reported' && place.kind === 'outward') {
        told.run(place.link, nameKey(event.data.name), event.data.environment ?? '');
      } else if (event.name === 'input.reported' && place.kind === 'inward') {
        const { name, environment, state } = event.data;
        heard.run(place.link, nameKey(name), environment ?? '', name, state, header.at);
      }
    };
    return { apply };
  },
};

/** An input that is set here; `environment` null is for all of them, `value` null for a secret. */
export type InputRow = {
  readonly name: string;
  readonly environment: string | null;
  readonly version: number;
  readonly secret: boolean;
  readonly value: string | null;
  readonly setAt: number;
  readonly actor: string;
};

export function readInputs(db: Database): InputRow[] {
  // What was taken away stays as a row without a value, so that its versions are counted on.
  const rows = db
    .prepare(`SELECT * FROM input_value WHERE secret = 1 OR value IS NOT NULL ORDER BY name_key, environment`)
    .all() as {
    name: string;
    environment: string;
    version: number;
    secret: number;
    value: string | null;
    set_at: number;
    actor: string;
  }[];
  return rows.map((row) => ({
    name: row.name,
    environment: row.environment === '' ? null : row.environment,
    version: row.version,
    secret: row.secret === 1,
    value: row.value,
    setAt: row.set_at,
    actor: row.actor,
  }));
}

/** The newest version of an input, also of one that was taken away; 0 where there never was one. */
export function inputVersion(db: Database, name: string, environment: string | null): number {
  const row = db
    .prepare(`SELECT version FROM input_value WHERE name_key = ? AND environment = ?`)
    .get(nameKey(name), environment ?? '') as { version: number } | undefined;
  return row?.version ?? 0;
}

/** What a customer said of an input there: that it is set, never what it is. */
export type PeerInputRow = {
  readonly link: string;
  readonly name: string;
  readonly environment: string | null;
  readonly state: string;
  readonly at: number;
};

export function readPeerInputs(db: Database): PeerInputRow[] {
  return db
    .prepare(
      `SELECT link, name, nullif(environment, '') AS environment, state, at FROM peer_input
        ORDER BY link, name_key, environment`,
    )
    .all() as PeerInputRow[];
}

/** Inputs set here that an offer of the link asks for and whose author was not told so yet. */
export function readUntoldInputs(
  db: Database,
  link: string,
  asked: readonly string[],
): { name: string; environment: string | null }[] {
  const wanted = new Set(asked.map(nameKey));
  const rows = prepared(
    db,
    `SELECT name, nullif(environment, '') AS environment FROM input_value AS set_here
        WHERE (secret = 1 OR value IS NOT NULL)
          AND NOT EXISTS (SELECT 1 FROM told_input AS told WHERE told.link = ?
                             AND told.name_key = set_here.name_key AND told.environment = set_here.environment)
        ORDER BY name_key, environment`,
  ).all(link) as { name: string; environment: string | null }[];
  return rows.filter(({ name }) => wanted.has(nameKey(name)));
}
