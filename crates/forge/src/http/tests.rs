//! The HTTP core against a server that does what the test says.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, Response},
};
use reqwest::Method;
use roundel_model::{forge::ForgeKind, name::CommitSha, secret::Secret};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use url::Url;

use super::{client::ANSWER_BYTES, *};
use crate::{
    api::{CommitState, CommitStatus, Forge, ForgeSettings, RepositoryRef},
    error::ErrorClass,
    retry_policy::RetryPolicy,
};

pub(crate) mod foreign;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query, as sent.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// `GET /path?query`
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }
}

/// What to answer.
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Nothing, ever.
    Silence,
}

impl Reply {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

#[expect(clippy::needless_pass_by_value, reason = "tests write the body in place")]
pub(crate) fn reply(status: u16, body: impl ToString) -> Reply {
    Reply::Answer { status, headers: Vec::new(), body: body.to_string() }
}

/// What is reported of a job that passed.
pub(crate) fn passed_status() -> CommitStatus {
    CommitStatus {
        state: CommitState::Success,
        context: "ci/roundel: build".into(),
        description: "Your tests passed on Roundel!".into(),
        target_url: "https://ci/job/1".into(),
        branch: None,
    }
}

/// A server on loopback that answers by a rule and remembers what it was asked.
pub(crate) struct Fake {
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Fake {
    /// The rule gets the request and how many came before it.
    pub(crate) async fn start(
        rule: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (rule, memory) = (Arc::new(rule), Arc::clone(&seen));
        let answer = move |request: Request| {
            let (rule, memory) = (Arc::clone(&rule), Arc::clone(&memory));
            async move { answer(request, &*rule, &memory).await }
        };
        let service = Router::new().fallback(answer);
        let task = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { url, seen, task }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }

    /// Settings for a client that asks once.
    pub(crate) fn settings_without_repeats(
        &self,
        kind: ForgeKind,
        api_path: &str,
    ) -> ForgeSettings {
        let retry = RetryPolicy { repeats: 0, ..BRISK };
        ForgeSettings { retry, ..self.settings(kind, api_path) }
    }

    pub(crate) fn settings(&self, kind: ForgeKind, api_path: &str) -> ForgeSettings {
        ForgeSettings {
            kind,
            web_url: self.url.clone(),
            api_url: self.url.join(api_path).unwrap(),
            client_id: "the-id".into(),
            client_secret: "the-secret".into(),
            known_hosts: String::new(),
            public_url: "https://ci.example.org".into(),
            retry: BRISK,
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    request: Request,
    rule: &(dyn Fn(&Seen, usize) -> Reply + Send + Sync),
    memory: &Mutex<Vec<Seen>>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let seen = Seen {
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().unwrap().to_string(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let reply = {
        let mut memory = memory.lock().unwrap();
        let reply = rule(&seen, memory.len());
        memory.push(seen);
        reply
    };
    match reply {
        Reply::Silence => pending().await,
        Reply::Answer { status, headers, body } => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
    }
}

/// Short enough for tests, long enough for a busy machine.
const BRISK: RetryPolicy = RetryPolicy {
    timeout: Duration::from_secs(5),
    first_delay: Duration::from_millis(1),
    repeats: 2,
};

fn client_with(settings: ForgeSettings) -> Client {
    let dialect = Dialect {
        headers: fixed_headers(&[("accept", "application/json")]),
        diagnose: |answer| {
            let class = match answer.status {
                429 => ErrorClass::RateLimited,
                500.. => ErrorClass::Unavailable,
                _ => ErrorClass::Invalid,
            };
            Diagnosis::new(class, plain_messages(answer), None::<String>)
        },
        page: |answer| Ok(Page { items: answer.json()?, next: link_next(answer.header("link")) }),
        page_size: "n",
    };
    Client::new(settings, dialect).unwrap()
}

fn client(fake: &Fake) -> Client {
    client_with(fake.settings(ForgeKind::GitHub, "/"))
}

fn get(fake: &Fake, path: &str) -> Call {
    Call::get("read a thing", fake.url.join(path).unwrap()).by(&Secret::from("hunter2"))
}

fn post(fake: &Fake, path: &str) -> Call {
    Call::new(Method::POST, "write a thing", fake.url.join(path).unwrap())
        .by(&Secret::from("hunter2"))
        .json(json!({ "a": 1 }))
}

#[tokio::test]
async fn a_read_follows_a_redirect_on_the_same_host_with_its_token() {
    let fake = Fake::start(|seen, _| match seen.target.as_str() {
        "/old" => reply(301, "").with("location", "/new?x=1"),
        _ => reply(200, "here"),
    })
    .await;
    let answer = client(&fake).send(&get(&fake, "/old")).await.unwrap();
    assert_eq!(&answer.body[..], b"here");
    let seen = fake.seen();
    assert_eq!(seen[1].line(), "GET /new?x=1");
    assert_eq!(seen[1].header("authorization"), "Bearer hunter2");
    assert!(seen[1].header("user-agent").ends_with("(+https://ci.example.org)"));
}

#[tokio::test]
async fn a_write_keeps_method_and_body_over_a_307_and_stops_at_a_302() {
    let fake = Fake::start(|seen, _| match seen.target.as_str() {
        "/moved" => reply(307, "").with("location", "/new"),
        "/found" => reply(302, "").with("location", "/new"),
        _ => reply(201, "{}"),
    })
    .await;
    client(&fake).send(&post(&fake, "/moved")).await.unwrap();
    let seen = fake.seen();
    assert_eq!((seen[1].line(), seen[1].json()), ("POST /new".into(), json!({ "a": 1 })));
    let error = client(&fake).send(&post(&fake, "/found")).await.err().unwrap();
    assert_eq!(error.status, Some(302));
    assert_eq!(fake.lines().len(), 3);
}

// A redirect to a stranger would carry the token off.
#[tokio::test]
async fn a_redirect_to_another_host_is_refused_and_that_host_is_never_asked() {
    let stranger = Fake::start(|_, _| reply(200, "thank you")).await;
    let elsewhere = stranger.url.to_string();
    // A sign-in page of a network is left for as soon as someone has signed in there; a move lasts.
    for (status, class) in [
        (301, ErrorClass::Broken),
        (302, ErrorClass::Unavailable),
        (303, ErrorClass::Unavailable),
        (307, ErrorClass::Unavailable),
        (308, ErrorClass::Broken),
    ] {
        let elsewhere = elsewhere.clone();
        let fake =
            Fake::start(move |_, _| reply(status, "").with("location", elsewhere.clone())).await;
        // Final commit statuses are written, and are lost if a sign-in page is taken for the forge.
        for call in [get(&fake, "/"), post(&fake, "/")] {
            let error = client(&fake).send(&call).await.err().unwrap();
            assert_eq!(error.class, class, "{status} {}", call.method);
            // The same host at another port is another server.
            assert!(error.reason.contains("which is not the address that is set"), "{error}");
        }
    }
    let other_host = elsewhere.replace("127.0.0.1", "localhost");
    let fake = Fake::start(move |_, _| reply(302, "").with("location", other_host.clone())).await;
    let error = client(&fake).send(&get(&fake, "/")).await.err().unwrap();
    assert!(error.reason.contains("another host, localhost"), "{error}");
    assert!(stranger.seen().is_empty());
}

#[tokio::test]
async fn a_loop_of_redirects_ends() {
    let fake = Fake::start(|_, _| reply(302, "").with("location", "/again")).await;
    let error = client(&fake).send(&get(&fake, "/")).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::Broken);
    assert_eq!(fake.seen().len(), 6, "the call and five redirects");
}

#[tokio::test]
async fn a_read_is_repeated_while_the_forge_is_unavailable() {
    let fake = Fake::start(|_, before| match before {
        0 => reply(502, "<html><head><title>502 Bad Gateway</title></head></html>"),
        1 => reply(503, ""),
        _ => reply(200, "at last"),
    })
    .await;
    let answer = client(&fake).send(&get(&fake, "/")).await.unwrap();
    assert_eq!(&answer.body[..], b"at last");
}

#[tokio::test]
async fn a_call_fails_after_two_repeats_with_the_words_of_the_forge() {
    let page = "<html><head><title>502 Bad\n Gateway</title></head><body>long</body></html>";
    let fake = Fake::start(move |_, _| reply(502, page)).await;
    let error = client(&fake).send(&get(&fake, "/")).await.err().unwrap();
    assert_eq!((error.class, error.status), (ErrorClass::Unavailable, Some(502)));
    assert_eq!(error.details, ["502 Bad Gateway"]);
    assert_eq!(fake.seen().len(), 3);
}

// The answer may be lost after the work was done: a second POST would do it twice.
#[tokio::test]
async fn a_write_is_never_repeated_unless_it_is_safe() {
    let fake = Fake::start(|_, _| reply(500, "oops")).await;
    let error = client(&fake).send(&post(&fake, "/")).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::Unavailable);
    assert_eq!(fake.seen().len(), 1);
    let _error = client(&fake).send(&post(&fake, "/").repeatable()).await.err().unwrap();
    assert_eq!(fake.seen().len(), 4);
}

#[tokio::test]
async fn a_forge_that_asks_to_slow_down_is_not_asked_again() {
    let fake = Fake::start(|_, _| reply(429, "slow").with("retry-after", "17")).await;
    let error = client(&fake).send(&get(&fake, "/")).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::RateLimited);
    assert_eq!(error.retry_after, Some(Duration::from_secs(17)));
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn a_forge_that_hangs_is_left_after_the_time_out_and_not_asked_again() {
    let fake = Fake::start(|_, _| Reply::Silence).await;
    let mut settings = fake.settings(ForgeKind::GitHub, "/");
    settings.retry.timeout = Duration::from_millis(300);
    let error = client_with(settings).send(&get(&fake, "/")).await.err().unwrap();
    assert_eq!((error.class, error.status), (ErrorClass::Unavailable, None));
    assert!(error.reason.contains("no answer within 0.3 s"), "{error}");
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn a_forge_that_is_down_is_unavailable() {
    let fake = Fake::start(|_, _| reply(200, "")).await;
    let client = client(&fake);
    // A port that was just free, with no server behind it.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = Url::parse(&format!("http://{free}/")).unwrap();
    let error = client.send(&Call::get("read a thing", url)).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::Unavailable);
    assert!(error.reason.contains("127.0.0.1 cannot be reached"), "{error}");
}

#[tokio::test]
async fn half_an_answer_is_not_an_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let server = tokio::spawn(async move {
        for _ in 0..3 {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _length = socket.read(&mut request).await.unwrap();
            let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[1, 2";
            socket.write_all(half).await.unwrap();
        }
    });
    let fake = Fake::start(|_, _| reply(200, "")).await;
    let error = client(&fake).send(&Call::get("read a thing", url)).await.err().unwrap();
    assert_eq!((error.class, error.status), (ErrorClass::Unavailable, None));
    server.await.unwrap();
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let fake = Fake::start(|_, _| reply(200, "x".repeat(ANSWER_BYTES + 1))).await;
    let error = client(&fake).send(&get(&fake, "/")).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::Broken);
    assert!(error.reason.contains("8 MiB"), "{error}");
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page() {
    let fake = Fake::start(|seen, _| match seen.target.as_str() {
        "/list?n=100" => reply(200, "[1,2]").with("link", r#"</list?page=2>; rel="next""#),
        "/list?page=2" => reply(200, "[3]").with("link", r#"</list>; rel="first""#),
        other => reply(404, other),
    })
    .await;
    let items = client(&fake).list::<serde_json::Value>(get(&fake, "/list")).await.unwrap();
    assert_eq!(items, [json!(1), json!(2), json!(3)]);
    assert_eq!(fake.seen()[1].header("authorization"), "Bearer hunter2");
}

/// A list that people choose from shows the rest; one that decides what is created must be whole.
#[tokio::test]
async fn an_unreadable_entry_is_left_out_of_a_list_to_choose_from_only() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Named {
        name: String,
    }
    let fake = Fake::start(|_, _| reply(200, r#"[{"name":"a"},{"nam":"b"},{"name":"c"}]"#)).await;
    let call = || get(&fake, "/list");
    let kept: Vec<Named> = client(&fake).list_readable(call()).await.unwrap();
    assert_eq!(kept.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    let error = client(&fake).list::<Named>(call()).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::Broken);
    assert!(error.reason.contains("missing field `name`"), "{error}");
}

#[tokio::test]
async fn an_entry_with_a_value_of_another_type_is_reported_with_its_field() {
    #[derive(Debug, serde::Deserialize)]
    struct Entry {
        #[expect(dead_code, reason = "read to fail")]
        owner: Owner,
    }
    #[derive(Debug, serde::Deserialize)]
    struct Owner {
        #[expect(dead_code, reason = "read to fail")]
        id: u64,
    }
    let fake = Fake::start(|_, _| reply(200, r#"[{"owner":{"id":"seven"}}]"#)).await;
    let error = client(&fake).list::<Entry>(get(&fake, "/list")).await.err().unwrap();
    assert!(error.reason.contains("owner.id: invalid type: string"), "{error}");
}

#[tokio::test]
async fn a_page_on_another_host_is_not_fetched() {
    let stranger = Fake::start(|_, _| reply(200, "[]")).await;
    let next = format!("<{}list>; rel=\"next\"", stranger.url);
    let fake = Fake::start(move |_, _| reply(200, "[1]").with("link", next.clone())).await;
    let error = client(&fake).list::<serde_json::Value>(get(&fake, "/list")).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::Broken);
    assert!(stranger.seen().is_empty());
}

#[tokio::test]
async fn pages_in_a_loop_and_pages_without_end_are_noticed() {
    let looping =
        Fake::start(|_, _| reply(200, "[1]").with("link", r#"</list?n=100>; rel="next""#)).await;
    let error =
        client(&looping).list::<serde_json::Value>(get(&looping, "/list")).await.err().unwrap();
    assert!(error.reason.contains("loop"), "{error}");
    assert_eq!(looping.seen().len(), 1);

    let endless = Fake::start(|_, before| {
        reply(200, "[]").with("link", format!("</list?page={before}>; rel=\"next\""))
    })
    .await;
    let error =
        client(&endless).list::<serde_json::Value>(get(&endless, "/list")).await.err().unwrap();
    assert!(error.reason.contains("1000 pages"), "{error}");
    assert_eq!(endless.seen().len(), 1_000);
}

// Half a list would make the missing half look deleted.
#[tokio::test]
async fn a_list_whose_second_page_fails_is_an_error() {
    let fake = Fake::start(|seen, _| match seen.target.as_str() {
        "/list?n=100" => reply(200, "[1]").with("link", r#"</list?page=2>; rel="next""#),
        _ => reply(500, ""),
    })
    .await;
    let error = client(&fake).list::<serde_json::Value>(get(&fake, "/list")).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::Unavailable);
}

#[tokio::test]
async fn an_error_does_not_repeat_the_token_or_the_key_of_a_webhook() {
    let fake = Fake::start(|seen, _| {
        reply(400, format!("bad request: {} {}", seen.header("authorization"), seen.body))
    })
    .await;
    let call = post(&fake, "/hooks")
        .by(&Secret::from("token-of-user"))
        .json(json!({ "url": "https://ci", "config": { "secret": "signing-key" } }));
    let error = client(&fake).send(&call).await.err().unwrap();
    let text = format!("{error} {error:?}");
    assert!(text.contains("Bearer ***") && text.contains("https://ci"), "{text}");
    assert!(!text.contains("token-of-user") && !text.contains("signing-key"), "{text}");
}

#[tokio::test]
async fn markup_is_not_shown_as_the_words_of_the_forge() {
    for (status, body) in [(500, "<h1>oops</h1>"), (503, " <!DOCTYPE html><p>oops"), (502, "<div>")]
    {
        let fake = Fake::start(move |_, _| reply(status, body)).await;
        let error = client(&fake).send(&post(&fake, "/")).await.err().unwrap();
        assert!(error.reason.contains("unavailable"), "{error}");
        assert!(!error.reason.contains('<') && !error.reason.contains("oops"), "{error}");
    }
    let page = || reply(500, "oops").with("content-type", "text/html; charset=utf-8");
    let fake = Fake::start(move |_, _| page()).await;
    let error = client(&fake).send(&post(&fake, "/")).await.err().unwrap();
    assert!(!error.reason.contains("oops"), "{error}");
}

#[tokio::test]
async fn no_error_shows_a_token() {
    let fake = Fake::start(|_, _| reply(400, "no")).await;
    let odd = Call::get("read a thing", fake.url.clone()).by(&Secret::from("hunter2\n"));
    let error = client(&fake).send(&odd).await.err().unwrap();
    assert_eq!(error.class, ErrorClass::Broken);
    assert!(fake.seen().is_empty());
    let refused = client(&fake).send(&get(&fake, "/")).await.err().unwrap();
    for error in [error, refused] {
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
