-- What the host of a runner lacks, as sentences for people (JSON). NULL: the runner did not say yet, or
-- is of an earlier release.

ALTER TABLE runners ADD COLUMN limitations TEXT;
