//! A server without its loops: a store in memory, a forge that knows four people and their roles.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    http::{Method, Request, header},
    response::Response,
};
use roundel_engine::{Configuration, Event, NewJob, NewWorkflow, job::Dependency};
use roundel_forge::{
    AccessToken, AuthorizeRequest, Commit, CommitStatus, Contents, DeployKeys, ErrorClass, Forge,
    ForgeError, ForgeHook, ForgeKey, ForgeOrganization, ForgeSettings, ForgeUser, Grant, HookSpec,
    Hooks, Repositories, Repository, RepositoryRef, RequestedScope, RetryPolicy, Statuses,
};
use roundel_model::{
    forge::{ForgeKind, ForgeUserId, ProjectSlug, RepositoryId, Role},
    id::{AccountId, JobId, LeaseId, PipelineId, ProjectId, WorkflowId},
    kind::StepKind,
    name::{CommitSha, GitRef},
    plan::{PlannedJob, PlannedJobKind},
    secret::Secret,
    status::{Outcome, PipelineErrorKind, StepStatus},
    time::Timestamp,
};
use roundel_store::{
    accounts::{Account, SignIn, Token},
    logs::{Appended, LogKey, LogPiece, Reported, StepRow},
    pipelines::{CommitInfo, NewPipeline, TriggerKind},
    projects::{NewProject, Project},
};
use tower::ServiceExt as _;
use url::Url;

use crate::{
    access,
    app::{App, Settings},
    drive,
};

/// People and what they may do.
pub(super) const PEOPLE: [(&str, Option<Role>); 4] = [
    ("admin", Some(Role::Admin)),
    ("writer", Some(Role::Write)),
    ("reader", Some(Role::Read)),
    ("stranger", None),
];

/// The picture that the forge has of `admin`.
pub(super) const ADMIN_PICTURE: &str = "https://forge.test/admin.png";

