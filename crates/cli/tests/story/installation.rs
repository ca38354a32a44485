//! An installation for the stories: the local forge in this process, `roundel serve` and `roundel runner`
//! as separate processes, which may be killed.

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use roundel_localforge::{
    CommitName, CommitStatus, ForgeKind, LocalForge, NewCommit, NewRepository, Settings,
};
use roundel_store::{
    Store,
    reading::{PipelineFilter, PipelineRow, WorkflowRow},
};
use roundel_testkit::visitor::{Page, Visitor};
use tempfile::TempDir;
use url::Url;

/// Nothing in a story takes longer, on a machine that works.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(90);

/// The binary under test.
pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_roundel")
}

/// The installation.
pub(crate) struct Installation {
    pub(crate) forge: LocalForge,
    pub(crate) url: Url,
    pub(crate) directory: TempDir,
    server: Option<Child>,
    runner: Option<Child>,
}

impl Installation {
    /// Builds it and starts the server, without a runner.
    pub(crate) async fn build() -> Self {
        let directory = tempfile::Builder::new().prefix("story-").tempdir().unwrap();
        let forge =
            LocalForge::start(Settings::on_loopback(directory.path().join("forge"))).await.unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let mut installation = Self { forge, url, directory, server: None, runner: None };
        installation.connect();
        installation.start_server().await;
        installation
    }

