//! GitHub's JSON, with every field that its API description requires.
//!
//! The repository comes in two cuts: webhooks allow exactly the fields of [`repository`], answers
//! add more ([`full_repository`]).

use roundel_model::forge::Role;
use serde_json::{Map, Value, json};

use crate::{
    forge::Forge,
    git::CommitInfo,
    model::{Delivery, DeployKey, Hook, Owner, Pull, Repository, Status, User, UserKey},
    shape::merge,
    stamp,
};

/// Returns the opaque id that GraphQL would know the thing by.
pub(crate) fn node_id(kind: &str, id: u64) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(format!("{:03}:{kind}{id}", kind.len()))
}

/// Returns a person, or an organization where one stands for a person.
pub(crate) fn account(forge: &Forge, login: &str, id: u64, kind: &str) -> Value {
    let url = forge.api(&format!("users/{login}"));
    json!({
        "login": login,
        "id": id,
        "node_id": node_id(kind, id),
        "avatar_url": forge.page(&format!("avatars/{login}")),
        "gravatar_id": "",
        "url": url,
        "html_url": forge.page(login),
        "followers_url": format!("{url}/followers"),
        "following_url": format!("{url}/following{{/other_user}}"),
        "gists_url": format!("{url}/gists{{/gist_id}}"),
        "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{url}/subscriptions"),
        "organizations_url": format!("{url}/orgs"),
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events{{/privacy}}"),
        "received_events_url": format!("{url}/received_events"),
        "type": kind,
        "site_admin": false,
    })
}

/// Returns a user as embedded in other objects.
pub(crate) fn user(forge: &Forge, user: &User) -> Value {
    account(forge, &user.login, user.id, "User")
}

/// Returns a person as they see themselves.
pub(crate) fn private_user(forge: &Forge, one: &User) -> Value {
    let mut value = user(forge, one);
    merge(
        &mut value,
        json!({
            "name": one.name, "company": null, "blog": "", "location": null, "email": one.email,
            "hireable": null, "bio": null, "twitter_username": null, "public_repos": 0,
            "public_gists": 0, "followers": 0, "following": 0,
            "created_at": stamp::seconds(one.created_at),
            "updated_at": stamp::seconds(one.created_at),
            "private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0,
            "disk_usage": 0, "collaborators": 0, "two_factor_authentication": false,
        }),
    );
    value
}

/// Returns an organization in a list.
pub(crate) fn organization(forge: &Forge, login: &str, id: u64) -> Value {
    let url = forge.api(&format!("orgs/{login}"));
    json!({
        "login": login,
        "id": id,
        "node_id": node_id("Organization", id),
        "url": url,
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events"),
        "hooks_url": format!("{url}/hooks"),
        "issues_url": format!("{url}/issues"),
        "members_url": format!("{url}/members{{/member}}"),
        "public_members_url": format!("{url}/public_members{{/member}}"),
        "avatar_url": forge.page(&format!("avatars/{login}")),
        "description": null,
    })
}

/// Returns the owner of a repository.
pub(crate) fn owner(forge: &Forge, repository: &Repository) -> Value {
    forge.read(|state| match state.owner(&repository.owner) {
        Some(Owner::Organization(one)) => account(forge, &one.login, one.id, "Organization"),
        Some(Owner::User(one)) => account(forge, &one.login, one.id, "User"),
        None => account(forge, &repository.owner, 0, "User"),
    })
}

/// Returns a repository with exactly the fields that webhooks allow.
pub(crate) fn repository(forge: &Forge, one: &Repository) -> Value {
    let pushed_at = one.pushed_at.unwrap_or(one.created_at);
    let mut value = json!({
        "id": one.id,
        "node_id": node_id("Repository", one.id),
        "name": one.name,
        "full_name": one.full_name(),
        "private": one.private,
        "owner": owner(forge, one),
        "html_url": forge.page(&one.full_name()),
        "description": null,
        "fork": false,
        "created_at": stamp::seconds(one.created_at),
        "updated_at": stamp::seconds(pushed_at),
        "pushed_at": stamp::seconds(pushed_at),
        "git_url": forge.clone_url(one).replacen("http://", "git://", 1),
        "ssh_url": forge.ssh_url(one),
        "clone_url": forge.clone_url(one),
        "svn_url": forge.page(&one.full_name()),
        "homepage": null,
        "size": 0, "stargazers_count": 0, "watchers_count": 0, "language": null,
        "has_issues": false, "has_projects": false, "has_downloads": false, "has_wiki": false,
        "has_pages": false, "has_discussions": false, "forks_count": 0, "mirror_url": null,
        "archived": one.archived, "disabled": false, "open_issues_count": 0, "license": null,
        "allow_forking": true, "is_template": false, "web_commit_signoff_required": false,
        "topics": [],
        "visibility": if one.private { "private" } else { "public" },
        "forks": 0, "open_issues": 0, "watchers": 0,
        "default_branch": one.default_branch,
        "custom_properties": {},
    });
    merge(&mut value, repository_links(forge, one));
    value
}

