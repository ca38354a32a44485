//! The Bitbucket client against a server that does what the test says. Whether Bitbucket's own
//! words are right is judged by its API description, in the contract test.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
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
    http::tests::{Fake, foreign, passed_status, reply},
};

const REPO: &str = "{11111111-aaaa-4bbb-8ccc-222222222222}";
const WORKSPACE: &str = "{33333333-aaaa-4bbb-8ccc-444444444444}";
/// The repository's address, as it travels.
const AT: &str = "/2.0/repositories/%7B%7D/%7B11111111-aaaa-4bbb-8ccc-222222222222%7D";

fn bitbucket(fake: &Fake) -> Bitbucket {
    Bitbucket::new(fake.settings(ForgeKind::Bitbucket, "/2.0")).unwrap()
}

fn web() -> RepositoryRef {
    RepositoryRef { id: RepositoryId(REPO.into()), owner: "acme".into(), name: "web".into() }
}

fn token() -> AccessToken {
    Secret::from("bb_token")
}

fn sha() -> CommitSha {
    CommitSha::from("a".repeat(40))
}

fn repo(uuid: &str) -> Value {
    json!({
        "type": "repository", "uuid": uuid, "full_name": "acme/web", "slug": "web", "name": "Web",
        "is_private": true, "scm": "git", "mainbranch": { "type": "branch", "name": "main" },
        "workspace": { "uuid": WORKSPACE, "slug": "acme" },
        "links": {
            "html": { "href": "https://bb/acme/web" },
            "clone": [
                { "name": "https", "href": "https://bb/acme/web.git" },
                { "name": "ssh", "href": "git@bb:acme/web.git" },
            ],
        },
    })
}

fn page(values: &Value) -> Value {
    json!({ "pagelen": 100, "page": 1, "values": values })
}

fn error(message: &str) -> Value {
    json!({ "type": "error", "error": { "message": message } })
}

async fn refusal(status: u16, body: Value) -> ForgeError {
    let fake = Fake::start(move |_, _| reply(status, &body)).await;
    bitbucket(&fake).deploy_keys(&token(), &web()).await.unwrap_err()
}

#[tokio::test]
async fn refusals_are_sorted_by_what_may_be_done_about_them() {
    let cases = [
        (
            401,
            "Access token expired. Use your refresh token to obtain a new access token.",
            ErrorClass::Unauthorized,
            "again",
        ),
        (
            401,
            "Token is invalid, expired, or not supported for this endpoint.",
            ErrorClass::Unauthorized,
            "again",
        ),
        (
            403,
            "Your credentials lack one or more required privilege scopes.",
            ErrorClass::Forbidden,
            "operator",
        ),
        (
            403,
            "This API is not accessible by this authentication mechanism.",
            ErrorClass::Forbidden,
            "user's sign-in",
        ),
        (403, "Your IP is not on the allowlist", ErrorClass::Forbidden, "allow-list"),
        (403, "Enable two-step verification", ErrorClass::Forbidden, "two-step"),
        (403, "Access denied", ErrorClass::Forbidden, ""),
        (404, "Repository acme/web not found", ErrorClass::NotFound, "may not see it"),
        (410, "This workspace is blocked", ErrorClass::NotFound, ""),
        (400, "Invalid SSH key", ErrorClass::Invalid, ""),
        (429, "Too many", ErrorClass::RateLimited, ""),
        (500, "oops", ErrorClass::Unavailable, ""),
        (555, "took too long", ErrorClass::Unavailable, ""),
    ];
    for (status, message, class, hint) in cases {
        let refused = refusal(status, error(message)).await;
        assert_eq!((refused.class, refused.status), (class, Some(status)), "{message}");
        assert!(refused.reason.contains(hint) && refused.says(message), "{refused}");
    }
    assert_eq!(refusal(429, error("")).await.retry_after, Some(Duration::from_mins(1)));
}

fn behind(fake: &Fake) -> Box<dyn Forge> {
    let settings = fake.settings_without_repeats(ForgeKind::Bitbucket, "/2.0");
    Box::new(Bitbucket::new(settings).unwrap())
}

/// Taken for Bitbucket's, two such answers disconnected an account until its next sign-in.
#[tokio::test]
async fn a_refusal_in_another_form_than_bitbuckets_is_not_bitbuckets() {
    foreign::a_foreign_refusal_is_an_outage(&web(), behind).await;
    // The form of the token end point means nothing elsewhere.
    let gateway = refusal(401, json!({ "error": "invalid_client" })).await;
    assert_eq!(gateway.class, ErrorClass::Unavailable, "{gateway}");
}

