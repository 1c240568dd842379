-- Scripts that a person lets run here: a text at its place in a process. A read model like those of 0003.
CREATE TABLE approved_script (
  link           TEXT NOT NULL,              -- '' for this side's own processes
  process        TEXT NOT NULL,
  place          TEXT NOT NULL,
  digest         TEXT NOT NULL,              -- of its bytes
  position       INTEGER NOT NULL,           -- of the entry that approved it last
  release        TEXT NOT NULL,              -- number and digest of the release for which it was looked at
  release_digest TEXT NOT NULL,
  approved_by    TEXT NOT NULL,
  approved_at    INTEGER NOT NULL,
  note           TEXT,
  PRIMARY KEY (link, process, place, digest)
) STRICT, WITHOUT ROWID;