pub(super) struct World {
    pub(super) app: Arc<App>,
    pub(super) project: Project,
    router: Router,
    is_down: Arc<AtomicBool>,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(true).await
    }

    /// A world whose project is private or public.
    pub(super) async fn with(private: bool) -> Self {
        Self::of(&ForgeKind::ALL, private).await
    }

    /// A world whose server was started for the first time.
    pub(super) async fn without_providers() -> Self {
        Self::of(&[], true).await
    }

    /// A world over a database elsewhere.
    pub(super) async fn over(database_url: &str) -> Self {
        let settings = Settings { database_url: database_url.to_owned(), ..settings() };
        Self::built(settings, &ForgeKind::ALL, true).await
    }

    async fn of(providers: &[ForgeKind], private: bool) -> Self {
        Self::built(settings(), providers, private).await
    }

    async fn built(settings: Settings, providers: &[ForgeKind], private: bool) -> Self {
        let is_down = Arc::new(AtomicBool::new(false));
        let client = |&kind| -> (ForgeKind, Arc<dyn Forge>) {
            let (settings, is_down) = (forge_settings(kind), Arc::clone(&is_down));
            (kind, Arc::new(FakeForge { settings, is_down }))
        };
        let clients = providers.iter().map(client).collect();
        let app = Arc::new(App::open_with(settings, clients).await.unwrap());
        for (login, _) in PEOPLE {
            sign_in(&app, login).await;
        }
        let user = ForgeUserId("admin".into());
        let admin = app.store.account_by_forge_user(ForgeKind::GitHub, &user).await;
        let admin = admin.unwrap().unwrap();
        let new = NewProject { private, ..new_project(admin.id) };
        let project = app.store.upsert_project(&new, Timestamp::now()).await.unwrap();
        app.store.start_building(project.id).await.unwrap();
        let project = app.store.project(project.id).await.unwrap().unwrap();
        for (login, role) in PEOPLE {
            let user = ForgeUserId(login.into());
            let account =
                app.store.account_by_forge_user(ForgeKind::GitHub, &user).await.unwrap().unwrap();
            if role.is_some() {
                app.store.follow(account.id, project.id, Timestamp::now()).await.unwrap();
            }
        }
        let router = crate::http::router(Arc::clone(&app));
        Self { app, project, router, is_down }
    }

    /// Another project, which its administrator follows: `3` can be written to at most, and `4` is
    /// visible to no one.
    pub(super) async fn other_project(&self, repository: &str, name: &str) -> Project {
        let admin = self.account("admin").await.id;
        let mut new =
            NewProject { repository: RepositoryId(repository.into()), ..new_project(admin) };
        new.slug.repository = name.into();
        let project = self.app.store.upsert_project(&new, Timestamp::now()).await.unwrap();
        self.app.store.follow(admin, project.id, Timestamp::now()).await.unwrap();
        project
    }

    /// From now on the forges do not answer, and what they reported is this old.
    pub(super) fn forges_vanish(&self, ago: std::time::Duration) {
        self.is_down.store(true, Ordering::Relaxed);
        self.app.roles.age(ago);
    }

    /// The forge has just reported that this person administers this project.
    pub(super) fn confirm_role(&self, account: AccountId, project: ProjectId) {
        let known = crate::role_cache::CachedRole { role: Some(Role::Admin), at: Timestamp::now() };
        let key = crate::role_cache::RoleKey { account, project };
        self.app.roles.put(key, known);
    }

    pub(super) async fn account(&self, login: &str) -> Account {
        let user = ForgeUserId(login.into());
        let found = self.app.store.account_by_forge_user(ForgeKind::GitHub, &user).await;
        found.unwrap().unwrap()
    }

    pub(super) async fn get(&self, path: &str, who: Option<&str>) -> Response {
        let mut request = Request::get(path).header(header::ACCEPT, "text/html");
        if let Some(who) = who {
            request = request.header(header::COOKIE, cookie(who));
        }
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// Asks as a script of an open page does, and programs do.
    pub(super) async fn fetch(&self, path: &str, who: Option<&str>) -> Response {
        let mut request = Request::get(path).header(header::ACCEPT, "*/*");
        if let Some(who) = who {
            request = request.header(header::COOKIE, cookie(who));
        }
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    pub(super) async fn post(&self, path: &str, form: &str, who: &str) -> Response {
        self.post_from(path, form, who, "http://127.0.0.1:1").await
    }

    /// What a browser sends that does not say from where.
    pub(super) async fn post_from_nowhere(&self, path: &str, who: &str) -> Response {
        let request = Request::post(path)
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookie(who))
            .body(Body::empty())
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// A form of the page `referrer`.
    pub(super) async fn post_referred(
        &self,
        path: &str,
        form: &str,
        who: &str,
        referrer: &str,
    ) -> Response {
        let request = Request::post(path)
            .header(header::HOST, "127.0.0.1:1")
            .header(header::ORIGIN, "http://127.0.0.1:1")
            .header(header::REFERER, referrer)
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookie(who))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(super) async fn post_from(
        &self,
        path: &str,
        form: &str,
        who: &str,
        origin: &str,
    ) -> Response {
        let request = Request::post(path)
            .header(header::HOST, "127.0.0.1:1")
            .header(header::ORIGIN, origin)
            .header(header::COOKIE, cookie(who))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends what a browser would, with any method.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        form: &str,
        who: Option<&str>,
    ) -> Response {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:1")
            .header(header::ORIGIN, "http://127.0.0.1:1")
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(who) = who {
            request = request.header(header::COOKIE, cookie(who));
        }
        let request = request.body(Body::from(form.to_owned())).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends any body as any type, as a user who is signed in.
    pub(super) async fn send_body(
        &self,
        path: &str,
        headers: &[(header::HeaderName, &str)],
        body: Body,
        who: &str,
    ) -> Response {
        let mut request = Request::post(path)
            .header(header::HOST, "127.0.0.1:1")
            .header(header::ORIGIN, "http://127.0.0.1:1")
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookie(who));
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap()
    }

    /// A pipeline with two jobs, `build` and `test`, the second after the first.
    pub(super) async fn pipeline(&self, branch: &str, subject: &str) -> PipelineId {
        let build = roundel_testkit::planned::build("build", 1);
        self.pipeline_of(branch, subject, (build, &[], Configuration::default())).await
    }

    /// A pipeline with what the compiler said about its configuration: jobs `build` and `test` of
    /// the workflow `main`.
    pub(super) async fn noted(&self, subject: &str, config: &str) -> PipelineId {
        let compiled = roundel_config::compile(config, &roundel_config::Inputs::default());
        let notes: Vec<_> = compiled.notes().collect();
        let configuration = Configuration {
            text: Some(config.to_owned()),
            diagnostics: Some(serde_json::to_string(&notes).unwrap()),
            nothing_runs: None,
        };
        let build = roundel_testkit::planned::build("build", 1);
        self.pipeline_of("main", subject, (build, &[], configuration)).await
    }

    /// A pipeline whose job `build` asks for contexts that do not exist.
    pub(super) async fn unauthorized(&self, subject: &str, contexts: &[&str]) -> PipelineId {
        let build = roundel_testkit::planned::build("build", 1);
        self.pipeline_of("main", subject, (build, contexts, Configuration::default())).await
    }

    /// A pipeline with an approval, `approve`, and a job after it, `test`.
    pub(super) async fn held(&self, subject: &str) -> PipelineId {
        let approve = roundel_testkit::planned::job("approve", PlannedJobKind::Approval);
        self.pipeline_of("main", subject, (approve, &[], Configuration::default())).await
    }

    /// A pipeline that did not start: this release does not run all of its configuration.
    pub(super) async fn not_supported(&self, subject: &str, config: &str) -> PipelineId {
        let compiled = roundel_config::compile(config, &roundel_config::Inputs::default());
        let found: Vec<_> = compiled.diagnostics.iter().chain(&compiled.unsupported).collect();
        let failed = Event::CompileFailed {
            kind: PipelineErrorKind::Unsupported,
            errors: vec!["caches are not supported yet".to_owned()],
            configuration: Configuration {
                text: Some(config.to_owned()),
                diagnostics: Some(serde_json::to_string(&found).unwrap()),
                nothing_runs: None,
            },
        };
        self.failed_to_compile(subject, failed).await
    }

    /// A pipeline without a plan.
    pub(super) async fn failed_to_compile(&self, subject: &str, event: Event) -> PipelineId {
        let id = self.started("main", subject).await;
        self.apply(id, &event).await;
        id
    }

    /// A pipeline of this branch and subject with this plan.
    pub(super) async fn planned(
        &self,
        (branch, subject): (&str, &str),
        event: &Event,
    ) -> PipelineId {
        let id = self.started(branch, subject).await;
        self.apply(id, event).await;
        id
    }

    /// A pipeline that a person started by pushing their own commit.
    pub(super) async fn pushed_by(
        &self,
        login: &str,
        account: Option<AccountId>,
        subject: &str,
    ) -> PipelineId {
        let who = (login, account, Some(login));
        self.started_by("main", subject, TriggerKind::Push, who).await
    }

    /// A pipeline that a person started on a commit of someone else.
    pub(super) async fn triggered_by(&self, login: &str, subject: &str) -> PipelineId {
        self.started_by("main", subject, TriggerKind::Manual, (login, None, None)).await
    }

    /// A pipeline that is being compiled.
    pub(super) async fn started(&self, branch: &str, subject: &str) -> PipelineId {
        self.started_by(branch, subject, TriggerKind::Push, ("writer", None, None)).await
    }

    async fn started_by(
        &self,
        branch: &str,
        subject: &str,
        trigger: TriggerKind,
        (login, actor, author): (&str, Option<AccountId>, Option<&str>),
    ) -> PipelineId {
        let id = PipelineId::fresh();
        let new = NewPipeline {
            id,
            project: self.project.id,
            trigger,
            delivery: None,
            git_ref: GitRef::Branch(branch.into()),
            sha: CommitSha::from(format!("{:040x}", id.as_uuid().as_u128())),
            before: None,
            commit: CommitInfo {
                subject: subject.to_owned(),
                author_name: Some("Robin Roe".into()),
                author_login: author.map(str::to_owned),
                ..CommitInfo::default()
            },
            actor,
            actor_login: Some(login.into()),
            created_at: Timestamp::now(),
        };
        self.app.store.create_pipeline(&new).await.unwrap();
        id
    }

    /// A pipeline with a job, which asks for contexts, and `test` after it.
    pub(super) async fn pipeline_of(
        &self,
        branch: &str,
        subject: &str,
        (first, contexts, configuration): (PlannedJob, &[&str], Configuration),
    ) -> PipelineId {
        let id = self.started(branch, subject).await;
        let (before, after) = (JobId::fresh(), JobId::fresh());
        let job = |id, plan, needs| {
            let contexts = if id == before { contexts } else { &[] };
            let missing_contexts = contexts.iter().map(|&name| name.to_owned()).collect();
            NewJob { id, plan, needs, missing_contexts }
        };
        let need = Dependency { job: before, accepts: vec![Outcome::Success] };
        let test = roundel_testkit::planned::build("test", 1);
        let workflow = NewWorkflow {
            id: WorkflowId::fresh(),
            name: "main".into(),
            jobs: vec![job(before, first, vec![]), job(after, test, vec![need])],
        };
        self.apply(id, &Event::Compiled { workflows: vec![workflow], configuration }).await;
        id
    }

    pub(super) async fn job(&self, pipeline: PipelineId, name: &str) -> JobId {
        let workflows = self.app.store.workflows(pipeline).await.unwrap();
        let mut jobs = workflows.iter().flat_map(|workflow| &workflow.jobs);
        jobs.find(|job| job.name.as_str() == name).unwrap().id
    }

    pub(super) async fn claim(&self, pipeline: PipelineId, name: &str) -> JobId {
        let job = self.job(pipeline, name).await;
        let lease = lease(job);
        let expires_at = Timestamp::now().plus(std::time::Duration::from_mins(1));
        self.apply(
            pipeline,
            &Event::Claimed { job, task: 0, lease, expires_at, runner: "runner-1".to_owned() },
        )
        .await;
        job
    }

    pub(super) async fn finish(&self, pipeline: PipelineId, job: JobId, outcome: Outcome) {
        self.finish_because(pipeline, job, (outcome, None)).await;
    }

    pub(super) async fn finish_because(
        &self,
        pipeline: PipelineId,
        job: JobId,
        (outcome, reason): (Outcome, Option<&str>),
    ) {
        let (lease, reason) = (lease(job), reason.map(str::to_owned));
        self.apply(pipeline, &Event::Finished { job, task: 0, lease, outcome, reason }).await;
    }

    /// Lets a further task of a parallel job run and pass.
    pub(super) async fn other_task_passes(&self, pipeline: PipelineId, job: JobId, task: u32) {
        let lease = LeaseId::fresh();
        let expires_at = Timestamp::now().plus(std::time::Duration::from_mins(1));
        let runner = "runner-2".to_owned();
        self.apply(pipeline, &Event::Claimed { job, task, lease, expires_at, runner }).await;
        let (outcome, reason) = (Outcome::Success, None);
        self.apply(pipeline, &Event::Finished { job, task, lease, outcome, reason }).await;
    }

    pub(super) async fn step(&self, job: JobId, step: (u32, &str), status: StepStatus, log: &[u8]) {
        let (number, name) = step;
        let now = Timestamp::now();
        let step = StepRow {
            job,
            task: 0,
            number,
            name: name.to_owned(),
            kind: StepKind::Run.into(),
            status,
            command: Some("make test".to_owned()),
            line: Some(7),
            background: false,
            exit_code: (status == StepStatus::Failed).then_some(2),
            started_at: now,
            ended_at: (status != StepStatus::Running).then_some(now),
            truncated: false,
            log_bytes: 0,
        };
        let reported = self.app.store.put_step(&step, lease(job)).await.unwrap();
        assert_eq!(reported, Reported::Stored);
        for (index, piece) in log.chunks(1_000).enumerate() {
            let offset = u64::try_from(index * 1_000).unwrap();
            let log = LogKey { job, task: 0, step: number };
            let piece = LogPiece { offset, bytes: piece };
            let appended = self.app.store.append_log(log, lease(job), piece, now).await;
            assert!(matches!(appended.unwrap(), Appended::Committed(_)));
        }
    }

    pub(super) async fn apply(&self, pipeline: PipelineId, event: &Event) {
        let applied = drive::apply(&self.app.drive, pipeline, event, Timestamp::now()).await;
        assert_eq!(applied.unwrap(), drive::Applied::Changed);
    }
}

/// The lease under which [`World::claim`] lets a job run.
pub(super) fn lease(job: JobId) -> LeaseId {
    LeaseId::from(job.as_uuid())
}

fn cookie(who: &str) -> String {
    format!("{}=session-of-{who}", access::SESSION_COOKIE)
}

async fn sign_in(app: &App, login: &str) {
    let now = Timestamp::now();
    let token = Token { scopes: vec!["repo".into()], ..Token::new(login.into()) };
    let sign_in = SignIn {
        name: format!("The {login}"),
        avatar_url: (login == "admin").then(|| ADMIN_PICTURE.to_owned()),
        ..SignIn::new(ForgeKind::GitHub, ForgeUserId(login.into()), login, token)
    };
    let account = app.store.sign_in(&sign_in, now).await.unwrap();
    let hash = access::hash(&format!("session-of-{login}"));
    let end = now.plus(std::time::Duration::from_hours(1));
    app.store.open_session(&hash, account, now, end).await.unwrap();
}

fn settings() -> Settings {
    Settings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        public_url: Url::parse("http://127.0.0.1:1").unwrap(),
        database_url: "sqlite::memory:".into(),
        instance_key: Secret::new(vec![7; 32]),
        runner_token: Secret::from("runner-token"),
        forges: Vec::new(),
        email: None,
        pace: crate::retry::RetryPace::default(),
        status_prefix: "ci/roundel".into(),
        admin_token: Secret::new(String::new()),
        orbs: crate::orbs::Settings::default(),
    }
}

