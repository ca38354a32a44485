//! The GitHub client against a server that does what the test says. Whether GitHub's own words are
//! right is judged by its API description, in the contract test.

use std::time::Duration;

use roundel_model::{
    forge::{ForgeKind, RepositoryId, Role},
    name::CommitSha,
    secret::Secret,
};
use serde_json::{Value, json};

use super::*;
use crate::{
    api::*,
    error::ErrorClass,
    http::tests::{Fake, Reply, Seen, foreign, passed_status, reply},
};

mod statuses;

fn github(fake: &Fake) -> GitHub {
    GitHub::new(fake.settings(ForgeKind::GitHub, "/api/v3")).unwrap()
}

fn web() -> RepositoryRef {
    RepositoryRef { id: RepositoryId("7".into()), owner: "acme".into(), name: "web".into() }
}

fn token() -> AccessToken {
    Secret::from("gho_token")
}

fn sha() -> CommitSha {
    CommitSha::from("a".repeat(40))
}

/// A repository as GitHub writes it, as short as we can read it.
fn repo(id: u64, permissions: &Value) -> Value {
    json!({
        "id": id, "name": "web", "full_name": "acme/web", "private": true, "archived": false,
        "owner": { "id": 3, "login": "acme", "avatar_url": "https://a/3" },
        "default_branch": "main", "ssh_url": "ssh://git@h:22/acme/web.git",
        "html_url": "https://h/acme/web", "permissions": permissions,
    })
}

/// How the client understands one answer to reading a repository.
async fn refusal(rule: impl Fn() -> Reply + Send + Sync + 'static) -> ForgeError {
    let fake = Fake::start(move |_, _| rule()).await;
    github(&fake).repository(&token(), "acme", "web").await.unwrap_err()
}

fn said(message: &str) -> Value {
    json!({ "message": message, "documentation_url": "https://docs.github.com/rest" })
}

#[tokio::test]
async fn every_request_says_who_asks_and_in_which_version() {
    let fake = Fake::start(|_, _| reply(200, repo(7, &json!({})))).await;
    github(&fake).repository(&token(), "acme", "web").await.unwrap();
    let seen = &fake.seen()[0];
    assert_eq!(seen.line(), "GET /api/v3/repos/acme/web");
    assert_eq!(seen.header("accept"), "application/vnd.github+json");
    assert_eq!(seen.header("x-github-api-version"), "2022-11-28");
    assert_eq!(seen.header("authorization"), "Bearer gho_token");
    assert!(seen.header("user-agent").starts_with("Roundel/"));
}

#[tokio::test]
async fn the_role_is_the_highest_permission() {
    let cases = [
        (json!({ "admin": true, "push": true, "pull": true }), Some(Role::Admin)),
        (json!({ "maintain": true, "pull": true }), Some(Role::Write)),
        (json!({ "push": true, "pull": true }), Some(Role::Write)),
        (json!({ "triage": true, "pull": true }), Some(Role::Read)),
        (json!({ "pull": true }), Some(Role::Read)),
        (json!({}), None),
    ];
    for (permissions, role) in cases {
        let answer = repo(7, &permissions);
        let fake = Fake::start(move |_, _| reply(200, &answer)).await;
        let read = github(&fake).repository(&token(), "acme", "web").await.unwrap();
        assert_eq!(read.role, role, "{permissions}");
    }
}