#[tokio::test]
async fn a_success_in_another_form_than_bitbuckets_is_not_bitbuckets() {
    foreign::a_foreign_success_is_not_a_file(&web(), behind).await;
    foreign::a_page_deletes_nothing(&web(), behind).await;
}

#[tokio::test]
async fn a_404_that_is_not_the_forges_says_nothing_about_what_is_there() {
    foreign::denied_is_not_absent("/src/", &web(), behind).await;
    let file = json!({ "version": "2.1" });
    let not_found = error("No such file or directory");
    foreign::absent_is_asked_twice("/src/", &web(), [not_found, file], behind).await;
}

/// Bitbucket refuses some tokens without a body.
#[tokio::test]
async fn a_refusal_without_a_body_is_known_by_its_header() {
    for (realm, class) in [
        (r#"Basic realm="Bitbucket.org HTTP""#, ErrorClass::Unauthorized),
        (r#"Basic realm="Proxy""#, ErrorClass::Unavailable),
    ] {
        let fake = Fake::start(move |_, _| reply(401, "").with("www-authenticate", realm)).await;
        let refused = bitbucket(&fake).check_token(&token()).await.unwrap_err();
        assert_eq!(refused.class, class, "{refused}");
    }
}

#[tokio::test]
async fn a_token_is_checked_with_one_call() {
    let fake = Fake::start(|seen, _| match seen.header("authorization") {
        "Bearer bb_token" => reply(200, json!({ "type": "user", "uuid": "{u}" })),
        _ => reply(401, error("Token is invalid, expired, or not supported for this endpoint.")),
    })
    .await;
    bitbucket(&fake).check_token(&Secret::from("bb_token")).await.unwrap();
    let refused = bitbucket(&fake).check_token(&Secret::from("other")).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Unauthorized, "{refused}");
    assert_eq!(fake.lines(), ["GET /2.0/user", "GET /2.0/user"]);
}

#[tokio::test]
async fn fields_and_missing_scopes_are_reported() {
    let fields = json!({ "type": "error", "error": {
        "message": "Bad request", "fields": { "key": ["Ensure this value has at most 40 characters (it has 48)."] },
    } });
    let refused = refusal(400, fields).await;
    assert!(refused.says("key: Ensure this value has at most 40"), "{refused}");
    let scopes = json!({ "type": "error", "error": {
        "message": "Your credentials lack one or more required privilege scopes.",
        "detail": { "required": ["webhook"], "granted": ["account", "repository"] },
    } });
    let refused = refusal(403, scopes).await;
    assert!(refused.says("required: webhook; granted: account, repository"), "{refused}");
}

#[tokio::test]
async fn an_error_that_is_not_json_is_still_diagnosed() {
    let fake =
        Fake::start(|_, _| reply(429, "<html><title>Too Many Requests</title></html>")).await;
    let refused = bitbucket(&fake).hooks(&token(), &web()).await.unwrap_err();
    assert_eq!(
        (refused.class, refused.details),
        (ErrorClass::RateLimited, vec!["Too Many Requests".into()])
    );
}

// Bitbucket knows neither PKCE nor scopes in the request.
#[tokio::test]
async fn the_consent_page_is_asked_without_scopes_and_pkce() {
    let fake = Fake::start(|_, _| reply(200, "")).await;
    let url = bitbucket(&fake).authorize_url(&AuthorizeRequest {
        redirect_uri: "https://ci/login/bitbucket/callback".into(),
        state: "s".into(),
        scopes: vec!["account".into()],
        code_challenge: "challenge".into(),
        login: None,
    });
    assert_eq!(url.path(), "/site/oauth2/authorize");
    assert_eq!(
        url.query(),
        Some(
            "client_id=the-id&response_type=code&state=s&\
             redirect_uri=https%3A%2F%2Fci%2Flogin%2Fbitbucket%2Fcallback"
        )
    );
}

#[tokio::test]
async fn a_code_becomes_a_grant_however_the_scopes_are_written() {
    for scopes in [
        json!({ "scopes": "account email" }),
        json!({ "scope": "account,email" }),
        json!({ "scopes": "account, email", "scope": 1 }),
    ] {
        let mut answer = json!({
            "access_token": "at", "refresh_token": "rt", "expires_in": 7200, "token_type": "bearer",
        });
        answer.as_object_mut().unwrap().extend(scopes.as_object().unwrap().clone());
        let fake = Fake::start(move |_, _| reply(200, &answer)).await;
        let grant = bitbucket(&fake).exchange_code("c", "https://ci/cb", "unused").await.unwrap();
        assert_eq!(grant.scopes, ["account", "email"]);
        assert_eq!(grant.expires_in, Some(Duration::from_hours(2)));
        assert_eq!(grant.refresh.unwrap().expose(), "rt");
        let seen = &fake.seen()[0];
        assert_eq!(seen.line(), "POST /site/oauth2/access_token");
        let basic = format!("Basic {}", STANDARD.encode("the-id:the-secret"));
        assert_eq!(seen.header("authorization"), basic);
        assert_eq!(
            seen.body,
            "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fci%2Fcb"
        );
    }
}

#[tokio::test]
async fn what_was_sent_to_sign_in_is_in_no_error() {
    let fake = Fake::start(|seen, _| {
        let basic = seen.header("authorization").to_owned();
        let said = format!("cannot read {} {basic}", seen.body);
        reply(400, json!({ "error": "invalid_grant", "error_description": said }))
    })
    .await;
    let exchange = bitbucket(&fake).exchange_code("code-1", "https://ci/cb", "v").await;
    let refresh = bitbucket(&fake).refresh(&Secret::from("rt-token")).await;
    let basic = STANDARD.encode("the-id:the-secret");
    for error in [exchange.unwrap_err(), refresh.unwrap_err()] {
        let text = format!("{error} {error:?}");
        assert!(text.contains("Basic ***"), "{text}");
        for sent in ["the-sec", "code-1", "rt-token", basic.as_str()] {
            assert!(!text.contains(sent), "{sent} is in {text}");
        }
    }
}

#[tokio::test]
async fn a_dead_refresh_token_means_to_sign_in_again_and_a_dead_code_to_start_over() {
    let body =
        json!({ "error": "invalid_grant", "error_description": "The refresh token is unknown." });
    let fake = Fake::start(move |_, _| reply(400, &body)).await;
    let bitbucket = bitbucket(&fake);
    let refresh = bitbucket.refresh(&Secret::from("rt")).await.unwrap_err();
    assert_eq!(refresh.class, ErrorClass::Unauthorized);
    assert!(refresh.reason.contains("Sign in with Bitbucket again"), "{refresh}");
    let exchange = bitbucket.exchange_code("c", "r", "v").await.unwrap_err();
    assert_eq!(exchange.class, ErrorClass::Invalid);
    let fake = Fake::start(|_, _| reply(401, json!({ "error": "invalid_client" }))).await;
    let client = super::Bitbucket::new(fake.settings(ForgeKind::Bitbucket, "/2.0")).unwrap();
    let refused = client.refresh(&Secret::from("rt")).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Forbidden, "the consumer is wrong, not the user");
}

