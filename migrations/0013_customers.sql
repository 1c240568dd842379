-- How each customer stands, so that of thousands those that need a look are found and all are counted without reading
-- what each of them runs; a read model like those of 0003.
CREATE TABLE customer (
  link        TEXT PRIMARY KEY,
  name        TEXT NOT NULL,
  rank        INTEGER NOT NULL,             -- 0: something there needs a look, 1: something is behind, 2: neither
  up_to_date  INTEGER NOT NULL,             -- of its environments, those that lack no published release
  behind      INTEGER NOT NULL,             -- and those that do
  troubled    INTEGER NOT NULL,             -- how many of its rows need a look
  behind_most INTEGER NOT NULL              -- by how many releases a row of it is behind, at most
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_by_rank ON customer (rank, name);
CREATE INDEX customer_by_name ON customer (name, behind_most);

-- Where our newest entry for a link stands in the log: of thousands of links, those are shown that were told something
-- last. It has no index, which each entry that leaves would write anew.
ALTER TABLE link ADD COLUMN outward_pos INTEGER NOT NULL DEFAULT 0;

-- Rows of links and releases are some KiB long: names and numbers are read from here, without passing over the rest.
CREATE INDEX link_by_name ON link (name, link, state, heard_at);
CREATE INDEX link_by_state ON link (state, name);
CREATE INDEX release_in_short ON release (link, digest, process, number, position, withdrawn);

-- What one link was offered, in order, and what became of one release at all of them.
CREATE INDEX publication_by_link ON publication (link, published_at, seq, digest, state, reason);
CREATE INDEX publication_by_state ON publication (digest, state);
CREATE INDEX blob_owed_still ON blob_owed (link, size_bytes, digest) WHERE held = 0 AND final = 0;

-- All that follows from the log is read from it again when the database is opened the next time.
DELETE FROM read_with;
