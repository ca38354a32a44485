//! What every test uses: a forge pair, an email sink, a server on a database file, and people.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use roundel_forge::{ForgeSettings, RetryPolicy};
use roundel_localforge::{
    CommitName, CommitStatus, LocalForge, NewCommit, NewRepository, RepositoryName,
};
use roundel_model::{
    forge::{ForgeKind, ForgeUserId},
    id::{AccountId, PipelineId, ProjectId},
    secret::Secret,
    time::Timestamp,
};
use roundel_server::{App, EmailSettings, Server, Settings, retry::RetryPace, setup};
use roundel_store::{
    accounts::{SignIn, Token},
    deliveries::{Delivery, Receipt},
    projects::{Setup, SetupState},
    reading::{PipelineRow, WorkflowRow},
};
use roundel_testkit::{scripted_runner::ScriptedRunner, smtp_sink::SmtpSink};
use sha2::Digest as _;
use tempfile::TempDir;

/// How long anything may take before a test gives up on it.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(40);

pub(crate) const OWNER: &str = "acme";
pub(crate) const LOGIN: &str = "ada";
/// The repository of most tests.
pub(crate) const WEB: RepositoryName<'static> = RepositoryName { owner: OWNER, name: "web" };
pub(crate) const RUNNER_TOKEN: &str = "the runner's token";
pub(crate) const ADMIN_TOKEN: &str = "the administrator's token";

/// A configuration with one job that needs nothing.
pub(crate) const ONE_JOB: &str = "version: 2.1
jobs:
  build:
    machine: true
    steps:
      - run: echo hello
workflows:
  main:
    jobs: [build]
";

/// A client without the system's certificates, which take longer to read than the request.
pub(crate) fn plain_client() -> reqwest::Client {
    reqwest::Client::builder().tls_certs_only([]).build().unwrap()
}

