//! What all of these tests share: two forges with people and a repository, git, and a receiver of webhooks.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use roundel_localforge::{ForgeKind, LocalForge, NewCommit, NewRepository, Settings};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::watch;

pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
pub(crate) const GITHUB_SCOPES: &[&str] =
    &["repo", "read:org", "user:email", "admin:public_key", "admin:repo_hook"];
pub(crate) const BITBUCKET_SCOPES: &[&str] = &[
    "account",
    "account:write",
    "email",
    "repository",
    "repository:write",
    "repository:admin",
    "webhook",
    "pullrequest",
    "pullrequest:write",
];

/// A forge pair with one private repository `acme/web` on each side, and its directory.
pub(crate) struct World {
    pub(crate) forge: LocalForge,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) client: Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let forge = start(&folder.path().join("forge")).await;
        for kind in ForgeKind::ALL {
            forge.add_user(kind, "ada", "Ada Example", "ada@example.test");
            forge.add_user(kind, "bob", "Bob Example", "bob@example.test");
            forge.add_organization(kind, "acme", "ada");
            forge
                .add_repository(
                    kind,
                    NewRepository { owner: "acme", name: "web", private: true, admin: "ada" },
                )
                .await
                .unwrap();
        }
        let client = Client::builder()
            .user_agent("localforge-test")
            .no_proxy()
            .redirect(Policy::none())
            .build()
            .unwrap();
        Self { forge, folder, client }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn token(&self, kind: ForgeKind, login: &str) -> String {
        let scopes = match kind {
            ForgeKind::GitHub => GITHUB_SCOPES,
            ForgeKind::Bitbucket => BITBUCKET_SCOPES,
        };
        self.forge.grant_token(kind, login, scopes)
    }

    /// Calls the API and returns status and body.
    pub(crate) async fn call(
        &self,
        (kind, token): (ForgeKind, &str),
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let url = format!("{}{path}", self.forge.api_url(kind));
        let mut request = self.client.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(crate) async fn commit(&self, kind: ForgeKind, branch: &str, message: &str) -> String {
        let commit = NewCommit {
            branch,
            files: &[(".circleci/config.yml", "version: 2.1\n"), ("src/main.txt", message)],
            message,
            author: "ada",
        };
        self.forge.commit_files(kind, "acme", "web", &commit).await.unwrap()
    }

    /// Makes a key pair with the real tool; returns the private key's file and the public line.
    pub(crate) fn key_pair(&self, name: &str) -> (PathBuf, String) {
        let file = self.path(name);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
            .arg(&file)
            .status()
            .unwrap();
        assert!(made.success());
        let public = std::fs::read_to_string(file.with_extension("pub")).unwrap();
        (file, public.trim().to_owned())
    }

    /// Runs git over the real ssh with one key and the forge's pinned host key.
    pub(crate) async fn git_over_ssh(&self, key: &Path, folder: &Path, args: &[&str]) -> Output {
        let known = self.path("known_hosts");
        std::fs::write(&known, self.forge.known_hosts()).unwrap();
        let ssh = format!(
            "ssh -F none -i {} -o IdentitiesOnly=yes -o IdentityAgent=none -o \
             StrictHostKeyChecking=yes -o UserKnownHostsFile={} -o BatchMode=yes",
            key.display(),
            known.display()
        );
        git(folder, args, &[("GIT_SSH_COMMAND", &ssh)]).await
    }
}

pub(crate) async fn start(directory: &Path) -> LocalForge {
    LocalForge::start(Settings::on_loopback(directory)).await.unwrap()
}

pub(crate) async fn git(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = tokio::process::Command::new("git");
    command.args(args).current_dir(folder);
    command
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("no_proxy", "127.0.0.1")
        .envs([("GIT_AUTHOR_NAME", "Ada"), ("GIT_COMMITTER_NAME", "Ada")])
        .envs([("GIT_AUTHOR_EMAIL", "ada@example.test")])
        .envs([("GIT_COMMITTER_EMAIL", "ada@example.test")])
        .envs(env.iter().copied())
        .kill_on_drop(true);
    tokio::time::timeout(TIMEOUT, command.output()).await.expect("git hangs").unwrap()
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn fine(output: &Output) {
    assert!(output.status.success(), "{}", text(output));
}

/// A receiver of webhooks that answers as configured, and records requests.
pub(crate) struct Receiver {
    pub(crate) url: String,
    pub(crate) got: watch::Receiver<Vec<(HeaderMap, Bytes)>>,
}

pub(crate) type Answers = Arc<(Mutex<Vec<u16>>, watch::Sender<Vec<(HeaderMap, Bytes)>>)>;

/// Starts a receiver; the given statuses are answered first, then 202.
pub(crate) async fn receiver(answers: &[u16]) -> Receiver {
    async fn take(State(all): State<Answers>, headers: HeaderMap, body: Bytes) -> StatusCode {
        all.1.send_modify(|got| got.push((headers, body)));
        let mut answers = all.0.lock().unwrap();
        let next = if answers.is_empty() { 202 } else { answers.remove(0) };
        StatusCode::from_u16(next).unwrap()
    }
    let sender = watch::Sender::new(Vec::new());
    let got = sender.subscribe();
    let state: Answers = Arc::new((Mutex::new(answers.to_vec()), sender));
    let app = Router::new().route("/hook", post(take)).with_state(state);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    Receiver { url, got }
}

impl Receiver {
    /// Waits for a number of requests.
    pub(crate) async fn wait(&mut self, count: usize) -> Vec<(HeaderMap, Bytes)> {
        let found = tokio::time::timeout(TIMEOUT, self.got.wait_for(|got| got.len() >= count));
        found.await.expect("the webhook did not come").unwrap().clone()
    }
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

pub(crate) fn hmac(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

pub(crate) fn hook(url: &str) -> Value {
    json!({
        "name": "web", "active": true, "events": ["push", "pull_request"],
        "config": { "url": url, "content_type": "json", "secret": "s3cret", "insecure_ssl": "0" },
    })
}

pub(crate) const GITHUB: ForgeKind = ForgeKind::GitHub;
pub(crate) const BITBUCKET: ForgeKind = ForgeKind::Bitbucket;
