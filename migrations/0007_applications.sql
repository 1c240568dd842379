-- What steps of deployments put on this machine; a read model like those of 0003.
CREATE TABLE application (
  deployment   TEXT NOT NULL,
  step         INTEGER NOT NULL,             -- position of the step in its process, from 1
  position     INTEGER NOT NULL,             -- of the entry that told it last
  link         TEXT NOT NULL,                -- '' for a release of this side
  process      TEXT NOT NULL,
  environment  TEXT NOT NULL,
  step_id      TEXT NOT NULL,
  package_id   TEXT NOT NULL,
  version      TEXT NOT NULL,
  sha256       TEXT NOT NULL,
  extracted_to TEXT NOT NULL,
  installed_to TEXT,
  succeeded    INTEGER NOT NULL,
  installed_at INTEGER NOT NULL,
  removed      INTEGER NOT NULL DEFAULT 0,   -- 1: its folder was removed since enough newer ones are there
  PRIMARY KEY (deployment, step)
) STRICT, WITHOUT ROWID;

CREATE INDEX application_by_place ON application (environment, process, link, position);