fn repository_links(forge: &Forge, one: &Repository) -> Value {
    let url = forge.api(&format!("repos/{}", one.full_name()));
    let mut links = Map::new();
    links.insert("url".to_owned(), json!(url));
    for (name, path) in LINKS {
        links.insert(format!("{name}_url"), json!(format!("{url}/{path}")));
    }
    Value::Object(links)
}

const LINKS: [(&str, &str); 36] = [
    ("forks", "forks"),
    ("keys", "keys{/key_id}"),
    ("collaborators", "collaborators{/collaborator}"),
    ("teams", "teams"),
    ("hooks", "hooks"),
    ("issue_events", "issues/events{/number}"),
    ("events", "events"),
    ("assignees", "assignees{/user}"),
    ("branches", "branches{/branch}"),
    ("tags", "tags"),
    ("blobs", "git/blobs{/sha}"),
    ("git_tags", "git/tags{/sha}"),
    ("git_refs", "git/refs{/sha}"),
    ("trees", "git/trees{/sha}"),
    ("statuses", "statuses/{sha}"),
    ("languages", "languages"),
    ("stargazers", "stargazers"),
    ("contributors", "contributors"),
    ("subscribers", "subscribers"),
    ("subscription", "subscription"),
    ("commits", "commits{/sha}"),
    ("git_commits", "git/commits{/sha}"),
    ("comments", "comments{/number}"),
    ("issue_comment", "issues/comments{/number}"),
    ("contents", "contents/{+path}"),
    ("compare", "compare/{base}...{head}"),
    ("merges", "merges"),
    ("archive", "{archive_format}{/ref}"),
    ("downloads", "downloads"),
    ("issues", "issues{/number}"),
    ("pulls", "pulls{/number}"),
    ("milestones", "milestones{/number}"),
    ("notifications", "notifications{?since,all,participating}"),
    ("labels", "labels{/name}"),
    ("releases", "releases{/id}"),
    ("deployments", "deployments"),
];

/// Returns a repository as its own page, with what the caller may do.
pub(crate) fn full_repository(forge: &Forge, one: &Repository, role: Option<Role>) -> Value {
    let mut value = repository(forge, one);
    merge(&mut value, json!({ "network_count": 0, "subscribers_count": 0 }));
    if let Some(role) = role {
        merge(
            &mut value,
            json!({
                "permissions": permissions(role),
                "role_name": role_name(role),
            }),
        );
    }
    value
}

fn permissions(role: Role) -> Value {
    json!({
        "admin": role >= Role::Admin,
        "maintain": role >= Role::Admin,
        "push": role >= Role::Write,
        "triage": role >= Role::Write,
        "pull": true,
    })
}

/// Returns the word for a role.
pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Read => "read",
        Role::Write => "write",
        Role::Admin => "admin",
    }
}

/// Returns a commit.
pub(crate) fn commit(forge: &Forge, repository: &Repository, one: &CommitInfo) -> Value {
    let base = forge.api(&format!("repos/{}", repository.full_name()));
    let page = forge.page(&repository.full_name());
    let git = |kind: &str, sha: &str| format!("{base}/git/{kind}/{sha}");
    let parents = one.parents.iter().map(|sha| {
        json!({
            "sha": sha,
            "url": format!("{base}/commits/{sha}"),
            "html_url": format!("{page}/commit/{sha}"),
        })
    });
    json!({
        "url": format!("{base}/commits/{}", one.sha),
        "sha": one.sha,
        "node_id": node_id("Commit", repository.id),
        "html_url": format!("{page}/commit/{}", one.sha),
        "comments_url": format!("{base}/commits/{}/comments", one.sha),
        "commit": {
            "url": git("commits", &one.sha),
            "author": {
                "name": one.author_name, "email": one.author_email, "date": one.author_date,
            },
            "committer": {
                "name": one.committer_name, "email": one.committer_email,
                "date": one.committer_date,
            },
            "message": one.message,
            "tree": { "sha": one.tree, "url": git("trees", &one.tree) },
            "comment_count": 0,
            "verification": {
                "verified": false, "reason": "unsigned", "signature": null, "payload": null,
                "verified_at": null,
            },
        },
        "author": user_by_email(forge, &one.author_email),
        "committer": user_by_email(forge, &one.committer_email),
        "parents": parents.collect::<Vec<_>>(),
    })
}

