//! GitHub's payloads, each cut down to what matters.

use serde_json::json;

use super::*;

fn push() -> Value {
    json!({
        "ref": "refs/heads/feature/ä", "before": OLD, "after": SHA,
        "created": false, "deleted": false, "forced": true, "base_ref": null,
        "repository": {
            "id": 186_853_002, "name": "web", "full_name": "acme/web", "default_branch": "main",
            "created_at": 1_557_933_565, "owner": { "name": "acme", "login": "acme", "id": 3 },
        },
        "pusher": { "name": "ada", "email": null },
        "sender": { "login": "ada", "id": 5 },
        "commits": [{ "id": OLD, "message": "older" }],
        "head_commit": {
            "id": SHA, "message": "Add a thing", "url": "https://h/c",
            "author": { "name": "Ada", "email": "ada@example.org", "username": "ada" },
            "added": [], "removed": [], "modified": ["a"],
        },
    })
}

fn pull_request() -> Value {
    json!({
        "action": "synchronize", "number": 12,
        "pull_request": {
            "number": 12, "html_url": "https://h/pull/12",
            "head": { "ref": "fix", "sha": SHA, "repo": { "id": 7 } },
            "base": { "ref": "main", "sha": OLD, "repo": { "id": 7 } },
        },
        "repository": { "id": 7 },
    })
}

fn github(event: &str, payload: &Value) -> ForgeEvent {
    let mut events = read(ForgeKind::GitHub, event, payload);
    assert_eq!(events.len(), 1);
    events.remove(0)
}

#[test]
fn a_push_to_a_branch_says_what_moved_from_where_to_where() {
    let ForgeEvent::Push(read) = github("push", &push()) else { panic!() };
    assert_eq!(read.repository.0, "186853002");
    assert_eq!(read.git_ref, GitRef::Branch("feature/ä".into()));
    assert_eq!(read.before, Some(OLD.into()));
    assert_eq!(read.after, SHA.into());
    assert_eq!(read.sender_id, Some(ForgeUserId("5".into())));
    assert_eq!(read.sender_login.as_deref(), Some("ada"));
    let head = read.head.unwrap();
    assert_eq!((head.sha.as_str(), head.message.as_str()), (SHA, "Add a thing"));
    assert_eq!(head.author_email.as_deref(), Some("ada@example.org"));
    assert_eq!(head.author_login.as_deref(), Some("ada"));
}

#[test]
fn zeros_of_any_length_mean_created_and_deleted() {
    for zeros in ["0".repeat(40), "0".repeat(64)] {
        let mut created = push();
        created["before"] = json!(zeros);
        let ForgeEvent::Push(read) = github("push", &created) else { panic!() };
        assert_eq!(read.before, None);
        let mut deleted = push();
        deleted["after"] = json!(zeros);
        deleted["head_commit"] = Value::Null;
        let expected = ForgeEvent::Deleted {
            repository: RepositoryId("186853002".into()),
            git_ref: GitRef::Branch("feature/ä".into()),
        };
        // Older servers leave the flag out.
        assert_eq!(github("push", &without(&deleted, "/deleted")), expected);
    }
}

// `after` is the tag object; the commit is in `head_commit`.
#[test]
fn an_annotated_tag_keeps_both_ids() {
    let mut tag = push();
    tag["ref"] = json!("refs/tags/v1.0");
    tag["head_commit"]["id"] = json!(OLD);
    let ForgeEvent::Push(read) = github("push", &tag) else { panic!() };
    assert_eq!(read.git_ref, GitRef::Tag("v1.0".into()));
    assert_eq!((read.after.as_str(), read.head.unwrap().sha.as_str()), (SHA, OLD));
}

