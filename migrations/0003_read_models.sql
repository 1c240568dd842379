-- Read models: every table here can be dropped and rebuilt from the log to the same content.
-- Ids and digests are lower-case hex; times are the author's milliseconds since 1970; '' in a link column is this
-- instance itself.

CREATE TABLE link (
  link           TEXT PRIMARY KEY,
  name           TEXT NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('invited', 'pending', 'confirmed', 'removed')),
  transport      TEXT NOT NULL,              -- JSON: this side's way to reach the other
  peer           TEXT,                       -- the other instance's id
  introduction   BLOB,
  fingerprint    TEXT,                       -- of the certificate a person confirmed
  heard_at       INTEGER,                    -- newest entry of the other side, by its clock
  inward_epoch   INTEGER NOT NULL DEFAULT 0, -- the other side's feed, as far as this side holds it
  inward_seq     INTEGER NOT NULL DEFAULT 0,
  inward_hash    TEXT,
  inward_news    INTEGER NOT NULL DEFAULT 0, -- seq of its newest entry that wants a receipt
  outward_epoch  INTEGER NOT NULL DEFAULT 0,
  outward_seq    INTEGER NOT NULL DEFAULT 0,
  outward_news   INTEGER NOT NULL DEFAULT 0, -- seq of our newest entry that wants a receipt
  receipt_epoch  INTEGER NOT NULL DEFAULT 0, -- our feed, as far as the other side says it holds it
  receipt_seq    INTEGER NOT NULL DEFAULT 0,
  receipted_epoch INTEGER NOT NULL DEFAULT 0, -- its feed, as far as we have told it that we hold it
  receipted_seq  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE environment (
  name       TEXT PRIMARY KEY,
  position   INTEGER NOT NULL,
  after_json TEXT NOT NULL,
  tags_json  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE process_revision (
  process      TEXT NOT NULL,
  revision     INTEGER NOT NULL,
  digest       TEXT NOT NULL,
  size_bytes   INTEGER NOT NULL,
  local_json   TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  actor        TEXT NOT NULL,
  PRIMARY KEY (process, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE package (
  id_key         TEXT NOT NULL,              -- id and version as NuGet compares them
  version_key    TEXT NOT NULL,
  id             TEXT NOT NULL,
  version        TEXT NOT NULL,
  sha256         TEXT NOT NULL,
  content_digest TEXT NOT NULL,
  size_bytes     INTEGER NOT NULL,
  signer         TEXT NOT NULL,
  signer_fingerprint TEXT NOT NULL,
  link           TEXT NOT NULL,
  added_at       INTEGER NOT NULL,
  PRIMARY KEY (link, id_key, version_key)
) STRICT, WITHOUT ROWID;

-- Releases of this side and those offered to it, by link and digest.
CREATE TABLE release (
  link             TEXT NOT NULL,
  digest           TEXT NOT NULL,
  process          TEXT NOT NULL,
  number           TEXT NOT NULL,
  position         INTEGER NOT NULL,         -- order of making, or of being offered
  document         BLOB NOT NULL,
  process_revision INTEGER NOT NULL,
  process_digest   TEXT NOT NULL,
  created_at       INTEGER NOT NULL,
  actor            TEXT NOT NULL,
  answer           TEXT,
  answer_reason    TEXT,
  answer_until     TEXT,
  withdrawn        TEXT,                     -- the reason
  verdict_ok       INTEGER,
  verdict_note     TEXT,
  verdict_by       TEXT,
  PRIMARY KEY (link, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX release_by_number ON release (process, number);

CREATE TABLE evidence (
  digest      TEXT NOT NULL,
  sha256      TEXT NOT NULL,
  file        TEXT NOT NULL,
  format      TEXT NOT NULL,
  passed      INTEGER NOT NULL,
  failed      INTEGER NOT NULL,
  skipped     INTEGER NOT NULL,
  imported_at INTEGER NOT NULL,
  PRIMARY KEY (digest, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE publication (
  digest       TEXT NOT NULL,
  link         TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  seq          INTEGER NOT NULL,             -- of the offer in the outward feed
  state        TEXT NOT NULL,
  state_at     INTEGER NOT NULL,
  reason       TEXT,
  PRIMARY KEY (digest, link)
) STRICT, WITHOUT ROWID;

-- What must travel with our offers, and whether the other side said it holds it.
CREATE TABLE blob_owed (
  link       TEXT NOT NULL,
  digest     TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  held       INTEGER NOT NULL DEFAULT 0,
  refusals   INTEGER NOT NULL DEFAULT 0,     -- how often it was refused there
  final      INTEGER NOT NULL DEFAULT 0,     -- 1: refused for good, not to be sent again
  PRIMARY KEY (link, digest)
) STRICT, WITHOUT ROWID;

-- What offers name and this side therefore wants; whether it is here is asked of the blob store.
CREATE TABLE blob_wanted (
  digest     TEXT NOT NULL,
  link       TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  what       TEXT NOT NULL,
  package_json TEXT,
  reported   INTEGER NOT NULL DEFAULT 0,     -- a receipt of ours says that it is held
  refused_json TEXT,                         -- the newest refusal, until it is held
  refusals   INTEGER NOT NULL DEFAULT 0,
  final      INTEGER NOT NULL DEFAULT 0,     -- 1: refused for good, not wanted again
  refusal_reported INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (link, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE given_value (
  link     TEXT NOT NULL,
  ours     INTEGER NOT NULL,                 -- 1: given by this side to the link; 0: given to this side
  name_key TEXT NOT NULL,
  name     TEXT NOT NULL,
  value    TEXT NOT NULL,
  PRIMARY KEY (link, ours, name_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE input_value (
  name_key    TEXT NOT NULL,
  environment TEXT NOT NULL,                 -- '' = all
  name        TEXT NOT NULL,
  version     INTEGER NOT NULL,
  secret      INTEGER NOT NULL,
  value       TEXT,
  set_at      INTEGER NOT NULL,
  actor       TEXT NOT NULL,
  PRIMARY KEY (name_key, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE peer_input (
  link        TEXT NOT NULL,
  name_key    TEXT NOT NULL,
  environment TEXT NOT NULL,
  name        TEXT NOT NULL,
  state       TEXT NOT NULL,
  at          INTEGER NOT NULL,
  PRIMARY KEY (link, name_key, environment)
) STRICT, WITHOUT ROWID;

-- Inputs of which the author of a link was told that they are set.
CREATE TABLE told_input (
  link        TEXT NOT NULL,
  name_key    TEXT NOT NULL,
  environment TEXT NOT NULL,
  PRIMARY KEY (link, name_key, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE deployment (
  deployment   TEXT PRIMARY KEY,
  position     INTEGER NOT NULL,
  link         TEXT NOT NULL,
  process      TEXT NOT NULL,
  number       TEXT NOT NULL,
  digest       TEXT NOT NULL,
  environment  TEXT NOT NULL,
  reason       TEXT NOT NULL,
  of           TEXT,
  state        TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  requested_at INTEGER NOT NULL,
  resume_asked INTEGER NOT NULL DEFAULT 0,
  cancel_asked INTEGER NOT NULL DEFAULT 0,
  plan_sha256  TEXT,
  started_at   INTEGER,
  ended_at     INTEGER,
  failed_json  TEXT,
  error        TEXT,
  log_sha256   TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX deployment_by_place ON deployment (environment, process, position);
CREATE INDEX deployment_by_state ON deployment (state);

CREATE TABLE deployment_step (
  deployment TEXT NOT NULL,
  position   INTEGER NOT NULL,
  step_json  TEXT NOT NULL,
  PRIMARY KEY (deployment, position)
) STRICT, WITHOUT ROWID;

-- What customers reported: one row a place.
CREATE TABLE fleet (
  link         TEXT NOT NULL,
  environment  TEXT NOT NULL,
  process      TEXT NOT NULL,
  number       TEXT,                         -- what runs there: the last that succeeded
  digest       TEXT,
  state        TEXT NOT NULL,                -- of the last attempt
  last_number  TEXT NOT NULL,
  last_digest  TEXT NOT NULL,
  last_at      INTEGER NOT NULL,
  last_reason  TEXT NOT NULL,
  last_deployment TEXT NOT NULL,
  failed_json  TEXT,
  error        TEXT,
  as_of        INTEGER NOT NULL,
  PRIMARY KEY (link, environment, process)
) STRICT, WITHOUT ROWID;

-- Where the newest report of each deployment stands in the log: its trace is read there.
CREATE TABLE reported_deployment (
  link       TEXT NOT NULL,
  deployment TEXT NOT NULL,
  pos        INTEGER NOT NULL,
  PRIMARY KEY (deployment, link)
) STRICT, WITHOUT ROWID;

-- Entries of a type or version this program doesn't know: kept, forwarded and shown.
CREATE TABLE unknown_entry (
  pos            INTEGER PRIMARY KEY,
  feed           TEXT NOT NULL,
  seq            INTEGER NOT NULL,
  type           TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  at             INTEGER NOT NULL
) STRICT;
