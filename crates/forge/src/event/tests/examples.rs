//! Real payloads, collected by others: `@octokit/webhooks-examples` (`VCS` §12.4).

use std::{env, fs, io::Write, path::PathBuf};

use proptest::{sample::Index, test_runner::TestRunner};

use super::*;

/// Where the collection is, if `cargo xtask test` has fetched it.
fn collection() -> Option<PathBuf> {
    const PACKAGE: &str = "node_modules/@octokit/webhooks-examples";
    let named = env::var_os("ROUNDEL_TEST_TOOLS").map(PathBuf::from);
    let target = env::current_exe().unwrap();
    let built = target.ancestors().map(|directory| directory.join("test-tools"));
    let found = named.into_iter().chain(built).map(|tools| tools.join(PACKAGE));
    found.into_iter().find(|path| path.is_dir())
}

/// All payloads: (event, payload). Says loudly, and where it is counted, if there are none.
fn payloads(test: &str) -> Vec<(String, Value)> {
    let Some(collection) = collection() else {
        let notice =
            format!("{test}: @octokit/webhooks-examples is missing; run `cargo xtask test`");
        eprintln!("SKIPPED {notice}");
        if let Some(file) = env::var_os("ROUNDEL_SKIPPED_TESTS") {
            let mut file = fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
            writeln!(file, "{notice}").unwrap();
        }
        return Vec::new();
    };
    let mut found = Vec::new();
    for edition in fs::read_dir(collection).unwrap() {
        let Ok(index) = fs::read(edition.unwrap().path().join("index.json")) else { continue };
        let events: Value = serde_json::from_slice(&index).unwrap();
        for event in events.as_array().unwrap() {
            let name = event["name"].as_str().unwrap();
            for example in event["examples"].as_array().unwrap() {
                found.push((name.to_owned(), example.clone()));
            }
        }
    }
    assert!(found.len() >= 329, "only {} payloads", found.len());
    found
}

// The payloads span years; the older ones lack what today's schemas call required.
#[test]
fn every_real_payload_is_understood_or_ignored_for_its_kind() {
    for (event, payload) in payloads("every_real_payload_is_understood") {
        let read = read(ForgeKind::GitHub, &event, &payload);
        let [read] = read.as_slice() else { panic!("{event}: {read:?}") };
        let action = payload.get("action").and_then(Value::as_str).unwrap_or_default();
        let understood = match (event.as_str(), action) {
            ("ping", _) => matches!(read, ForgeEvent::Ping { hook_id: Some(_) }),
            ("push", _) if payload["deleted"] == true => {
                matches!(read, ForgeEvent::Deleted { .. })
            }
            ("push", _) => matches!(read, ForgeEvent::Push(push) if push.sender_id.is_some()),
            ("pull_request", _) => matches!(read, ForgeEvent::PullRequest(pull) if !pull.from_fork),
            ("repository", "created") => matches!(read, ForgeEvent::Ignored { .. }),
            ("repository" | "public" | "member", _) => {
                matches!(read, ForgeEvent::RepositoryChanged { .. })
            }
            ("deploy_key" | "meta", "deleted") => {
                matches!(read, ForgeEvent::HookOrKeyRemoved { .. })
            }
            _ => {
                matches!(read, ForgeEvent::Ignored { because } if because.starts_with("events `") && because.ends_with("are not handled"))
            }
        };
        assert!(understood, "{event} {action}: {read:?}");
    }
}

#[test]
fn a_real_payload_without_any_one_field_is_parsed_or_ignored_with_a_reason() {
    let payloads = payloads("a_real_payload_without_any_one_field");
    if payloads.is_empty() {
        return;
    }
    let ours =
        ["push", "pull_request", "repository", "public", "member", "deploy_key", "meta", "ping"];
    let ours: Vec<_> =
        payloads.iter().filter(|(event, _)| ours.contains(&event.as_str())).collect();
    let cases = (any::<Index>(), any::<Index>(), 0..4_usize);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(3_000));
    let result = runner.run(&cases, |(which, place, how)| {
        let (event, payload) = which.get(&ours);
        let mut all = Vec::new();
        places(payload, "", &mut all);
        let place = place.get(&all);
        let damaged = match how {
            0 | 1 => without(payload, place),
            _ => {
                let mut damaged = payload.clone();
                let odd = if how == 2 { Value::Null } else { Value::from("odd") };
                *damaged.pointer_mut(place).unwrap() = odd;
                damaged
            }
        };
        check(ForgeKind::GitHub, event, &damaged, place);
        Ok(())
    });
    result.unwrap();
}
