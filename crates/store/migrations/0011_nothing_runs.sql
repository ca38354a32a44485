-- Why a pipeline runs nothing though its configuration is right: decided when it is compiled, the end of a
-- sentence. NULL where something runs, and in rows of earlier releases.

ALTER TABLE pipeline_configs ADD COLUMN nothing_runs TEXT;