// One entry that lacks its id must not hide the two that do not.
#[tokio::test]
async fn the_list_of_repositories_skips_what_cannot_be_read() {
    let fake = Fake::start(|seen, _| {
        if seen.target.contains("page=2") {
            return reply(200, json!([repo(2, &json!({}))]));
        }
        reply(200, json!([repo(1, &json!({})), { "name": "no id" }]))
            .with("link", r#"</api/v3/user/repos?page=2>; rel="next""#)
    })
    .await;
    let ids: Vec<String> =
        github(&fake).repositories(&token()).await.unwrap().into_iter().map(|r| r.id.0).collect();
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(
        fake.lines()[0],
        "GET /api/v3/user/repos?affiliation=owner%2Ccollaborator%2Corganization_member\
         &sort=full_name&per_page=100"
    );
}

#[tokio::test]
async fn a_renamed_repository_is_found_by_its_old_name_and_by_its_id() {
    let fake = Fake::start(|seen, _| match seen.target.as_str() {
        "/api/v3/repos/acme/old" => {
            reply(301, said("Moved Permanently")).with("location", "/api/v3/repositories/7")
        }
        _ => reply(200, repo(7, &json!({ "pull": true }))),
    })
    .await;
    let github = github(&fake);
    let by_name = github.repository(&token(), "acme", "old").await.unwrap();
    let by_id = github.repository_by_id(&token(), &RepositoryId("7".into())).await.unwrap();
    assert_eq!((by_name.name.as_str(), &by_name), ("web", &by_id));
}

#[tokio::test]
async fn refusals_are_sorted_by_what_may_be_done_about_them() {
    let restricted = "Although you appear to have the correct authorization credentials, the \
                      `acme` organization has enabled OAuth App access restrictions, meaning that \
                      data access to third-parties is limited.";
    let cases = [
        (401, "Bad credentials", ErrorClass::Unauthorized, "Sign in with GitHub again"),
        (401, "Requires authentication", ErrorClass::Broken, ""),
        (403, restricted, ErrorClass::Forbidden, "grant this server's OAuth app access"),
        (403, "Repository was archived so is read-only.", ErrorClass::Forbidden, "unarchive"),
        (403, "Must have admin rights to Repository.", ErrorClass::Forbidden, "administrator"),
        (403, "Repository access blocked", ErrorClass::Forbidden, "blocked"),
        (403, "You have exceeded a secondary rate limit.", ErrorClass::RateLimited, ""),
        (403, "API rate limit exceeded for user ID 1.", ErrorClass::RateLimited, ""),
        (404, "Not Found", ErrorClass::NotFound, "administrator"),
        (409, "Git Repository is empty.", ErrorClass::NotFound, ""),
        (410, "Gone", ErrorClass::NotFound, ""),
        (400, "Problems parsing JSON", ErrorClass::Invalid, ""),
        (422, "Validation Failed", ErrorClass::Invalid, ""),
        (429, "slow", ErrorClass::RateLimited, ""),
        (451, "Repository access blocked", ErrorClass::Forbidden, "taken it down"),
        (500, "Server Error", ErrorClass::Unavailable, ""),
        (302, "", ErrorClass::Broken, ""),
    ];
    for (status, message, class, hint) in cases {
        let error = refusal(move || reply(status, said(message))).await;
        assert_eq!((error.class, error.status), (class, Some(status)), "{message}");
        assert!(error.reason.contains(hint), "{error}");
        assert!(error.says(message), "{error}");
    }
}

#[tokio::test]
async fn a_limit_says_how_long_to_wait() {
    let error = refusal(|| {
        reply(403, said("API rate limit exceeded"))
            .with("x-ratelimit-remaining", "0")
            .with("x-ratelimit-reset", "1795334430")
            .with("date", "Sun, 22 Nov 2026 08:00:00 GMT")
    })
    .await;
    assert_eq!(error.class, ErrorClass::RateLimited);
    assert_eq!(error.retry_after, Some(Duration::from_secs(31)));

    let without_time =
        refusal(|| reply(403, said("You have exceeded a secondary rate limit"))).await;
    assert_eq!(without_time.retry_after, Some(Duration::from_mins(1)));

    let with_time = refusal(|| reply(403, said("Forbidden")).with("retry-after", "5")).await;
    assert_eq!(
        (with_time.class, with_time.retry_after),
        (ErrorClass::RateLimited, Some(Duration::from_secs(5)))
    );
}

// GitHub hides what a scope would show; the answer is to ask for the scope, not to give up.
#[tokio::test]
async fn a_404_for_lack_of_a_scope_names_the_scope() {
    let scoped = |granted: &'static str| {
        move || {
            reply(404, said("Not Found"))
                .with("x-oauth-scopes", granted)
                .with("x-accepted-oauth-scopes", "admin:repo_hook, repo")
                .with("x-github-request-id", "ABCD:1")
        }
    };
    let error = refusal(scoped("read:org, public_repo")).await;
    assert_eq!(error.class, ErrorClass::Forbidden);
    assert!(error.reason.contains("lacks the scope `admin:repo_hook` or `repo`"), "{error}");
    assert!(error.reason.ends_with("[request ABCD:1]"), "{error}");
    assert_eq!(refusal(scoped("repo, user")).await.class, ErrorClass::NotFound);
}