fn user_by_email(forge: &Forge, email: &str) -> Value {
    let found = forge.read(|state| {
        state.users.iter().find(|one| one.email.eq_ignore_ascii_case(email)).cloned()
    });
    found.map_or(Value::Null, |one| user(forge, &one))
}

/// Returns a status with who made it.
pub(crate) fn status(forge: &Forge, repository: &Repository, sha: &str, one: &Status) -> Value {
    let mut value = simple_status(forge, repository, sha, one);
    let creator = forge.person(&one.creator);
    merge(&mut value, json!({ "creator": user(forge, &creator) }));
    value
}

/// Returns a status without who made it, as the combined form has it.
pub(crate) fn simple_status(
    forge: &Forge,
    repository: &Repository,
    sha: &str,
    one: &Status,
) -> Value {
    let target = (!one.target_url.is_empty()).then_some(&one.target_url);
    let description = (!one.description.is_empty()).then_some(&one.description);
    json!({
        "url": forge.api(&format!("repos/{}/statuses/{sha}", repository.full_name())),
        "avatar_url": forge.page(&format!("avatars/{}", one.creator)),
        "id": one.id,
        "node_id": node_id("StatusContext", one.id),
        "state": one.state,
        "description": description,
        "target_url": target,
        "context": one.context,
        "created_at": stamp::seconds(one.created_at),
        "updated_at": stamp::seconds(one.updated_at),
    })
}

/// Returns a webhook; its secret is masked.
pub(crate) fn hook(forge: &Forge, repository: &Repository, one: &Hook) -> Value {
    let url = forge.api(&format!("repos/{}/hooks/{}", repository.full_name(), one.id));
    let last = forge.read(|state| {
        let ours = state.deliveries.iter().rev().find(|delivery| delivery.hook == one.id);
        ours.map(|delivery| (delivery.status_code, delivery.status.clone()))
    });
    let last = match last {
        None => json!({ "code": null, "status": "unused", "message": null }),
        Some((0, message)) => {
            json!({ "code": 0, "status": "connection_error", "message": message })
        }
        Some((code, message)) => {
            let word = if (200..300).contains(&code) { "active" } else { "invalid_response" };
            json!({ "code": code, "status": word, "message": message })
        }
    };
    let mut config = json!({
        "url": one.url, "content_type": one.content_type, "insecure_ssl": one.insecure_ssl,
    });
    if one.secret.is_some() {
        merge(&mut config, json!({ "secret": "********" }));
    }
    json!({
        "type": "Repository",
        "id": one.id,
        "name": "web",
        "active": one.active,
        "events": one.events,
        "config": config,
        "updated_at": stamp::seconds(one.updated_at),
        "created_at": stamp::seconds(one.created_at),
        "url": url,
        "test_url": format!("{url}/test"),
        "ping_url": format!("{url}/pings"),
        "deliveries_url": format!("{url}/deliveries"),
        "last_response": last,
    })
}

/// Returns a delivery in a list.
pub(crate) fn delivery(one: &Delivery) -> Value {
    json!({
        "id": one.id,
        "guid": one.guid,
        "delivered_at": stamp::seconds(one.delivered_at),
        "redelivery": one.redelivery,
        "duration": std::time::Duration::from_millis(one.duration_ms).as_secs_f64(),
        "status": one.status,
        "status_code": one.status_code,
        "event": one.event,
        "action": one.action,
        "installation_id": null,
        "repository_id": one.repository,
        "throttled_at": null,
    })
}

/// Returns a delivery with request and answer.
pub(crate) fn delivery_in_full(one: &Delivery) -> Value {
    let mut value = delivery(one);
    let headers = |list: &[(String, String)]| {
        list.iter().map(|(name, text)| (name.clone(), json!(text))).collect::<Map<_, _>>()
    };
    let payload = serde_json::from_str(&one.payload).unwrap_or(Value::Null);
    merge(
        &mut value,
        json!({
            "url": "",
            "request": { "headers": headers(&one.request_headers), "payload": payload },
            "response": {
                "headers": headers(&one.response_headers), "payload": one.response_body,
            },
        }),
    );
    value
}