#[tokio::test]
async fn the_user_comes_with_the_primary_confirmed_address() {
    let fake = Fake::start(|seen, _| match seen.target.as_str() {
        "/2.0/user" => reply(
            200,
            json!({
                "type": "user", "uuid": "{u}", "account_id": "1:2", "nickname": "ada",
                "display_name": "Ada", "links": { "avatar": { "href": "https://a" } },
            }),
        )
        .with("x-oauth-scopes", "account, email"),
        _ => reply(
            200,
            page(&json!([
                { "email": "b@x", "is_primary": false, "is_confirmed": true },
                { "email": "a@x", "is_primary": true, "is_confirmed": true },
            ])),
        ),
    })
    .await;
    let (user, scopes) = bitbucket(&fake).current_user(&token()).await.unwrap();
    assert_eq!(
        (user.id.0.as_str(), user.login.as_str(), user.name.as_str()),
        ("{u}", "ada", "Ada")
    );
    assert_eq!(
        (user.email.as_deref(), user.avatar_url.as_deref()),
        (Some("a@x"), Some("https://a"))
    );
    assert_eq!(scopes, ["account", "email"]);
}

#[tokio::test]
async fn repositories_are_listed_by_workspace_with_the_permission_of_each() {
    const OTHER: &str = "{55555555-aaaa-4bbb-8ccc-666666666666}";
    let fake = Fake::start(|seen, _| {
        let path = seen.target.split('?').next().unwrap();
        if path == "/2.0/user/workspaces" {
            reply(200, page(&json!([
                { "administrator": true, "workspace": { "uuid": WORKSPACE, "slug": "acme" } },
                { "administrator": false, "workspace": { "uuid": "{closed}", "slug": "closed" } },
            ])))
        } else if path.contains("%7Bclosed%7D") {
            reply(403, error("Your IP is not on the allowlist"))
        } else if path.ends_with("/permissions/repositories") {
            reply(200, page(&json!([{ "permission": "admin", "repository": { "uuid": REPO } }])))
        } else {
            let mut old = repo("{hg}");
            old["scm"] = json!("hg");
            reply(200, page(&json!([repo(REPO), repo(OTHER), old])))
        }
    })
    .await;
    let listed = bitbucket(&fake).repositories(&token()).await.unwrap();
    let roles: Vec<_> = listed.iter().map(|repo| (repo.id.0.as_str(), repo.role)).collect();
    assert_eq!(roles, [(REPO, Some(Role::Admin)), (OTHER, Some(Role::Read))]);
    let first = &listed[0];
    assert_eq!((first.owner.id.as_str(), first.owner.login.as_str()), (WORKSPACE, "acme"));
    assert_eq!((first.name.as_str(), first.ssh_url.as_str()), ("web", "git@bb:acme/web.git"));
    for removed in ["/user/permissions/", "/2.0/workspaces", "/2.0/repositories?"] {
        assert!(fake.lines().iter().all(|line| !line.contains(removed)), "{removed}");
    }
}

