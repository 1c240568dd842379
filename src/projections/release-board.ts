import assert from 'node:assert/strict';
import { prepared, type Database } from '../db/index.ts';
import {
  blobsOf,
  readRelease,
  type DeploymentReport,
  type PackagePin,
  type ReleaseDocument,
} from '../events/index.ts';
import { readPackageFiles } from './package-shelf.ts';
import { nameKey, placeKey, type Fold, type Projection } from './projection.ts';
import { isEarlierRun, markOf, type RunMark } from './run-order.ts';

/** Releases of this side and those offered to it, what people and tests said of them, and to whom they went. */
export const releaseBoard: Projection = {
  name: 'release-board',
  tables: [
    'release',
    'evidence',
    'publication',
    'blob_owed',
    'content_held',
    'removed_blob',
    'blob_wanted',
    'given_value',
  ],
  prepare(db) {
    const add = db.prepare(
      `INSERT INTO release (link, digest, process, number, position, document, process_revision, process_digest,
                            created_at, actor)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (link, digest) DO NOTHING`,
    );
    const tests = db.prepare(
      `INSERT INTO evidence (digest, sha256, file, format, passed, failed, skipped, imported_at, type)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest, sha256) DO UPDATE SET type = excluded.type`,
    );
    const judge = db.prepare(
      `UPDATE release SET verdict_ok = ?, verdict_note = ?, verdict_by = ? WHERE link = '' AND digest = ?`,
    );
    const withdraw = db.prepare(`UPDATE release SET withdrawn = ? WHERE link = ? AND digest = ?`);
    const answer = db.prepare(
      `UPDATE release SET answer = ?, answer_reason = ?, answer_until = ? WHERE link = ? AND digest = ?`,
    );
    const publish = db.prepare(
      `INSERT INTO publication (digest, link, published_at, seq, state, state_at) VALUES (?, ?, ?, ?, 'queued', ?)
       ON CONFLICT (digest, link) DO NOTHING`,
    );
    const deliver = db.prepare(
      `UPDATE publication SET state = 'delivered', state_at = ? WHERE link = ? AND state = 'queued' AND seq <= ?`,
    );
    const follow = db.prepare(
      `UPDATE publication SET state = ?, state_at = ?, reason = ? WHERE link = ? AND digest = ?`,
    );
    const owe = db.prepare(
      `INSERT INTO blob_owed (link, digest, size_bytes) VALUES (?, ?, ?) ON CONFLICT (link, digest) DO NOTHING`,
    );
    const owePackage = db.prepare(
      `INSERT INTO blob_owed (link, digest, size_bytes, content_digest, held)
       VALUES (:link, :digest, :sizeBytes, :content,
               EXISTS (SELECT 1 FROM content_held WHERE link = :link AND content_digest = :content))
       ON CONFLICT (link, digest) DO NOTHING`,
    );
    const held = db.prepare(`UPDATE blob_owed SET held = 1 WHERE link = ? AND digest = ?`);
    // A receipt names a package by its content too: whatever file of it is named later, nothing of it is lacking there.
    const heldContent = db.prepare(`UPDATE blob_owed SET held = 1 WHERE link = ? AND content_digest = ?`);
    const knowContent = db.prepare(
      `INSERT INTO content_held (link, content_digest) VALUES (?, ?) ON CONFLICT DO NOTHING`,
    );
    const unheld = db.prepare(
      `UPDATE blob_owed SET held = 0 WHERE link = :link AND (digest = :digest OR content_digest =
              (SELECT content_digest FROM blob_owed WHERE link = :link AND digest = :digest))`,
    );
    const forgetContent = db.prepare(
      `DELETE FROM content_held WHERE link = :link AND content_digest =
              (SELECT content_digest FROM blob_owed WHERE link = :link AND digest = :digest)`,
    );
    const unreported = db.prepare(
      `UPDATE blob_wanted SET reported = 0
        WHERE link = :link AND (digest = :digest OR package_json ->> '$.contentDigest' =
              (SELECT package_json ->> '$.contentDigest' FROM blob_wanted WHERE link = :link AND digest = :digest))`,
    );
    const spoilt = db.prepare(
      `UPDATE blob_wanted SET refused_json = json_object('what', coalesce(
                (package_json ->> '$.id') || ' ' || (package_json ->> '$.version'), what),
              'parts', json(?), 'problems', json_array('its bytes are not those that were announced'))
        WHERE link = ? AND digest = ?`,
    );
    const damaged = db.prepare(
      `UPDATE blob_owed SET refusals = max(refusals, ?), final = ? WHERE link = ? AND digest = ?`,
    );
    const remove = db.prepare(
      `INSERT INTO removed_blob (digest, removed_at, why) VALUES (?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET removed_at = excluded.removed_at, why = excluded.why`,
    );
    const comeBack = db.prepare(`DELETE FROM removed_blob WHERE digest = ?`);
    const giveUp = db.prepare(`UPDATE blob_wanted SET final = 2 WHERE digest = ? AND final = 0`);
    const wantAgain = db.prepare(
      `UPDATE blob_wanted SET final = 0 WHERE link = ? AND digest = ? AND final = 2`,
    );
    const takeBack = (link: string, digest: string): void => {
      comeBack.run(digest);
      wantAgain.run(link, digest);
    };
    const offerOf = db
      .prepare<[string, string], Uint8Array>(`SELECT document FROM release WHERE link = ? AND digest = ?`)
      .pluck();
    const want = db.prepare(
      `INSERT INTO blob_wanted (link, digest, size_bytes, what, package_json) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (link, digest) DO NOTHING`,
    );
    const refuse = db.prepare(
      `UPDATE blob_wanted SET refused_json = ?, refusals = ?, final = ?, refusal_reported = 0
        WHERE link = ? AND digest = ?`,
    );
    const reported = db.prepare(
      `UPDATE blob_wanted SET reported = 1, refused_json = NULL WHERE link = ? AND digest = ?`,
    );
    const refusalReported = db.prepare(
      `UPDATE blob_wanted SET refusal_reported = 1 WHERE link = ? AND digest = ?`,
    );
    const give = db.prepare(
      `INSERT INTO given_value (link, ours, name_key, name, value) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (link, ours, name_key) DO UPDATE SET name = excluded.name, value = excluded.value`,
    );

    // A customer's reports of one release follow each other closely: only the last of a batch is written.
    const followed = new Map<string, Map<string, readonly unknown[]>>();
    const save = (): void => {
      for (const [link, ofLink] of followed)
        for (const [digest, values] of ofLink) follow.run(...values, link, digest);
      followed.clear();
    };
    const note = (link: string, digest: string, state: string, at: number, reason: string | null): void => {
      let ofLink = followed.get(link);
      if (ofLink === undefined) followed.set(link, (ofLink = new Map()));
      ofLink.set(digest, [state, at, reason]);
    };

    const lastIn = db.prepare<[string, string, string], RunMark & { readonly digest: string }>(
      `SELECT last_deployment AS deployment, last_ordinal AS ordinal, last_at AS at, last_digest AS digest
         FROM fleet WHERE link = ? AND environment = ? AND process = ?`,
    );
    // Of each place of a customer: the last run that this batch brought, which the table of the fleet does not have yet.
    const lastRuns = new Map<string, RunMark & { readonly digest: string }>();
    /** Whether a run is told of after a later one of the same release there. */
    const isOutdone = (link: string, report: DeploymentReport, toldAt: number): boolean => {
      const { environment, process, ordinal, digest } = report;
      const key = placeKey(link, environment, process);
      const known =
        lastRuns.get(key) ?? (ordinal === null ? undefined : lastIn.get(link, environment, process));
      const isEarlier = known !== undefined && isEarlierRun(report, known);
      if (!isEarlier) lastRuns.set(key, { ...markOf(report, toldAt), digest });
      return isEarlier && known.digest === digest;
    };

    let read: { readonly bytes: Uint8Array; readonly digest: string; readonly document?: ReleaseDocument } = {
      bytes: new Uint8Array(),
      digest: '',
    };
    /** One release is offered to thousands in a row: the same bytes are read once. */
    const documentIn = (bytes: Uint8Array, digest: string): ReleaseDocument | undefined => {
      if (read.digest !== digest || Buffer.compare(read.bytes, bytes) !== 0) {
        const document = readRelease(bytes, digest);
        read = { bytes, digest, ...(document !== undefined && { document }) };
      }
      return read.document;
    };
    const apply: Fold['apply'] = ({ pos, event, header, place }) => {
      switch (event.name) {
        case 'release.created':
        case 'release.offered': {
          const { digest, document: bytes } = event.data;
          const document = documentIn(bytes, digest);
          if (document === undefined) return;
          const { process, number, revision } = document;
          if (place.kind === 'outward') {
            save();
            publish.run(digest, place.link, header.at, header.seq, header.at);
            for (const { digest: blob, sizeBytes, pin } of blobsOf(document)) {
              if (pin === undefined) owe.run(place.link, blob, sizeBytes);
              else owePackage.run({ link: place.link, digest: blob, sizeBytes, content: pin.contentDigest });
            }
            return;
          }
          const link = place.kind === 'inward' ? place.link : '';
          const at = Date.parse(document.createdAt);
          const row = [link, digest, process, number, pos, bytes, revision.number, revision.digest, at];
          add.run(...row, header.actor);
          if (place.kind !== 'inward') {
            for (const blob of blobsOf(document)) comeBack.run(blob.digest);
            return;
          }
          for (const { digest: blob, sizeBytes, what, pin } of blobsOf(document)) {
            want.run(link, blob, sizeBytes, what, pin === undefined ? null : JSON.stringify(pin));
            takeBack(link, blob);
          }
          return;
        }
        case 'blobs.removed':
          for (const { digest, why } of event.data.blobs) {
            remove.run(digest, header.at, why);
            giveUp.run(digest);
          }
          return;
        case 'package.added':
          takeBack(event.data.link ?? '', event.data.package.sha256);
          return;
        case 'process.published':
          comeBack.run(event.data.digest);
          return;
        case 'chunks.listed':
          if (place.kind === 'self') return;
          for (const { digest, sizeBytes } of event.data.lists) {
            comeBack.run(digest);
            if (place.kind === 'outward') owe.run(place.link, digest, sizeBytes);
            else want.run(place.link, digest, sizeBytes, 'chunks', null);
          }
          return;
        case 'revocation.told':
          if (place.kind === 'outward') owe.run(place.link, event.data.digest, event.data.sizeBytes);
          else if (place.kind === 'inward')
            want.run(place.link, event.data.digest, event.data.sizeBytes, 'revocations', null);
          return;
        case 'tests.imported': {
          const { digest, sha256, file, format, passed, failed, skipped, type } = event.data;
          tests.run(digest, sha256, file, format, passed, failed, skipped, header.at, type ?? '');
          comeBack.run(sha256);
          return;
        }
        case 'release.judged':
          judge.run(event.data.ok ? 1 : 0, event.data.note, header.actor, event.data.digest);
          return;
        case 'release.withdrawn':
          if (place.kind === 'outward') return;
          withdraw.run(event.data.reason, place.kind === 'inward' ? place.link : '', event.data.digest);
          return;
        case 'release.answered': {
          const { link, digest, answer: given, reason, until } = event.data;
          answer.run(given, reason, until, link, digest);
          // Who takes an offer after all, or means to, wants what was removed of it meanwhile.
          const bytes = given === 'refused' ? undefined : offerOf.get(link, digest);
          const document = bytes && documentIn(bytes, digest);
          if (document) for (const blob of blobsOf(document)) takeBack(link, blob.digest);
          return;
        }
        case 'offer.answered':
          if (place.kind !== 'inward') return;
          note(place.link, event.data.digest, event.data.answer, header.at, event.data.reason);
          return;
        case 'deployment.reported': {
          if (place.kind === 'self') return;
          const { state, digest, error, log } = event.data;
          if (place.kind === 'outward') {
            if (log !== null) owe.run(place.link, log.digest, log.sizeBytes);
            return;
          }
          if (log !== null) want.run(place.link, log.digest, log.sizeBytes, 'log', null);
          if (isOutdone(place.link, event.data, header.at)) return;
          note(place.link, digest, publicationState[state] ?? state, header.at, error);
          return;
        }
        case 'receipt.given':
          if (place.kind === 'inward') {
            save();
            deliver.run(header.at, place.link, event.data.seq);
            for (const digest of event.data.holds) {
              held.run(place.link, digest);
              if (heldContent.run(place.link, digest).changes > 0) knowContent.run(place.link, digest);
            }
            for (const { digest, attempt, final } of event.data.refused) {
              damaged.run(attempt, final ? 1 : 0, place.link, digest);
            }
          } else if (place.kind === 'outward') {
            for (const digest of event.data.holds) reported.run(place.link, digest);
            for (const { digest } of event.data.refused) refusalReported.run(place.link, digest);
          }
          return;
        case 'chunks.asked': {
          // What is asked for is not there, whatever a receipt said before.
          if (place.kind === 'inward') {
            const asked = { link: place.link, digest: event.data.package };
            unheld.run(asked);
            forgetContent.run(asked);
          } else if (place.kind === 'outward') {
            const { package: of, parts } = event.data;
            unreported.run({ link: place.link, digest: of });
            if (parts.length > 0) spoilt.run(JSON.stringify(parts), place.link, of);
          }
          return;
        }
        case 'blob.refused': {
          const { link, digest, what, attempt, final, parts, problems } = event.data;
          refuse.run(JSON.stringify({ what, parts, problems }), attempt, final ? 1 : 0, link, digest);
          return;
        }
        case 'value.given':
          if (place.kind === 'self') return;
          give.run(
            place.link,
            place.kind === 'outward' ? 1 : 0,
            nameKey(event.data.name),
            event.data.name,
            event.data.value,
          );
          return;
        default:
      }
    };
    return {
      apply,
      save() {
        save();
        lastRuns.clear();
      },
    };
  },
};

