-- The whole schema as all migrations leave it: what a new database gets at once, instead of each of them.
--
-- A new migration changes this file too; a test compares both ways, on both databases. {blob} is BLOB on
-- SQLite and BYTEA on PostgreSQL.

CREATE TABLE data_keys (
    scope       TEXT   NOT NULL PRIMARY KEY,
    wrapped     {blob} NOT NULL
);

CREATE TABLE settings (
    key          TEXT   NOT NULL PRIMARY KEY,
    sealed_value {blob} NOT NULL
);

CREATE TABLE accounts (
    id          TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    email       TEXT,
    created_at  BIGINT NOT NULL
);
CREATE INDEX accounts_email ON accounts (LOWER(email));

CREATE TABLE identities (
    forge          TEXT   NOT NULL,
    forge_user     TEXT   NOT NULL,
    account        TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    login          TEXT   NOT NULL,
    avatar_url     TEXT,
    sealed_access  {blob},
    sealed_refresh {blob},
    scopes         TEXT   NOT NULL DEFAULT '[]',
    expires_at     BIGINT,
    refused        BIGINT NOT NULL DEFAULT 0,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (forge, forge_user)
);
CREATE INDEX identities_account ON identities (account, forge);

CREATE TABLE sessions (
    token_hash  {blob} NOT NULL PRIMARY KEY,
    account     TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE oauth_states (
    state_hash     {blob} NOT NULL PRIMARY KEY,
    sealed_payload {blob} NOT NULL,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX oauth_states_expiry ON oauth_states (expires_at);

CREATE TABLE organizations (
    id        TEXT NOT NULL PRIMARY KEY,
    forge     TEXT NOT NULL,
    forge_id  TEXT NOT NULL,
    login     TEXT NOT NULL,
    UNIQUE (forge, forge_id)
);

CREATE TABLE projects (
    id                   TEXT   NOT NULL PRIMARY KEY,
    forge                TEXT   NOT NULL,
    repository_id        TEXT   NOT NULL,
    organization         TEXT   NOT NULL REFERENCES organizations (id),
    owner                TEXT   NOT NULL,
    repository           TEXT   NOT NULL,
    -- owner/repository in lower case: names are looked up in any case.
    path                 TEXT   NOT NULL,
    -- Who took the name last has it, when a renamed repository left it to another.
    named_seq            BIGINT NOT NULL,
    default_branch       TEXT   NOT NULL,
    private              BIGINT NOT NULL,
    ssh_url              TEXT   NOT NULL,
    web_url              TEXT   NOT NULL,
    integration          TEXT   NOT NULL REFERENCES accounts (id),
    active               BIGINT NOT NULL DEFAULT 0,
    created_at           BIGINT NOT NULL,
    last_pipeline_number BIGINT NOT NULL DEFAULT 0,
    last_job_number      BIGINT NOT NULL DEFAULT 0,
    UNIQUE (forge, repository_id)
);
CREATE INDEX projects_path ON projects (forge, path, named_seq);

CREATE TABLE project_aliases (
    forge    TEXT NOT NULL,
    path     TEXT NOT NULL,
    project  TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    PRIMARY KEY (forge, path)
);

CREATE TABLE follows (
    account     TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    project     TEXT   NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (account, project)
);
CREATE INDEX follows_project ON follows (project);

CREATE TABLE setups (
    project     TEXT   NOT NULL PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
    actor       TEXT   NOT NULL REFERENCES accounts (id),
    state       TEXT   NOT NULL,
    steps       TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

CREATE TABLE checkout_keys (
    id              TEXT   NOT NULL PRIMARY KEY,
    project         TEXT   NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    state           TEXT   NOT NULL,
    forge_id        TEXT,
    public          TEXT   NOT NULL,
    fingerprint     TEXT   NOT NULL,
    sealed_private  {blob} NOT NULL,
    created_at      BIGINT NOT NULL,
    last_used_at    BIGINT
);
CREATE INDEX checkout_keys_project ON checkout_keys (project, created_at);

CREATE TABLE hooks (
    id                      TEXT   NOT NULL PRIMARY KEY,
    project                 TEXT   NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    forge                   TEXT   NOT NULL,
    forge_id                TEXT,
    sealed_secret           {blob} NOT NULL,
    sealed_previous_secret  {blob},
    state                   TEXT   NOT NULL,
    created_at              BIGINT NOT NULL,
    last_delivery_at        BIGINT
);
CREATE INDEX hooks_project ON hooks (project, created_at);

CREATE TABLE variables (
    project       TEXT   NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name          TEXT   NOT NULL,
    sealed_value  {blob} NOT NULL,
    updated_at    BIGINT NOT NULL,
    hint          TEXT,
    PRIMARY KEY (project, name)
);

CREATE TABLE deliveries (
    id            TEXT   NOT NULL PRIMARY KEY,
    hook          TEXT   NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
    project       TEXT   NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    forge         TEXT   NOT NULL,
    guid          TEXT   NOT NULL,
    event         TEXT   NOT NULL,
    received_at   BIGINT NOT NULL,
    decided_at    BIGINT,
    due_at        BIGINT NOT NULL,
    leased_until  BIGINT NOT NULL DEFAULT 0,
    attempts      BIGINT NOT NULL DEFAULT 0,
    last_error    TEXT,
    verdicts      TEXT   NOT NULL DEFAULT '[]',
    size_bytes    BIGINT NOT NULL,
    -- Last, so that lists need not walk over it.
    body          {blob} NOT NULL
);
CREATE UNIQUE INDEX deliveries_identity ON deliveries (forge, guid, hook);
CREATE INDEX deliveries_project ON deliveries (project, received_at);
CREATE INDEX deliveries_undecided ON deliveries (received_at, id) WHERE decided_at IS NULL;

CREATE TABLE pipelines (
    id            TEXT   NOT NULL PRIMARY KEY,
    project       TEXT   NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    number        BIGINT NOT NULL,
    -- What makes two events one: kind, ref, before and after (invariant 1).
    identity      TEXT   NOT NULL,
    trigger_kind  TEXT   NOT NULL,
    delivery      TEXT   REFERENCES deliveries (id) ON DELETE SET NULL,
    git_ref       TEXT   NOT NULL,
    branch        TEXT,
    sha           TEXT   NOT NULL,
    before_sha    TEXT,
    commit_info   TEXT   NOT NULL,
    actor         TEXT   REFERENCES accounts (id) ON DELETE SET NULL,
    actor_login   TEXT,
    status        TEXT   NOT NULL,
    errors        TEXT   NOT NULL DEFAULT '[]',
    created_at    BIGINT NOT NULL,
    error_kind    TEXT,
    UNIQUE (project, identity),
    UNIQUE (project, number)
);
CREATE INDEX pipelines_newest ON pipelines (created_at, id);
CREATE INDEX pipelines_newest_of_project ON pipelines (project, created_at, id);
CREATE INDEX pipelines_branch ON pipelines (project, branch, number);
CREATE INDEX pipelines_commit ON pipelines (project, sha, number);
CREATE INDEX pipelines_pending ON pipelines (created_at, id) WHERE status = 'pending';

CREATE TABLE pipeline_configs (
    pipeline     TEXT   NOT NULL PRIMARY KEY REFERENCES pipelines (id) ON DELETE CASCADE,
    config       {blob},
    diagnostics  {blob},
    nothing_runs TEXT
);

CREATE TABLE workflows (
    id                TEXT   NOT NULL PRIMARY KEY,
    pipeline          TEXT   NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    -- Those of the pipeline, for the history of a workflow.
    project           TEXT   NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    git_ref           TEXT   NOT NULL,
    pipeline_number   BIGINT NOT NULL,
    position          BIGINT NOT NULL,
    name              TEXT   NOT NULL,
    status            TEXT   NOT NULL,
    cancel_requested  BIGINT NOT NULL DEFAULT 0,
    created_at        BIGINT NOT NULL,
    stopped_at        BIGINT,
    canceled_by       TEXT
);
CREATE INDEX workflows_pipeline ON workflows (pipeline, position);
CREATE INDEX workflows_history ON workflows (project, git_ref, name, stopped_at);

CREATE TABLE jobs (
    id               TEXT   NOT NULL PRIMARY KEY,
    pipeline         TEXT   NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    workflow         TEXT   NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
    project          TEXT   NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    position         BIGINT NOT NULL,
    name             TEXT   NOT NULL,
    number           BIGINT,
    kind             TEXT   NOT NULL,
    tasks            BIGINT NOT NULL,
    needs            TEXT   NOT NULL,
    status           TEXT   NOT NULL,
    executor         TEXT,
    resource_class   TEXT,
    reason           TEXT,
    queued_at        BIGINT,
    started_at       BIGINT,
    stopped_at       BIGINT,
    approved_by      TEXT,
    canceled_by      TEXT,
    missing_contexts TEXT NOT NULL DEFAULT '[]',
    architecture     TEXT
);
CREATE INDEX jobs_pipeline ON jobs (pipeline, position);
CREATE INDEX jobs_workflow ON jobs (workflow);
CREATE UNIQUE INDEX jobs_number ON jobs (project, number) WHERE number IS NOT NULL;

CREATE TABLE job_bodies (
    job   TEXT   NOT NULL PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    body  {blob} NOT NULL
);

CREATE TABLE tasks (
    job         TEXT   NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    task        BIGINT NOT NULL,
    pipeline    TEXT   NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    state       TEXT   NOT NULL,
    lease       TEXT,
    expires_at  BIGINT,
    outcome     TEXT,
    runner      TEXT,
    offered_at  BIGINT NOT NULL,
    PRIMARY KEY (job, task)
);
CREATE INDEX tasks_pipeline ON tasks (pipeline);
CREATE INDEX tasks_waiting ON tasks (offered_at, job, task) WHERE state = 'waiting';
CREATE INDEX tasks_leased ON tasks (expires_at, pipeline) WHERE state = 'running';

CREATE TABLE effects (
    id            TEXT   NOT NULL PRIMARY KEY,
    pipeline      TEXT   NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
    kind          TEXT   NOT NULL,
    -- The job or workflow that it is about; empty when it is the pipeline.
    subject       TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    generation    BIGINT NOT NULL,
    attempts      BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    due_at        BIGINT NOT NULL,
    leased_until  BIGINT NOT NULL DEFAULT 0,
    ended_at      BIGINT,
    last_error    TEXT,
    UNIQUE (pipeline, kind, subject)
);
CREATE INDEX effects_due ON effects (due_at, id) WHERE state = 'pending';

CREATE TABLE steps (
    job         TEXT   NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    task        BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    status      TEXT   NOT NULL,
    command     TEXT,
    line        BIGINT,
    background  BIGINT NOT NULL,
    exit_code   BIGINT,
    started_at  BIGINT NOT NULL,
    ended_at    BIGINT,
    truncated   BIGINT NOT NULL,
    PRIMARY KEY (job, task, number)
);

CREATE TABLE logs (
    job          TEXT   NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    task         BIGINT NOT NULL,
    step         BIGINT NOT NULL,
    total_bytes  BIGINT NOT NULL,
    PRIMARY KEY (job, task, step)
);

CREATE TABLE log_chunks (
    job           TEXT   NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    task          BIGINT NOT NULL,
    step          BIGINT NOT NULL,
    start_offset  BIGINT NOT NULL,
    size_bytes    BIGINT NOT NULL,
    received_at   BIGINT NOT NULL,
    body          {blob} NOT NULL,
    PRIMARY KEY (job, task, step, start_offset)
);

CREATE TABLE runners (
    name              TEXT   NOT NULL PRIMARY KEY,
    version           TEXT   NOT NULL,
    resource_classes  TEXT   NOT NULL,
    executors         TEXT   NOT NULL,
    last_seen_at      BIGINT NOT NULL,
    limitations       TEXT,
    signed_off_at     BIGINT,
    architecture      TEXT
);

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

CREATE TABLE write_checks (
    id          BIGINT NOT NULL PRIMARY KEY,
    checked_at  BIGINT NOT NULL
);