#[tokio::test]
async fn an_error_that_is_not_json_is_still_diagnosed() {
    let error = refusal(|| reply(410, "<!DOCTYPE html><title>No such page</title>")).await;
    assert_eq!(
        (error.class, error.details),
        (ErrorClass::Unavailable, vec!["No such page".into()])
    );
    let plain = refusal(|| reply(418, "I am\n a teapot")).await;
    assert_eq!(plain.details, ["I am a teapot"]);
    let page = refusal(|| reply(200, "<html>Welcome</html>")).await;
    assert_eq!(page.class, ErrorClass::Unavailable);
    assert!(page.reason.contains("not JSON (a web page?)"), "{page}");
    let slow = refusal(|| reply(403, "<title>Slow</title>").with("retry-after", "5")).await;
    assert_eq!(slow.class, ErrorClass::RateLimited, "{slow}");
}

fn behind(fake: &Fake) -> Box<dyn Forge> {
    Box::new(GitHub::new(fake.settings_without_repeats(ForgeKind::GitHub, "/api/v3")).unwrap())
}

#[tokio::test]
async fn a_refusal_in_another_form_than_githubs_is_not_githubs() {
    foreign::a_foreign_refusal_is_an_outage(&web(), behind).await;
}

#[tokio::test]
async fn a_success_in_another_form_than_githubs_is_not_githubs() {
    foreign::a_foreign_success_is_not_a_file(&web(), behind).await;
    foreign::a_page_deletes_nothing(&web(), behind).await;
}

#[tokio::test]
async fn a_large_file_is_not_what_a_proxy_sends_in_place_of_it() {
    let fake = Fake::start(|seen, _| {
        if seen.header("accept") == "application/vnd.github.raw+json" {
            reply(200, "<html>Back soon</html>").with("content-type", "text/plain")
        } else {
            reply(200, json!({ "type": "file", "encoding": "none", "content": "" }))
        }
    })
    .await;
    let error = github(&fake).file_at(&token(), &web(), &sha(), "big").await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unavailable, "{error}");
}

#[tokio::test]
async fn a_404_that_is_not_the_forges_says_nothing_about_what_is_there() {
    foreign::denied_is_not_absent("/contents/", &web(), behind).await;
    let file = json!({ "type": "file", "encoding": "base64", "content": "dmVyc2lvbjogMi4x" });
    foreign::absent_is_asked_twice("/contents/", &web(), [said("Not Found"), file], behind).await;
}

/// Some of GitHub's own errors name no page of the documentation.
#[tokio::test]
async fn githubs_own_refusals_are_known_in_each_of_their_forms() {
    let blocked = json!({
        "message": "Repository access blocked",
        "block": { "reason": "dmca", "created_at": "2021-04-22T17:53:56Z", "html_url": "https://h/x" },
    });
    let error = refusal(move || reply(451, &blocked)).await;
    assert_eq!(error.class, ErrorClass::Forbidden, "{error}");
    let with_id = |status, message: &'static str| {
        refusal(move || {
            reply(status, json!({ "message": message })).with("x-github-request-id", "ABCD:1")
        })
    };
    assert_eq!(with_id(401, "Bad credentials").await.class, ErrorClass::Unauthorized);
    assert_eq!(with_id(404, "Not Found").await.class, ErrorClass::NotFound);
    let page = || reply(404, "<html>Not Found</html>").with("x-github-request-id", "ABCD:1");
    assert_eq!(refusal(page).await.class, ErrorClass::Unavailable, "the API answers in JSON");

    let unknown_client = || reply(404, json!({ "error": "Not Found" }));
    let fake =
        Fake::start(move |_, _| unknown_client().with("x-github-request-id", "ABCD:1")).await;
    let error = github(&fake).exchange_code("c", "r", "v").await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Forbidden, "{error}");
    assert!(error.reason.contains("correct the client id"), "{error}");
}

#[tokio::test]
async fn a_token_is_checked_with_one_call() {
    let fake = Fake::start(|seen, _| match seen.header("authorization") {
        "Bearer gho_token" => reply(200, json!({ "login": "ada", "id": 1 })),
        _ => reply(401, said("Bad credentials")),
    })
    .await;
    github(&fake).check_token(&token()).await.unwrap();
    let error = github(&fake).check_token(&Secret::from("gho_other")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unauthorized, "{error}");
    assert_eq!(fake.lines(), ["GET /api/v3/user", "GET /api/v3/user"]);
}

