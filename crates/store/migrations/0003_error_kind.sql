-- Why a pipeline is errored: a configuration that this release cannot run is not a config error.
-- NULL in rows of earlier releases, which knew config errors only.

ALTER TABLE pipelines ADD COLUMN error_kind TEXT;