/** A publication whose release runs, or ran, is called by that; every other end is called as the run's own state. */
const publicationState: Readonly<Record<string, string>> = { running: 'deploying', succeeded: 'done' };

/** A release of this side (`link` '') or one that was offered to it. */
export type ReleaseRow = {
  readonly link: string;
  readonly digest: string;
  readonly process: string;
  readonly number: string;
  readonly position: number;
  readonly document: ReleaseDocument;
  readonly createdAt: number;
  readonly actor: string;
  readonly answer: {
    readonly answer: string;
    readonly reason: string | null;
    readonly until: string | null;
  } | null;
  readonly withdrawn: string | null;
  readonly verdict: { readonly ok: boolean; readonly note: string | null; readonly by: string } | null;
  readonly tests: { readonly passed: number; readonly failed: number; readonly skipped: number } | null;
};

type StoredRelease = {
  link: string;
  digest: string;
  process: string;
  number: string;
  position: number;
  document: Uint8Array;
  created_at: number;
  actor: string;
  answer: string | null;
  answer_reason: string | null;
  answer_until: string | null;
  withdrawn: string | null;
  verdict_ok: number | null;
  verdict_note: string | null;
  verdict_by: string | null;
  tests_passed: number | null;
  tests_failed: number | null;
  tests_skipped: number | null;
};

