-- The log: signed entries, in the order in which this instance took them in. Rows are never changed or removed.

-- Whose feed it is, for whom, and the key its entries are signed with.
CREATE TABLE feed (
  feed       BLOB NOT NULL PRIMARY KEY CHECK (length(feed) = 16),
  author     BLOB NOT NULL CHECK (length(author) = 16),      -- instance id
  audience   BLOB NOT NULL CHECK (length(audience) = 16),    -- link id, or the author's own id
  public_key BLOB NOT NULL CHECK (length(public_key) = 32),  -- Ed25519
  own        INTEGER NOT NULL CHECK (own IN (0, 1))          -- 1: written here
) STRICT, WITHOUT ROWID;

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

CREATE TRIGGER entry_keeps_its_rows BEFORE DELETE ON entry
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: an entry is never removed');
END;

CREATE TRIGGER entry_keeps_its_values BEFORE UPDATE ON entry
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: an entry is never changed');
END;

-- INSERT OR REPLACE would remove the row in its way without firing a DELETE trigger.
CREATE TRIGGER entry_is_not_written_over BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE pos = NEW.pos)
  OR EXISTS (SELECT 1 FROM entry WHERE feed = NEW.feed AND epoch = NEW.epoch AND seq = NEW.seq)
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: an entry is never written over');
END;

CREATE TRIGGER feed_keeps_its_rows BEFORE DELETE ON feed
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: a feed is never removed');
END;

CREATE TRIGGER feed_keeps_its_values BEFORE UPDATE ON feed
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: a feed is never changed');
END;

CREATE TRIGGER feed_is_not_written_over BEFORE INSERT ON feed
WHEN EXISTS (SELECT 1 FROM feed WHERE feed = NEW.feed)
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: a feed is never written over');
END;