#[tokio::test]
async fn a_repository_is_read_by_name_and_by_id_with_the_role() {
    let fake = Fake::start(|seen, _| {
        if seen.target.contains("/permissions/repositories") {
            reply(
                200,
                page(&json!([
                    { "permission": "read", "repository": { "uuid": "{another}" } },
                    { "permission": "write", "repository": { "uuid": REPO } },
                ])),
            )
        } else {
            reply(200, repo(REPO))
        }
    })
    .await;
    let bitbucket = bitbucket(&fake);
    let by_name = bitbucket.repository(&token(), "acme", "web").await.unwrap();
    let by_id = bitbucket.repository_by_id(&token(), &RepositoryId(REPO.into())).await.unwrap();
    assert_eq!((by_name.role, &by_name), (Some(Role::Write), &by_id));
    let lines = fake.lines();
    assert_eq!(lines[0], "GET /2.0/repositories/acme/web");
    assert_eq!(lines[2], format!("GET {AT}"));
    assert_eq!(
        lines[1],
        "GET /2.0/user/workspaces/%7B33333333-aaaa-4bbb-8ccc-444444444444%7D/permissions/\
         repositories?q=repository.full_name%3D%22acme%2Fweb%22&pagelen=100"
    );
}

#[tokio::test]
async fn a_file_is_read_at_the_commit_with_its_slashes_as_they_are() {
    let fake = Fake::start(|_, _| reply(200, "version: 2.1")).await;
    let path = ".circleci/config.yml";
    let file = bitbucket(&fake).file_at(&token(), &web(), &sha(), path).await.unwrap();
    assert_eq!(file.as_deref(), Some(b"version: 2.1".as_slice()));
    assert_eq!(fake.lines(), [format!("GET {AT}/src/{}/.circleci/config.yml", sha())]);
}

#[tokio::test]
async fn a_directory_is_not_a_file_but_a_json_file_is() {
    let listing = page(&json!([{ "type": "commit_file", "path": "dir/a" }]));
    for (body, is_file) in [(listing, false), (page(&json!([{ "type": "else" }])), true)] {
        let fake = Fake::start(move |_, _| {
            reply(200, &body).with("content-type", "application/json; charset=utf-8")
        })
        .await;
        let file = bitbucket(&fake).file_at(&token(), &web(), &sha(), "dir").await;
        assert_eq!(file.is_ok(), is_file);
        assert!(is_file || file.unwrap_err().class == ErrorClass::Invalid);
    }
}

