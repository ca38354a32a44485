//! What proxies, firewalls, API gateways and sign-in pages of a network answer in place of a forge, and
//! that no call takes it for the forge's.

use super::*;
use crate::error::ForgeError;

/// Bodies of refusals that are not a forge's.
const REFUSALS: [&str; 18] = [
    "",
    "Unauthorized",
    "<!DOCTYPE html><title>Sign in to the network</title>",
    "<html><head><title>404 Not Found</title></head></html>",
    "{}",
    "[]",
    "null",
    r#"{"error":"unauthorized"}"#,
    r#"{"error":"invalid_token","error_description":"The access token is invalid"}"#,
    r#"{"message":"no"}"#,
    r#"{"message":"Unauthorized"}"#,
    r#"{"message":"Forbidden"}"#,
    r#"{"message":"no Route matched with those values","request_id":"3ad1"}"#,
    r#"{"statusCode":404,"message":"Resource not found"}"#,
    r#"{"error":{"message":"Not Found"}}"#,
    r#"{"error":{"code":403,"message":"Denied","status":"PERMISSION_DENIED"}}"#,
    r#"{"fault":{"faultstring":"Invalid call","detail":{"errorcode":"not.found"}}}"#,
    r#"{"type":"about:blank","title":"Not Found","status":404}"#,
];

/// The statuses of refusals, but for 429 and 5xx, which mean "later" from every sender.
const STATUSES: [u16; 34] = [
    300, 303, 304, 305, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414,
    415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 431, 444, 451, 499,
];

