-- What the programs of a runner's host are made for, and what a job asks for: jobs for ARM go to ARM
-- runners. NULL: a runner of an earlier release, or a job that runs on any.

ALTER TABLE runners ADD COLUMN architecture TEXT;
ALTER TABLE jobs ADD COLUMN architecture TEXT;
