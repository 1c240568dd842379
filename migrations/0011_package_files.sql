-- Packages are known by their content; several files can have the same one, as a repository countersigns or an author
-- signs again. Read models like those of 0003.
DROP TABLE package;

CREATE TABLE package_file (
  link               TEXT NOT NULL,          -- '' for this side's own
  sha256             TEXT NOT NULL,
  content_digest     TEXT NOT NULL,          -- of the package without its signature entry
  id_key             TEXT NOT NULL,          -- id and version as NuGet compares them
  version_key        TEXT NOT NULL,
  id                 TEXT NOT NULL,
  version            TEXT NOT NULL,
  size_bytes         INTEGER NOT NULL,
  signer             TEXT NOT NULL,
  signer_fingerprint TEXT NOT NULL,
  position           INTEGER NOT NULL,       -- of the entry that told of it last
  added_at           INTEGER NOT NULL,
  PRIMARY KEY (link, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX package_file_by_content ON package_file (content_digest, link);

-- Files that were removed since no release needs them, until they are added, offered or asked for again.
CREATE TABLE removed_blob (
  digest     TEXT PRIMARY KEY,
  removed_at INTEGER NOT NULL,
  why        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Packages, by content, that the other side of a link said it holds.
CREATE TABLE content_held (
  link           TEXT NOT NULL,
  content_digest TEXT NOT NULL,
  PRIMARY KEY (link, content_digest)
) STRICT, WITHOUT ROWID;

ALTER TABLE blob_owed ADD COLUMN content_digest TEXT;  -- of a package
CREATE INDEX blob_owed_by_content ON blob_owed (link, content_digest) WHERE content_digest IS NOT NULL;

-- All that follows from the log is read from it again when the database is opened the next time.
DELETE FROM read_with;
