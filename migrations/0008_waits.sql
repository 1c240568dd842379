-- What becomes of a deployment when a step fails: ask, fail, ignore or retry.
ALTER TABLE deployment ADD COLUMN on_failure TEXT NOT NULL DEFAULT 'fail';

-- What runs wait or waited for a person to decide; a read model like those of 0003.
CREATE TABLE deployment_wait (
  deployment TEXT NOT NULL,
  wait       INTEGER NOT NULL,             -- numbered within the deployment, from 1
  position   INTEGER NOT NULL,             -- of the step in its process, from 1
  step_id    TEXT NOT NULL,
  step       TEXT NOT NULL,
  kind       TEXT NOT NULL,                -- confirmation or failure
  asked      TEXT NOT NULL,                -- the instructions, or why the step failed
  offers     TEXT NOT NULL,                -- what may be answered, as a JSON array
  asked_at   INTEGER NOT NULL,
  answer     TEXT,                         -- NULL: nobody has decided yet
  note       TEXT,
  decided_by TEXT,
  decided_at INTEGER,
  PRIMARY KEY (deployment, wait)
) STRICT, WITHOUT ROWID;
