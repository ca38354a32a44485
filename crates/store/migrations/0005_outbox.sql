-- The outbox in the field's words: an effect is pending, delivered or given_up.
--
-- This one does not only expand: a server that looks for the old words would deliver nothing. It may,
-- because no release was published before it.

ALTER TABLE effects RENAME COLUMN settled_at TO ended_at;
UPDATE effects SET state = 'pending' WHERE state = 'owed';
UPDATE effects SET state = 'delivered' WHERE state = 'paid';
UPDATE effects SET state = 'given_up' WHERE state = 'parked';
DROP INDEX effects_due;
CREATE INDEX effects_due ON effects (due_at, id) WHERE state = 'pending';