#[tokio::test]
async fn the_messages_of_a_422_can_be_matched() {
    let fake = Fake::start(|_, _| {
        let errors = json!([
            { "resource": "PublicKey", "code": "custom", "field": "key", "message": "key is already in use" },
            { "resource": "PublicKey", "code": "missing_field", "field": "title" },
            "plain words",
        ]);
        let mut body = said("Validation Failed");
        body["errors"] = errors;
        reply(422, body)
    })
    .await;
    let adding = github(&fake);
    let error = adding.create_deploy_key(&token(), &web(), "t", "k").await.unwrap_err();
    assert_eq!(
        error.details,
        ["Validation Failed", "key is already in use", "title is missing_field", "plain words"]
    );
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn the_consent_page_is_asked_with_scope_state_and_pkce() {
    let fake = Fake::start(|_, _| reply(200, "")).await;
    let url = github(&fake).authorize_url(&AuthorizeRequest {
        redirect_uri: "https://ci.example.org/login/github/callback".into(),
        state: "s t".into(),
        scopes: vec!["repo".into(), "read:org".into()],
        code_challenge: "challenge".into(),
        login: Some("ada".into()),
    });
    assert_eq!(url.path(), "/login/oauth/authorize");
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).unwrap().1.as_str();
    assert_eq!(value("client_id"), "the-id");
    assert_eq!(value("redirect_uri"), "https://ci.example.org/login/github/callback");
    assert_eq!((value("scope"), value("state")), ("repo read:org", "s t"));
    assert_eq!((value("code_challenge"), value("code_challenge_method")), ("challenge", "S256"));
    assert_eq!((value("login"), value("allow_signup")), ("ada", "false"));
}

fn form(seen: &Seen) -> Vec<(String, String)> {
    url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn a_code_becomes_a_grant() {
    let fake = Fake::start(|_, _| {
        reply(200, json!({
            "access_token": "ghu_1", "scope": "read:org,repo,user:email", "token_type": "bearer",
            "expires_in": 28_800, "refresh_token": "ghr_1", "refresh_token_expires_in": 15_811_200,
        }))
    })
    .await;
    let grant = github(&fake).exchange_code("c&1", "https://ci/cb", "verifier").await.unwrap();
    assert_eq!(grant.access.expose(), "ghu_1");
    assert_eq!(grant.scopes, ["read:org", "repo", "user:email"]);
    assert_eq!(grant.expires_in, Some(Duration::from_hours(8)));
    assert_eq!(grant.refresh.unwrap().expose(), "ghr_1");
    let seen = &fake.seen()[0];
    assert_eq!(seen.line(), "POST /login/oauth/access_token");
    assert_eq!(seen.header("accept"), "application/json");
    let expected = [
        ("client_id", "the-id"),
        ("client_secret", "the-secret"),
        ("code", "c&1"),
        ("redirect_uri", "https://ci/cb"),
        ("code_verifier", "verifier"),
    ];
    assert_eq!(form(seen), expected.map(|(key, value)| (key.into(), value.into())));
}

#[tokio::test]
async fn errors_of_the_exchange_arrive_with_status_200() {
    let cases = [
        ("bad_verification_code", ErrorClass::Invalid, "sign in once more"),
        ("incorrect_client_credentials", ErrorClass::Forbidden, "operator"),
        ("redirect_uri_mismatch", ErrorClass::Forbidden, "operator"),
        ("unverified_user_email", ErrorClass::Forbidden, "Verify your email"),
        ("something_new", ErrorClass::Invalid, "Sign in"),
    ];
    for (code, class, hint) in cases {
        let fake = Fake::start(move |_, _| {
            reply(200, json!({ "error": code, "error_description": "In their words." }))
        })
        .await;
        let error = github(&fake).exchange_code("c", "r", "v").await.unwrap_err();
        assert_eq!(error.class, class, "{code}");
        assert!(error.reason.contains(hint) && error.says(code), "{error}");
    }
    let fake = Fake::start(|_, _| reply(200, json!({ "error": "bad_refresh_token" }))).await;
    let error = github(&fake).refresh(&Secret::from("ghr_1")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unauthorized);
    // A gateway reports an error with success, too, and must not end a session.
    let fake = Fake::start(|_, _| reply(200, json!({ "error": "unauthorized" }))).await;
    let error = github(&fake).refresh(&Secret::from("ghr_1")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unavailable, "{error}");
    let fake = Fake::start(|_, _| reply(200, json!({ "token_type": "bearer" }))).await;
    let error = github(&fake).exchange_code("c", "r", "v").await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Broken);
}

