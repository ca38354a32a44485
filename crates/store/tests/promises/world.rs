//! A store on one of the databases, and the things that most promises need in it.

use std::time::Duration;

use roundel_engine::{
    Configuration, Event, NewJob, NewWorkflow, Pipeline, Transition, advance, job::Dependency,
};
use roundel_model::{
    forge::{ForgeKind, ForgeUserId, ProjectSlug, RepositoryId},
    id::{
        AccountId, CheckoutKeyId, DeliveryId, HookId, JobId, LeaseId, PipelineId, ProjectId,
        WorkflowId,
    },
    name::{CommitSha, GitRef},
    plan::PlannedJob,
    secret::Secret,
    status::Outcome,
    time::Timestamp,
};
use roundel_store::{
    Settings, Store, StoreError,
    accounts::{SignIn, Token},
    deliveries::NewDelivery,
    pipelines::{CommitInfo, NewPipeline, TriggerKind},
    projects::{CheckoutKey, Hook, HookState, KeyState, NewProject, Project},
};

use roundel_testkit::planned;

/// Makes two tests of each promise: on SQLite in a file, and on PostgreSQL. For promises that need a
/// second server or a restart.
macro_rules! on_both {
    ($($promise:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                super::$promise($crate::world::World::on_sqlite().await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let test = concat!(module_path!(), "::", stringify!($promise));
                if let Some(world) = $crate::world::World::on_postgres(test).await {
                    super::$promise(world).await;
                }
            })*
        }
    };
}

/// Makes three tests of each promise: also on SQLite in memory, where one connection serves all, so
/// that a method which wants two would wait for itself.
macro_rules! on_all {
    ($($promise:ident),* $(,)?) => {
        on_both! { $($promise),* }
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                super::$promise($crate::world::World::in_memory().await).await;
            })*
        }
    };
}

pub(crate) const KEY: u8 = 7;

/// A database with one store on it.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) url: String,
    /// Holds the database's file, if it is one.
    _directory: Option<tempfile::TempDir>,
}

/// A time in the tests' own calendar.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_000_000_000).plus(Duration::from_secs(seconds))
}

pub(crate) fn settings(url: &str, key: u8) -> Settings {
    Settings { url: url.to_owned(), instance_key: Secret::new(vec![key; 32]) }
}

impl World {
    pub(crate) async fn on_sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("roundel.db").display());
        Self::open(url, Some(directory)).await
    }

    pub(crate) async fn on_postgres(test: &str) -> Option<Self> {
        let url = roundel_testkit::postgres::database_or_notice(test)?;
        Some(Self::open(url, None).await)
    }

    pub(crate) async fn in_memory() -> Self {
        Self::open("sqlite::memory:".to_owned(), None).await
    }

    async fn open(url: String, directory: Option<tempfile::TempDir>) -> Self {
        let store = Store::open(&settings(&url, KEY)).await.unwrap();
        Self { store, url, _directory: directory }
    }

    /// Another server on the same database. In memory there is only one.
    pub(crate) async fn another_store(&self) -> Store {
        if self.url == "sqlite::memory:" {
            return self.store.clone();
        }
        Store::open(&settings(&self.url, KEY)).await.unwrap()
    }

    /// A user signs in.
    pub(crate) async fn account(&self, login: &str) -> AccountId {
        self.store.sign_in(&sign_in(ForgeKind::GitHub, login), at(0)).await.unwrap()
    }

    /// A user adds a repository.
    pub(crate) async fn project(&self, name: &str) -> Project {
        let integration = self.account("ada").await;
        self.store.upsert_project(&new_project(name, integration), at(1)).await.unwrap()
    }

    /// A project gets a hook.
    pub(crate) async fn hook(&self, project: &Project) -> Hook {
        let hook = Hook {
            id: HookId::fresh(),
            project: project.id,
            forge: project.slug.forge,
            forge_id: Some("41".to_owned()),
            secret: "hook secret".into(),
            state: HookState::Active,
            created_at: at(2),
            last_delivery_at: None,
        };
        self.store.insert_hook(&hook).await.unwrap();
        hook
    }

    /// A push starts a pipeline.
    pub(crate) async fn pipeline(&self, project: ProjectId, number: u64) -> PipelineId {
        let new =
            NewPipeline { created_at: at(100 + number), ..push(project, &format!("{number:040}")) };
        assert!(self.store.create_pipeline(&new).await.unwrap().is_new);
        new.id
    }

    /// The pipeline is compiled, to these workflows.
    pub(crate) async fn compiled(
        &self,
        id: PipelineId,
        workflows: Vec<NewWorkflow>,
        now: Timestamp,
    ) {
        self.apply(id, &compiles(workflows), now).await;
    }

    /// An event happens to a pipeline.
    pub(crate) async fn apply(&self, id: PipelineId, event: &Event, now: Timestamp) {
        apply(&self.store, id, event, now).await.unwrap();
    }

    /// Reads a pipeline as the engine knows it: through a change that is refused.
    pub(crate) async fn state(&self, id: PipelineId) -> Pipeline {
        let mut seen = None;
        let look = |before: &Pipeline| {
            seen = Some(before.clone());
            Err::<Transition, ()>(())
        };
        self.store.change(id, &Event::Tick, at(0), look).await.unwrap().unwrap_err();
        seen.unwrap()
    }

    /// A task is claimed and its lease returned.
    pub(crate) async fn claim(
        &self,
        pipeline: PipelineId,
        job: JobId,
        task: u32,
        now: Timestamp,
    ) -> LeaseId {
        let lease = LeaseId::fresh();
        let expires_at = now.plus(Duration::from_secs(30));
        self.apply(pipeline, &claimed((job, task), lease, expires_at, "runner-1"), now).await;
        lease
    }

    /// A claimed task ends.
    pub(crate) async fn finish(
        &self,
        (pipeline, job): (PipelineId, JobId),
        lease: LeaseId,
        outcome: Outcome,
        now: Timestamp,
    ) {
        self.apply(pipeline, &finished((job, 0), lease, outcome), now).await;
    }

    /// A pipeline with one job of one task, compiled.
    pub(crate) async fn one_job(&self, project: ProjectId, number: u64) -> (PipelineId, JobId) {
        let pipeline = self.pipeline(project, number).await;
        let workflow = workflow("main", &[("build", 1)]);
        let job = workflow.jobs[0].id;
        self.compiled(pipeline, vec![workflow], at(200 + number)).await;
        (pipeline, job)
    }
}