/** All releases, oldest first; `number` narrows to one number. */
export function readReleases(db: Database, number?: string): ReleaseRow[] {
  const where = number === undefined ? '' : 'WHERE number = :number';
  const rows = db
    .prepare(
      `SELECT release.*, evidence.* FROM release LEFT JOIN (
         SELECT digest AS of, sum(passed) AS tests_passed, sum(failed) AS tests_failed, sum(skipped) AS tests_skipped
           FROM evidence GROUP BY digest) AS evidence ON release.link = '' AND evidence.of = release.digest
        ${where} ORDER BY position`,
    )
    .all(number === undefined ? {} : { number }) as StoredRelease[];
  return rows.map((row) => {
    let document: ReleaseDocument | undefined;
    return {
      link: row.link,
      digest: row.digest,
      process: row.process,
      number: row.number,
      position: row.position,
      // Read where it is looked at: a list of many releases is told from the columns beside it.
      get document() {
        document ??= readRelease(row.document, row.digest);
        assert(document !== undefined, 'only readable release documents are on the board');
        return document;
      },
      createdAt: row.created_at,
      actor: row.actor,
      answer:
        row.answer === null
          ? null
          : { answer: row.answer, reason: row.answer_reason, until: row.answer_until },
      withdrawn: row.withdrawn,
      verdict:
        row.verdict_ok === null
          ? null
          : { ok: row.verdict_ok === 1, note: row.verdict_note, by: row.verdict_by ?? '' },
      tests:
        row.tests_passed === null
          ? null
          : { passed: row.tests_passed, failed: row.tests_failed ?? 0, skipped: row.tests_skipped ?? 0 },
    };
  });
}