// As on GitHub, 404 has three meanings, and only one of them is "there is no config".
#[tokio::test]
async fn a_missing_file_is_distinguished_from_a_missing_commit_and_a_missing_repository() {
    let world = |commit: u16, repository: u16| {
        Fake::start(move |seen, _| {
            if seen.target.contains("/src/") {
                reply(404, error("No such file or directory"))
            } else if seen.target.contains("/commit/") {
                let found = json!({ "hash": "a".repeat(40) });
                reply(commit, if commit == 200 { found } else { error("Commit not found") })
            } else {
                let found = repo(REPO);
                let body = if repository == 200 { found } else { error("Repository not found") };
                reply(repository, body)
            }
        })
    };
    let file = async |fake: Fake| bitbucket(&fake).file_at(&token(), &web(), &sha(), "f").await;
    assert_eq!(file(world(200, 200).await).await.unwrap(), None);
    for (commit, repository) in [(404, 200), (404, 404)] {
        let refused = file(world(commit, repository).await).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::NotFound, "{commit} {repository}");
    }
}

#[tokio::test]
async fn a_short_commit_id_is_resolved() {
    let fake = Fake::start(|_, _| {
        reply(200, json!({
            "hash": "b".repeat(40), "message": "Add", "links": { "html": { "href": "https://bb/c" } },
            "author": { "raw": "Ada Lovelace <ada@example.org>", "user": { "uuid": "{u}", "nickname": "ada" } },
        }))
    })
    .await;
    let commit = bitbucket(&fake).commit(&token(), &web(), "bbbbbbbbbbbb").await.unwrap().unwrap();
    assert_eq!(commit.sha.as_str(), "b".repeat(40));
    assert_eq!(commit.author_name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(commit.author_email.as_deref(), Some("ada@example.org"));
    assert_eq!(fake.lines(), [format!("GET {AT}/commit/bbbbbbbbbbbb")]);
}

#[tokio::test]
async fn the_head_of_a_branch_is_none_if_the_branch_is_missing() {
    let fake = Fake::start(|seen, _| match seen.target.strip_prefix(AT).unwrap() {
        "/refs/branches/feature%2Fx" => {
            reply(200, json!({ "name": "feature/x", "target": { "hash": "c".repeat(40) } }))
        }
        "" => reply(200, repo(REPO)),
        _ => reply(404, error("Branch not found")),
    })
    .await;
    let bitbucket = bitbucket(&fake);
    let head = async |branch| bitbucket.branch_head(&token(), &web(), branch).await.unwrap();
    assert_eq!(head("feature/x").await, Some(CommitSha::from("c".repeat(40))));
    assert_eq!(head("gone").await, None);
}

#[tokio::test]
async fn an_access_key_is_added_and_always_read_only() {
    let fake = Fake::start(|seen, _| match seen.method.as_str() {
        "DELETE" => reply(204, ""),
        _ => reply(200, json!({ "id": 123, "key": "ssh-ed25519 AAAA", "label": "t" })),
    })
    .await;
    let bitbucket = bitbucket(&fake);
    let key =
        bitbucket.create_deploy_key(&token(), &web(), "t", "ssh-ed25519 AAAA c").await.unwrap();
    assert_eq!((key.id.as_str(), key.title.as_str(), key.read_only), ("123", "t", true));
    assert_eq!(fake.seen()[0].json(), json!({ "key": "ssh-ed25519 AAAA c", "label": "t" }));
    bitbucket.delete_deploy_key(&token(), &web(), "123").await.unwrap();
    assert_eq!(fake.lines()[1], format!("DELETE {AT}/deploy-keys/123"));
}

// A key or hook that is left out of the list would be taken for missing, and made again.
#[tokio::test]
async fn a_key_or_hook_that_cannot_be_read_is_an_error_and_not_left_out() {
    let keys = json!([{ "id": 9, "key": "ssh-ed25519 AAAA" }, { "id": 10, "label": "no key" }]);
    let hooks = json!([{ "uuid": "{h-1}", "url": "https://ci/h" }, { "active": true }]);
    let fake = Fake::start(move |seen, _| {
        reply(200, page(if seen.target.contains("keys") { &keys } else { &hooks }))
    })
    .await;
    let bitbucket = bitbucket(&fake);
    let keys = bitbucket.deploy_keys(&token(), &web()).await.unwrap_err();
    assert_eq!(keys.class, ErrorClass::Broken);
    assert!(keys.to_string().contains("list the access keys on Bitbucket"), "{keys}");
    assert!(keys.reason.contains("missing field `key`"), "{keys}");
    let hooks = bitbucket.hooks(&token(), &web()).await.unwrap_err();
    assert_eq!(hooks.class, ErrorClass::Broken);
    assert!(hooks.reason.contains("missing field `uuid`"), "{hooks}");
}

#[tokio::test]
async fn a_hook_is_replaced_with_its_secret() {
    let fake = Fake::start(|_, _| {
        reply(200, json!({ "uuid": "{h-1}", "url": "https://ci/h", "active": true, "events": ["repo:push"] }))
    })
    .await;
    let bitbucket = bitbucket(&fake);
    let spec = HookSpec { url: "https://ci/h".into(), secret: "s3cret".into() };
    bitbucket.create_hook(&token(), &web(), &spec).await.unwrap();
    for id in ["{h-1}", "h-1"] {
        bitbucket.update_hook(&token(), &web(), id, &spec).await.unwrap();
    }
    let seen = fake.seen();
    assert_eq!(seen[0].line(), format!("POST {AT}/hooks"));
    for request in &seen[1..] {
        assert_eq!(request.line(), format!("PUT {AT}/hooks/%7Bh-1%7D"));
        assert_eq!(request.json(), seen[0].json());
    }
    let body = seen[0].json();
    assert_eq!((&body["secret"], &body["active"]), (&json!("s3cret"), &json!(true)));
    assert_eq!(body["description"], "Roundel ci.example.org");
    assert!(body["events"].as_array().unwrap().contains(&json!("repo:push")));
}

#[tokio::test]
async fn a_refused_event_name_does_not_cost_the_hook() {
    let fake = Fake::start(|seen, _| {
        if seen.body.contains("repo:transfer") {
            reply(400, json!({ "type": "error", "error": {
                "message": "Bad request", "fields": { "events": ["repo:transfer is not a valid event"] },
            } }))
        } else {
            reply(201, json!({ "uuid": "{h}", "url": "https://ci/h" }))
        }
    })
    .await;
    let spec = HookSpec { url: "https://ci/h".into(), secret: "s3cret".into() };
    bitbucket(&fake).create_hook(&token(), &web(), &spec).await.unwrap();
    let seen = fake.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[1].json()["events"].as_array().unwrap().contains(&json!("pullrequest:updated")));
}