/// The same, for answers that lead elsewhere.
pub(crate) fn plain_client_without_redirects() -> reqwest::Client {
    let client = reqwest::Client::builder().tls_certs_only([]);
    client.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Where a browser goes, and what it sends to be known.
pub(crate) struct Visit {
    pub(crate) url: String,
    pub(crate) cookie: String,
}

/// A world that a test can break and repair.
pub(crate) struct World {
    pub(crate) forge: LocalForge,
    pub(crate) sink: SmtpSink,
    pub(crate) settings: Settings,
    server: Option<Server>,
    _directory: TempDir,
    _database: TempDir,
}

impl World {
    /// Starts everything: two forges with one user, an organization each, and a server.
    pub(crate) async fn start() -> Self {
        // Every commit is flushed to the disk, which takes most of the time of these tests on a slow one.
        let in_memory = || TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap();
        let (directory, database) = (in_memory(), in_memory());
        let forge = LocalForge::start(roundel_localforge::Settings::on_loopback(
            directory.path().join("forge"),
        ))
        .await
        .unwrap();
        let sink = SmtpSink::start().await.unwrap();
        let settings = settings(&forge, &sink, &database.path().join("roundel.db"));
        for kind in ForgeKind::ALL {
            forge.add_user(kind, LOGIN, "Ada", "ada@example.org");
            forge.add_organization(kind, OWNER, LOGIN);
        }
        let server = Some(Server::start(settings.clone()).await.unwrap());
        Self { forge, sink, settings, server, _directory: directory, _database: database }
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        &self.server.as_ref().expect("the server is down").app
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.settings.listen)
    }

    /// Ends the server where it is, as a crash would.
    pub(crate) fn kill(&mut self) {
        drop(self.server.take());
    }

    /// Starts another server on the same database.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        // The port may take a moment to be free.
        let mut tries = 0;
        loop {
            match Server::start(self.settings.clone()).await {
                Ok(server) => {
                    self.server = Some(server);
                    return;
                }
                Err(error) if tries > 100 => panic!("the server does not start again: {error:?}"),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Makes an account for the user of a forge, as signing in does.
    pub(crate) async fn sign_in(&self, kind: ForgeKind) -> AccountId {
        self.sign_in_as(kind, LOGIN, "ada@example.org").await
    }

    pub(crate) async fn sign_in_as(&self, kind: ForgeKind, login: &str, email: &str) -> AccountId {
        let user = self.forge.add_user(kind, login, login, email);
        let scopes: &[&str] = match kind {
            ForgeKind::GitHub => &["repo", "read:org", "user:email"],
            ForgeKind::Bitbucket => {
                &["account", "email", "repository", "repository:admin", "webhook", "pullrequest"]
            }
        };
        let token = self.forge.grant_token(kind, login, scopes);
        let token = Token {
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            ..Token::new(token.into())
        };
        let sign_in = SignIn {
            email: Some(email.to_owned()),
            ..SignIn::new(kind, ForgeUserId(user), login, token)
        };
        self.app().store.sign_in(&sign_in, Timestamp::now()).await.unwrap()
    }

    /// Whether the only user has to sign in again before their token is used.
    pub(crate) async fn is_disconnected(&self, kind: ForgeKind) -> bool {
        let user = ForgeUserId(self.forge.add_user(kind, LOGIN, LOGIN, "ada@example.org"));
        let store = &self.app().store;
        let account = store.account_by_forge_user(kind, &user).await.unwrap().unwrap();
        let identity = store.identity(account.id, kind).await.unwrap().unwrap();
        identity.token.unwrap().refused
    }

    /// Makes a repository with these files on `main`.
    pub(crate) async fn add_repository(&self, kind: ForgeKind, name: &str, files: &[(&str, &str)]) {
        self.forge
            .add_repository(kind, NewRepository { owner: OWNER, name, private: true, admin: LOGIN })
            .await
            .unwrap();
        self.commit(kind, (name, "main"), files, "begin").await;
    }

    /// Commits files and calls the hooks, as a push does.
    pub(crate) async fn commit(
        &self,
        kind: ForgeKind,
        (name, branch): (&str, &str),
        files: &[(&str, &str)],
        message: &str,
    ) -> String {
        let commit = NewCommit { branch, files, message, author: LOGIN };
        self.forge.commit_files(kind, OWNER, name, &commit).await.unwrap()
    }

    /// Sets a repository up and waits until that has ended.
    pub(crate) async fn set_up(&self, kind: ForgeKind, name: &str) -> (ProjectId, Setup) {
        let account = self.sign_in(kind).await;
        let project = setup::begin(&self.app().setups, account, kind, OWNER, name).await.unwrap();
        (project, self.setup_ended(project).await)
    }

    pub(crate) async fn setup_ended(&self, project: ProjectId) -> Setup {
        until("the setup to end", async || {
            let setup = self.app().store.setup(project).await.unwrap()?;
            let ended = !matches!(setup.state, SetupState::Running | SetupState::Compensating);
            ended.then_some(setup)
        })
        .await
    }

    /// A repository without a configuration, set up; the tests push the configuration themselves.
    pub(crate) async fn project(&self, kind: ForgeKind, name: &str) -> ProjectId {
        self.add_repository(kind, name, &[("README.md", "hello\n")]).await;
        let (project, setup) = self.set_up(kind, name).await;
        assert_eq!(setup.state, SetupState::Done, "{setup:#?}");
        project
    }

    /// Pushes a configuration to `main`.
    pub(crate) async fn push(&self, kind: ForgeKind, name: &str, config: &str) -> String {
        self.commit(kind, (name, "main"), &[(".circleci/config.yml", config)], "try it").await
    }

    pub(crate) fn runner(&self) -> ScriptedRunner {
        ScriptedRunner::new(self.url(""), RUNNER_TOKEN)
    }

    /// Waits until a commit has a commit status in this state (in the words of the forge).
    pub(crate) async fn reported(
        &self,
        kind: ForgeKind,
        name: &str,
        sha: &str,
        state: &str,
    ) -> CommitStatus {
        let is_it = |statuses: &[CommitStatus]| {
            statuses.iter().any(|status| status.state.as_str() == state)
        };
        let statuses = self
            .forge
            .wait_for_statuses(
                kind,
                CommitName { owner: OWNER, repository: name, sha },
                TIMEOUT,
                is_it,
            )
            .await;
        let found = statuses.iter().find(|status| status.state.as_str() == state).cloned();
        found.unwrap_or_else(|| panic!("{sha} of {kind} is not `{state}` but {statuses:#?}"))
    }

    /// Waits until the newest delivery has its receipt.
    pub(crate) async fn receipt(&self, project: ProjectId, about: &str) -> Receipt {
        until("a receipt", async || {
            let deliveries = self.deliveries(project).await;
            let receipts = deliveries.into_iter().flat_map(|delivery| delivery.receipts);
            receipts.into_iter().find(|receipt| what(receipt).contains(about))
        })
        .await
    }

    pub(crate) async fn deliveries(&self, project: ProjectId) -> Vec<Delivery> {
        self.app().store.deliveries(project, 100).await.unwrap()
    }

    pub(crate) async fn pipelines(
        &self,
        project: ProjectId,
    ) -> Vec<(PipelineRow, Vec<WorkflowRow>)> {
        let filter = roundel_store::reading::PipelineFilter {
            projects: Some(vec![project]),
            ..Default::default()
        };
        self.app().store.pipelines(&filter, 100).await.unwrap()
    }

    /// Waits until every effect of every pipeline was delivered or given up: nothing is left to send.
    pub(crate) async fn outbox_is_empty(&self) {
        let store = &self.app().store;
        until("the outbox to be empty", async || {
            let filter = roundel_store::reading::PipelineFilter::default();
            for (pipeline, _) in store.pipelines(&filter, 100).await.unwrap() {
                let undelivered = store.undelivered_effects(pipeline.id).await.unwrap();
                if undelivered.iter().any(|effect| !effect.given_up) {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    /// The names of commit statuses that the settings page lists, as an administrator sees it.
    pub(crate) async fn settings_page_names(&self, project: ProjectId) -> Vec<String> {
        let visit = self.visit(project, "/settings").await;
        let request = plain_client().get(visit.url).header("cookie", visit.cookie);
        let page = request.header("accept", "text/html").send();
        let page = page.await.unwrap().error_for_status().unwrap().text().await.unwrap();
        let list = page.split("<ul class=\"contexts\">").nth(1).unwrap_or_default();
        let list = list.split("</ul>").next().unwrap_or_default();
        let names = list.split("<code>").skip(1).filter_map(|rest| rest.split("</code>").next());
        names.map(str::to_owned).collect()
    }

    /// A page of a project, for its administrator who is signed in.
    pub(crate) async fn visit(&self, project: ProjectId, page: &str) -> Visit {
        let store = &self.app().store;
        let slug = store.project(project).await.unwrap().unwrap().slug;
        let account = self.sign_in(slug.forge).await;
        let (now, session) = (Timestamp::now(), format!("session-{project}"));
        let until = now.plus(Duration::from_mins(5));
        let hash = sha2::Sha256::digest(session.as_bytes());
        store.open_session(&hash, account, now, until).await.unwrap();
        let at = format!("/{}/{}/{}{page}", slug.forge.slug(), slug.owner, slug.repository);
        Visit { url: self.url(&at), cookie: format!("roundel_session={session}") }
    }

    /// A page of the server, as the administrator of a project sees it.
    pub(crate) async fn page(&self, project: ProjectId, path: &str) -> String {
        let cookie = self.visit(project, "").await.cookie;
        let request = plain_client().get(self.url(path)).header("cookie", cookie);
        let page = request.header("accept", "text/html").send().await.unwrap();
        page.error_for_status().unwrap().text().await.unwrap()
    }

    pub(crate) async fn only_pipeline(&self, project: ProjectId) -> PipelineId {
        let pipelines = self.pipelines(project).await;
        assert_eq!(pipelines.len(), 1, "{pipelines:#?}");
        pipelines[0].0.id
    }
}

fn what(receipt: &Receipt) -> &str {
    match receipt {
        Receipt::Started { what, .. }
        | Receipt::Known { what, .. }
        | Receipt::Ignored { what, .. } => what,
    }
}

/// Asks again and again, for as long as anything may take.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = tokio::time::Instant::now() + TIMEOUT;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < end, "waited for {what} in vain");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// The words of each forge for the same thing.
pub(crate) fn words(kind: ForgeKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        ForgeKind::GitHub => ("pending", "success", "failure"),
        ForgeKind::Bitbucket => ("INPROGRESS", "SUCCESSFUL", "FAILED"),
    }
}

fn settings(forge: &LocalForge, sink: &SmtpSink, database: &Path) -> Settings {
    let listen = free_address();
    let public_url = format!("http://{listen}");
    let forges = ForgeKind::ALL.map(|kind| {
        let callback = format!("{public_url}/login/{}/callback", kind.long_slug());
        let (client_id, client_secret) = forge.register_application(kind, "Roundel", &callback);
        ForgeSettings {
            kind,
            web_url: forge.web_url(kind),
            api_url: forge.api_url(kind),
            client_id,
            client_secret: client_secret.into(),
            known_hosts: forge.known_hosts(),
            public_url: public_url.clone(),
            // As often as in earnest, without the pauses: what fails here fails at once.
            retry: RetryPolicy { first_delay: Duration::from_millis(5), ..RetryPolicy::default() },
        }
    });
    Settings {
        listen,
        public_url: public_url.parse().unwrap(),
        database_url: format!("sqlite:{}", database.display()),
        instance_key: Secret::new(vec![42; 32]),
        runner_token: RUNNER_TOKEN.into(),
        forges: forges.into(),
        email: Some(EmailSettings {
            smtp_url: sink.url().into(),
            from: "Roundel <ci@example.org>".to_owned(),
        }),
        pace: RetryPace {
            period: Duration::from_millis(100),
            min_backoff: Duration::from_millis(10),
            ..RetryPace::default()
        },
        status_prefix: "ci/roundel".to_owned(),
        admin_token: Secret::new(ADMIN_TOKEN.to_owned()),
        orbs: roundel_server::orbs::Settings::default(),
    }
}

/// An address that the server can come back to after a restart.
fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap()
}
