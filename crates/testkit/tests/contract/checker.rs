//! Prism between client and local forge, and a relay that keeps what Prism objects to.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Response, header},
};
use reqwest::{Client, Method, Url};
use roundel_localforge::ForgeKind;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{description, webhooks::Delivery, world::World};

/// What is not part of the repository.
pub(crate) struct OutsideTools {
    node_modules: PathBuf,
    contracts: PathBuf,
}

impl OutsideTools {
    /// Finds it, or says what is missing.
    pub(crate) fn find() -> Result<Self, String> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let contracts = repository.join("../shared/contracts");
        if !contracts.is_dir() {
            return Err("the forges' API descriptions are not next to the repository".into());
        }
        let named = env::var_os("ROUNDEL_TEST_TOOLS").map(PathBuf::from);
        let binary = env::current_exe().unwrap();
        let nearby = binary.ancestors().map(|directory| directory.join("test-tools"));
        let mut candidates =
            named.into_iter().chain(nearby).map(|tools| tools.join("node_modules"));
        let node_modules = candidates
            .find(|directory| directory.join("@stoplight/prism-cli").is_dir())
            .ok_or("Prism is not installed; run `cargo xtask test`")?;
        let node = Command::new("node").arg("--version").stdout(Stdio::null()).status();
        if !node.is_ok_and(|status| status.success()) {
            return Err("Node is not installed".into());
        }
        Ok(Self { node_modules, contracts })
    }

    /// Lets Ajv check payloads against GitHub's schemas; returns what it objects to.
    pub(crate) fn judge_payloads(&self, scratch: &Path, deliveries: &[Delivery]) -> Vec<String> {
        let payloads: Vec<Value> = deliveries
            .iter()
            .map(|one| json!({ "event": one.event, "payload": one.payload() }))
            .collect();
        let file = scratch.join("payloads.json");
        fs::write(&file, Value::from(payloads).to_string()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/payloads.cjs");
        let output = Command::new("node")
            .arg(script)
            .arg(&self.node_modules)
            .arg(file)
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success(), "Ajv did not run");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// What came through the checker.
#[derive(Clone, Default)]
pub(crate) struct RecordedRequests {
    pub(crate) checked: usize,
    pub(crate) objections: Vec<String>,
}

/// A running Prism with a relay in front.
pub(crate) struct Checker {
    /// Where the client is to call.
    pub(crate) api_url: Url,
    relay: Arc<Relay>,
    task: JoinHandle<()>,
    prism: Child,
}

struct Relay {
    client: Client,
    /// Prism, and the local forge behind it.
    checked: Url,
    direct: Url,
    /// Our own address, which replaces the local forge's in page links.
    own: Url,
    heard: Mutex<RecordedRequests>,
}

impl Checker {
    pub(crate) async fn start(outside: &OutsideTools, world: &World) -> Self {
        let description = description::trimmed(&outside.contracts, world.kind);
        let file = world.directory().join("description.json");
        fs::write(&file, description.to_string()).unwrap();
        let direct = world.api_url();
        let (prism, checked) = start_prism(&outside.node_modules, &file, &direct);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            .no_proxy()
            .build()
            .unwrap();
        let heard = Mutex::default();
        let relay = Arc::new(Relay { client, checked, direct, own: own.clone(), heard });
        let service = Router::new().fallback(pass_on).with_state(Arc::clone(&relay));
        let task = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { api_url: own, relay, task, prism }
    }

    pub(crate) fn heard(&self) -> RecordedRequests {
        self.relay.heard.lock().unwrap().clone()
    }

    /// Sends three requests that no forge would take; returns how many objections that makes.
    pub(crate) async fn say_something_wrong(&self, world: &World) -> usize {
        let (repository, sha) = (world.address(), &world.head);
        let (status, key) = match world.kind {
            ForgeKind::GitHub => (format!("{repository}/statuses/{sha}"), "keys"),
            ForgeKind::Bitbucket => {
                (format!("{repository}/commit/{sha}/statuses/build"), "deploy-keys")
            }
        };
        let wrong = [
            (status, json!({ "type": "build", "key": "k", "state": "green" })),
            (format!("{repository}/{key}"), json!({ "title": "no key", "label": "no key" })),
            ("workspaces".to_owned(), json!({})),
        ];
        for (path, body) in &wrong {
            let request = self.relay.client.post(format!("{}{path}", self.api_url)).json(body);
            let answer = request.bearer_auth(&world.token).send().await.unwrap();
            assert!(!answer.status().is_success(), "{path}");
        }
        wrong.len()
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        self.task.abort();
        // Gone already, if it fails.
        let _killed = self.prism.kill();
        let _reaped = self.prism.wait();
    }
}

/// Starts Prism on a free port and waits until it listens.
fn start_prism(node_modules: &Path, description: &Path, upstream: &Url) -> (Child, Url) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut prism = Command::new("node")
        .arg(node_modules.join("@stoplight/prism-cli/dist/index.js"))
        .args(["proxy", "--host", "127.0.0.1", "--errors", "--port", &free.port().to_string()])
        .arg(description)
        .arg(upstream.as_str().trim_end_matches('/'))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(prism.stdout.take().unwrap()).lines();
    let ready = lines.by_ref().any(|line| line.is_ok_and(|line| line.contains("is listening")));
    assert!(ready, "Prism did not start");
    // Read on, or Prism would stop at a full pipe.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    (prism, Url::parse(&format!("http://{free}/")).unwrap())
}

