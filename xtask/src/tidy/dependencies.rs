//! Dependencies: none is listed that no crate takes, and running and testing share their builds.

use std::{collections::BTreeSet, process::Command};

use crate::shell;

use super::{
    report::report,
    source::{self, Source},
};

/// Lists what the workspace offers and no crate takes.
fn untaken(workspace: &str, manifests: &[Source]) -> Vec<String> {
    let workspace: toml::Table = workspace.parse().unwrap();
    let offered = workspace["workspace"]["dependencies"].as_table().unwrap();
    let taken: BTreeSet<String> = manifests
        .iter()
        .flat_map(|manifest| {
            let manifest: toml::Table = manifest.text.parse().unwrap();
            let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
            let tables = sections.map(|section| manifest.get(section).cloned());
            tables.into_iter().flatten().flat_map(|table| {
                table
                    .as_table()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.clone())
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    offered.keys().filter(|name| !taken.contains(*name)).cloned().collect()
}

/// Lists every package with the features it is built with, for these kinds of dependencies.
fn features(kinds: &str) -> BTreeSet<String> {
    let mut tree = shell::cargo();
    tree.args(["tree", "--workspace", "--offline", "--edges", kinds, "--prefix", "none"]);
    tree.args(["--no-dedupe", "--format", "{p} with {f}"]);
    lines(&mut tree)
}

fn lines(command: &mut Command) -> BTreeSet<String> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect()
}

/// Lists what a run needs built differently from the tests.
fn built_twice(run: &BTreeSet<String>, test: &BTreeSet<String>) -> Vec<String> {
    run.difference(test).cloned().collect()
}

#[test]
fn nothing_is_offered_that_no_crate_takes() {
    let workspace = &source::tree(&["Cargo.toml"])[0].text;
    let mut manifests = source::tree(&["crates", "xtask"]);
    manifests.retain(|source| source.path.ends_with("Cargo.toml"));
    report("take these off the workspace's manifest", untaken(workspace, &manifests));
}

/// `cargo run`, `cargo xtask` and the bench select all members without what tests need; tests
/// select all members with it. A dependency whose features differ is built twice, and with it all
/// that depends on it.
#[test]
fn running_and_testing_share_the_builds_of_their_dependencies() {
    let twice = built_twice(&features("normal,build"), &features("normal,build,dev"));
    report("ask for the tests' features in `crates/cli/Cargo.toml` too", twice);
}

#[test]
fn a_forgotten_dependency_is_seen() {
    let workspace = "[workspace.dependencies]\nhex = \"1\"\nurl = \"2\"\nrand = \"1\"";
    let manifests = source::sample(&[(
        "crates/a/Cargo.toml",
        "[dependencies]\nhex.workspace = true\n[dev-dependencies]\nrand.workspace = true",
    )]);
    assert_eq!(untaken(workspace, &manifests), ["url"]);
}

#[test]
fn a_dependency_with_other_features_is_seen() {
    let set = |lines: &[&str]| lines.iter().map(ToString::to_string).collect();
    let run = set(&["strum v1 with std", "hex v1 with std"]);
    let test = set(&["strum v1 with derive,std", "hex v1 with std", "insta v1 with json"]);
    assert_eq!(built_twice(&run, &test), ["strum v1 with std"]);
}
