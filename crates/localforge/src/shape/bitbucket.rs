//! Bitbucket's JSON, within what its API description allows.

use roundel_model::forge::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    forge::Forge,
    git::CommitInfo,
    model::{DeployKey, Hook, Organization, Owner, Pull, Repository, Status, User, UserKey},
    shape::{braced, merge},
    stamp,
};

fn link(href: impl Into<String>) -> Value {
    json!({ "href": href.into() })
}

/// Returns a person.
pub(crate) fn user(forge: &Forge, one: &User) -> Value {
    let uuid = braced(one.uuid);
    json!({
        "type": "user",
        "uuid": uuid,
        "account_id": format!("557058:{}", one.uuid),
        "account_status": "active",
        "nickname": one.login,
        "display_name": one.name,
        "created_on": stamp::offset(one.created_at),
        "links": {
            "self": link(forge.api(&format!("users/{}", encoded(&uuid)))),
            "html": link(forge.page(&one.login)),
            "avatar": link(forge.page(&format!("avatars/{}", one.login))),
        },
    })
}

/// Returns a uuid or name as it is in an address.
pub(crate) fn encoded(text: &str) -> String {
    text.replace('{', "%7B").replace('}', "%7D").replace(' ', "%20")
}

/// Returns a workspace: an organization, or a person's own, which shares the person's id.
pub(crate) fn workspace(forge: &Forge, login: &str) -> Value {
    let (uuid, name) = forge.read(|state| {
        let owner = state.owner(login);
        let name = match &owner {
            Some(Owner::User(user)) => user.name.clone(),
            Some(Owner::Organization(_)) | None => login.to_owned(),
        };
        (owner.map_or(Uuid::nil(), |owner| owner.uuid()), name)
    });
    json!({
        "type": "workspace",
        "uuid": braced(uuid),
        "slug": login,
        "name": name,
        "is_private": true,
        "links": {
            "self": link(forge.api(&format!("workspaces/{login}"))),
            "html": link(forge.page(login)),
            "avatar": link(forge.page(&format!("avatars/{login}"))),
            "members": link(forge.api(&format!("workspaces/{login}/members"))),
            "repositories": link(forge.api(&format!("repositories/{login}"))),
        },
    })
}

/// Returns a workspace as it is in a list of what a user has access to: with fewer links.
pub(crate) fn workspace_base(forge: &Forge, login: &str) -> Value {
    let mut whole = workspace(forge, login);
    let links = json!({ "self": whole["links"]["self"], "avatar": whole["links"]["avatar"] });
    whole["type"] = json!("workspace_base");
    whole["links"] = links;
    whole
}

/// Returns a workspace as an account, where it owns things.
fn team(forge: &Forge, one: &Organization) -> Value {
    json!({
        "type": "team",
        "uuid": braced(one.uuid),
        "display_name": one.login,
        "username": one.login,
        "links": {
            "self": link(forge.api(&format!("workspaces/{}", one.login))),
            "html": link(forge.page(&one.login)),
            "avatar": link(forge.page(&format!("avatars/{}", one.login))),
        },
    })
}

fn owner(forge: &Forge, repository: &Repository) -> Value {
    forge.read(|state| match state.owner(&repository.owner) {
        Some(Owner::User(one)) => user(forge, one),
        Some(Owner::Organization(one)) => team(forge, one),
        None => json!({ "type": "team", "display_name": repository.owner }),
    })
}

/// Returns a repository as embedded in other objects.
pub(crate) fn short_repository(forge: &Forge, one: &Repository) -> Value {
    json!({
        "type": "repository",
        "uuid": braced(one.uuid),
        "name": one.name,
        "full_name": one.full_name(),
        "links": {
            "self": link(forge.api(&format!("repositories/{}", one.full_name()))),
            "html": link(forge.page(&one.full_name())),
            "avatar": link(forge.page(&format!("avatars/{}", one.name))),
        },
    })
}

