-- When a runner said that it ends. NULL: it is there, it was killed, or it is of an earlier release.

ALTER TABLE runners ADD COLUMN signed_off_at BIGINT;
