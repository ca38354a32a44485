-- The last four characters of a variable's value, so that people can tell two values apart. NULL for
-- values that are too short to show a part of, and in rows of earlier releases.

ALTER TABLE variables ADD COLUMN hint TEXT;