/// What is answered with success in place of a file: status, content type, body.
const NOT_A_FILE: [(u16, &str, &str); 12] = [
    (200, "text/html", "Back soon"),
    (200, "Text/HTML; charset=utf-8", "Back soon"),
    (200, "application/xhtml+xml", "Back soon"),
    (200, "", "<!DOCTYPE html><p>Back soon"),
    (200, "text/plain", "<HTML>Back soon"),
    (200, "text/plain", "\u{feff}\r\n <html>Back soon"),
    (200, "text/plain", "<!-- blocked --><html>"),
    (200, "application/json", r#"{"type":"error","error":{"message":"no"}}"#),
    (200, "application/json", r#"{"message":"no Route matched with those values"}"#),
    (200, "application/json", r#"{"error":"no"}"#),
    (202, "text/plain", "Accepted"),
    (204, "", ""),
];

/// A forge behind something that answers for it what the test sets.
struct Behind {
    forge: Box<dyn Forge>,
    answer: Arc<Mutex<(u16, &'static str, &'static str)>>,
    _fake: Fake,
}

impl Behind {
    async fn start(connect: fn(&Fake) -> Box<dyn Forge>) -> Self {
        let answer = Arc::new(Mutex::new((0, "", "")));
        let next = Arc::clone(&answer);
        let fake = Fake::start(move |_, _| {
            let (status, kind, body) = *next.lock().unwrap();
            let answer = reply(status, body);
            if kind.is_empty() { answer } else { answer.with("content-type", kind) }
        })
        .await;
        Self { forge: connect(&fake), answer, _fake: fake }
    }

    fn answers(&self, status: u16, kind: &'static str, body: &'static str) {
        *self.answer.lock().unwrap() = (status, kind, body);
    }

    /// Makes one call of each kind, and returns the errors with what was called.
    async fn errors(&self, repository: &RepositoryRef) -> Vec<(&'static str, Option<ForgeError>)> {
        let (forge, token) = (&self.forge, Secret::from("token"));
        let sha = CommitSha::from("a".repeat(40));
        let status = passed_status();
        vec![
            ("file", forge.file_at(&token, repository, &sha, "config.yml").await.err()),
            ("commit", forge.commit(&token, repository, sha.as_str()).await.err()),
            ("branch", forge.branch_head(&token, repository, "main").await.err()),
            ("repository", forge.repository_by_id(&token, &repository.id).await.err()),
            ("token", forge.check_token(&token).await.err()),
            ("renewal", forge.refresh(&Secret::from("refresh")).await.err()),
            ("status", forge.post_status(&token, repository, &sha, &status).await.err()),
            ("delete", forge.delete_deploy_key(&token, repository, "7").await.err()),
        ]
    }
}

/// Checks that every call takes every foreign refusal for an outage: what follows from a refusal of the
/// forge lasts, such as an account that is disconnected, a push that ends, a commit status that is given up.
pub(crate) async fn a_foreign_refusal_is_an_outage(
    repository: &RepositoryRef,
    connect: fn(&Fake) -> Box<dyn Forge>,
) {
    let behind = Behind::start(connect).await;
    for status in STATUSES {
        for body in REFUSALS {
            behind.answers(status, "", body);
            for (call, error) in behind.errors(repository).await {
                let error = error.unwrap();
                let seen = (error.class, error.status);
                let expected = (ErrorClass::Unavailable, Some(status));
                assert_eq!(seen, expected, "{call}: {status} {body}: {error}");
                assert!(error.reason.contains("check the proxy or firewall"), "{error}");
                assert!(!error.reason.contains("Sign in with"), "{error}");
            }
        }
    }
}

/// Checks that what is answered with success in place of a file is not returned as the file.
pub(crate) async fn a_foreign_success_is_not_a_file(
    repository: &RepositoryRef,
    connect: fn(&Fake) -> Box<dyn Forge>,
) {
    let behind = Behind::start(connect).await;
    let (token, sha) = (Secret::from("token"), CommitSha::from("a".repeat(40)));
    for (status, kind, body) in NOT_A_FILE {
        behind.answers(status, kind, body);
        let read = behind.forge.file_at(&token, repository, &sha, "config.yml").await;
        let error = read.unwrap_err();
        assert_eq!(error.class, ErrorClass::Unavailable, "{status} {kind} {body}: {error}");
    }
}

/// Checks that a web page with success deletes nothing.
pub(crate) async fn a_page_deletes_nothing(
    repository: &RepositoryRef,
    connect: fn(&Fake) -> Box<dyn Forge>,
) {
    let behind = Behind::start(connect).await;
    behind.answers(200, "text/html", "<html>Sign in to the network</html>");
    let gone = behind.forge.delete_deploy_key(&Secret::from("token"), repository, "7").await;
    assert_eq!(gone.unwrap_err().class, ErrorClass::Unavailable);
}

/// Checks that a file that something else denies is not absent, also where the rest is the forge's.
/// `files` is the part of an address that those of files have.
pub(crate) async fn denied_is_not_absent(
    files: &'static str,
    repository: &RepositoryRef,
    connect: fn(&Fake) -> Box<dyn Forge>,
) {
    let sha = CommitSha::from("a".repeat(40));
    for body in REFUSALS {
        let commit = json!({ "sha": sha, "hash": sha });
        let fake = Fake::start(move |seen, _| {
            if seen.target.contains(files) { reply(404, body) } else { reply(200, commit.clone()) }
        })
        .await;
        let (forge, token) = (connect(&fake), Secret::from("token"));
        let file = forge.file_at(&token, repository, &sha, ".circleci/config.yml").await;
        assert_eq!(file.unwrap_err().class, ErrorClass::Unavailable, "{body}");
    }
}

/// Checks that a file is absent only if the forge says so twice: a push without a configuration ends
/// without a word on the commit.
pub(crate) async fn absent_is_asked_twice(
    files: &'static str,
    repository: &RepositoryRef,
    [not_found, file]: [serde_json::Value; 2],
    connect: fn(&Fake) -> Box<dyn Forge>,
) {
    let sha = CommitSha::from("a".repeat(40));
    let commit = json!({ "sha": sha, "hash": sha });
    let fake = Fake::start(move |seen, before| {
        if !seen.target.contains(files) {
            reply(200, &commit)
        } else if before == 0 {
            reply(404, &not_found)
        } else {
            reply(200, &file)
        }
    })
    .await;
    let (forge, token) = (connect(&fake), Secret::from("token"));
    let read = forge.file_at(&token, repository, &sha, ".circleci/config.yml").await;
    assert!(read.unwrap().is_some());
    assert_eq!(fake.seen().len(), 3, "the file, its commit, the file");
}