/** What tests said of a release of this side, oldest first. */
export type EvidenceRow = {
  readonly sha256: string;
  readonly file: string;
  readonly format: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Null where nobody said of which type they are. */
  readonly type: string | null;
};

export function readEvidence(db: Database, digest: string): EvidenceRow[] {
  return db
    .prepare(
      `SELECT sha256, file, format, passed, failed, skipped, nullif(type, '') AS type FROM evidence WHERE digest = ?
        ORDER BY imported_at, sha256`,
    )
    .all(digest) as EvidenceRow[];
}

/** What became of a release at one of those it was published to. */
export type PublicationRow = {
  readonly digest: string;
  readonly link: string;
  readonly publishedAt: number;
  readonly state: string;
  readonly stateAt: number;
  readonly reason: string | null;
};

export function readPublications(db: Database): PublicationRow[] {
  return db
    .prepare(
      `SELECT digest, link, published_at AS publishedAt, state, state_at AS stateAt, reason
         FROM publication ORDER BY published_at, seq, link`,
    )
    .all() as PublicationRow[];
}

/** What became of one release at one link; undefined where it was not published to it. */
export function preparePublication(
  db: Database,
): (digest: string, link: string) => PublicationRow | undefined {
  const one = db.prepare<[string, string], PublicationRow>(
    `SELECT digest, link, published_at AS publishedAt, state, state_at AS stateAt, reason
       FROM publication WHERE digest = ? AND link = ?`,
  );
  return (digest, link) => one.get(digest, link);
}

