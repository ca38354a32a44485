//! The local forge as its users meet it: real git, real OpenSSH, real HTTP.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, Method, redirect::Policy};
use roundel_localforge::{
    DeliveryFault, Failure, FailureKind, ForgeKind, HookMark, LocalForge, NewCommit, Settings,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

const PATIENCE: Duration = Duration::from_secs(30);
const GITHUB_SCOPES: &[&str] =
    &["repo", "read:org", "user:email", "admin:public_key", "admin:repo_hook"];
const BITBUCKET_SCOPES: &[&str] = &[
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

/// A forge pair with one private repository `acme/web` on each side, and its folder.
struct World {
    forge: LocalForge,
    folder: tempfile::TempDir,
    client: Client,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let forge = start(&folder.path().join("forge")).await;
        for kind in ForgeKind::ALL {
            forge.add_user(kind, "ada", "Ada Example", "ada@example.test");
            forge.add_user(kind, "bob", "Bob Example", "bob@example.test");
            forge.add_organization(kind, "acme", "ada");
            forge.add_repository(kind, "acme", "web", true, "ada").await.unwrap();
        }
        let client = Client::builder()
            .user_agent("localforge-test")
            .no_proxy()
            .redirect(Policy::none())
            .build()
            .unwrap();
        Self { forge, folder, client }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn token(&self, kind: ForgeKind, login: &str) -> String {
        let scopes = match kind {
            ForgeKind::GitHub => GITHUB_SCOPES,
            ForgeKind::Bitbucket => BITBUCKET_SCOPES,
        };
        self.forge.grant_token(kind, login, scopes)
    }

    /// Calls the API and returns status and body.
    async fn call(
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

    async fn commit(&self, kind: ForgeKind, branch: &str, message: &str) -> String {
        let commit = NewCommit {
            branch,
            files: &[(".circleci/config.yml", "version: 2.1\n"), ("src/main.txt", message)],
            message,
            author: "ada",
        };
        self.forge.commit_files(kind, "acme", "web", &commit).await.unwrap()
    }

    /// Makes a key pair with the real tool; returns the private half's file and the public line.
    fn key_pair(&self, name: &str) -> (PathBuf, String) {
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
    async fn git_over_ssh(&self, key: &Path, folder: &Path, args: &[&str]) -> Output {
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

async fn start(directory: &Path) -> LocalForge {
    LocalForge::start(Settings {
        directory: directory.to_owned(),
        listen: "127.0.0.1".parse().unwrap(),
        github_port: 0,
        bitbucket_port: 0,
        ssh_port: 0,
    })
    .await
    .unwrap()
}

async fn git(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
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
    tokio::time::timeout(PATIENCE, command.output()).await.expect("git hangs").unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn fine(output: &Output) {
    assert!(output.status.success(), "{}", text(output));
}

/// A receiver of webhooks that answers what it is told to, and remembers.
struct Receiver {
    url: String,
    got: watch::Receiver<Vec<(HeaderMap, Bytes)>>,
}

type Answers = Arc<(Mutex<Vec<u16>>, watch::Sender<Vec<(HeaderMap, Bytes)>>)>;

/// Starts a receiver; the given statuses are answered first, then 202.
async fn receiver(answers: &[u16]) -> Receiver {
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
    async fn wait(&mut self, count: usize) -> Vec<(HeaderMap, Bytes)> {
        let found = tokio::time::timeout(PATIENCE, self.got.wait_for(|got| got.len() >= count));
        found.await.expect("the webhook did not come").unwrap().clone()
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

fn hmac(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn hook(url: &str) -> Value {
    json!({
        "name": "web", "active": true, "events": ["push", "pull_request"],
        "config": { "url": url, "content_type": "json", "secret": "s3cret", "insecure_ssl": "0" },
    })
}

const GITHUB: ForgeKind = ForgeKind::GitHub;
const BITBUCKET: ForgeKind = ForgeKind::Bitbucket;

/// The promise of `VCS` §1.1: the key clones, and cannot push.
#[tokio::test]
async fn a_read_only_deploy_key_clones_and_is_refused_to_push() {
    let world = World::new().await;
    let (key, public) = world.key_pair("deploy");
    world.commit(GITHUB, "main", "first").await;
    let ada = world.token(GITHUB, "ada");
    let wanted = json!({ "title": "ours", "key": public, "read_only": true });
    let path = "/repos/acme/web/keys";
    let (status, made) = world.call((GITHUB, &ada), Method::POST, path, Some(wanted.clone())).await;
    assert_eq!(status, 201, "{made}");

    let url = world.forge.ssh_url(GITHUB, "acme", "web").unwrap();
    let folder = world.folder.path();
    fine(&world.git_over_ssh(&key, folder, &["clone", &url, "clone"]).await);
    let clone = world.path("clone");
    assert_eq!(std::fs::read_to_string(clone.join("src/main.txt")).unwrap(), "first");

    fine(&git(&clone, &["commit", "--allow-empty", "-m", "second"], &[]).await);
    let pushed = world.git_over_ssh(&key, &clone, &["push"]).await;
    assert!(!pushed.status.success());
    let said = text(&pushed);
    assert!(
        said.contains("ERROR: The key you are authenticating with has been marked as read only.")
    );
    assert!(world.forge.keys_of(GITHUB, "acme", "web").iter().all(|key| key.used));

    let (status, again) = world.call((GITHUB, &ada), Method::POST, path, Some(wanted)).await;
    assert_eq!(status, 422);
    assert_eq!(again["errors"][0]["message"], "key is already in use");

    world.forge.allow_deploy_keys(GITHUB, ("acme", "web"), false).unwrap();
    let wanted = json!({ "title": "other", "key": world.key_pair("other").1, "read_only": true });
    let (status, said) = world.call((GITHUB, &ada), Method::POST, path, Some(wanted)).await;
    assert_eq!(status, 422);
    assert_eq!(said["errors"][0]["message"], "Deploy keys are disabled for this repository");
}

#[tokio::test]
async fn bitbucket_refuses_in_its_own_words() {
    let world = World::new().await;
    let (key, public) = world.key_pair("deploy");
    world.commit(BITBUCKET, "main", "first").await;
    let ada = world.token(BITBUCKET, "ada");
    let wanted = json!({ "key": public, "label": "ours" });
    let path = "/repositories/acme/web/deploy-keys";
    let (status, made) =
        world.call((BITBUCKET, &ada), Method::POST, path, Some(wanted.clone())).await;
    assert_eq!(status, 200, "{made}");
    let (status, again) = world.call((BITBUCKET, &ada), Method::POST, path, Some(wanted)).await;
    assert_eq!(status, 400);
    assert!(again["error"]["message"].as_str().unwrap().contains("already added that access key"));

    let url = world.forge.ssh_url(BITBUCKET, "acme", "web").unwrap();
    fine(&world.git_over_ssh(&key, world.folder.path(), &["clone", &url, "clone"]).await);
    let clone = world.path("clone");
    fine(&git(&clone, &["commit", "--allow-empty", "-m", "second"], &[]).await);
    let pushed = world.git_over_ssh(&key, &clone, &["push"]).await;
    assert!(
        text(&pushed).contains("access via a deployment key is read-only"),
        "{}",
        text(&pushed)
    );
}

#[tokio::test]
async fn a_key_opens_only_its_own_repository_and_an_unknown_key_nothing() {
    let world = World::new().await;
    world.forge.add_repository(GITHUB, "acme", "secret", true, "ada").await.unwrap();
    let (key, public) = world.key_pair("deploy");
    let (stranger, _) = world.key_pair("stranger");
    let ada = world.token(GITHUB, "ada");
    let wanted = json!({ "title": "ours", "key": public, "read_only": true });
    world.call((GITHUB, &ada), Method::POST, "/repos/acme/web/keys", Some(wanted)).await;

    let folder = world.folder.path();
    let other = world.forge.ssh_url(GITHUB, "acme", "secret").unwrap();
    let refused = world.git_over_ssh(&key, folder, &["ls-remote", &other]).await;
    assert!(text(&refused).starts_with("ERROR: Repository not found."), "{}", text(&refused));
    let own = world.forge.ssh_url(GITHUB, "acme", "web").unwrap();
    fine(&world.git_over_ssh(&key, folder, &["ls-remote", &own]).await);
    let unknown = world.git_over_ssh(&stranger, folder, &["ls-remote", &own]).await;
    assert!(text(&unknown).contains("Permission denied (publickey)"), "{}", text(&unknown));
}

/// A person's key may push, and the push is told in that person's name.
#[tokio::test]
async fn a_push_over_ssh_fires_signed_webhooks() {
    let world = World::new().await;
    let mut receiver = receiver(&[]).await;
    let (key, public) = world.key_pair("person");
    let ada = world.token(GITHUB, "ada");
    let body = json!({ "title": "laptop", "key": public });
    let (status, _) = world.call((GITHUB, &ada), Method::POST, "/user/keys", Some(body)).await;
    assert_eq!(status, 201);
    let path = "/repos/acme/web/hooks";
    let (status, made) =
        world.call((GITHUB, &ada), Method::POST, path, Some(hook(&receiver.url))).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["config"]["secret"], "********");

    let folder = world.path("work");
    std::fs::create_dir(&folder).unwrap();
    fine(&git(&folder, &["init", "-q", "-b", "main"], &[]).await);
    std::fs::write(folder.join("a.txt"), "one").unwrap();
    fine(&git(&folder, &["add", "."], &[]).await);
    fine(&git(&folder, &["commit", "-q", "-m", "First\n\nwith a body"], &[]).await);
    let url = world.forge.ssh_url(GITHUB, "acme", "web").unwrap();
    fine(&world.git_over_ssh(&key, &folder, &["push", "-q", &url, "main", "main:topic"]).await);

    let all = receiver.wait(3).await;
    for (headers, body) in &all {
        assert_eq!(header(headers, "x-hub-signature-256"), hmac("s3cret", body));
        assert!(header(headers, "user-agent").starts_with("GitHub-Hookshot/"));
    }
    let named = |name: &str| {
        let some = all.iter().filter(|(headers, _)| header(headers, "x-github-event") == name);
        some.map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap()).collect::<Vec<_>>()
    };
    let ping = &named("ping")[0];
    assert_eq!(ping["hook_id"], made["id"]);
    let pushes = named("push");
    let mut refs: Vec<_> = pushes.iter().map(|push| push["ref"].as_str().unwrap()).collect();
    refs.sort_unstable();
    assert_eq!(refs, ["refs/heads/main", "refs/heads/topic"], "one payload for each ref");
    let main = pushes.iter().find(|push| push["ref"] == "refs/heads/main").unwrap();
    assert_eq!(main["before"], "0".repeat(40));
    assert_eq!(main["created"], true);
    assert_eq!(main["head_commit"]["message"], "First\n\nwith a body");
    assert_eq!(main["head_commit"]["added"], json!(["a.txt"]));
    assert_eq!(main["sender"]["login"], "ada");
}

/// Bitbucket tells one push in one request, and tries again after a 5xx.
#[tokio::test]
async fn bitbucket_sends_one_payload_for_a_push_and_retries() {
    let world = World::new().await;
    let mut receiver = receiver(&[500, 503]).await;
    let ada = world.token(BITBUCKET, "ada");
    let body = json!({
        "description": "ours", "url": receiver.url, "active": true, "secret": "s3cret",
        "events": ["repo:push"],
    });
    let path = "/repositories/acme/web/hooks";
    let (status, made) = world.call((BITBUCKET, &ada), Method::POST, path, Some(body)).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["secret_set"], true);

    let folder = world.path("work");
    std::fs::create_dir(&folder).unwrap();
    fine(&git(&folder, &["init", "-q", "-b", "main"], &[]).await);
    fine(&git(&folder, &["commit", "-q", "--allow-empty", "-m", "First"], &[]).await);
    let url = world.forge.push_url(BITBUCKET, "acme", "web", "ada");
    fine(&git(&folder, &["push", "-q", &url, "main", "main:topic"], &[]).await);

    let all = receiver.wait(3).await;
    let attempts: Vec<_> = all.iter().map(|(one, _)| header(one, "x-attempt-number")).collect();
    assert_eq!(attempts, ["1", "2", "3"]);
    let ids: std::collections::BTreeSet<_> =
        all.iter().map(|(one, _)| header(one, "x-request-uuid")).collect();
    assert_eq!(ids.len(), 1);
    let (headers, body) = &all[0];
    assert_eq!(header(headers, "x-event-key"), "repo:push");
    assert_eq!(header(headers, "x-hub-signature"), hmac("s3cret", body));
    let payload: Value = serde_json::from_slice(body).unwrap();
    let changes = payload["push"]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2, "one payload for the whole push");
    assert_eq!(changes[0]["new"]["type"], "branch");
    assert_eq!(changes[0]["old"], Value::Null);
    assert!(payload["repository"].get("mainbranch").is_none());
    assert_eq!(payload["actor"]["nickname"], "ada");
}

#[tokio::test]
async fn tags_deletions_and_pull_requests_are_told() {
    let world = World::new().await;
    let mut receiver = receiver(&[]).await;
    let first = world.commit(GITHUB, "main", "first").await;
    let second = world.commit(GITHUB, "topic", "second").await;
    let ada = world.token(GITHUB, "ada");
    let hooks = "/repos/acme/web/hooks";
    world.call((GITHUB, &ada), Method::POST, hooks, Some(hook(&receiver.url))).await;
    receiver.wait(1).await;

    let at = ("acme", "web");
    let tag = ("v1", first.as_str(), Some("Version 1"));
    world.forge.push_tag(GITHUB, at, tag, "ada").await.unwrap();
    let pull = json!({ "title": "Topic", "head": "topic", "base": "main" });
    let path = "/repos/acme/web/pulls";
    let (status, opened) = world.call((GITHUB, &ada), Method::POST, path, Some(pull)).await;
    assert_eq!(status, 201, "{opened}");
    let third = world.commit(GITHUB, "topic", "third").await;
    world.forge.delete_branch(GITHUB, at, "topic", "ada").await.unwrap();

    let all = receiver.wait(6).await;
    let told: Vec<(String, Value)> = all
        .iter()
        .map(|(headers, body)| {
            let name = header(headers, "x-github-event").to_owned();
            (name, serde_json::from_slice(body).unwrap())
        })
        .collect();
    let find = |wanted: &dyn Fn(&str, &Value) -> bool| {
        let found = told.iter().find(|(name, body)| wanted(name, body));
        found.map(|(_, body)| body.clone()).expect("told")
    };
    let tag = find(&|name, body| name == "push" && body["ref"] == "refs/tags/v1");
    assert_ne!(tag["after"], first, "an annotated tag points at the tag's own object");
    assert_eq!(tag["head_commit"]["id"], first);
    let opened = find(&|name, body| name == "pull_request" && body["action"] == "opened");
    assert_eq!(opened["pull_request"]["head"]["sha"], second);
    let moved = find(&|name, body| name == "pull_request" && body["action"] == "synchronize");
    assert_eq!((&moved["before"], &moved["after"]), (&json!(second), &json!(third)));
    let gone = find(&|name, body| name == "push" && body["deleted"] == true);
    assert_eq!(gone["after"], "0".repeat(40));
    assert_eq!(gone["head_commit"], Value::Null);
}

/// An application that asks for consent, and where it is asked.
struct Application {
    kind: ForgeKind,
    id: String,
    secret: String,
    authorize: String,
    token: String,
    verifier: String,
}

const BACK: &str = "http://127.0.0.1:4/login/callback";

impl Application {
    fn register(world: &World, kind: ForgeKind) -> Self {
        let (id, secret) = world.forge.register_application(kind, "Roundel", BACK);
        let base = world.forge.web_url(kind);
        let (authorize, token) = match kind {
            ForgeKind::GitHub => ("login/oauth/authorize", "login/oauth/access_token"),
            ForgeKind::Bitbucket => ("site/oauth2/authorize", "site/oauth2/access_token"),
        };
        let (authorize, token) = (format!("{base}{authorize}"), format!("{base}{token}"));
        Self { kind, id, secret, authorize, token, verifier: "v".repeat(50) }
    }

    fn question(&self) -> Vec<(&'static str, String)> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()));
        vec![
            ("client_id", self.id.clone()),
            ("redirect_uri", BACK.to_owned()),
            ("scope", "repo user:email repo:status".to_owned()),
            ("state", "st&te".to_owned()),
            ("response_type", "code".to_owned()),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }

    async fn page(&self, world: &World, cookie: &str) -> String {
        let request = world.client.get(&self.authorize).query(&self.question());
        request.header("cookie", cookie).send().await.unwrap().text().await.unwrap()
    }

    /// Decides, and returns the parameters with which the browser comes back.
    async fn decide(&self, world: &World, cookie: &str, verdict: &str) -> HashMap<String, String> {
        let mut form = self.question();
        form.push(("decision", verdict.to_owned()));
        let request = world.client.post(&self.authorize).header("cookie", cookie).form(&form);
        let place = request.send().await.unwrap().headers()["location"].clone();
        let place: url::Url = place.to_str().unwrap().parse().unwrap();
        assert!(place.as_str().starts_with(BACK));
        place.query_pairs().into_owned().collect()
    }

    async fn exchange(&self, world: &World, code: &str, verifier: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.id),
            ("client_secret", &self.secret),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", verifier),
        ];
        self.ask_for_token(world, &form).await
    }

    async fn refresh(&self, world: &World, refresh: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.id),
            ("client_secret", &self.secret),
            ("refresh_token", refresh),
        ];
        self.ask_for_token(world, &form).await
    }

    async fn ask_for_token(&self, world: &World, form: &[(&str, &str)]) -> (u16, Value) {
        let request = world.client.post(&self.token).form(form);
        let answer = request.header("accept", "application/json").send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Walks the whole way and returns the answer with the token.
    async fn token(&self, world: &World) -> Value {
        let cookie = sign_in(world, self.kind).await;
        let back = self.decide(world, &cookie, "allow").await;
        self.exchange(world, &back["code"], &self.verifier).await.1
    }
}

/// Signs Ada in to the forge's pages and returns her cookie.
async fn sign_in(world: &World, kind: ForgeKind) -> String {
    let form = [("login", "ada"), ("return_to", "/x")];
    let url = format!("{}session", world.forge.web_url(kind));
    let signed = world.client.post(url).form(&form).send().await.unwrap();
    assert_eq!(signed.headers()["location"], "/x");
    let cookie = signed.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// The whole web flow as a browser walks it, with PKCE, for both forges.
#[tokio::test]
async fn the_oauth_flow_ends_with_a_token_for_the_person_who_signed_in() {
    let world = World::new().await;
    for kind in ForgeKind::ALL {
        let application = Application::register(&world, kind);
        assert!(application.page(&world, "").await.contains("pick a person"));
        let cookie = sign_in(&world, kind).await;
        let page = application.page(&world, &cookie).await;
        assert!(page.contains("Authorize Roundel") && page.contains("Ada Example"), "{page}");

        let no = application.decide(&world, &cookie, "deny").await;
        assert_eq!((no["error"].as_str(), no["state"].as_str()), ("access_denied", "st&te"));
        let yes = application.decide(&world, &cookie, "allow").await;
        assert_eq!(yes["state"], "st&te");
        let verifier = &application.verifier;
        let (_, answer) = application.exchange(&world, &yes["code"], verifier).await;
        let access = answer["access_token"].as_str().expect("a token");
        let (status, me) = world.call((kind, access), Method::GET, "/user", None).await;
        assert_eq!(status, 200, "{me}");
        let again = application.exchange(&world, &yes["code"], verifier).await;
        match kind {
            ForgeKind::GitHub => {
                assert_eq!(answer["scope"], "repo,user:email", "scopes are tidied");
                assert_eq!(me["login"], "ada");
                assert_eq!((again.0, &again.1["error"]), (200, &json!("bad_verification_code")));
            }
            ForgeKind::Bitbucket => {
                assert_eq!(me["nickname"], "ada");
                assert_eq!((again.0, &again.1["error"]), (400, &json!("invalid_grant")));
            }
        }
        // Who consented once is not asked again.
        assert!(application.page(&world, &cookie).await.is_empty());
    }
}

/// A wrong verifier uses the code up: who stole it gains nothing, not even by trying.
#[tokio::test]
async fn a_code_without_its_proof_is_worth_nothing() {
    let world = World::new().await;
    for kind in ForgeKind::ALL {
        let application = Application::register(&world, kind);
        let cookie = sign_in(&world, kind).await;
        let code = application.decide(&world, &cookie, "allow").await["code"].clone();
        let (_, stolen) = application.exchange(&world, &code, "guess").await;
        assert!(stolen.get("error").is_some());
        let (_, late) = application.exchange(&world, &code, &application.verifier).await;
        assert!(late.get("error").is_some());
    }
}

#[tokio::test]
async fn an_expired_token_is_refreshed_once() {
    let world = World::new().await;
    let application = Application::register(&world, BITBUCKET);
    let answer = application.token(&world).await;
    let access = answer["access_token"].as_str().unwrap();
    world.forge.expire_tokens(BITBUCKET, "ada");
    let (status, said) = world.call((BITBUCKET, access), Method::GET, "/user", None).await;
    assert_eq!(status, 401);
    assert!(said["error"]["message"].as_str().unwrap().starts_with("Access token expired"));
    let refresh = answer["refresh_token"].as_str().unwrap();
    let (_, fresh) = application.refresh(&world, refresh).await;
    let fresh = fresh["access_token"].as_str().unwrap();
    assert_eq!(world.call((BITBUCKET, fresh), Method::GET, "/user", None).await.0, 200);
    assert_eq!(application.refresh(&world, refresh).await.0, 400, "refresh tokens rotate");
}

/// `VCS` §2.4: keys that an application made go when its authorisation goes.
#[tokio::test]
async fn a_revoked_grant_takes_its_tokens_and_keys_with_it() {
    let world = World::new().await;
    let (_, public) = world.key_pair("deploy");
    let application = Application::register(&world, GITHUB);
    let answer = application.token(&world).await;
    let token = answer["access_token"].as_str().unwrap();
    let wanted = json!({ "title": "ours", "key": public, "read_only": true });
    let path = "/repos/acme/web/keys";
    let (status, _) = world.call((GITHUB, token), Method::POST, path, Some(wanted)).await;
    assert_eq!(status, 201);
    let Application { id, secret, .. } = &application;
    let url = format!("{}/applications/{id}/grant", world.forge.api_url(GITHUB));
    let body = json!({ "access_token": token });
    let gone = world.client.delete(url).basic_auth(id, Some(secret)).json(&body);
    assert_eq!(gone.send().await.unwrap().status(), 204);
    assert!(world.forge.keys_of(GITHUB, "acme", "web").is_empty(), "the keys went too");
    let (status, said) = world.call((GITHUB, token), Method::GET, "/user", None).await;
    assert_eq!((status, &said["message"]), (401, &json!("Bad credentials")));
}

#[tokio::test]
async fn statuses_follow_each_forges_rules() {
    let world = World::new().await;
    let sha = world.commit(GITHUB, "main", "first").await;
    let ada = world.token(GITHUB, "ada");
    let path = format!("/repos/acme/web/statuses/{sha}");
    let status = |state: &str, description: &str| {
        json!({
            "state": state, "context": "ci/roundel: build", "description": description,
            "target_url": "http://127.0.0.1:4/job/1",
        })
    };
    let call = |body: Value| world.call((GITHUB, &ada), Method::POST, &path, Some(body));
    assert_eq!(call(status("pending", "running")).await.0, 201);
    assert_eq!(call(status("success", "passed")).await.0, 201);
    assert_eq!(call(status("great", "")).await.0, 422);
    let (code, said) = call(status("success", &"x".repeat(141))).await;
    assert_eq!(code, 422);
    assert!(said["errors"][0]["message"].as_str().unwrap().contains("maximum is 140 characters"));
    let marks = world.forge.statuses(GITHUB, "acme", "web", &sha);
    assert_eq!(marks.len(), 1, "the newest of each context");
    assert_eq!(marks[0].state, "success");
    let combined = format!("/repos/acme/web/commits/{sha}/status");
    let (_, combined) = world.call((GITHUB, &ada), Method::GET, &combined, None).await;
    assert_eq!(combined["state"], "success");
    let unknown = format!("/repos/acme/web/statuses/{}", "a".repeat(40));
    let body = Some(status("success", ""));
    let (code, said) = world.call((GITHUB, &ada), Method::POST, &unknown, body).await;
    assert_eq!(code, 422);
    assert!(said["message"].as_str().unwrap().starts_with("No commit found for SHA"));
    let bob = world.token(GITHUB, "bob");
    let body = Some(status("success", ""));
    assert_eq!(world.call((GITHUB, &bob), Method::POST, &path, body).await.0, 404);

    let sha = world.commit(BITBUCKET, "main", "first").await;
    let ada = world.token(BITBUCKET, "ada");
    let path = format!("/repositories/acme/web/commit/{sha}/statuses/build");
    let build = |key: &str, state: &str| {
        json!({
            "type": "build", "key": key, "state": state, "name": "ci/roundel: build",
            "url": "http://127.0.0.1:4/job/1", "description": "", "refname": "main",
        })
    };
    let call = |body: Value| world.call((BITBUCKET, &ada), Method::POST, &path, Some(body));
    assert_eq!(call(build("k", "INPROGRESS")).await.0, 201);
    assert_eq!(call(build("k", "SUCCESSFUL")).await.0, 201);
    let (code, said) = call(build(&"k".repeat(48), "FAILED")).await;
    assert_eq!(code, 400);
    assert_eq!(
        said["error"]["message"],
        "key: Ensure this value has at most 40 characters (it has 48)."
    );
    let marks = world.forge.statuses(BITBUCKET, "acme", "web", &sha);
    assert_eq!(marks.len(), 1, "a status is put in the place of the one with its key");
    assert_eq!(
        (marks[0].state.as_str(), marks[0].context.as_str()),
        ("SUCCESSFUL", "ci/roundel: build")
    );
}

#[tokio::test]
async fn waiting_for_a_status_ends_when_it_comes() {
    let world = World::new().await;
    let sha = world.commit(GITHUB, "main", "first").await;
    let ada = world.token(GITHUB, "ada");
    let path = format!("/repos/acme/web/statuses/{sha}");
    let waiting = world.forge.wait_for_statuses(GITHUB, "acme", "web", &sha, PATIENCE, |marks| {
        marks.iter().any(|mark| mark.state == "success")
    });
    let body = json!({ "state": "success", "context": "build" });
    let posting = world.call((GITHUB, &ada), Method::POST, &path, Some(body));
    let (marks, (status, _)) = tokio::join!(waiting, posting);
    assert_eq!(status, 201);
    assert_eq!(marks[0].context, "build");
}

#[tokio::test]
async fn what_one_may_not_see_is_not_there() {
    let world = World::new().await;
    let bob = world.token(GITHUB, "bob");
    let poor = world.forge.grant_token(GITHUB, "ada", &["user:email"]);
    assert_eq!(world.call((GITHUB, &bob), Method::GET, "/repos/acme/web", None).await.0, 404);
    assert_eq!(world.call((GITHUB, &poor), Method::GET, "/repos/acme/web", None).await.0, 404);
    assert_eq!(world.call((GITHUB, "nonsense"), Method::GET, "/user", None).await.0, 401);
    let (status, _) = world.call((GITHUB, &poor), Method::GET, "/user/orgs", None).await;
    assert_eq!(status, 403);
    let url = format!("{}/user", world.forge.api_url(GITHUB));
    let bare = Client::builder().no_proxy().build().unwrap();
    let answer = bare.get(&url).bearer_auth(&poor).send().await.unwrap();
    assert_eq!(answer.status(), 403, "GitHub wants a User-Agent");
    let answer = world.client.get(&url).bearer_auth(&poor).send().await.unwrap();
    assert_eq!(answer.headers()["x-oauth-scopes"], "user:email");
    let etag = answer.headers()["etag"].clone();
    let answer = world.client.get(&url).bearer_auth(&poor).header("if-none-match", etag);
    assert_eq!(answer.send().await.unwrap().status(), 304);

    let poor = world.forge.grant_token(BITBUCKET, "ada", &["repository"]);
    let path = "/repositories/acme/web/hooks";
    let (status, said) = world.call((BITBUCKET, &poor), Method::GET, path, None).await;
    assert_eq!(status, 403);
    assert_eq!(said["error"]["detail"]["required"], json!(["webhook"]));
    let (status, _) = world.call((BITBUCKET, &poor), Method::GET, "/workspaces", None).await;
    assert_eq!(status, 410, "removed from Bitbucket");
}

#[tokio::test]
async fn lists_come_in_pages_and_files_in_both_forms() {
    let world = World::new().await;
    for number in 0..5 {
        let name = format!("more-{number}");
        world.forge.add_repository(GITHUB, "acme", &name, true, "ada").await.unwrap();
        world.forge.add_repository(BITBUCKET, "acme", &name, true, "ada").await.unwrap();
    }
    let ada = world.token(GITHUB, "ada");
    let mut next = Some(format!("{}/user/repos?per_page=4", world.forge.api_url(GITHUB)));
    let mut names = Vec::new();
    while let Some(url) = next {
        let answer = world.client.get(&url).bearer_auth(&ada).send().await.unwrap();
        let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let page: Value = answer.json().await.unwrap();
        names.extend(page.as_array().unwrap().iter().map(|one| one["full_name"].clone()));
        next = link.and_then(|link| {
            let part = link.split(", ").find(|part| part.ends_with("rel=\"next\""))?.to_owned();
            Some(part[1..part.find('>').unwrap()].to_owned())
        });
    }
    assert_eq!(names.len(), 6);

    let bob = world.token(BITBUCKET, "ada");
    let path = "/repositories/acme?role=admin&pagelen=4";
    let (_, page) = world.call((BITBUCKET, &bob), Method::GET, path, None).await;
    assert_eq!(page["values"].as_array().unwrap().len(), 4);
    let next = page["next"].as_str().unwrap();
    let answer = world.client.get(next).bearer_auth(&bob).send().await.unwrap();
    let page: Value = answer.json().await.unwrap();
    assert_eq!(page["values"].as_array().unwrap().len(), 2);

    let sha = world.commit(GITHUB, "main", "first").await;
    let path = format!("/repos/acme/web/contents/.circleci%2Fconfig.yml?ref={sha}");
    let (_, file) = world.call((GITHUB, &ada), Method::GET, &path, None).await;
    assert_eq!(file["encoding"], "base64");
    assert_eq!(file["path"], ".circleci/config.yml");
    let url = format!("{}{path}", world.forge.api_url(GITHUB));
    let raw = world.client.get(url).bearer_auth(&ada);
    let raw = raw.header("accept", "application/vnd.github.raw+json").send().await.unwrap();
    assert_eq!(raw.text().await.unwrap(), "version: 2.1\n");
    let sha = world.commit(BITBUCKET, "main", "first").await;
    let path = format!("/repositories/acme/web/src/{sha}/.circleci/config.yml");
    let (_, file) = world.call((BITBUCKET, &bob), Method::GET, &path, None).await;
    assert_eq!(file, json!("version: 2.1\n"));
}

/// A restart keeps people, tokens, keys, hooks and marks; the host key stays pinned.
#[tokio::test]
async fn a_restart_keeps_everything() {
    let World { forge, folder, client } = World::new().await;
    let directory = folder.path().join("forge");
    let world = World { forge, folder, client };
    let receiver = receiver(&[]).await;
    let sha = world.commit(GITHUB, "main", "first").await;
    let ada = world.token(GITHUB, "ada");
    let body = Some(hook(&receiver.url));
    world.call((GITHUB, &ada), Method::POST, "/repos/acme/web/hooks", body).await;
    let path = format!("/repos/acme/web/statuses/{sha}");
    let body = Some(json!({ "state": "success", "context": "build" }));
    world.call((GITHUB, &ada), Method::POST, &path, body).await;
    let id = world.forge.repository_id(GITHUB, "acme", "web");
    let (_, host_key) = world
        .forge
        .known_hosts()
        .split_once(' ')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let World { forge, folder, client } = world;
    forge.stop().await.unwrap();

    let forge = start(&directory).await;
    forge.add_repository(GITHUB, "acme", "web", true, "ada").await.unwrap();
    let world = World { forge, folder, client };
    assert_eq!(world.forge.repository_id(GITHUB, "acme", "web"), id);
    assert!(world.forge.known_hosts().ends_with(&host_key));
    assert_eq!(world.call((GITHUB, &ada), Method::GET, "/user", None).await.0, 200);
    assert_eq!(world.forge.statuses(GITHUB, "acme", "web", &sha)[0].state, "success");
    let hooks = world.forge.hooks_of(GITHUB, "acme", "web");
    assert_eq!(hooks[0].secret.as_deref(), Some("s3cret"));
    assert_eq!(world.forge.head_of(GITHUB, "acme", "web", "main").await, Some(sha));
}

/// The three kinds of failure: a false answer, a late one, and one that is lost after the deed.
#[tokio::test]
async fn failures_happen_to_the_calls_that_were_chosen() {
    let world = World::new().await;
    let ada = world.token(GITHUB, "ada");
    let failure = |method: &str, after: u32, how: FailureKind| Failure {
        kind: GITHUB,
        method: method.to_owned(),
        path_contains: "/repos/acme/web/keys".to_owned(),
        after,
        times: 1,
        how,
    };
    let body = r#"{"message":"Server Error"}"#.to_owned();
    let answer = FailureKind::Answer { status: 502, headers: Vec::new(), body };
    world.forge.inject(failure("GET", 1, answer));
    let list = || world.call((GITHUB, &ada), Method::GET, "/repos/acme/web/keys", None);
    assert_eq!([list().await.0, list().await.0, list().await.0], [200, 502, 200]);

    world.forge.inject(failure("POST", 0, FailureKind::LoseAnswer));
    let (_, public) = world.key_pair("deploy");
    let url = format!("{}/repos/acme/web/keys", world.forge.api_url(GITHUB));
    let wanted = json!({ "title": "ours", "key": public, "read_only": true });
    let unanswered = world.client.post(url).bearer_auth(&ada).json(&wanted).send().await;
    assert!(unanswered.is_err(), "no answer came");
    assert_eq!(world.forge.keys_of(GITHUB, "acme", "web").len(), 1, "and yet it was done");

    world.forge.inject(Failure { times: u32::MAX, ..failure("", 0, FailureKind::Delay(PATIENCE)) });
    let late = tokio::time::timeout(Duration::from_millis(300), list());
    assert!(late.await.is_err());
    world.forge.heal();
    assert_eq!(list().await.0, 200);
}

#[tokio::test]
async fn deliveries_can_be_lost_repeated_and_sent_again() {
    let world = World::new().await;
    let mut receiver = receiver(&[]).await;
    let ada = world.token(GITHUB, "ada");
    let path = "/repos/acme/web/hooks";
    let (_, made) = world.call((GITHUB, &ada), Method::POST, path, Some(hook(&receiver.url))).await;
    receiver.wait(1).await;
    let (status, said) =
        world.call((GITHUB, &ada), Method::POST, path, Some(hook(&receiver.url))).await;
    assert_eq!(status, 422);
    assert_eq!(said["errors"][0]["message"], "Hook already exists on this repository");

    world.forge.disturb(GITHUB, DeliveryFault::Lose, 1);
    world.commit(GITHUB, "main", "lost").await;
    world.forge.disturb(GITHUB, DeliveryFault::Repeat, 1);
    let sha = world.commit(GITHUB, "main", "twice").await;
    let all = receiver.wait(3).await;
    let ids: Vec<_> = all[1..].iter().map(|(one, _)| header(one, "x-github-delivery")).collect();
    assert_eq!(ids[0], ids[1]);
    let body: Value = serde_json::from_slice(&all[1].1).unwrap();
    assert_eq!(body["after"], sha, "the first push never came");

    let count = |hooks: &[HookMark]| hooks[0].deliveries.len();
    let at = ("acme", "web");
    world.forge.wait_for_hooks(GITHUB, at, PATIENCE, |hooks| count(hooks) == 3).await;
    let list = format!("{path}/{}/deliveries?per_page=1", made["id"]);
    let (_, newest) = world.call((GITHUB, &ada), Method::GET, &list, None).await;
    let again = format!("{path}/{}/deliveries/{}/attempts", made["id"], newest[0]["id"]);
    assert_eq!(world.call((GITHUB, &ada), Method::POST, &again, None).await.0, 202);
    let all = receiver.wait(4).await;
    assert_eq!(header(&all[3].0, "x-github-delivery"), ids[0], "the same id");
}

#[tokio::test]
async fn git_over_http_wants_a_token_with_the_right() {
    let world = World::new().await;
    world.commit(GITHUB, "main", "first").await;
    let folder = world.folder.path();
    let plain = format!("{}acme/web.git", world.forge.web_url(GITHUB));
    assert!(!git(folder, &["ls-remote", &plain], &[]).await.status.success());
    let bob = world.forge.push_url(GITHUB, "acme", "web", "bob");
    let refused = git(folder, &["ls-remote", &bob], &[]).await;
    assert!(text(&refused).contains("Repository not found."), "{}", text(&refused));
    let good = world.forge.push_url(GITHUB, "acme", "web", "ada");
    fine(&git(folder, &["clone", "-q", &good, "clone"], &[]).await);
    let clone = world.path("clone");
    std::fs::write(clone.join("big.bin"), vec![7; 3 << 20]).unwrap();
    fine(&git(&clone, &["add", "."], &[]).await);
    fine(&git(&clone, &["commit", "-q", "-m", "big"], &[]).await);
    fine(&git(&clone, &["push", "-q"], &[]).await);
    let head = git(&clone, &["rev-parse", "HEAD"], &[]).await;
    let head = String::from_utf8(head.stdout).unwrap().trim().to_owned();
    assert_eq!(world.forge.head_of(GITHUB, "acme", "web", "main").await, Some(head));
    fine(
        &git(folder, &["clone", "-q", "--filter=blob:none", "--depth=1", &good, "part"], &[]).await,
    );
}

/// Who moved a repository meets its old name, and the id that stays.
#[tokio::test]
async fn a_renamed_repository_is_found_by_its_id() {
    let world = World::new().await;
    let ada = world.token(GITHUB, "ada");
    let body = Some(json!({ "name": "site" }));
    let (status, new) = world.call((GITHUB, &ada), Method::PATCH, "/repos/acme/web", body).await;
    assert_eq!((status, &new["full_name"]), (200, &json!("acme/site")));
    let url = format!("{}/repos/acme/web", world.forge.api_url(GITHUB));
    let moved = world.client.get(url).bearer_auth(&ada).send().await.unwrap();
    assert_eq!(moved.status(), 301);
    let place = moved.headers()["location"].to_str().unwrap().to_owned();
    let found: Value =
        world.client.get(place).bearer_auth(&ada).send().await.unwrap().json().await.unwrap();
    assert_eq!(found["full_name"], "acme/site");
}

/// The demo's visitor pushes with a button and sees the mark beside the commit.
#[tokio::test]
async fn a_visitor_commits_with_a_button_and_sees_the_marks() {
    let world = World::new().await;
    for kind in ForgeKind::ALL {
        world.commit(kind, "main", "first <b>bold</b>").await;
        let page = format!("{}acme/web", world.forge.web_url(kind));
        let form = [("message", "Hello from a visitor")];
        let sent = world.client.post(format!("{page}/commit-something")).form(&form);
        assert_eq!(sent.send().await.unwrap().status(), 303);
        let sha = world.forge.head_of(kind, "acme", "web", "main").await.unwrap();
        let ada = world.token(kind, "ada");
        let target = "http://127.0.0.1:4/job/7";
        let (path, body) = match kind {
            ForgeKind::GitHub => (
                format!("/repos/acme/web/statuses/{sha}"),
                json!({ "state": "failure", "context": "build", "target_url": target }),
            ),
            ForgeKind::Bitbucket => (
                format!("/repositories/acme/web/commit/{sha}/statuses/build"),
                json!({ "key": "build", "state": "FAILED", "url": target }),
            ),
        };
        assert_eq!(world.call((kind, &ada), Method::POST, &path, Some(body)).await.0, 201);
        let shown = world.client.get(&page).send().await.unwrap().text().await.unwrap();
        assert!(shown.contains("Hello from a visitor"));
        assert!(shown.contains(target) && shown.contains("failure: build"), "the mark has a word");
        assert!(!shown.contains("<b>bold"), "what people write is no markup");
        assert!(shown.contains("git clone http://"));
        for path in ["", "acme", "acme/web/hooks/1", "signin", "assets/forge.css", "avatars/ada"] {
            let url = format!("{}{path}", world.forge.web_url(kind));
            let status = world.client.get(url).send().await.unwrap().status();
            assert_eq!(status == 404, path.contains("hooks"), "{path}");
        }
        let foreign = world.client.post(format!("{page}/commit-something")).form(&form);
        let foreign = foreign.header("sec-fetch-site", "cross-site").send().await.unwrap();
        assert_eq!(foreign.status(), 403);
    }
}
