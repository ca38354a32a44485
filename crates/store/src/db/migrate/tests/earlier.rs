//! A database of every earlier schema opens, and everything in it is where this release looks. One that
//! a newer release wrote into is read as far as this one can.
//!
//! Rows are inserted with the columns and words that each schema had.

use roundel_engine::Effect;
use roundel_model::{
    actor::Actor,
    id::{AccountId, JobId, PipelineId},
    secret::Secret,
    status::{JobStatus, PipelineErrorKind, PipelineStatus},
    time::Timestamp,
};

use super::*;
use crate::{Settings, effects::UndeliveredEffect, projects::SetupStepStatus, store::Store};

/// What schema 1 holds: a project, two pipelines, a workflow of two jobs, an outbox in every state.
const FIRST: &str = r#"
INSERT INTO accounts (id, name, created_at) VALUES ('00000000-0000-0000-0000-000000000001', 'ada', 1);
INSERT INTO identities (forge, forge_user, account, login, updated_at)
    VALUES ('github', '1', '00000000-0000-0000-0000-000000000001', 'ada-at-github', 1);
INSERT INTO organizations (id, forge, forge_id, login) VALUES ('00000000-0000-0000-0000-000000000002', 'github', '7', 'acme');
INSERT INTO projects (id, forge, repository_id, organization, owner, repository, path, named_seq,
        default_branch, private, ssh_url, web_url, integration, created_at)
    VALUES ('00000000-0000-0000-0000-000000000003', 'github', '9', '00000000-0000-0000-0000-000000000002', 'acme', 'web',
        'acme/web', 1, 'main', 1, '', '', '00000000-0000-0000-0000-000000000001', 1);
INSERT INTO pipelines (id, project, number, identity, trigger_kind, git_ref, branch, sha,
        commit_info, status, errors, created_at)
    VALUES ('00000000-0000-0000-0000-000000000004', '00000000-0000-0000-0000-000000000003', 1, 'push 1',
        'push', 'refs/heads/main', 'main', 'a1', '{"subject":"s","body":""}', 'created', '[]', 100),
    ('00000000-0000-0000-0000-000000000005', '00000000-0000-0000-0000-000000000003', 2, 'push 2',
        'push', 'refs/heads/main', 'main', 'a2', '{"subject":"s","body":""}', 'errored', '["no jobs"]', 101);
INSERT INTO workflows (id, pipeline, project, git_ref, pipeline_number, position, name, status,
        cancel_requested, created_at)
    VALUES ('00000000-0000-0000-0000-000000000006', '00000000-0000-0000-0000-000000000004',
        '00000000-0000-0000-0000-000000000003', 'refs/heads/main', 1, 0, 'main', 'running', 0, 100);
INSERT INTO jobs (id, pipeline, workflow, project, position, name, number, kind, tasks, needs, status,
        executor, stopped_at)
    VALUES ('00000000-0000-0000-0000-000000000007', '00000000-0000-0000-0000-000000000004',
        '00000000-0000-0000-0000-000000000006', '00000000-0000-0000-0000-000000000003', 0, 'build', 1, 'build', 1,
        '[]', 'running', 'docker', NULL),
    ('00000000-0000-0000-0000-000000000008', '00000000-0000-0000-0000-000000000004',
        '00000000-0000-0000-0000-000000000006', '00000000-0000-0000-0000-000000000003', 1, 'test', 2, 'build', 1,
        '[]', 'canceled', 'docker', 130);
INSERT INTO effects (id, pipeline, kind, subject, state, generation, attempts, created_at, due_at,
        settled_at, last_error)
    VALUES ('00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-000000000004', 'report_job',
        '00000000-0000-0000-0000-000000000007', 'owed', 3, 1, 110, 120, NULL, '503'),
    ('00000000-0000-0000-0000-000000000012', '00000000-0000-0000-0000-000000000004', 'report_job',
        '00000000-0000-0000-0000-000000000008', 'paid', 3, 1, 110, 120, 125, NULL),
    ('00000000-0000-0000-0000-000000000013', '00000000-0000-0000-0000-000000000005', 'report_config_error',
        '', 'parked', 3, 4, 110, 120, 126, 'the repository is gone');
"#;

/// What schema 4 added: kinds of errors, and who canceled what.
const FOURTH: &str = "
UPDATE pipelines SET error_kind = 'unsupported' WHERE id = '00000000-0000-0000-0000-000000000005';
UPDATE jobs SET canceled_by = '00000000-0000-0000-0000-000000000001'
    WHERE id = '00000000-0000-0000-0000-000000000008';
UPDATE workflows SET canceled_by = '00000000-0000-0000-0000-000000000001', stopped_at = 140
    WHERE id = '00000000-0000-0000-0000-000000000006';
";

const ADA: AccountId = AccountId::from_u128(1);
const PIPELINE: PipelineId = PipelineId::from_u128(4);
const ERRORED: PipelineId = PipelineId::from_u128(5);
const JOB: JobId = JobId::from_u128(7);

async fn insert(db: &Db, script: &str) {
    let mut session = db.write("insert rows").await.unwrap();
    session.script(script).await.unwrap();
    session.commit().await.unwrap();
}