/// An error that repeats the request showed the client's secret to everyone who tried to sign in.
#[tokio::test]
async fn what_was_sent_to_sign_in_is_in_no_error() {
    for status in [200, 401, 400, 500] {
        let fake = Fake::start(move |seen, _| {
            let said = format!("{} bad credentials in {}", "x".repeat(250), seen.body);
            let fields = form(seen).into_iter().map(|(_, value)| json!(value)).collect::<Vec<_>>();
            reply(
                status,
                json!({ "error": "odd", "error_description": said, "message": said,
                "errors": fields }),
            )
            .with("x-github-request-id", seen.body.clone())
        })
        .await;
        let exchange = github(&fake).exchange_code("code&1", "https://ci/cb", "verifier&1").await;
        let refresh = github(&fake).refresh(&Secret::from("ghr_token")).await;
        for error in [exchange.unwrap_err(), refresh.unwrap_err()] {
            let text = format!("{error} {error:?}");
            assert!(text.contains("***"), "{text}");
            for sent in ["the-sec", "code&1", "code%261", "verifier&1", "verifier%261", "ghr_"] {
                assert!(!text.contains(sent), "{sent} is in {text}");
            }
        }
    }
}

// A refresh token is good for one use: a repeat after a lost answer would burn the session.
#[tokio::test]
async fn a_refresh_is_never_repeated() {
    let fake = Fake::start(|_, _| reply(502, "")).await;
    let error = github(&fake).refresh(&Secret::from("ghr_1")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unavailable);
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn the_user_comes_with_scopes_and_the_primary_verified_address() {
    let fake = Fake::start(|seen, _| match seen.target.as_str() {
        "/api/v3/user" => reply(200, json!({ "id": 5, "login": "ada", "name": null }))
            .with("x-oauth-scopes", "read:org, repo"),
        _ => reply(
            200,
            json!([
                { "email": "old@example.org", "primary": false, "verified": true },
                { "email": "ada@example.org", "primary": true, "verified": true },
            ]),
        ),
    })
    .await;
    let (user, scopes) = github(&fake).current_user(&token()).await.unwrap();
    assert_eq!((user.id.0.as_str(), user.login.as_str(), user.name.as_str()), ("5", "ada", "ada"));
    assert_eq!(user.email.as_deref(), Some("ada@example.org"));
    assert_eq!(scopes, ["read:org", "repo"]);
}

#[tokio::test]
async fn an_address_that_is_not_verified_or_not_shown_is_not_used() {
    for emails in [
        (200, json!([{ "email": "ada@example.org", "primary": true, "verified": false }])),
        (404, said("Not Found")),
        (503, said("Unicorn!")),
    ] {
        let fake = Fake::start(move |seen, _| match seen.target.as_str() {
            "/api/v3/user" => reply(200, json!({ "id": 5, "login": "ada" })),
            _ => reply(emails.0, &emails.1),
        })
        .await;
        let (user, _) = github(&fake).current_user(&token()).await.unwrap();
        assert_eq!(user.email, None);
    }
}

#[tokio::test]
async fn a_file_is_read_at_the_commit_with_its_slashes_encoded() {
    let fake = Fake::start(|_, _| {
        reply(
            200,
            json!({ "type": "file", "encoding": "base64", "content": "dmVyc2lv\nbjogMi4x\n" }),
        )
    })
    .await;
    let path = ".circleci/config.yml";
    let file = github(&fake).file_at(&token(), &web(), &sha(), path).await.unwrap();
    assert_eq!(file.as_deref(), Some(b"version: 2.1".as_slice()));
    assert_eq!(
        fake.lines(),
        [format!("GET /api/v3/repos/acme/web/contents/.circleci%2Fconfig.yml?ref={}", sha())]
    );
}

#[tokio::test]
async fn a_file_over_a_megabyte_is_asked_for_as_it_is() {
    let fake = Fake::start(|seen, _| {
        if seen.header("accept") == "application/vnd.github.raw+json" {
            reply(200, "raw bytes")
        } else {
            reply(200, json!({ "type": "file", "encoding": "none", "content": "" }))
        }
    })
    .await;
    let file = github(&fake).file_at(&token(), &web(), &sha(), "big").await.unwrap();
    assert_eq!(file.as_deref(), Some(b"raw bytes".as_slice()));
}

#[tokio::test]
async fn a_directory_or_a_submodule_is_not_a_file() {
    for answer in [json!([{ "type": "file" }]), json!({ "type": "submodule" })] {
        let fake = Fake::start(move |_, _| reply(200, &answer)).await;
        let error = github(&fake).file_at(&token(), &web(), &sha(), "dir").await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Invalid);
        assert!(error.reason.contains("not a file"), "{error}");
    }
}