/** A blob the other side of `link` must get; `refusals` counts how often it came damaged there. */
export type OwedBlob = {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly refusals: number;
};

/** What was offered to the link and is not yet said to be held there. */
export function readOwedBlobs(db: Database, link: string): OwedBlob[] {
  return prepared(
    db,
    `SELECT digest, size_bytes AS sizeBytes, refusals FROM blob_owed WHERE link = ? AND held = 0 AND final = 0
        ORDER BY size_bytes, digest`,
  ).all(link) as OwedBlob[];
}

/** Which of our blobs the other side of `link` said it holds. */
export function readHeldBlobs(db: Database, link: string): Set<string> {
  const rows = db.prepare(`SELECT digest FROM blob_owed WHERE link = ? AND held = 1`).all(link);
  return new Set((rows as { digest: string }[]).map(({ digest }) => digest));
}

/** The digests of all that is owed to any link that was not removed. */
export function readEveryOwedBlob(db: Database): Set<string> {
  const rows = db
    .prepare<[], string>(
      `SELECT DISTINCT digest FROM blob_owed JOIN link USING (link)
        WHERE held = 0 AND final = 0 AND link.state <> 'removed'`,
    )
    .pluck();
  return new Set(rows.all());
}

/** The digests of what this side's own history is made of: process revisions, notes, test results, logs of runs. */
export function readOwnDocuments(db: Database): Set<string> {
  const rows = db
    .prepare<[], string>(
      `SELECT digest FROM process_revision
        UNION SELECT sha256 FROM evidence
        UNION SELECT digest FROM revocation_list
        UNION SELECT log_digest FROM told_report WHERE log_digest IS NOT NULL
        UNION SELECT log_digest FROM reported_deployment WHERE log_digest IS NOT NULL
        UNION SELECT CAST(document AS TEXT) ->> '$.notes.digest' FROM release
               WHERE link = '' AND CAST(document AS TEXT) ->> '$.notes.digest' IS NOT NULL`,
    )
    .pluck();
  return new Set(rows.all());
}