/// Returns a deploy key.
pub(crate) fn deploy_key(forge: &Forge, repository: &Repository, one: &DeployKey) -> Value {
    json!({
        "id": one.id,
        "key": one.key,
        "url": forge.api(&format!("repos/{}/keys/{}", repository.full_name(), one.id)),
        "title": one.title,
        "verified": true,
        "created_at": stamp::seconds(one.created_at),
        "read_only": one.read_only,
        "added_by": one.added_by,
        "last_used": one.last_used.map(stamp::seconds),
        "enabled": true,
    })
}

/// Returns a key of a person.
pub(crate) fn user_key(forge: &Forge, one: &UserKey) -> Value {
    json!({
        "id": one.id,
        "key": one.key,
        "url": forge.api(&format!("user/keys/{}", one.id)),
        "title": one.title,
        "created_at": stamp::seconds(one.created_at),
        "verified": true,
        "read_only": false,
        "last_used": one.last_used.map(stamp::seconds),
    })
}

/// How much a pull request changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PullSize {
    pub(crate) commits: u64,
    pub(crate) additions: u64,
    pub(crate) deletions: u64,
    pub(crate) files: usize,
}

/// Returns a pull request as lists have it.
pub(crate) fn pull(forge: &Forge, repository: &Repository, one: &Pull) -> Value {
    let url = forge.api(&format!("repos/{}/pulls/{}", repository.full_name(), one.number));
    let page = forge.page(&format!("{}/pull/{}", repository.full_name(), one.number));
    let issue = forge.api(&format!("repos/{}/issues/{}", repository.full_name(), one.number));
    let statuses =
        forge.api(&format!("repos/{}/statuses/{}", repository.full_name(), one.head_sha));
    let review = forge.api(&format!("repos/{}/pulls/comments{{/number}}", repository.full_name()));
    let closed_at = (!one.open).then(|| stamp::seconds(one.updated_at));
    let mut value = json!({
        "id": one.id, "node_id": node_id("PullRequest", one.id), "url": url, "html_url": page,
        "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
        "issue_url": issue, "number": one.number,
        "state": if one.open { "open" } else { "closed" },
        "locked": false, "title": one.title, "user": user(forge, &forge.person(&one.author)),
        "body": (!one.body.is_empty()).then_some(&one.body),
        "created_at": stamp::seconds(one.created_at),
        "updated_at": stamp::seconds(one.updated_at),
        "closed_at": closed_at, "merged_at": null, "merge_commit_sha": null, "assignee": null,
        "assignees": [], "requested_reviewers": [], "requested_teams": [], "labels": [],
        "milestone": null, "draft": one.draft,
        "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"), "review_comment_url": review,
        "comments_url": format!("{issue}/comments"), "statuses_url": statuses,
        "author_association": "MEMBER", "auto_merge": null, "active_lock_reason": null,
    });
    let links = json!({ "_links": {
        "self": { "href": url }, "html": { "href": page }, "issue": { "href": issue },
        "comments": { "href": format!("{issue}/comments") },
        "review_comments": { "href": format!("{url}/comments") },
        "review_comment": { "href": review },
        "commits": { "href": format!("{url}/commits") }, "statuses": { "href": statuses },
    }});
    merge(&mut value, links);
    let ends = json!({
        "head": pull_end(forge, repository, &one.head, &one.head_sha),
        "base": pull_end(forge, repository, &one.base, &one.base_sha),
    });
    merge(&mut value, ends);
    value
}

/// Returns a pull request as its own page has it.
pub(crate) fn full_pull(
    forge: &Forge,
    repository: &Repository,
    one: &Pull,
    extent: PullSize,
) -> Value {
    let mut value = pull(forge, repository, one);
    merge(
        &mut value,
        json!({
            "merged": false, "mergeable": null, "rebaseable": null,
            "mergeable_state": "unknown", "merged_by": null, "comments": 0,
            "review_comments": 0, "maintainer_can_modify": false, "commits": extent.commits,
            "additions": extent.additions, "deletions": extent.deletions,
            "changed_files": extent.files,
        }),
    );
    value
}

fn pull_end(forge: &Forge, one: &Repository, branch: &str, sha: &str) -> Value {
    json!({
        "label": format!("{}:{branch}", one.owner),
        "ref": branch,
        "sha": sha,
        "user": owner(forge, one),
        "repo": repository(forge, one),
    })
}