/// Returns a repository. Webhooks have it without the default branch (`VCS` §4.8).
pub(crate) fn repository(forge: &Forge, one: &Repository) -> Value {
    let base = forge.api(&format!("repositories/{}", one.full_name()));
    let updated = one.pushed_at.unwrap_or(one.created_at);
    let branch = one.pushed_at.map(|_| json!({ "type": "branch", "name": one.default_branch }));
    let mut value = json!({
        "type": "repository",
        "uuid": braced(one.uuid),
        "full_name": one.full_name(),
        "name": one.name,
        "slug": one.name.to_lowercase(),
        "description": "",
        "scm": "git",
        "is_private": one.private,
        "owner": owner(forge, one),
        "workspace": workspace(forge, &one.owner),
        "project": {
            "type": "project", "key": "MAIN", "name": "Main", "uuid": braced(one.uuid),
            "links": { "html": link(forge.page(&one.owner)) },
        },
        "created_on": stamp::offset(one.created_at),
        "updated_on": stamp::offset(updated),
        "size": 0,
        "language": "",
        "has_issues": false,
        "has_wiki": false,
        "fork_policy": "allow_forks",
        "website": "",
        "links": {
            "self": link(base.clone()),
            "html": link(forge.page(&one.full_name())),
            "avatar": link(forge.page(&format!("avatars/{}", one.name))),
            "pullrequests": link(format!("{base}/pullrequests")),
            "commits": link(format!("{base}/commits")),
            "forks": link(format!("{base}/forks")),
            "watchers": link(format!("{base}/watchers")),
            "downloads": link(format!("{base}/downloads")),
            "hooks": link(format!("{base}/hooks")),
            "clone": [
                { "name": "https", "href": forge.clone_url(one) },
                { "name": "ssh", "href": forge.ssh_url(one) },
            ],
        },
    });
    if let Some(branch) = branch {
        merge(&mut value, json!({ "mainbranch": branch }));
    }
    value
}

/// Returns a commit.
pub(crate) fn commit(forge: &Forge, repository: &Repository, one: &CommitInfo) -> Value {
    let base = forge.api(&format!("repositories/{}/commit", repository.full_name()));
    let page = forge.page(&format!("{}/commits", repository.full_name()));
    let parents = one.parents.iter().map(|sha| {
        json!({
            "type": "commit",
            "hash": sha,
            "links": {
                "self": link(format!("{base}/{sha}")), "html": link(format!("{page}/{sha}")),
            },
        })
    });
    json!({
        "type": "commit",
        "hash": one.sha,
        "date": one.author_date,
        "message": one.message,
        "summary": { "raw": one.message, "markup": "markdown", "html": "" },
        "author": author(forge, &one.author_name, &one.author_email),
        "committer": author(forge, &one.committer_name, &one.committer_email),
        "parents": parents.collect::<Vec<_>>(),
        "repository": short_repository(forge, repository),
        "links": {
            "self": link(format!("{base}/{}", one.sha)),
            "html": link(format!("{page}/{}", one.sha)),
            "statuses": link(format!("{base}/{}/statuses", one.sha)),
        },
    })
}

fn author(forge: &Forge, name: &str, email: &str) -> Value {
    let mut value = json!({ "type": "author", "raw": format!("{name} <{email}>") });
    let found = forge.read(|state| {
        state.users.iter().find(|one| one.email.eq_ignore_ascii_case(email)).cloned()
    });
    if let Some(found) = found {
        merge(&mut value, json!({ "user": user(forge, &found) }));
    }
    value
}

/// Returns a branch or tag.
pub(crate) fn branch(
    forge: &Forge,
    repository: &Repository,
    name: &str,
    tip: &CommitInfo,
) -> Value {
    let base = forge.api(&format!("repositories/{}", repository.full_name()));
    json!({
        "type": "branch",
        "name": name,
        "target": commit(forge, repository, tip),
        "merge_strategies": ["merge_commit", "squash", "fast_forward"],
        "default_merge_strategy": "merge_commit",
        "links": {
            "self": link(format!("{base}/refs/branches/{name}")),
            "commits": link(format!("{base}/commits/{name}")),
            "html": link(forge.page(&format!("{}/branch/{name}", repository.full_name()))),
        },
    })
}

/// Returns a build status.
pub(crate) fn status(forge: &Forge, repository: &Repository, sha: &str, one: &Status) -> Value {
    let base = forge.api(&format!("repositories/{}/commit/{sha}", repository.full_name()));
    json!({
        "type": "build",
        "uuid": braced(one.uuid),
        "key": one.context,
        "name": one.name,
        "state": one.state,
        "url": one.target_url,
        "description": one.description,
        "refname": one.refname.clone().unwrap_or_default(),
        "created_on": stamp::offset(one.created_at),
        "updated_on": stamp::offset(one.updated_at),
        "author": user(forge, &forge.person(&one.creator)),
        "commit": { "type": "commit", "hash": sha, "links": { "self": link(base.clone()) } },
        "repository": short_repository(forge, repository),
        "links": {
            "self": link(format!("{base}/statuses/build/{}", encoded(&one.context))),
            "commit": link(base.clone()),
        },
    })
}

