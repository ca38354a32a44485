//! A local forge with a person, an organization, a repository and a few commits.

use std::path::{Path, PathBuf};

use reqwest::Method;
use roundel_forge::{Forge, ForgeSettings, Repository, RepositoryRef, RetryPolicy};
use roundel_localforge::{ForgeKind, LocalForge, NewRepository, Settings};
use roundel_model::secret::Secret;
use roundel_testkit::git::{Person, git_as};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

pub(crate) const LOGIN: &str = "ada";
const PERSON: Person<'_> = ("Ada Lovelace", "ada@example.org");
pub(crate) const OWNER: &str = "acme";
pub(crate) const NAME: &str = "web";
pub(crate) const CONFIG: &str = "version: 2.1\n";

/// One of the two local forges, and what lives there.
pub(crate) struct World {
    pub(crate) kind: ForgeKind,
    pub(crate) forge: LocalForge,
    pub(crate) token: String,
    /// The commit on `main`.
    pub(crate) head: String,
    directory: TempDir,
}

impl World {
    pub(crate) async fn start(kind: ForgeKind) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings::on_loopback(directory.path().join("forge"));
        let forge = LocalForge::start(settings).await.unwrap();
        forge.add_user(kind, LOGIN, PERSON.0, PERSON.1);
        forge.add_organization(kind, OWNER, LOGIN);
        forge
            .add_repository(
                kind,
                NewRepository { owner: OWNER, name: NAME, private: true, admin: LOGIN },
            )
            .await
            .unwrap();
        let scopes: &[&str] = match kind {
            ForgeKind::GitHub => &["repo", "read:org", "user:email"],
            ForgeKind::Bitbucket => {
                &["account", "email", "repository", "repository:admin", "webhook", "pullrequest"]
            }
        };
        let token = forge.grant_token(kind, LOGIN, scopes);
        let mut world = Self { kind, forge, token, head: String::new(), directory };
        world.first_commit();
        world
    }

    /// A place for files of the test.
    pub(crate) fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    pub(crate) fn api_url(&self) -> Url {
        self.forge.api_url(self.kind)
    }

    /// The repository in addresses that are not made by the client.
    pub(crate) fn address(&self) -> String {
        match self.kind {
            ForgeKind::GitHub => format!("repos/{OWNER}/{NAME}"),
            ForgeKind::Bitbucket => format!("repositories/{OWNER}/{NAME}"),
        }
    }

    /// The list of pull requests, in the same way.
    pub(crate) fn pulls(&self) -> String {
        let name = if self.kind == ForgeKind::GitHub { "pulls" } else { "pullrequests" };
        format!("{}/{name}", self.address())
    }

    /// Changes something that our client never would, as a person with the rights to.
    pub(crate) async fn change(&self, method: Method, path: String, body: &Value) -> Value {
        let scopes = match self.kind {
            ForgeKind::GitHub => ["repo"],
            ForgeKind::Bitbucket => ["pullrequest:write"],
        };
        let token = self.forge.grant_token(self.kind, LOGIN, &scopes);
        let url = format!("{}/{path}", self.api_url().as_str().trim_end_matches('/'));
        let call = reqwest::Client::new().request(method, url).bearer_auth(token).json(body);
        let call = call.header("user-agent", "contract");
        let answer = call.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// Our client, calling at an address.
    pub(crate) fn client(&self, api_url: Url) -> std::sync::Arc<dyn Forge> {
        let settings = ForgeSettings {
            kind: self.kind,
            web_url: self.forge.web_url(self.kind),
            api_url,
            client_id: "unused".into(),
            client_secret: Secret::from("unused"),
            known_hosts: self.forge.known_hosts(),
            public_url: "http://127.0.0.1:1".into(),
            retry: RetryPolicy::default(),
        };
        roundel_forge::connect(settings).unwrap()
    }

    fn first_commit(&mut self) {
        let copy = self.copy();
        std::fs::create_dir_all(copy.join(".circleci")).unwrap();
        git(&copy, &["init", "--quiet", "--initial-branch=main"]);
        std::fs::write(copy.join(".circleci/config.yml"), CONFIG).unwrap();
        git(&copy, &["add", "."]);
        git(&copy, &["commit", "--quiet", "--message", "Add a config\n\nWith a body."]);
        self.push(&["main", "main:feature/x"]);
        self.head = git(&copy, &["rev-parse", "HEAD"]);
    }

    /// The working copy.
    pub(crate) fn copy(&self) -> PathBuf {
        self.directory.path().join("copy")
    }

    /// Pushes refs.
    pub(crate) fn push(&self, refs: &[&str]) {
        let url = self.forge.push_url(self.kind, OWNER, NAME, LOGIN);
        let mut arguments = vec!["push", "--quiet", &url];
        arguments.extend(refs);
        git(&self.copy(), &arguments);
    }
}

/// Names a repository for calls.
pub(crate) fn reference(repository: &Repository) -> RepositoryRef {
    RepositoryRef {
        id: repository.id.clone(),
        owner: repository.owner.login.clone(),
        name: repository.name.clone(),
    }
}

/// Runs git as the person who commits here.
pub(crate) fn git(directory: &Path, arguments: &[&str]) -> String {
    git_as(PERSON, directory, arguments).unwrap()
}
