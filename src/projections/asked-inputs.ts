import { prepared, type Database } from '../db/index.ts';

/**
 * The names of all inputs that the offers of a link ask for, those withdrawn apart. Names alone: each document was
 * checked when it came, and reading it whole again is most of what there would be to do.
 */
export function readAskedInputs(db: Database, link: string): string[] {
  const rows = prepared(
    db,
    `SELECT DISTINCT json_extract(input.value, '$.name') AS name
         FROM release, json_each(CAST(release.document AS TEXT), '$.inputs') AS input
        WHERE release.link = ? AND release.withdrawn IS NULL ORDER BY name`,
  ).all(link) as { name: string }[];
  return rows.map(({ name }) => name);
}
