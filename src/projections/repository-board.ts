import type { Database } from '../db/index.ts';
import { nameKey, type Fold, type Projection } from './projection.ts';

/** What others' NuGet repositories were given, and what they have that is not what it should be. */
export const repositoryBoard: Projection = {
  name: 'repository-board',
  tables: ['package_push', 'source_alarm'],
  prepare(db) {
    const push = db.prepare(
      `INSERT INTO package_push (repository_key, id_key, version_key, content_digest, repository, id, version,
                                 outcome, code, message, at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (repository_key, id_key, version_key, content_digest) DO UPDATE
          SET outcome = excluded.outcome, code = excluded.code, message = excluded.message, at = excluded.at`,
    );
    const alarm = db.prepare(
      `INSERT INTO source_alarm (repository_key, id_key, version_key, expected, found, repository, id, version, at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (repository_key, id_key, version_key, expected) DO UPDATE
          SET found = excluded.found, at = excluded.at`,
    );
    const calm = db.prepare(
      `DELETE FROM source_alarm WHERE repository_key = ? AND id_key = ? AND version_key = ? AND expected = ?`,
    );
    const apply: Fold['apply'] = ({ event, header }) => {
      if (event.name === 'package.pushed') {
        const { repository, package: of, contentDigest, outcome, code, message } = event.data;
        const key = [nameKey(repository), nameKey(of.id), nameKey(of.version), contentDigest];
        push.run(...key, repository, of.id, of.version, outcome, code, message, header.at);
      } else if (event.name === 'source.compared') {
        const { repository, package: of, expected, found } = event.data;
        const key = [nameKey(repository), nameKey(of.id), nameKey(of.version), expected];
        if (found === expected) calm.run(...key);
        else alarm.run(...key, found, repository, of.id, of.version, header.at);
      }
    };
    return { apply };
  },
};

/** What became of a package that was given to a repository; the newest word counts. */
export type PushRow = {
  readonly repository: string;
  readonly id: string;
  readonly version: string;
  readonly contentDigest: string;
  readonly outcome: 'taken' | 'there' | 'differs' | 'refused' | 'failed';
  readonly code: string | null;
  readonly message: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
};

/** All of them, by repository, id and version. */
export function readPushes(db: Database): PushRow[] {
  return db
    .prepare(
      `SELECT repository, id, version, content_digest AS contentDigest, outcome, code, message, at FROM package_push
        ORDER BY repository_key, id_key, version_key, content_digest`,
    )
    .all() as PushRow[];
}

/** A package of which a repository has another content than it should; both are digests of content. */
export type SourceAlarm = {
  readonly repository: string;
  readonly id: string;
  readonly version: string;
  readonly expected: string;
  readonly found: string;
  /** Milliseconds since 1970. */
  readonly at: number;
};

/** All that stand, by repository, id and version. */
export function readSourceAlarms(db: Database): SourceAlarm[] {
  return db
    .prepare(
      `SELECT repository, id, version, expected, found, at FROM source_alarm
        ORDER BY repository_key, id_key, version_key, expected`,
    )
    .all() as SourceAlarm[];
}
