-- Of which type tests are, as the process calls it; '' where nobody said.
ALTER TABLE evidence ADD COLUMN type TEXT NOT NULL DEFAULT '';
