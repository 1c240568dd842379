-- Which certificates are trusted beside those that links pin, what packages need here, and what is known of revocation;
-- read models like those of 0003.
CREATE TABLE trusted_certificate (
  fingerprint   TEXT NOT NULL,              -- of the DER, hex: SHA-256, SHA-384 or SHA-512, told by its length
  purpose       TEXT NOT NULL,              -- signer, timestamp, repository, root
  link          TEXT NOT NULL,              -- '' for this side's own packages
  position      INTEGER NOT NULL,           -- of the entry that told it last
  certificate   BLOB,                       -- DER, where it was given
  issues        INTEGER NOT NULL,           -- 1: stands for those it issued as well
  root_needed   INTEGER NOT NULL,           -- 1: counts only under a root that is trusted as well
  vouches       INTEGER NOT NULL,           -- 1: a package is believed by its countersignature alone
  name          TEXT,
  service_index TEXT,
  owners_json   TEXT NOT NULL,
  note          TEXT,
  added_at      INTEGER NOT NULL,
  added_by      TEXT NOT NULL,
  PRIMARY KEY (fingerprint, purpose, link)
) STRICT, WITHOUT ROWID;

CREATE TABLE trust_demand (
  demand   TEXT PRIMARY KEY,                -- timestamp, countersignature, revocation
  days     INTEGER,                         -- how old a revocation list may be; NULL: as long as it says itself
  made_at  INTEGER NOT NULL,
  made_by  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revocation_list (
  link        TEXT NOT NULL,                -- whose chain it is believed for; '' for one imported by hand
  ours        INTEGER NOT NULL,             -- 1: we told it to the link; 0: the link told it, or imported
  digest      TEXT NOT NULL,
  size_bytes  INTEGER NOT NULL,
  issuer      TEXT NOT NULL,                -- as it was said with it
  this_update INTEGER NOT NULL,
  next_update INTEGER NOT NULL,
  known_at    INTEGER NOT NULL,
  PRIMARY KEY (link, ours, digest)
) STRICT, WITHOUT ROWID;