/** A blob that an offer of `link` names. */
export type WantedBlob = {
  readonly digest: string;
  readonly link: string;
  readonly sizeBytes: number;
  readonly what: string;
  readonly pin: PackagePin | null;
  readonly reported: boolean;
  readonly refused: { readonly what: string; readonly parts: string[]; readonly problems: string[] } | null;
  readonly refusals: number;
  /** It is not wanted any more: refused for good, or `removed`. */
  readonly final: boolean;
  /** It was given up, since no release needs it that can be deployed. */
  readonly removed: boolean;
  readonly refusalReported: boolean;
  /** Digests of the files with this package's content that verified for the link, whether they are held or not. */
  readonly files: readonly string[];
};

/** Whether what an offer wants is here: the blob itself, or another verified file of the same content. */
export function isHere(
  { digest, files }: Pick<WantedBlob, 'digest' | 'files'>,
  holds: (digest: string) => boolean,
): boolean {
  return holds(digest) || files.some(holds);
}

export function readWantedBlobs(db: Database): WantedBlob[] {
  const rows = prepared(db, `SELECT * FROM blob_wanted ORDER BY size_bytes, digest, link`).all() as {
    digest: string;
    link: string;
    size_bytes: number;
    what: string;
    package_json: string | null;
    reported: number;
    refused_json: string | null;
    refusals: number;
    final: number;
    refusal_reported: number;
  }[];
  const verified = rows.length === 0 ? [] : readPackageFiles(db);
  const files = Map.groupBy(verified, ({ link, pin }) => contentKey(link, pin));
  return rows.map((row) => {
    const pin = row.package_json === null ? null : (JSON.parse(row.package_json) as PackagePin);
    const same = pin === null ? undefined : files.get(contentKey(row.link, pin));
    return {
      digest: row.digest,
      link: row.link,
      sizeBytes: row.size_bytes,
      what: row.what,
      pin,
      reported: row.reported === 1,
      refused: row.refused_json === null ? null : (JSON.parse(row.refused_json) as WantedBlob['refused']),
      refusals: row.refusals,
      final: row.final !== 0,
      removed: row.final === 2,
      refusalReported: row.refusal_reported === 1,
      files: (same ?? []).map((file) => file.pin.sha256),
    };
  });
}

/** Files of the same key carry the same package. */
function contentKey(link: string, { id, version, contentDigest }: PackagePin): string {
  return [link, nameKey(id), nameKey(version), contentDigest].join('\n');
}

/** A file that was given up. */
export type RemovedBlob = { readonly digest: string; readonly removedAt: number; readonly why: string };

/** What was removed and has not come back, by digest; `digest` narrows to one. */
export function readRemovedBlobs(db: Database, digest?: string): Map<string, RemovedBlob> {
  const where = digest === undefined ? '' : 'WHERE digest = :digest';
  const rows = db
    .prepare(`SELECT digest, removed_at AS removedAt, why FROM removed_blob ${where} ORDER BY digest`)
    .all(digest === undefined ? {} : { digest }) as RemovedBlob[];
  return new Map(rows.map((row) => [row.digest, row]));
}

/** Values the author of `link` gave this side (`ours` false), or this side gave it. */
export function readGivenValues(
  db: Database,
  link: string,
  ours: boolean,
): { name: string; value: string }[] {
  return db
    .prepare(`SELECT name, value FROM given_value WHERE link = ? AND ours = ? ORDER BY name_key`)
    .all(link, ours ? 1 : 0) as { name: string; value: string }[];
}