// 404 means "no such file", "no such commit" and "no such repository"; taking one for another would
// turn a vanished repository into "no config, nothing to build".
#[tokio::test]
async fn a_missing_file_is_distinguished_from_a_missing_commit_and_a_missing_repository() {
    let world = |commit: u16, repository: u16| {
        Fake::start(move |seen, _| {
            if seen.target.contains("/contents/") {
                reply(404, said("Not Found"))
            } else if seen.target.contains("/commits/") {
                match commit {
                    200 => reply(200, json!({ "sha": "a".repeat(40) })),
                    422 => reply(422, said("No commit found for SHA: aaaa")),
                    other => reply(other, said("Not Found")),
                }
            } else if repository == 200 {
                reply(200, repo(7, &json!({})))
            } else {
                reply(repository, said("Not Found"))
            }
        })
    };
    let file = async |fake: Fake| github(&fake).file_at(&token(), &web(), &sha(), "f").await;
    assert_eq!(file(world(200, 200).await).await.unwrap(), None);
    for (commit, repository) in [(422, 200), (404, 200), (404, 404)] {
        let error = file(world(commit, repository).await).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::NotFound, "{commit} {repository}");
    }
}

#[tokio::test]
async fn a_commit_is_read_with_the_account_of_its_author() {
    let fake = Fake::start(|_, _| {
        reply(
            200,
            json!({
                "sha": "b".repeat(40), "html_url": "https://h/c",
                "commit": { "message": "Add\n\nmore", "author": { "name": "Ada", "email": "a@x" } },
                "author": { "id": 5, "login": "ada", "avatar_url": "https://a" }, "parents": [],
            }),
        )
    })
    .await;
    let commit = github(&fake).commit(&token(), &web(), "feature/x").await.unwrap().unwrap();
    assert_eq!(commit.sha.as_str(), "b".repeat(40));
    assert_eq!(commit.message, "Add\n\nmore");
    assert_eq!(commit.author_login.as_deref(), Some("ada"));
    assert_eq!(fake.lines(), ["GET /api/v3/repos/acme/web/commits/feature%2Fx"]);
}

#[tokio::test]
async fn the_head_of_a_branch_is_none_if_branch_or_commits_are_missing() {
    let fake = Fake::start(|seen, _| match seen.target.as_str() {
        "/api/v3/repos/acme/web/git/ref/heads%2Ffeature%2Fx" => reply(
            200,
            json!({ "ref": "refs/heads/feature/x", "object": { "sha": "c".repeat(40) } }),
        ),
        "/api/v3/repos/acme/web" => reply(200, repo(7, &json!({}))),
        target if target.ends_with("empty") => reply(409, said("Git Repository is empty.")),
        _ => reply(404, said("Not Found")),
    })
    .await;
    let github = github(&fake);
    let head = async |branch| github.branch_head(&token(), &web(), branch).await.unwrap();
    assert_eq!(head("feature/x").await, Some(CommitSha::from("c".repeat(40))));
    assert_eq!(head("gone").await, None);
    assert_eq!(head("empty").await, None);
}

#[tokio::test]
async fn a_deploy_key_is_added_read_only_and_deleted_once_or_twice() {
    let fake = Fake::start(|seen, _| match seen.method.as_str() {
        "POST" => reply(
            201,
            json!({ "id": 9, "key": "ssh-ed25519 AAAA", "title": "t", "read_only": true }),
        ),
        "DELETE" => reply(404, said("Not Found")),
        _ => reply(200, json!([{ "id": 9, "key": "ssh-ed25519 AAAA" }])),
    })
    .await;
    let github = github(&fake);
    let key = github.create_deploy_key(&token(), &web(), "t", "ssh-ed25519 AAAA c").await.unwrap();
    assert_eq!((key.id.as_str(), key.read_only), ("9", true));
    let body = json!({ "title": "t", "key": "ssh-ed25519 AAAA c", "read_only": true });
    assert_eq!(fake.seen()[0].json(), body);
    let listed = github.deploy_keys(&token(), &web()).await.unwrap();
    assert!(!listed[0].read_only, "what is not said to be read-only may write");
    github.delete_deploy_key(&token(), &web(), "9").await.unwrap();
    assert_eq!(fake.lines()[2], "DELETE /api/v3/repos/acme/web/keys/9");
}