#[test]
fn a_push_of_something_else_is_ignored_with_the_reason() {
    let mut note = push();
    note["ref"] = json!("refs/notes/x");
    let events = read(ForgeKind::GitHub, "push", &note);
    assert_eq!(because(&events), "`refs/notes/x` is neither a branch nor a tag");
    let events = read(ForgeKind::GitHub, "push", &without(&push(), "/repository/id"));
    assert_eq!(because(&events), "`repository.id` is missing");
    let mut short = push();
    short["after"] = json!("abc");
    assert_eq!(because(&read(ForgeKind::GitHub, "push", &short)), "`after` is not a commit id");
}

#[test]
fn a_form_with_the_payload_in_a_field_is_read_too() {
    let form: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &push().to_string())
        .finish();
    assert_eq!(parse(ForgeKind::GitHub, "push", form.as_bytes()), [github("push", &push())]);
}

#[test]
fn a_pull_request_is_from_a_fork_if_the_ids_differ_or_are_unknown() {
    let mut payload = pull_request();
    let ForgeEvent::PullRequest(same) = github("pull_request", &payload) else { panic!() };
    assert_eq!((same.number, same.action.as_str(), same.from_fork), (12, "synchronize", false));
    for head in [json!({ "id": 8, "full_name": "acme/web" }), Value::Null, json!({})] {
        payload["pull_request"]["head"]["repo"] = head;
        let ForgeEvent::PullRequest(fork) = github("pull_request", &payload) else { panic!() };
        assert!(fork.from_fork);
    }
}

#[test]
fn changes_of_the_repository_are_hints_to_look() {
    let cases = [
        ("repository", "renamed", "renamed"),
        ("repository", "privatized", "privatized"),
        ("public", "", "publicized"),
        ("member", "removed", "member removed"),
    ];
    for (event, action, what) in cases {
        let payload = json!({ "action": action, "repository": { "id": 7 } });
        let expected = ForgeEvent::RepositoryChanged {
            repository: RepositoryId("7".into()),
            what: what.into(),
        };
        assert_eq!(github(event, &payload), expected);
    }
}

#[test]
fn a_removed_key_or_hook_is_reported() {
    let key = json!({ "action": "deleted", "key": { "id": 9 }, "repository": { "id": 7 } });
    let removed = |what: &str| ForgeEvent::HookOrKeyRemoved { what: what.into() };
    assert_eq!(github("deploy_key", &key), removed("deploy key 9"));
    let hook = json!({ "action": "deleted", "hook_id": 4, "repository": { "id": 7 } });
    assert_eq!(github("meta", &hook), removed("webhook 4"));
}

#[test]
fn a_ping_names_the_hook() {
    let ping = json!({ "zen": "Keep it logically awesome.", "hook_id": 4, "hook": {} });
    assert_eq!(github("ping", &ping), ForgeEvent::Ping { hook_id: Some("4".into()) });
    assert_eq!(github("ping", &json!({})), ForgeEvent::Ping { hook_id: None });
}

#[test]
fn what_we_do_nothing_about_is_named() {
    let events = read(ForgeKind::GitHub, "star", &json!({ "action": "created" }));
    assert_eq!(because(&events), "events `star` with the action `created` are not handled");
}

#[test]
fn no_damage_to_a_payload_breaks_the_reader() {
    survives_any_damage(ForgeKind::GitHub, "push", &push());
    survives_any_damage(ForgeKind::GitHub, "pull_request", &pull_request());
    let others =
        json!({ "action": "deleted", "hook_id": 1, "key": { "id": 2 }, "repository": { "id": 3 } });
    for event in ["ping", "repository", "public", "member", "deploy_key", "meta", "create", ""] {
        survives_any_damage(ForgeKind::GitHub, event, &others);
    }
}

// GitHub sends up to 25 MB: thousands of commits, with all their files.
#[test]
fn a_push_of_two_thousand_commits_is_read_like_any_other() {
    let mut big = push();
    let files: Vec<String> = (0..100).map(|index| format!("src/file-{index}.rs")).collect();
    let one =
        json!({ "id": OLD, "message": "m", "added": files, "removed": files, "modified": files });
    big["commits"] = Value::Array(vec![one; 2_048]);
    assert_eq!(github("push", &big), github("push", &push()));
}
