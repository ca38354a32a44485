//! A forge in this process and `roundel serve` as a separate process.

use std::{
    fmt::Write as _,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use reqwest::Url;
use roundel_localforge::{ForgeKind, LocalForge, NewCommit, NewRepository, Settings};
use roundel_model::{id::ProjectId, name::CommitSha, secret::Secret};
use roundel_store::{
    Store,
    reading::{PipelineFilter, PipelineRow, WorkflowRow},
};
use roundel_testkit::visitor::Visitor;
use uuid::Uuid;

use crate::{http::Connection, place::Place};

/// Nothing takes longer than this on a working machine.
const DEADLINE: Duration = Duration::from_mins(3);
/// The account that signs in.
pub(crate) const VISITOR: &str = "visitor";
/// The owner of the repositories.
pub(crate) const OWNER: &str = "acme";

/// A server with both local forges. Everything that runs in it ends with it.
pub(crate) struct Installation {
    pub(crate) forge: LocalForge,
    pub(crate) address: SocketAddr,
    data: PathBuf,
    binary: PathBuf,
    server: Option<Child>,
}

impl Installation {
    /// Builds it, with settings for both forges; the server is not started yet.
    pub(crate) async fn build(place: &Place, name: &str) -> Result<Self> {
        let directory = place.scratch.join(name);
        let forge = LocalForge::start(Settings::on_loopback(directory.join("forge"))).await?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let data = directory.join("data");
        fs::create_dir_all(&data)?;
        let key = format!("{}{}\n", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        fs::write(data.join("instance.key"), key)?;
        let installation =
            Self { forge, address, data, binary: place.binary.clone(), server: None };
        installation.connect()?;
        Ok(installation)
    }

    fn connect(&self) -> Result<()> {
        fs::write(self.data.join("known_hosts"), self.forge.known_hosts())?;
        let mut text =
            format!("listen = \"{}\"\npublic_url = \"{}\"\n", self.address, self.url("")?);
        for kind in ForgeKind::ALL {
            self.forge.add_user(kind, VISITOR, "Visitor", "visitor@example.org");
            self.forge.add_organization(kind, OWNER, VISITOR);
            let callback = self.url(&format!("login/{}/callback", kind.long_slug()))?;
            let (id, secret) = self.forge.register_application(kind, "Roundel", callback.as_str());
            writeln!(
                text,
                "[{}]\nclient_id = \"{id}\"\nclient_secret = \"{secret}\"\nweb_url = \"{}\"\napi_url = \"{}\"\nknown_hosts_file = \"{}\"",
                kind.long_slug(),
                self.forge.web_url(kind),
                self.forge.api_url(kind),
                self.data.join("known_hosts").display(),
            )?;
        }
        Ok(fs::write(self.data.join("roundel.toml"), text)?)
    }

    /// An address of the server.
    pub(crate) fn url(&self, path: &str) -> Result<Url> {
        Ok(Url::parse(&format!("http://{}/{path}", self.address))?)
    }

    /// Starts the server with so many slots. Returns how long the first answer took.
    pub(crate) async fn serve(&mut self, slots: u32) -> Result<Duration> {
        ensure!(self.server.is_none(), "one server at a time");
        let began = Instant::now();
        let child = Command::new(&self.binary)
            .args(["serve", "--slots", &slots.to_string(), "--data"])
            .arg(&self.data)
            .env("ROUNDEL_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("failed to start `{}`", self.binary.display()))?;
        self.server = Some(child);
        let ask = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        loop {
            if let Ok(mut connection) = Connection::open(self.address).await
                && matches!(connection.ask(ask).await, Ok(200))
            {
                return Ok(began.elapsed());
            }
            ensure!(began.elapsed() < DEADLINE, "the server does not answer");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Ends the server at once.
    pub(crate) fn end(&mut self) -> Result<()> {
        if let Some(mut child) = self.server.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Where the kernel reports on the server.
    pub(crate) fn status_file(&self) -> Result<String> {
        let server = self.server.as_ref().context("the server is not running")?;
        Ok(format!("/proc/{}/status", server.id()))
    }

    /// Opens the store, while the server runs or before it starts.
    pub(crate) async fn store(&self) -> Result<Store> {
        let key = fs::read_to_string(self.data.join("instance.key"))?;
        let url = format!("sqlite:{}", self.data.join("roundel.db").display());
        let instance_key = Secret::new(hex::decode(key.trim())?);
        Ok(Store::open(&roundel_store::Settings { url, instance_key }).await?)
    }

    /// Signs a visitor in at both forges, through their consent pages.
    pub(crate) async fn sign_in(&self) -> Result<Visitor> {
        let mut visitor = Visitor::new()?;
        for kind in ForgeKind::ALL {
            let page = visitor.open(self.url(&format!("login/{}", kind.long_slug()))?).await?;
            let page = visitor.submit(&page, &[("login", VISITOR)]).await?;
            let page = visitor.submit(&page, &[("decision", "allow")]).await?;
            ensure!(page.status.is_success(), "{kind}: {} {}", page.url, page.text);
        }
        Ok(visitor)
    }

    /// Makes a repository and adds it as a project, through the page.
    pub(crate) async fn add_project(
        &self,
        visitor: &mut Visitor,
        store: &Store,
        kind: ForgeKind,
    ) -> Result<ProjectId> {
        let name = "bench";
        self.forge
            .add_repository(
                kind,
                NewRepository { owner: OWNER, name, private: true, admin: VISITOR },
            )
            .await?;
        self.push(kind, &[("README.md", "nothing to build yet\n")], "Begin").await?;
        let fields = [("forge", kind.slug()), ("owner", OWNER), ("name", name)];
        let page = visitor.send(self.url("add")?, &fields).await?;
        ensure!(page.status.is_success(), "{}", page.text);
        let began = Instant::now();
        loop {
            let projects = store.projects().await?;
            let found = projects.into_iter().find(|one| one.active && one.slug.forge == kind);
            if let Some(project) = found {
                return Ok(project.id);
            }
            ensure!(began.elapsed() < DEADLINE, "a project was not set up");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Commits files on `main`, as a push would. Returns the commit.
    pub(crate) async fn push(
        &self,
        kind: ForgeKind,
        files: &[(&str, &str)],
        message: &str,
    ) -> Result<CommitSha> {
        let commit = NewCommit { branch: "main", files, message, author: VISITOR };
        let sha = self.forge.commit_files(kind, OWNER, "bench", &commit).await?;
        Ok(CommitSha::from(sha.as_str()))
    }

    /// Waits until a commit's pipeline has ended, looking as rarely as `pace` says.
    pub(crate) async fn ended(
        &self,
        store: &Store,
        project: ProjectId,
        sha: &CommitSha,
        pace: Duration,
    ) -> Result<(PipelineRow, Vec<WorkflowRow>)> {
        let began = Instant::now();
        let filter = PipelineFilter { projects: Some(vec![project]), ..PipelineFilter::default() };
        loop {
            tokio::time::sleep(pace).await;
            let newest = store.pipelines(&filter, 1).await?.pop();
            if let Some((row, workflows)) = newest.filter(|(row, _)| row.sha == *sha) {
                ensure!(row.errors.is_empty(), "the configuration: {}", row.errors.join("; "));
                if !workflows.is_empty() && workflows.iter().all(|one| one.status.is_final()) {
                    return Ok((row, workflows));
                }
            }
            ensure!(began.elapsed() < DEADLINE, "a pipeline did not end");
        }
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("the server could not be ended: {error:#}");
        }
        remove(&self.data);
    }
}

/// The next measurement needs the disk space.
fn remove(directory: &Path) {
    if let Err(error) = fs::remove_dir_all(directory) {
        eprintln!("{} stays: {error}", directory.display());
    }
}
