//! The forges' API descriptions, cut down to the calls that we make.
//!
//! The whole of GitHub's description takes Prism a minute to read; what we call, seconds. What the
//! published text of Bitbucket lacks is added from `bitbucket.patch.json`, each entry with its
//! reason.

use std::{collections::BTreeSet, fs, path::Path};

use roundel_localforge::ForgeKind;
use serde_json::{Map, Value};

/// Paths of GitHub's description that the client calls.
const GITHUB: &[&str] = &[
    "/user",
    "/user/emails",
    "/user/repos",
    "/repos/{owner}/{repo}",
    "/repos/{owner}/{repo}/contents/{path}",
    "/repos/{owner}/{repo}/commits/{ref}",
    "/repos/{owner}/{repo}/git/ref/{ref}",
    "/repos/{owner}/{repo}/keys",
    "/repos/{owner}/{repo}/keys/{key_id}",
    "/repos/{owner}/{repo}/hooks",
    "/repos/{owner}/{repo}/hooks/{hook_id}",
    "/repos/{owner}/{repo}/statuses/{sha}",
];

/// Paths of Bitbucket's description that the client calls. None of those that Bitbucket has removed
/// is among them, so calling one of those is an objection (`VCS` §4.4).
const BITBUCKET: &[&str] = &[
    "/user",
    "/user/emails",
    "/user/workspaces",
    "/user/workspaces/{workspace}/permissions/repositories",
    "/repositories/{workspace}",
    "/repositories/{workspace}/{repo_slug}",
    "/repositories/{workspace}/{repo_slug}/src/{commit}/{path}",
    "/repositories/{workspace}/{repo_slug}/src/{commit}/{directory}/{path}",
    "/repositories/{workspace}/{repo_slug}/commit/{commit}",
    "/repositories/{workspace}/{repo_slug}/commit/{commit}/statuses/build",
    "/repositories/{workspace}/{repo_slug}/refs/branches/{name}",
    "/repositories/{workspace}/{repo_slug}/deploy-keys",
    "/repositories/{workspace}/{repo_slug}/deploy-keys/{key_id}",
    "/repositories/{workspace}/{repo_slug}/hooks",
    "/repositories/{workspace}/{repo_slug}/hooks/{uid}",
];

/// Reads a forge's description and returns the part that we need.
pub(crate) fn trimmed(contracts: &Path, kind: ForgeKind) -> Value {
    let (file, paths) = match kind {
        ForgeKind::GitHub => ("github.openapi.trimmed.json", GITHUB),
        ForgeKind::Bitbucket => ("bitbucket-cloud.openapi.json", BITBUCKET),
    };
    let text = fs::read(contracts.join(file)).unwrap();
    let mut description: Value = serde_json::from_slice(&text).unwrap();
    if kind == ForgeKind::Bitbucket {
        let patch = include_str!("bitbucket.patch.json");
        merge(&mut description, serde_json::from_str(patch).unwrap());
    }
    keep_paths(&mut description, paths);
    keep_reachable(&mut description);
    description
}

/// Applies a JSON merge patch (RFC 7386).
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let target = target.as_object_mut().unwrap();
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), value);
        }
    }
}

fn keep_paths(description: &mut Value, paths: &[&str]) {
    let all = description["paths"].as_object_mut().unwrap();
    for path in paths {
        assert!(all.contains_key(*path), "the description has no `{path}`");
    }
    all.retain(|path, _| paths.contains(&path.as_str()));
}

/// Drops the components that nothing refers to any more.
fn keep_reachable(description: &mut Value) {
    let mut known = BTreeSet::new();
    let mut open = Vec::new();
    references(&description["paths"], &mut open);
    while let Some(reference) = open.pop() {
        let Some(pointer) = reference.strip_prefix('#') else { continue };
        if known.insert(pointer.to_owned()) {
            let component = description.pointer(pointer);
            references(component.unwrap_or_else(|| panic!("nothing at {pointer}")), &mut open);
        }
    }
    let components = description["components"].as_object_mut().unwrap();
    for (kind, entries) in components.iter_mut().filter(|(kind, _)| *kind != "securitySchemes") {
        let entries = entries.as_object_mut().unwrap();
        entries.retain(|name, _| known.contains(&format!("/components/{kind}/{name}")));
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|child| references(child, found));
        }
        Value::Array(items) => items.iter().for_each(|child| references(child, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
