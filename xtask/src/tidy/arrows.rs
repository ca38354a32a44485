//! Arrows between crates point down only.

use std::collections::BTreeMap;

use super::{
    report::report,
    source::{self, Source},
};

/// Which of our crates each may depend on (ARCHITECTURE.md draws it). A new arrow needs a record in
/// `docs/decisions/`.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("config", &["model"]),
    ("lsp", &["config"]),
    ("engine", &["model"]),
    ("protocol", &["model"]),
    ("forge", &["model"]),
    ("localforge", &["model"]),
    ("container", &[]),
    ("jobtool", &[]),
    ("store", &["model", "engine"]),
    ("runner", &["model", "protocol", "container", "jobtool"]),
    ("server", &["model", "config", "engine", "protocol", "forge", "store"]),
    ("testkit", &["model", "protocol", "localforge"]),
    (
        "cli",
        &[
            "model",
            "config",
            "container",
            "forge",
            "localforge",
            "lsp",
            "runner",
            "server",
            "store",
        ],
    ),
];

fn broken_arrows(manifests: &[Source]) -> Vec<String> {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut broken = Vec::new();
    for source in manifests {
        let name = source.path.trim_start_matches("crates/").trim_end_matches("/Cargo.toml");
        let Some(arrows) = allowed.get(name) else {
            broken.push(format!("`{name}` is not in the table of arrows"));
            continue;
        };
        let manifest: toml::Table = source.text.parse().unwrap();
        for target in own_dependencies(&manifest) {
            if !arrows.contains(&target) {
                broken.push(format!("`{name}` may not depend on `{target}`"));
            }
        }
    }
    broken
}

/// Lists our crates that a product build of this one needs.
fn own_dependencies(manifest: &toml::Table) -> Vec<&str> {
    let sections = ["dependencies", "build-dependencies"].iter();
    let tables = sections.filter_map(|section| manifest.get(*section)?.as_table());
    tables.flat_map(toml::Table::keys).filter_map(|name| name.strip_prefix("roundel-")).collect()
}

#[test]
fn arrows_between_crates_point_down_only() {
    let mut manifests = source::tree(&["crates"]);
    manifests.retain(|source| source.path.ends_with("/Cargo.toml"));
    report("arrows between crates", broken_arrows(&manifests));
}

#[test]
fn an_arrow_that_is_not_in_the_table_is_seen() {
    let manifests = source::sample(&[
        ("crates/engine/Cargo.toml", "[dependencies]\nroundel-store.workspace = true"),
        ("crates/model/Cargo.toml", "[dev-dependencies]\nroundel-testkit.workspace = true"),
        ("crates/sample/Cargo.toml", ""),
    ]);
    assert_eq!(
        broken_arrows(&manifests),
        ["`engine` may not depend on `store`", "`sample` is not in the table of arrows"]
    );
}
