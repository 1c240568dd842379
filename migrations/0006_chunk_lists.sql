-- How offered packages are cut into chunks, and which of them were asked for once more; read models like those of 0003.
CREATE TABLE chunk_list (
  link       TEXT NOT NULL,
  ours       INTEGER NOT NULL,               -- 1: our package, offered to the link; 0: offered to us
  package    TEXT NOT NULL,
  list       TEXT NOT NULL,                  -- the blob that lists the chunks
  list_bytes INTEGER NOT NULL,
  PRIMARY KEY (link, ours, package)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunks_asked (
  link        TEXT NOT NULL,
  ours        INTEGER NOT NULL,              -- 1: the link asked for chunks of our package; 0: we asked
  package     TEXT NOT NULL,
  attempt     INTEGER NOT NULL,
  pieces_json TEXT NOT NULL,
  PRIMARY KEY (link, ours, package)
) STRICT, WITHOUT ROWID;