/// The outbox, whatever the schema was that its rows were written with.
async fn outbox_is_in_place(store: &Store) {
    let pending = UndeliveredEffect {
        effect: Effect::ReportJob(JOB),
        attempts: 1,
        error: Some("503".to_owned()),
        given_up: false,
    };
    assert_eq!(store.undelivered_effects(PIPELINE).await.unwrap(), [pending]);
    let given_up = UndeliveredEffect {
        effect: Effect::ReportConfigError,
        attempts: 4,
        error: Some("the repository is gone".to_owned()),
        given_up: true,
    };
    assert_eq!(store.undelivered_effects(ERRORED).await.unwrap(), [given_up]);
    // Those that were delivered or given up rest.
    let (now, later) = (Timestamp::from_micros(120), Timestamp::from_micros(150));
    let due = store.due_effects(now, later, 10).await.unwrap();
    let due: Vec<_> = due.iter().map(|one| (one.effect, one.generation, one.attempts)).collect();
    assert_eq!(due, [(Effect::ReportJob(JOB), 3, 2)]);
}

async fn reopen(url: &str) -> Store {
    let instance_key = Secret::new(vec![7; 32]);
    Store::open(&Settings { url: url.to_owned(), instance_key }).await.unwrap()
}

async fn a_first_database_opens(url: &str) {
    let db = Db::connect(url).await.unwrap();
    db.migrate_with(&MIGRATIONS[..1], None).await.unwrap();
    insert(&db, FIRST).await;
    db.close().await;

    let store = reopen(url).await;
    outbox_is_in_place(&store).await;
    let errored = store.pipeline(ERRORED).await.unwrap().unwrap();
    assert_eq!((errored.status, errored.error_kind), (PipelineStatus::Errored, None));
    assert_eq!(errored.errors, ["no jobs"]);
    let workflow = store.workflows(PIPELINE).await.unwrap().remove(0);
    assert_eq!(workflow.canceled_by, None);
    let canceled = &workflow.jobs[1];
    assert_eq!((canceled.status, &canceled.canceled_by), (JobStatus::Canceled, &None));
    assert_eq!(workflow.jobs[0].approved_by, None);
}

async fn a_fourth_database_opens(url: &str) {
    let db = Db::connect(url).await.unwrap();
    db.migrate_with(&MIGRATIONS[..1], None).await.unwrap();
    insert(&db, FIRST).await;
    db.migrate_with(&MIGRATIONS[..4], None).await.unwrap();
    insert(&db, FOURTH).await;
    db.close().await;

    let store = reopen(url).await;
    outbox_is_in_place(&store).await;
    let errored = store.pipeline(ERRORED).await.unwrap().unwrap();
    assert_eq!(errored.error_kind, Some(PipelineErrorKind::Unsupported));
    let workflow = store.workflows(PIPELINE).await.unwrap().remove(0);
    let by = workflow.canceled_by.unwrap();
    assert_eq!((by.actor, by.at), (Actor::Account(ADA), Timestamp::from_micros(140)));
    assert_eq!(by.login.as_deref(), Some("ada-at-github"));
    let by = workflow.jobs[1].canceled_by.clone().unwrap();
    assert_eq!((by.actor, by.at), (Actor::Account(ADA), Timestamp::from_micros(130)));
}

/// Words that a newer release wrote, next to ones that every release knows.
const NEWER: &str = r#"
INSERT INTO effects (id, pipeline, kind, subject, state, generation, attempts, created_at, due_at)
    VALUES ('00000000-0000-0000-0000-000000000021', '00000000-0000-0000-0000-000000000004',
        'announce_deploy', 'x', 'pending', 1, 0, 110, 111);
INSERT INTO setups (project, actor, state, steps, started_at, updated_at)
    VALUES ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000001', 'running',
        '[{"key":"k","title":"t","status":"postponed","detail":null}]', 1, 1);
"#;

/// While servers are updated one by one, the old ones share a database with the new: one row that is
/// not for them must not keep them from the others.
async fn words_of_a_newer_release_are_left_to_it(url: &str) {
    let db = Db::connect(url).await.unwrap();
    db.migrate_with(&MIGRATIONS[..1], None).await.unwrap();
    insert(&db, FIRST).await;
    db.migrate().await.unwrap();
    insert(&db, NEWER).await;
    db.close().await;

    let store = reopen(url).await;
    outbox_is_in_place(&store).await;
    let now = Timestamp::from_micros(120);
    assert_eq!(store.due_effects(now, now, 10).await.unwrap(), []);
    let noted = store.unknown_effects.lock().unwrap().clone();
    assert_eq!(noted.into_iter().collect::<Vec<_>>(), ["announce_deploy"]);
    let mut session = store.db.read("read an effect").await.unwrap();
    let sql = "SELECT leased_until, attempts FROM effects WHERE kind = 'announce_deploy'";
    let row = session.row(sql, values![]).await.unwrap().unwrap();
    assert_eq!(row.get::<u32>("attempts").unwrap(), 0, "another server may take it");
    drop(session);
    let setup = store.unfinished_setups().await.unwrap().remove(0);
    assert_eq!(setup.steps[0].status, SetupStepStatus::Unknown);
}

#[tokio::test]
async fn earlier_sqlite_databases_open_with_everything_in_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("sqlite:{}", directory.path().join(name).display());
    a_first_database_opens(&url("first.db")).await;
    a_fourth_database_opens(&url("fourth.db")).await;
    words_of_a_newer_release_are_left_to_it(&url("newer.db")).await;
}

#[tokio::test]
async fn earlier_postgres_databases_open_with_everything_in_its_place() {
    let test = "earlier_postgres_databases_open_with_everything_in_its_place";
    let Some(first) = roundel_testkit::postgres::database_or_notice(test) else { return };
    a_first_database_opens(&first).await;
    let Some(fourth) = roundel_testkit::postgres::database_or_notice(test) else { return };
    a_fourth_database_opens(&fourth).await;
    let Some(newer) = roundel_testkit::postgres::database_or_notice(test) else { return };
    words_of_a_newer_release_are_left_to_it(&newer).await;
}