// A key or hook that is left out of the list would be taken for missing, and made again.
#[tokio::test]
async fn a_key_or_hook_that_cannot_be_read_is_an_error_and_not_left_out() {
    let keys = json!([{ "id": 9, "key": "ssh-ed25519 AAAA" }, { "id": 10, "title": "no key" }]);
    let hooks = json!([{ "id": 4, "config": { "url": "https://ci/h" } }, { "active": true }]);
    let fake = Fake::start(move |seen, _| {
        reply(200, if seen.target.contains("keys") { &keys } else { &hooks })
    })
    .await;
    let github = github(&fake);
    let keys = github.deploy_keys(&token(), &web()).await.unwrap_err();
    assert_eq!(keys.class, ErrorClass::Broken);
    assert!(keys.to_string().contains("list the deploy keys on GitHub"), "{keys}");
    assert!(keys.to_string().contains("missing field `key`"), "{keys}");
    let hooks = github.hooks(&token(), &web()).await.unwrap_err();
    assert_eq!(hooks.class, ErrorClass::Broken);
    assert!(hooks.reason.contains("missing field `id`"), "{hooks}");
}

#[tokio::test]
async fn a_key_or_hook_is_read_with_no_more_than_what_identifies_it() {
    let odd =
        json!({ "id": "9", "key": "ssh-ed25519 AAAA", "title": 1, "config": [], "events": 0 });
    let fake = Fake::start(move |_, _| reply(200, json!([odd]))).await;
    let github = github(&fake);
    assert_eq!(github.deploy_keys(&token(), &web()).await.unwrap()[0].id, "9");
    assert_eq!(github.hooks(&token(), &web()).await.unwrap()[0].id, "9");
}

#[tokio::test]
async fn a_hook_is_created_and_edited_with_its_whole_config() {
    let fake = Fake::start(|_, _| {
        reply(201, json!({
            "id": 4, "active": true, "events": ["push"], "config": { "url": "https://ci/h" },
            "last_response": { "code": 502, "status": "misconfigured", "message": "Bad Gateway" },
        }))
    })
    .await;
    let github = github(&fake);
    let spec = HookSpec { url: "https://ci/h".into(), secret: "s3cret".into() };
    let hook = github.create_hook(&token(), &web(), &spec).await.unwrap();
    assert_eq!((hook.id.as_str(), hook.url.as_str()), ("4", "https://ci/h"));
    assert_eq!(hook.last_response.as_deref(), Some("502 Bad Gateway"));
    github.update_hook(&token(), &web(), "4", &spec).await.unwrap();
    let seen = fake.seen();
    assert_eq!(seen[1].line(), "PATCH /api/v3/repos/acme/web/hooks/4");
    assert_eq!(seen[0].json()["name"], "web");
    for request in &seen {
        let config = json!({
            "url": "https://ci/h", "content_type": "json", "secret": "s3cret", "insecure_ssl": "0",
        });
        assert_eq!(request.json()["config"], config);
        assert_eq!(request.json()["events"][0], "push");
    }
}

/// A page for maintenance comes with success: the next try reads the file.
#[tokio::test]
async fn an_answer_that_is_not_json_is_asked_for_again() {
    let file = json!({ "type": "file", "encoding": "base64", "content": "dmVyc2lvbjogMi4x" });
    let fake = Fake::start(move |_, before| match before {
        0 => reply(200, "<html>Back soon</html>"),
        1 => reply(200, ""),
        _ => reply(200, file.clone()),
    })
    .await;
    let read = github(&fake).file_at(&token(), &web(), &sha(), ".circleci/config.yml").await;
    assert_eq!(read.unwrap().unwrap(), b"version: 2.1");
}

#[tokio::test]
async fn a_name_that_would_climb_out_of_the_address_is_refused_before_anything_is_sent() {
    let fake = Fake::start(|_, _| reply(200, "{}")).await;
    let error = github(&fake).repository(&token(), "acme", "..").await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
    assert!(fake.seen().is_empty());
}
