-- Of which type tests are, as the process calls it; '' where nobody said.
ALTER TABLE evidence ADD COLUMN type TEXT NOT NULL DEFAULT '';

-- Gates of revisions published before there were types name none.
UPDATE process_revision
   SET local_json = json_set(local_json, '$.publishWhen.testTypes', json('[]'))
 WHERE json_type(local_json, '$.publishWhen.testTypes') IS NULL;
