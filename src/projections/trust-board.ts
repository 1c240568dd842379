import type { Database } from '../db/index.ts';
import type { RevocationPin, TrustDemand, TrustPurpose } from '../events/index.ts';
import type { Fold, Projection } from './projection.ts';

/** What this side added to those it trusts, what it asks of packages, and which revocation lists there are. */
export const trustBoard: Projection = {
  name: 'trust-board',
  tables: ['trusted_certificate', 'trust_demand', 'revocation_list'],
  prepare(db) {
    const add = db.prepare(
      `INSERT INTO trusted_certificate (fingerprint, purpose, link, position, certificate, issues, root_needed, vouches,
                                        name, service_index, owners_json, note, added_at, added_by)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (fingerprint, purpose, link) DO UPDATE
          SET position = excluded.position, certificate = coalesce(excluded.certificate, certificate),
              issues = excluded.issues, root_needed = excluded.root_needed, vouches = excluded.vouches,
              name = excluded.name, service_index = excluded.service_index, owners_json = excluded.owners_json,
              note = excluded.note, added_at = excluded.added_at, added_by = excluded.added_by`,
    );
    const remove = db.prepare(
      `DELETE FROM trusted_certificate WHERE fingerprint = ? AND purpose <> 'nothing'`,
    );
    const distrust = db.prepare(
      `INSERT INTO trusted_certificate (fingerprint, purpose, link, position, certificate, issues, root_needed, vouches,
                                        owners_json, note, added_at, added_by)
       VALUES (?, 'nothing', '', ?, ?, 1, 0, 0, '[]', ?, ?, ?)
       ON CONFLICT (fingerprint, purpose, link) DO UPDATE
          SET position = excluded.position, certificate = coalesce(excluded.certificate, certificate),
              note = excluded.note, added_at = excluded.added_at, added_by = excluded.added_by`,
    );
    const undistrust = db.prepare(
      `DELETE FROM trusted_certificate WHERE fingerprint = ? AND purpose = 'nothing'`,
    );
    const demand = db.prepare(
      `INSERT INTO trust_demand (demand, days, made_at, made_by) VALUES (?, ?, ?, ?)
       ON CONFLICT (demand) DO UPDATE SET days = excluded.days, made_at = excluded.made_at, made_by = excluded.made_by`,
    );
    const undemand = db.prepare(`DELETE FROM trust_demand WHERE demand = ?`);
    const list = db.prepare(
      `INSERT INTO revocation_list (link, ours, digest, size_bytes, issuer, this_update, next_update, known_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (link, ours, digest) DO NOTHING`,
    );
    const apply: Fold['apply'] = ({ pos, event, header, place }) => {
      switch (event.name) {
        case 'trust.added': {
          const { fingerprint, purpose, link, certificate, issues, rootNeeded, vouches } = event.data;
          const { name, serviceIndex, owners, note } = event.data;
          const flags = [issues, rootNeeded, vouches].map(Number);
          const more = [name, serviceIndex, JSON.stringify(owners), note, header.at, header.actor];
          add.run(fingerprint, purpose, link ?? '', pos, certificate, ...flags, ...more);
          return;
        }
        case 'trust.removed':
          remove.run(event.data.fingerprint);
          return;
        case 'trust.distrusted': {
          const { fingerprint, certificate, on, reason } = event.data;
          if (on) distrust.run(fingerprint, pos, certificate, reason, header.at, header.actor);
          else undistrust.run(fingerprint);
          return;
        }
        case 'trust.required':
          if (event.data.on) demand.run(event.data.demand, event.data.days, header.at, header.actor);
          else undemand.run(event.data.demand);
          return;
        case 'revocation.imported':
        case 'revocation.told': {
          const { digest, sizeBytes, issuer, thisUpdate, nextUpdate } = event.data;
          const link = place.kind === 'self' ? '' : place.link;
          const ours = place.kind === 'outward' ? 1 : 0;
          list.run(link, ours, digest, sizeBytes, issuer, thisUpdate, nextUpdate, header.at);
          return;
        }
        default:
      }
    };
    return { apply };
  },
};

/** A certificate that was added to those trusted here. */
export type TrustedRow = {
  readonly fingerprint: string;
  readonly purpose: TrustPurpose;
  /** '' for this side's own packages. */
  readonly link: string;
  readonly certificate: Uint8Array | null;
  readonly issues: boolean;
  readonly rootNeeded: boolean;
  readonly vouches: boolean;
  readonly name: string | null;
  readonly serviceIndex: string | null;
  readonly owners: readonly string[];
  readonly note: string | null;
  readonly addedAt: number;
  readonly addedBy: string;
};

/**
 * A certificate that nothing is believed by, whoever pins it: on the list it is trusted for `nothing`. `certificate` is
 * null where only its fingerprint is known.
 */
export type DistrustedRow = Pick<TrustedRow, 'fingerprint' | 'certificate'> & {
  readonly reason: string | null;
  readonly since: number;
  readonly by: string;
};

/** All that are distrusted, in the order in which they were. */
export function readDistrusted(db: Database): DistrustedRow[] {
  return db
    .prepare(
      `SELECT fingerprint, certificate, note AS reason, added_at AS since, added_by AS "by"
         FROM trusted_certificate WHERE purpose = 'nothing' ORDER BY position`,
    )
    .all() as DistrustedRow[];
}

/** All that was added and not removed since, in the order in which it was. */
export function readTrusted(db: Database): TrustedRow[] {
  const rows = db
    .prepare(
      `SELECT fingerprint, purpose, link, certificate, issues, root_needed AS rootNeeded, vouches, name,
              service_index AS serviceIndex, owners_json AS owners, note, added_at AS addedAt, added_by AS addedBy
         FROM trusted_certificate WHERE purpose <> 'nothing' ORDER BY position, fingerprint, purpose, link`,
    )
    .all() as (Omit<TrustedRow, 'issues' | 'rootNeeded' | 'vouches' | 'owners'> & {
    issues: number;
    rootNeeded: number;
    vouches: number;
    owners: string;
  })[];
  return rows.map((row) => ({
    ...row,
    issues: row.issues === 1,
    rootNeeded: row.rootNeeded === 1,
    vouches: row.vouches === 1,
    owners: JSON.parse(row.owners) as string[],
  }));
}

/** What every package needs here, and who asked for it when. */
export type DemandRow = {
  readonly demand: TrustDemand;
  readonly days: number | null;
  readonly madeAt: number;
  readonly madeBy: string;
};

export function readTrustDemands(db: Database): DemandRow[] {
  return db
    .prepare(`SELECT demand, days, made_at AS madeAt, made_by AS madeBy FROM trust_demand ORDER BY demand`)
    .all() as DemandRow[];
}

/** A revocation list that is known here; whether its bytes are, the store tells. */
export type RevocationRow = RevocationPin & { readonly link: string; readonly knownAt: number };

/** The lists imported here and those that links told us; with `ours` those that we told to links. */
export function readRevocationLists(db: Database, ours = false): RevocationRow[] {
  return db
    .prepare(
      `SELECT link, digest, size_bytes AS sizeBytes, issuer, this_update AS thisUpdate, next_update AS nextUpdate,
              known_at AS knownAt
         FROM revocation_list WHERE ours = ? ORDER BY this_update DESC, digest, link`,
    )
    .all(ours ? 1 : 0) as RevocationRow[];
}