/// Changes a pipeline as `drive::apply` of the server does. Returns whether anything changed.
pub(crate) async fn apply(
    store: &Store,
    id: PipelineId,
    event: &Event,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let decided = store.change(id, event, now, |before| advance(before, event, now)).await?;
    Ok(decided.unwrap() != Transition::Ignored)
}

pub(crate) fn compiles(workflows: Vec<NewWorkflow>) -> Event {
    Event::Compiled { workflows, configuration: Configuration::default() }
}

pub(crate) fn claimed(
    (job, task): (JobId, u32),
    lease: LeaseId,
    expires_at: Timestamp,
    runner: &str,
) -> Event {
    Event::Claimed { job, task, lease, expires_at, runner: runner.to_owned() }
}

pub(crate) fn finished((job, task): (JobId, u32), lease: LeaseId, outcome: Outcome) -> Event {
    Event::Finished { job, task, lease, outcome, reason: None }
}

pub(crate) fn sign_in(forge: ForgeKind, login: &str) -> SignIn {
    let user = ForgeUserId(format!("id of {login}"));
    SignIn {
        name: format!("{login} the person"),
        email: Some(format!("{login}@Example.org")),
        ..SignIn::new(forge, user, login, token(&format!("token of {login}")))
    }
}

pub(crate) fn token(access: &str) -> Token {
    Token {
        access: access.into(),
        scopes: vec!["repo".to_owned(), "user:email".to_owned()],
        expires_at: Some(at(3600)),
        refresh: Some("refresh".into()),
        refused: false,
    }
}

pub(crate) fn new_project(name: &str, integration: AccountId) -> NewProject {
    NewProject {
        slug: slug(name),
        repository: RepositoryId(format!("id of {name}")),
        organization_forge_id: "77".to_owned(),
        default_branch: "main".to_owned(),
        private: true,
        ssh_url: format!("git@forge.example:{name}.git"),
        web_url: format!("https://forge.example/{name}"),
        integration,
    }
}

pub(crate) fn slug(name: &str) -> ProjectSlug {
    let (owner, repository) = name.split_once('/').unwrap();
    ProjectSlug {
        forge: ForgeKind::GitHub,
        owner: owner.to_owned(),
        repository: repository.to_owned(),
    }
}

/// A key pair that was just made.
pub(crate) fn checkout_key(project: &Project, created: u64) -> CheckoutKey {
    CheckoutKey {
        id: CheckoutKeyId::fresh(),
        project: project.id,
        state: KeyState::Pending,
        forge_id: None,
        public: format!("ssh-ed25519 AAAA {created}"),
        fingerprint: "SHA256:abc".to_owned(),
        private: Secret::from("-----BEGIN OPENSSH PRIVATE KEY-----"),
        created_at: at(created),
        last_used_at: None,
    }
}

pub(crate) fn push(project: ProjectId, sha: &str) -> NewPipeline {
    NewPipeline {
        id: PipelineId::fresh(),
        project,
        trigger: TriggerKind::Push,
        delivery: None,
        git_ref: GitRef::Branch("main".into()),
        sha: CommitSha::from(sha),
        before: None,
        commit: CommitInfo {
            subject: "repair the fence".to_owned(),
            author_name: Some("Ada".to_owned()),
            ..CommitInfo::default()
        },
        actor: None,
        actor_login: Some("ada".to_owned()),
        created_at: at(100),
    }
}

pub(crate) fn delivery(hook: &Hook, guid: &str, body: &[u8]) -> NewDelivery {
    NewDelivery {
        id: DeliveryId::fresh(),
        hook: hook.id,
        project: hook.project,
        forge: hook.forge,
        guid: guid.to_owned(),
        event: "push".to_owned(),
        body: body.to_vec(),
        received_at: at(50),
    }
}

/// A workflow of builds, each with so many tasks, one after the other.
pub(crate) fn workflow(name: &str, jobs: &[(&str, u32)]) -> NewWorkflow {
    let mut made: Vec<NewJob> = Vec::new();
    for (name, tasks) in jobs {
        let needs = made
            .last()
            .map(|before| Dependency { job: before.id, accepts: vec![Outcome::Success] })
            .into_iter()
            .collect();
        made.push(new_job(planned::build(name, *tasks), needs));
    }
    NewWorkflow { id: WorkflowId::fresh(), name: name.into(), jobs: made }
}

pub(crate) fn new_job(plan: PlannedJob, needs: Vec<Dependency>) -> NewJob {
    NewJob { id: JobId::fresh(), plan, needs, missing_contexts: Vec::new() }
}
