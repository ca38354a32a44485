//! Bitbucket's payloads, written by hand after its documentation.

use serde_json::json;

use super::*;

const REPO: &str = "{11111111-aaaa-4bbb-8ccc-222222222222}";

fn tip(kind: &str, name: &str, hash: &str) -> Value {
    json!({
        "type": kind, "name": name,
        "target": {
            "type": "commit", "hash": hash, "message": "Add a thing\n", "date": "2026-11-22T08:00:00+00:00",
            "author": {
                "type": "author", "raw": "Ada Lovelace <ada@example.org>",
                "user": { "type": "user", "uuid": "{u}", "nickname": "ada", "display_name": "Ada" },
            },
            "links": { "html": { "href": "https://bb/c" } },
        },
    })
}

fn change(new: &Value, old: &Value) -> Value {
    json!({
        "new": new, "old": old, "forced": false, "created": old.is_null(), "closed": new.is_null(),
        "commits": [{ "hash": SHA }], "truncated": true,
    })
}

fn push(changes: &[Value]) -> Value {
    json!({
        "push": { "changes": changes },
        "repository": { "type": "repository", "uuid": REPO, "full_name": "acme/web", "name": "Web", "is_private": true },
        "actor": { "type": "user", "uuid": "{u}", "account_id": "1:2", "nickname": "ada", "display_name": "Ada" },
    })
}

fn pull_request() -> Value {
    json!({
        "pullrequest": {
            "id": 12, "title": "Fix", "state": "OPEN", "draft": false,
            "source": { "branch": { "name": "fix" }, "commit": { "hash": "1111aaaa2222" }, "repository": { "uuid": REPO } },
            "destination": { "branch": { "name": "main" }, "commit": { "hash": "3333bbbb4444" }, "repository": { "uuid": REPO } },
            "links": { "html": { "href": "https://bb/pr/12" } },
        },
        "repository": { "uuid": REPO },
        "actor": { "uuid": "{u}" },
    })
}

fn repo_push(changes: &[Value]) -> Vec<ForgeEvent> {
    read(ForgeKind::Bitbucket, "repo:push", &push(changes))
}

