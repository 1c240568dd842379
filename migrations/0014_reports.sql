-- What was told of runs, and when runs of one place were told in another order than they ran; read models like those of
-- 0003.

-- The how-many-th run of its process in its environment, which tells runs apart that are told late.
ALTER TABLE deployment ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 1;

-- Of the last attempt: its number among those of the place (null where nobody counted), and what was told of it.
ALTER TABLE fleet ADD COLUMN last_ordinal INTEGER;
ALTER TABLE fleet ADD COLUMN duration_ms INTEGER;
ALTER TABLE fleet ADD COLUMN exit_code INTEGER;
ALTER TABLE fleet ADD COLUMN rating INTEGER;
ALTER TABLE fleet ADD COLUMN comment TEXT;
ALTER TABLE fleet ADD COLUMN struck INTEGER NOT NULL DEFAULT 0;   -- how many lines a person struck out
-- Which run brought what runs there.
ALTER TABLE fleet ADD COLUMN number_ordinal INTEGER;
ALTER TABLE fleet ADD COLUMN number_at INTEGER;

-- The log that came with a run's newest report.
ALTER TABLE reported_deployment ADD COLUMN log_digest TEXT;

-- What the author of a release was told of a run here: where the newest report stands in the log.
CREATE TABLE told_report (
  deployment TEXT PRIMARY KEY,
  link       TEXT NOT NULL,
  pos        INTEGER NOT NULL,
  log_digest TEXT                            -- the log that went with it
) STRICT, WITHOUT ROWID;

-- How long a release took its author: the median of its runs there, a row a release that was offered.
CREATE TABLE expected_duration (
  link       TEXT NOT NULL,
  digest     TEXT NOT NULL,
  ms         INTEGER NOT NULL,
  runs       INTEGER NOT NULL,
  steps_json TEXT NOT NULL,                  -- milliseconds by the id of a step
  PRIMARY KEY (link, digest)
) STRICT, WITHOUT ROWID;

-- All that follows from the log is read from it again when the database is opened the next time.
DELETE FROM read_with;