fn forge_settings(kind: ForgeKind) -> ForgeSettings {
    ForgeSettings {
        kind,
        web_url: Url::parse("http://127.0.0.1:2").unwrap(),
        api_url: Url::parse("http://127.0.0.1:2/api").unwrap(),
        client_id: "id".into(),
        client_secret: Secret::from("secret"),
        known_hosts: String::new(),
        public_url: "http://127.0.0.1:1".into(),
        retry: RetryPolicy::default(),
    }
}

fn new_project(integration: roundel_model::id::AccountId) -> NewProject {
    NewProject {
        slug: ProjectSlug {
            forge: ForgeKind::GitHub,
            owner: "acme".into(),
            repository: "web".into(),
        },
        repository: RepositoryId("1".into()),
        organization_forge_id: "10".into(),
        default_branch: "main".into(),
        private: true,
        ssh_url: "ssh://git@127.0.0.1:3/acme/web.git".into(),
        web_url: "http://127.0.0.1:2/acme/web".into(),
        integration,
    }
}

/// Reads a whole answer.
pub(super) async fn text(answer: Response) -> String {
    let bytes = axum::body::to_bytes(answer.into_body(), 64 << 20).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A forge of three repositories. A token is the login of its owner.
struct FakeForge {
    settings: ForgeSettings,
    is_down: Arc<AtomicBool>,
}

fn repository(id: &str, name: &str, role: Option<Role>) -> Repository {
    Repository {
        id: RepositoryId(id.into()),
        owner: ForgeOrganization { id: "10".into(), login: "acme".into(), avatar_url: None },
        name: name.into(),
        default_branch: Some("main".into()),
        private: true,
        archived: false,
        ssh_url: String::new(),
        web_url: String::new(),
        role,
    }
}

fn no<T>() -> Result<T, ForgeError> {
    let error = ForgeError::new(ErrorClass::NotFound, "GitHub has no such thing");
    Err(ForgeError { status: Some(404), ..error })
}

fn unavailable<T>() -> Result<T, ForgeError> {
    Err(ForgeError::new(ErrorClass::Unavailable, "GitHub does not answer"))
}

impl Forge for FakeForge {
    fn settings(&self) -> &ForgeSettings {
        &self.settings
    }
}

#[async_trait]
impl roundel_forge::SignIn for FakeForge {
    fn authorize_url(&self, _: &AuthorizeRequest) -> Url {
        self.settings.web_url.clone()
    }
    fn requested_scopes(&self) -> &'static [RequestedScope] {
        &[RequestedScope {
            name: "repo",
            reason: "to list repositories, add a key and a hook, and set commit statuses",
        }]
    }
    async fn exchange_code(&self, _: &str, _: &str, _: &str) -> Result<Grant, ForgeError> {
        no()
    }
    async fn refresh(&self, _: &Secret<String>) -> Result<Grant, ForgeError> {
        no()
    }
    async fn current_user(&self, _: &AccessToken) -> Result<(ForgeUser, Vec<String>), ForgeError> {
        no()
    }
    async fn check_token(&self, _: &AccessToken) -> Result<(), ForgeError> {
        no()
    }
}

