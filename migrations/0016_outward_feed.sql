-- How far our feed for a link has come is asked of the log: the row of a link, which is some KiB long, is not written with
-- every entry that leaves. It keeps which feed that is, and where our newest receipt stands there, which wants none itself.
ALTER TABLE link DROP COLUMN outward_epoch;
ALTER TABLE link DROP COLUMN outward_seq;
ALTER TABLE link DROP COLUMN outward_news;
ALTER TABLE link DROP COLUMN outward_pos;
ALTER TABLE link ADD COLUMN outward_feed BLOB;                                  -- its id, once it is opened
ALTER TABLE link ADD COLUMN outward_receipt_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE link ADD COLUMN outward_receipt_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE link ADD COLUMN outward_receipt_news INTEGER NOT NULL DEFAULT 0;    -- seq of the newest before it that wants one

-- Of thousands of links, those that were told something last are found without passing over their rows.
CREATE INDEX link_by_outward_feed ON link (outward_feed, name, state);

-- All that follows from the log is read from it again when the database is opened the next time.
DELETE FROM read_with;
