-- Others' NuGet repositories. Read models like those of 0003.

-- What became of each package that was to be given to a repository.
CREATE TABLE package_push (
  repository_key TEXT NOT NULL,              -- names as they are compared
  id_key         TEXT NOT NULL,
  version_key    TEXT NOT NULL,
  content_digest TEXT NOT NULL,
  repository     TEXT NOT NULL,
  id             TEXT NOT NULL,
  version        TEXT NOT NULL,
  outcome        TEXT NOT NULL,
  code           TEXT,
  message        TEXT,
  at             INTEGER NOT NULL,
  PRIMARY KEY (repository_key, id_key, version_key, content_digest)
) STRICT, WITHOUT ROWID;

-- Packages of which a repository has another content than a release names.
CREATE TABLE source_alarm (
  repository_key TEXT NOT NULL,
  id_key         TEXT NOT NULL,
  version_key    TEXT NOT NULL,
  expected       TEXT NOT NULL,              -- digests of the content
  found          TEXT NOT NULL,
  repository     TEXT NOT NULL,
  id             TEXT NOT NULL,
  version        TEXT NOT NULL,
  at             INTEGER NOT NULL,
  PRIMARY KEY (repository_key, id_key, version_key, expected)
) STRICT, WITHOUT ROWID;