/// Sends a request on and its answer back. What no description has is not checked.
async fn pass_on(State(relay): State<Arc<Relay>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().unwrap().as_str().to_owned();
    let checked = !is_undescribed(&target);
    let base = if checked { &relay.checked } else { &relay.direct };
    let address = format!("{}{target}", base.as_str().trim_end_matches('/'));
    let mut headers = parts.headers;
    headers.remove(header::HOST);
    headers.remove(header::ACCEPT_ENCODING);
    let method = Method::from_bytes(parts.method.as_str().as_bytes()).unwrap();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let request = relay.client.request(method.clone(), address).headers(headers).body(body);
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.unwrap();
    if checked {
        let mut heard = relay.heard.lock().unwrap();
        heard.checked += 1;
        let kind = headers.get(header::CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap());
        if kind.starts_with("application/problem+json") {
            let objection = objection(&format!("{method} {target}"), &body);
            // At once, for the scenario may stumble over it before the end.
            eprintln!("OBJECTION {objection}");
            heard.objections.push(objection);
        }
    }
    // Pages of a list go through the checker as well.
    let own = |text: &str| {
        let local = relay.direct.as_str().trim_end_matches('/');
        text.replace(local, relay.own.as_str().trim_end_matches('/'))
    };
    let mut response = Response::builder().status(status.as_u16());
    for (name, value) in &headers {
        let skipped = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];
        if !skipped.contains(name) {
            let text = value.to_str().unwrap();
            let text = if name == header::LINK { own(text) } else { text.to_owned() };
            response = response.header(name, text);
        }
    }
    let body = match serde_json::from_slice::<Value>(&body) {
        Ok(mut page) if page.get("next").is_some_and(Value::is_string) => {
            page["next"] = own(page["next"].as_str().unwrap()).into();
            page.to_string().into_bytes()
        }
        _ => body.to_vec(),
    };
    response.body(Body::from(body)).unwrap()
}

/// `GET /repositories/{id}` works at GitHub and is missing from its description (`VCS` §12.3).
fn is_undescribed(target: &str) -> bool {
    let id = target.strip_prefix("/repositories/").unwrap_or_default();
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// An objection in one line: which request, and each thing that is wrong with it or its answer.
fn objection(request: &str, body: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let findings = problem["validation"].as_array().cloned().unwrap_or_default();
    let findings: Vec<String> = findings
        .iter()
        .map(|one| {
            let place = one["location"].as_array().into_iter().flatten();
            let place: Vec<&str> = place.filter_map(Value::as_str).collect();
            format!("{}: {}", place.join("."), one["message"].as_str().unwrap_or_default())
        })
        .collect();
    format!("{request}: {}: {}", problem["title"], findings.join("; "))
}
