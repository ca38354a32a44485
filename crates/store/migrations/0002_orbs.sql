-- Orbs: what was published here, what a registry answered, and what each pipeline was compiled with.
--
-- A source is kept once, by the SHA-256 of its text, whoever refers to it. It goes when nobody does.

CREATE TABLE orb_sources (
    digest      TEXT   NOT NULL PRIMARY KEY,
    size_bytes  BIGINT NOT NULL,
    -- When it was last stored: what was stored just now may not be referred to yet.
    stored_at   BIGINT NOT NULL,
    body        {blob} NOT NULL
);

CREATE TABLE orb_namespaces (
    name          TEXT   NOT NULL PRIMARY KEY,
    -- Empty: it belongs to the instance itself.
    organization  TEXT   REFERENCES organizations (id),
    visibility    TEXT   NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE orb_versions (
    namespace     TEXT   NOT NULL REFERENCES orb_namespaces (name),
    name          TEXT   NOT NULL,
    version       TEXT   NOT NULL,
    digest        TEXT   NOT NULL REFERENCES orb_sources (digest),
    published_at  BIGINT NOT NULL,
    published_by  TEXT   NOT NULL,
    -- Only labels (dev:x) end.
    expires_at    BIGINT,
    PRIMARY KEY (namespace, name, version)
);
CREATE INDEX orb_versions_digest ON orb_versions (digest);
CREATE INDEX orb_versions_expiry ON orb_versions (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE orb_answers (
    question  TEXT   NOT NULL PRIMARY KEY,
    answer    TEXT   NOT NULL,
    digest    TEXT   REFERENCES orb_sources (digest),
    asked_at  BIGINT NOT NULL
);
CREATE INDEX orb_answers_digest ON orb_answers (digest);
CREATE INDEX orb_answers_age ON orb_answers (asked_at);

CREATE TABLE pipeline_orbs (
    pipeline    TEXT   NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    requested   TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    version     TEXT   NOT NULL,
    digest      TEXT   NOT NULL REFERENCES orb_sources (digest),
    origin      TEXT   NOT NULL,
    notice      TEXT,
    transitive  BIGINT NOT NULL,
    PRIMARY KEY (pipeline, requested)
);
CREATE INDEX pipeline_orbs_digest ON pipeline_orbs (digest);