#[async_trait]
impl Repositories for FakeForge {
    async fn repositories(&self, token: &AccessToken) -> Result<Vec<Repository>, ForgeError> {
        let web = self.repository(token, "acme", "web").await?;
        Ok(vec![
            web,
            repository("2", "api", Some(Role::Admin)),
            repository("3", "docs", Some(Role::Write)),
        ])
    }
    async fn repository(
        &self,
        token: &AccessToken,
        _: &str,
        _: &str,
    ) -> Result<Repository, ForgeError> {
        if self.is_down.load(Ordering::Relaxed) {
            return unavailable();
        }
        let person = PEOPLE.iter().find(|(login, _)| login == token.expose());
        match person.and_then(|(_, role)| *role) {
            Some(role) => Ok(repository("1", "web", Some(role))),
            None => no(),
        }
    }
    async fn repository_by_id(
        &self,
        token: &AccessToken,
        id: &RepositoryId,
    ) -> Result<Repository, ForgeError> {
        let web = self.repository(token, "acme", "web").await?;
        match id.0.as_str() {
            "3" => Ok(Repository { role: web.role.min(Some(Role::Write)), ..web }),
            "4" => no(),
            _ => Ok(web),
        }
    }
}

#[async_trait]
impl Contents for FakeForge {
    async fn file_at(
        &self,
        _: &AccessToken,
        _: &RepositoryRef,
        _: &CommitSha,
        _: &str,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        no()
    }
    async fn commit(
        &self,
        _: &AccessToken,
        _: &RepositoryRef,
        _: &str,
    ) -> Result<Option<Commit>, ForgeError> {
        no()
    }
    async fn branch_head(
        &self,
        _: &AccessToken,
        _: &RepositoryRef,
        _: &str,
    ) -> Result<Option<CommitSha>, ForgeError> {
        no()
    }
}