#[test]
fn one_push_of_several_refs_is_several_events_in_order() {
    let events = repo_push(&[
        change(&tip("branch", "main", SHA), &tip("branch", "main", OLD)),
        change(&Value::Null, &tip("branch", "old", OLD)),
        change(&tip("annotated_tag", "v1", SHA), &Value::Null),
        change(&tip("tag", "light", SHA), &Value::Null),
    ]);
    let [
        ForgeEvent::Push(main),
        ForgeEvent::Deleted { repository, git_ref },
        ForgeEvent::Push(tag),
        ForgeEvent::Push(light),
    ] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!(
        (main.git_ref.full(), main.before.clone()),
        ("refs/heads/main".into(), Some(OLD.into()))
    );
    assert_eq!((repository.0.as_str(), git_ref.full()), (REPO, "refs/heads/old".into()));
    assert_eq!((tag.git_ref.full(), tag.before.clone()), ("refs/tags/v1".into(), None));
    assert_eq!(light.git_ref.full(), "refs/tags/light");
    assert_eq!(main.sender_id, Some(ForgeUserId("{u}".into())));
    assert_eq!(main.sender_login.as_deref(), Some("ada"));
    let head = main.head.clone().unwrap();
    assert_eq!(head.author_name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(head.author_email.as_deref(), Some("ada@example.org"));
    assert_eq!(
        (head.author_login.as_deref(), head.url.as_deref()),
        (Some("ada"), Some("https://bb/c"))
    );
}

#[test]
fn one_change_that_cannot_be_read_does_not_hide_the_others() {
    let events = repo_push(&[
        json!("odd"),
        change(&tip("bookmark", "b", SHA), &Value::Null),
        change(&Value::Null, &Value::Null),
        change(&tip("branch", "main", "abc"), &Value::Null),
        change(&tip("branch", "main", SHA), &Value::Null),
    ]);
    let reasons: Vec<&str> =
        events[..4].iter().map(|event| because(std::slice::from_ref(event))).collect();
    assert_eq!(reasons[1], "a `bookmark` is neither a branch nor a tag");
    assert_eq!(reasons[2], "`old` and `new` is missing");
    assert_eq!(reasons[3], "`new.target.hash` is not a commit id");
    assert!(matches!(events[4], ForgeEvent::Push(_)));
}

#[test]
fn a_push_without_changes_is_ignored_with_the_reason() {
    assert_eq!(because(&repo_push(&[])), "the payload reports no change");
    let events =
        read(ForgeKind::Bitbucket, "repo:push", &json!({ "repository": { "uuid": REPO } }));
    assert_eq!(because(&events), "`push.changes` is missing");
    let events = read(ForgeKind::Bitbucket, "repo:push", &json!({ "push": { "changes": [] } }));
    assert_eq!(because(&events), "`repository.uuid` is missing");
}

#[test]
fn a_robot_without_a_nickname_may_push() {
    let mut payload = push(&[change(&tip("branch", "main", SHA), &Value::Null)]);
    for actor in [Value::Null, json!({ "type": "app_user", "uuid": "{r}" })] {
        payload["actor"] = actor;
        let events = read(ForgeKind::Bitbucket, "repo:push", &payload);
        assert!(matches!(&events[..], [ForgeEvent::Push(push)] if push.sender_login.is_none()));
    }
}

#[test]
fn a_pull_request_is_from_a_fork_if_the_ids_differ_or_are_unknown() {
    let mut payload = pull_request();
    let read_one =
        |event: &str, payload: &Value| match &read(ForgeKind::Bitbucket, event, payload)[..] {
            [ForgeEvent::PullRequest(pull)] => pull.clone(),
            other => panic!("{other:?}"),
        };
    for action in ["created", "updated", "push", "fulfilled", "rejected"] {
        let pull = read_one(&format!("pullrequest:{action}"), &payload);
        assert_eq!((pull.number, pull.action.as_str(), pull.from_fork), (12, action, false));
    }
    for source in [Value::Null, json!({ "uuid": "{another}" })] {
        payload["pullrequest"]["source"]["repository"] = source;
        assert!(read_one("pullrequest:created", &payload).from_fork);
    }
}

#[test]
fn changes_of_the_repository_are_hints_to_look() {
    let mut payload = json!({ "repository": { "uuid": REPO } });
    let changed = |what: &str| {
        [ForgeEvent::RepositoryChanged { repository: RepositoryId(REPO.into()), what: what.into() }]
    };
    for event in ["repo:transfer", "repo:deleted"] {
        assert_eq!(read(ForgeKind::Bitbucket, event, &payload), changed(event));
    }
    payload["changes"] = json!({ "name": { "old": "a", "new": "b" }, "full_name": {} });
    let events = read(ForgeKind::Bitbucket, "repo:updated", &payload);
    assert_eq!(events, changed("repo:updated full_name, name"));
}

#[test]
fn what_we_do_nothing_about_is_named() {
    let events = read(ForgeKind::Bitbucket, "pullrequest:comment_created", &pull_request());
    assert_eq!(because(&events), "events `pullrequest:comment_created` are not handled");
}

#[test]
fn no_damage_to_a_payload_breaks_the_reader() {
    let all = push(&[
        change(&tip("branch", "main", SHA), &tip("branch", "main", OLD)),
        change(&Value::Null, &tip("tag", "v0", OLD)),
        change(&tip("annotated_tag", "v1", SHA), &Value::Null),
    ]);
    survives_any_damage(ForgeKind::Bitbucket, "repo:push", &all);
    survives_any_damage(ForgeKind::Bitbucket, "pullrequest:updated", &pull_request());
    survives_any_damage(
        ForgeKind::Bitbucket,
        "repo:updated",
        &json!({ "repository": { "uuid": REPO }, "changes": { "name": {} } }),
    );
}
