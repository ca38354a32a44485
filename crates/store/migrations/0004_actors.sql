-- Who approved or canceled something, and which contexts a job asks for that do not exist.
--
-- An actor is an account's id, or 'system'. When it was is stopped_at: approving and canceling end a
-- job at once. NULL in rows of earlier releases, which did not record it.

ALTER TABLE jobs ADD COLUMN approved_by TEXT;
ALTER TABLE jobs ADD COLUMN canceled_by TEXT;
ALTER TABLE jobs ADD COLUMN missing_contexts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE workflows ADD COLUMN canceled_by TEXT;
