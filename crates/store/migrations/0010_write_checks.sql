-- One row, written when the health of a server is asked for and nothing else was written of late.

CREATE TABLE write_checks (
    id          BIGINT NOT NULL PRIMARY KEY,
    checked_at  BIGINT NOT NULL
);
