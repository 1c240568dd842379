-- The keys a feed went on with after its first one: each signs the entries of this epoch from `from_seq` on, and those
-- of later epochs until the next.
CREATE TABLE feed_key (
  feed       BLOB NOT NULL CHECK (length(feed) = 16),
  epoch      INTEGER NOT NULL,
  from_seq   INTEGER NOT NULL,
  seq        INTEGER NOT NULL,                              -- of the entry that announced it, in the same epoch
  public_key BLOB NOT NULL CHECK (length(public_key) = 32), -- Ed25519
  issued_at  INTEGER NOT NULL,                              -- of the introduction that names it
  PRIMARY KEY (feed, epoch, from_seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER feed_key_keeps_its_rows BEFORE DELETE ON feed_key
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: the key of a feed is never removed');
END;

CREATE TRIGGER feed_key_keeps_its_values BEFORE UPDATE ON feed_key
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: the key of a feed is never changed');
END;

-- INSERT OR REPLACE would remove the row in its way without firing a DELETE trigger.
CREATE TRIGGER feed_key_is_not_written_over BEFORE INSERT ON feed_key
WHEN EXISTS (SELECT 1 FROM feed_key WHERE feed = NEW.feed AND epoch = NEW.epoch AND from_seq = NEW.from_seq)
BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: the key of a feed is never written over');
END;

-- What the newest receipt says of an own feed, where the database said otherwise when it came.
CREATE TABLE witnessed_place (
  feed  BLOB NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  hash  BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT, WITHOUT ROWID;

-- The event types this database was last read with. What came in before its type was known is read when it is.
CREATE TABLE read_with (
  id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  types TEXT NOT NULL                                      -- name and newest version of each, one line
) STRICT;
