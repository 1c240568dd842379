CREATE TABLE entry (
  pos         INTEGER PRIMARY KEY AUTOINCREMENT,             -- local order; differs between instances
  feed        BLOB NOT NULL CHECK (length(feed) = 16),
  epoch       INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  hash        BLOB NOT NULL CHECK (length(hash) = 32),
  received_at INTEGER NOT NULL,                              -- by this machine's clock; not signed
  signature   BLOB NOT NULL CHECK (length(signature) = 64),
  bytes       BLOB NOT NULL,                                 -- exactly what was signed
  UNIQUE (feed, epoch, seq)
) STRICT;

CREATE TABLE epoch_start (
  feed       BLOB NOT NULL,
  epoch      INTEGER NOT NULL,
  last_epoch INTEGER NOT NULL,
  last_seq   INTEGER NOT NULL,
  PRIMARY KEY (feed, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed (
  feed       BLOB NOT NULL PRIMARY KEY CHECK (length(feed) = 16),
  author     BLOB NOT NULL CHECK (length(author) = 16),      -- instance id
  audience   BLOB NOT NULL CHECK (length(audience) = 16),    -- link id, or the author's own id
  public_key BLOB NOT NULL CHECK (length(public_key) = 32),  -- Ed25519
  own        INTEGER NOT NULL CHECK (own IN (0, 1))          -- 1: written here
) STRICT, WITHOUT ROWID;

CREATE TABLE fork_evidence (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  feed             BLOB NOT NULL,
  epoch            INTEGER NOT NULL,
  seq              INTEGER NOT NULL,
  kind             TEXT NOT NULL CHECK (kind IN ('entries', 'chain', 'head', 'epoch')),
  seen_at          INTEGER NOT NULL,
  first_bytes      BLOB NOT NULL,
  first_signature  BLOB NOT NULL,
  second_bytes     BLOB NOT NULL,
  second_signature BLOB NOT NULL,
  UNIQUE (feed, second_signature)
) STRICT;

CREATE TABLE frozen_feed (
  feed          BLOB NOT NULL PRIMARY KEY,
  at            INTEGER NOT NULL,
  epoch_allowed INTEGER NOT NULL DEFAULT 0 CHECK (epoch_allowed IN (0, 1))  -- a person allowed its next epoch
) STRICT, WITHOUT ROWID;

CREATE TABLE migration (
  number     INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL,
  sha256     TEXT NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT;

CREATE TABLE parked_entry (
  feed      BLOB NOT NULL,
  epoch     INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  hash      BLOB NOT NULL,
  verified  INTEGER NOT NULL CHECK (verified IN (0, 1)),  -- 0: the feed's key is not known yet
  signature BLOB NOT NULL,
  bytes     BLOB NOT NULL,
  UNIQUE (feed, epoch, seq, hash, signature)
) STRICT;

CREATE TABLE peer_head (
  feed        BLOB NOT NULL PRIMARY KEY,
  epoch       INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  hash        BLOB NOT NULL,
  issued_at   INTEGER NOT NULL,                           -- by the author's clock
  received_at INTEGER NOT NULL,
  bytes       BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE verified_position (
  id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  pos  INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;

CREATE TRIGGER entry_is_not_written_over BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE pos = NEW.pos)
  OR EXISTS (SELECT 1 FROM entry WHERE feed = NEW.feed AND epoch = NEW.epoch AND seq = NEW.seq)
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: an entry is never written over');
END;

CREATE TRIGGER entry_keeps_its_rows BEFORE DELETE ON entry
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: an entry is never removed');
END;

CREATE TRIGGER entry_keeps_its_values BEFORE UPDATE ON entry
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: an entry is never changed');
END;

CREATE TRIGGER feed_is_not_written_over BEFORE INSERT ON feed
WHEN EXISTS (SELECT 1 FROM feed WHERE feed = NEW.feed)
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: a feed is never written over');
END;

CREATE TRIGGER feed_keeps_its_rows BEFORE DELETE ON feed
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: a feed is never removed');
END;

CREATE TRIGGER feed_keeps_its_values BEFORE UPDATE ON feed
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: a feed is never changed');
END;

CREATE TRIGGER fork_evidence_keeps_its_rows BEFORE DELETE ON fork_evidence
BEGIN
  SELECT RAISE(ABORT, 'evidence is never removed');
END;

CREATE TRIGGER fork_evidence_keeps_its_values BEFORE UPDATE ON fork_evidence
BEGIN
  SELECT RAISE(ABORT, 'evidence is never changed');
END;