#[async_trait]
impl DeployKeys for FakeForge {
    async fn deploy_keys(
        &self,
        _: &AccessToken,
        _: &RepositoryRef,
    ) -> Result<Vec<ForgeKey>, ForgeError> {
        no()
    }
    async fn create_deploy_key(
        &self,
        _: &AccessToken,
        _: &RepositoryRef,
        _: &str,
        _: &str,
    ) -> Result<ForgeKey, ForgeError> {
        no()
    }
    async fn delete_deploy_key(
        &self,
        _: &AccessToken,
        _: &RepositoryRef,
        _: &str,
    ) -> Result<(), ForgeError> {
        no()
    }
}

#[async_trait]
impl Hooks for FakeForge {
    async fn hooks(
        &self,
        _: &AccessToken,
        _: &RepositoryRef,
    ) -> Result<Vec<ForgeHook>, ForgeError> {
        no()
    }
    async fn create_hook(
        &self,
        _: &AccessToken,
        _: &RepositoryRef,
        _: &HookSpec,
    ) -> Result<ForgeHook, ForgeError> {
        no()
    }
    async fn update_hook(
        &self,
        _: &AccessToken,
        _: &RepositoryRef,
        _: &str,
        _: &HookSpec,
    ) -> Result<ForgeHook, ForgeError> {
        no()
    }
    async fn delete_hook(
        &self,
        _: &AccessToken,
        _: &RepositoryRef,
        _: &str,
    ) -> Result<(), ForgeError> {
        no()
    }
}

#[async_trait]
impl Statuses for FakeForge {
    async fn post_status(
        &self,
        _: &AccessToken,
        _: &RepositoryRef,
        _: &CommitSha,
        _: &CommitStatus,
    ) -> Result<(), ForgeError> {
        no()
    }
}