    /// Registers the server at both forges and writes its settings.
    fn connect(&self) {
        let data = self.data();
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("known_hosts"), self.forge.known_hosts()).unwrap();
        let listen = format!("127.0.0.1:{}", self.url.port().unwrap());
        let mut text = format!("listen = \"{listen}\"\npublic_url = \"{}\"\n", self.url);
        for kind in ForgeKind::ALL {
            self.forge.add_user(kind, "visitor", "Visitor", "visitor@example.org");
            self.forge.add_organization(kind, "acme", "visitor");
            let callback = self.url.join(&format!("login/{}/callback", kind.long_slug())).unwrap();
            let (id, secret) = self.forge.register_application(kind, "Roundel", callback.as_str());
            text.push_str(&format!(
                "[{}]\nclient_id = \"{id}\"\nclient_secret = \"{secret}\"\nweb_url = \"{}\"\napi_url = \"{}\"\nknown_hosts_file = \"{}\"\n",
                kind.long_slug(),
                self.forge.web_url(kind),
                self.forge.api_url(kind),
                data.join("known_hosts").display(),
            ));
        }
        fs::write(data.join("roundel.toml"), text).unwrap();
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Starts the server and waits until it answers.
    pub(crate) async fn start_server(&mut self) {
        assert!(self.server.is_none(), "one server at a time");
        let child = Command::new(binary())
            .args(["serve", "--slots", "0", "--data"])
            .arg(self.data())
            .env("ROUNDEL_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.server = Some(child);
        let health = self.url.join("healthz").unwrap();
        until("the server answers", async || {
            reqwest::get(health.clone()).await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    /// Starts a runner.
    pub(crate) fn start_runner(&mut self) {
        assert!(self.runner.is_none(), "one runner at a time");
        let token = fs::read_to_string(self.data().join("runner.token")).unwrap();
        let child = Command::new(binary())
            .args(["runner", "--server", self.url.as_str(), "--name", "story", "--slots", "2"])
            // Relative, as the default is.
            .current_dir(self.directory.path())
            .args(["--data", "runner"])
            .env("ROUNDEL_TOKEN", token.trim())
            .env("ROUNDEL_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.runner = Some(child);
    }

    /// Kills the server at once, as a power cut would.
    pub(crate) fn kill_server(&mut self) {
        let mut child = self.server.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Kills the runner at once.
    pub(crate) fn kill_runner(&mut self) {
        let mut child = self.runner.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Signs a visitor in at both forges through their consent pages.
    pub(crate) async fn sign_in(&self) -> Visitor {
        let mut visitor = Visitor::new().unwrap();
        for kind in ForgeKind::ALL {
            let start = self.url.join(&format!("login/{}", kind.long_slug())).unwrap();
            let page = visitor.open(start).await.unwrap();
            let page = visitor.submit(&page, &[("login", "visitor")]).await.unwrap();
            let page = visitor.submit(&page, &[("decision", "allow")]).await.unwrap();
            assert!(page.status.is_success(), "{kind}: {} {}", page.url, page.text);
            assert_eq!(page.url.port(), self.url.port(), "back at the dashboard: {}", page.url);
        }
        visitor
    }

    /// Adds a repository with one commit as a project, through the page, and waits until that is done.
    pub(crate) async fn add_project(&self, visitor: &mut Visitor, kind: ForgeKind, name: &str) {
        self.forge
            .add_repository(
                kind,
                NewRepository { owner: "acme", name, private: true, admin: "visitor" },
            )
            .await
            .unwrap();
        self.push(kind, name, &[("README.md", "nothing to build yet\n")], "Begin").await;
        let fields = [("forge", kind.slug()), ("owner", "acme"), ("name", name)];
        let page = visitor.send(self.url.join("add").unwrap(), &fields).await.unwrap();
        assert!(page.status.is_success(), "{}", page.text);
        let store = self.store().await;
        until("the project is set up", async || {
            store.projects().await.unwrap().iter().any(|project| {
                project.active && project.slug.repository == name && project.slug.forge == kind
            })
        })
        .await;
    }

    /// Commits files on `main`, as a push would. Returns the commit.
    pub(crate) async fn push(
        &self,
        kind: ForgeKind,
        name: &str,
        files: &[(&str, &str)],
        message: &str,
    ) -> String {
        // Two repositories with the same files would have the same commit within one second.
        let message = format!("{message}\n\nIn {kind} {name}.");
        let commit = NewCommit { branch: "main", files, message: &message, author: "visitor" };
        self.forge.commit_files(kind, "acme", name, &commit).await.unwrap()
    }

    /// Waits until the statuses of a commit are as expected.
    pub(crate) async fn statuses(
        &self,
        kind: ForgeKind,
        name: &str,
        sha: &str,
        wanted: &[(&str, &str)],
    ) -> Vec<CommitStatus> {
        let is_met = |statuses: &[CommitStatus]| {
            wanted.iter().all(|(context, state)| {
                statuses
                    .iter()
                    .any(|status| status.context == *context && status.state.as_str() == *state)
            })
        };
        let statuses = self
            .forge
            .wait_for_statuses(
                kind,
                CommitName { owner: "acme", repository: name, sha },
                TIMEOUT,
                is_met,
            )
            .await;
        assert!(is_met(&statuses), "{kind} {name}: wanted {wanted:?}, found {statuses:#?}");
        statuses
    }

    /// Opens the server's store a second time, to look into it.
    pub(crate) async fn store(&self) -> Store {
        let key = fs::read_to_string(self.data().join("instance.key")).unwrap();
        Store::open(&roundel_store::Settings {
            url: format!("sqlite:{}", self.data().join("roundel.db").display()),
            instance_key: roundel_model::secret::Secret::new(hex::decode(key.trim()).unwrap()),
        })
        .await
        .unwrap()
    }

    /// Every pipeline of a commit.
    pub(crate) async fn pipelines(
        &self,
        store: &Store,
        sha: &str,
    ) -> Vec<(PipelineRow, Vec<WorkflowRow>)> {
        let mut pipelines = store.pipelines(&PipelineFilter::default(), 500).await.unwrap();
        pipelines.retain(|(row, _)| row.sha.as_str() == sha);
        pipelines
    }

    /// Opens a page of the dashboard.
    pub(crate) async fn open(&self, visitor: &mut Visitor, path: &str) -> Page {
        visitor.open(self.url.join(path).unwrap()).await.unwrap()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        for mut child in [self.runner.take(), self.server.take()].into_iter().flatten() {
            // It may have ended by itself.
            let _gone = child.kill();
            let _status = child.wait();
        }
    }
}

/// Looks again and again until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < TIMEOUT, "it did not come about that {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