/// Returns a webhook; its secret is never shown.
pub(crate) fn hook(forge: &Forge, repository: &Repository, one: &Hook) -> Value {
    let base = forge.api(&format!("repositories/{}/hooks", repository.full_name()));
    json!({
        "type": "webhook_subscription",
        "uuid": braced(one.uuid),
        "url": one.url,
        "description": one.description,
        "subject_type": "repository",
        "subject": short_repository(forge, repository),
        "active": one.active,
        "created_at": stamp::offset(one.created_at),
        "events": one.events,
        "secret_set": one.secret.is_some(),
        "skip_cert_verification": one.insecure_ssl == "1",
        "links": { "self": link(format!("{base}/{}", encoded(&braced(one.uuid)))) },
    })
}

/// Returns an access key.
pub(crate) fn deploy_key(forge: &Forge, repository: &Repository, one: &DeployKey) -> Value {
    let base = forge.api(&format!("repositories/{}/deploy-keys", repository.full_name()));
    let mut value = json!({
        "type": "deploy_key",
        "id": one.id,
        "key": one.key,
        "label": one.title,
        "comment": one.comment,
        "added_on": stamp::offset(one.created_at),
        "owner": user(forge, &forge.person(&one.added_by)),
        "repository": short_repository(forge, repository),
        "links": { "self": link(format!("{base}/{}", one.id)) },
    });
    if let Some(used) = one.last_used {
        merge(&mut value, json!({ "last_used": stamp::offset(used) }));
    }
    value
}

/// Returns a key of a person.
pub(crate) fn user_key(forge: &Forge, one: &UserKey, fingerprint: &str) -> Value {
    let owner = forge.person(&one.login);
    let base = forge.api(&format!("users/{}/ssh-keys", encoded(&braced(owner.uuid))));
    let mut value = json!({
        "type": "ssh_key",
        "uuid": braced(one.uuid),
        "key": one.key,
        "label": one.title,
        "comment": one.comment,
        "fingerprint": fingerprint,
        "created_on": stamp::offset(one.created_at),
        "owner": user(forge, &owner),
        "links": { "self": link(format!("{base}/{}", encoded(&braced(one.uuid)))) },
    });
    if let Some(used) = one.last_used {
        merge(&mut value, json!({ "last_used": stamp::offset(used) }));
    }
    value
}

/// Returns a pull request. Its hashes have twelve digits (`VCS` §4.9).
pub(crate) fn pull(forge: &Forge, repository: &Repository, one: &Pull) -> Value {
    let base =
        forge.api(&format!("repositories/{}/pullrequests/{}", repository.full_name(), one.number));
    let page = forge.page(&format!("{}/pull-requests/{}", repository.full_name(), one.number));
    let end = |branch: &str, sha: &str| {
        json!({
            "branch": { "name": branch },
            "commit": { "type": "commit", "hash": sha.get(..12).unwrap_or(sha) },
            "repository": short_repository(forge, repository),
        })
    };
    json!({
        "type": "pullrequest",
        "id": one.number,
        "title": one.title,
        "description": one.body,
        "summary": { "raw": one.body, "markup": "markdown", "html": "" },
        "state": if one.open { "OPEN" } else { "DECLINED" },
        "draft": one.draft,
        "author": user(forge, &forge.person(&one.author)),
        "source": end(&one.head, &one.head_sha),
        "destination": end(&one.base, &one.base_sha),
        "merge_commit": null,
        "comment_count": 0,
        "task_count": 0,
        "close_source_branch": false,
        "reason": "",
        "reviewers": [],
        "participants": [],
        "created_on": stamp::offset(one.created_at),
        "updated_on": stamp::offset(one.updated_at),
        "links": {
            "self": link(base.clone()),
            "html": link(page),
            "commits": link(format!("{base}/commits")),
            "diff": link(format!("{base}/diff")),
            "statuses": link(format!("{base}/statuses")),
        },
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