#[tokio::test]
async fn a_status_is_worded_and_keyed_for_bitbucket() {
    let words = [
        (CommitState::Pending, "INPROGRESS"),
        (CommitState::Success, "SUCCESSFUL"),
        (CommitState::Failure, "FAILED"),
        (CommitState::Canceled, "STOPPED"),
        (CommitState::Error, "FAILED"),
    ];
    for (state, word) in words {
        let fake = Fake::start(|seen, _| reply(201, seen.json())).await;
        let mut status = CommitStatus {
            state,
            description: "ü".repeat(200),
            branch: Some("feature/x".into()),
            ..passed_status()
        };
        let bitbucket = bitbucket(&fake);
        bitbucket.post_status(&token(), &web(), &sha(), &status).await.unwrap();
        status.branch = None;
        bitbucket.post_status(&token(), &web(), &sha(), &status).await.unwrap();
        let seen = fake.seen();
        assert_eq!(seen[0].line(), format!("POST {AT}/commit/{}/statuses/build", sha()));
        let body = json!({
            "type": "build", "key": "roundel-144d798570007a0a889c3403e998f91e", "state": word,
            "name": "ci/roundel: build", "url": "https://ci/job/1", "refname": "feature/x",
            "description": format!("{}…", "ü".repeat(139)),
        });
        assert_eq!(seen[0].json(), body);
        assert_eq!(seen[1].json().get("refname"), None);
    }
}

/// A proxy in between answers with success and sets nothing.
#[tokio::test]
async fn a_status_counts_as_set_only_when_bitbucket_repeats_it() {
    let status = passed_status();
    for body in ["<html>Welcome</html>", "", "{}", r#"{"key":"other","state":"SUCCESSFUL"}"#] {
        let fake = Fake::start(move |_, _| reply(200, body)).await;
        let error =
            bitbucket(&fake).post_status(&token(), &web(), &sha(), &status).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Unavailable, "{body}: {error}");
    }
}

/// A page for maintenance is not a configuration.
#[tokio::test]
async fn a_web_page_is_not_the_content_of_a_file() {
    let fake = Fake::start(|_, before| {
        let page = reply(200, "<html>Back soon</html>").with("content-type", "text/html");
        if before == 0 { page } else { reply(200, "version: 2.1") }
    })
    .await;
    let read = bitbucket(&fake).file_at(&token(), &web(), &sha(), ".circleci/config.yml").await;
    assert_eq!(read.unwrap().unwrap(), b"version: 2.1");
}
