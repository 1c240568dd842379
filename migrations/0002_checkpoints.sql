-- How far things have come, and what waits or speaks against somebody.

-- Where an epoch of a feed began: what stands in the epoch before it behind (last_epoch, last_seq) is void.
CREATE TABLE epoch_start (
  feed       BLOB NOT NULL,
  epoch      INTEGER NOT NULL,
  last_epoch INTEGER NOT NULL,
  last_seq   INTEGER NOT NULL,
  PRIMARY KEY (feed, epoch)
) STRICT, WITHOUT ROWID;

-- A feed whose author was caught signing two histories takes nothing in until a person decides.
CREATE TABLE frozen_feed (
  feed          BLOB NOT NULL PRIMARY KEY,
  at            INTEGER NOT NULL,
  epoch_allowed INTEGER NOT NULL DEFAULT 0 CHECK (epoch_allowed IN (0, 1))  -- a person allowed its next epoch
) STRICT, WITHOUT ROWID;

-- What proves it: two things signed by the author that cannot both be true.
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

CREATE TRIGGER fork_evidence_keeps_its_rows BEFORE DELETE ON fork_evidence
BEGIN
  SELECT RAISE(ABORT, 'evidence is never removed');
END;

CREATE TRIGGER fork_evidence_keeps_its_values BEFORE UPDATE ON fork_evidence
BEGIN
  SELECT RAISE(ABORT, 'evidence is never changed');
END;

-- Entries that came before those they follow.
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

-- The newest head each author signed, as far as it reached us.
CREATE TABLE peer_head (
  feed        BLOB NOT NULL PRIMARY KEY,
  epoch       INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  hash        BLOB NOT NULL,
  issued_at   INTEGER NOT NULL,                           -- by the author's clock
  received_at INTEGER NOT NULL,
  bytes       BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Up to where every entry was verified, and the hash of the entry there.
CREATE TABLE verified_position (
  id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  pos  INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;
