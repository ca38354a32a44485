//! No code is hidden from the other rules: `include!` reads it from a file that they do not look at, and a
//! module is not taken for a test because of its name.

use super::{
    super::{modules::Modules, report::report},
    Findings, forbidden,
};

fn hidden(modules: &Modules<'_>) -> Vec<String> {
    let mut findings = Findings::default();
    for named in modules.resolved() {
        if let Some(how) = forbidden(&named.targets, &["include!", "std::include", "core::include"])
        {
            findings.add(named.source, named.mention.line, how, &[]);
        }
    }
    findings.all(&[])
}

#[test]
fn no_code_is_included_from_elsewhere() {
    report("code stands in modules, not behind `include!`", hidden(Modules::of_workspace()));
}

#[test]
fn hidden_code_is_seen() {
    for hiding in [
        "include!(\"clock.txt\");",
        "fn f() { include!(\"clock.txt\") }",
        "use std::include as take; take!(\"clock.txt\");",
        "mod contests;",
        "#[path = \"contests.rs\"] mod quiet;",
        "pub mod tests;",
    ] {
        let found = super::try_on(
            hidden,
            &[
                ("crates/engine/src/lib.rs", hiding),
                ("crates/engine/src/contests.rs", "std::include!(\"clock.txt\");"),
                ("crates/engine/src/tests.rs", "std::include!(\"clock.txt\");"),
            ],
        );
        assert!(found.first().is_some_and(|found| found.contains(".rs:1: ")), "{hiding}");
    }
    let tested = "#[cfg(test)] mod tests { include!(\"samples.rs\"); }";
    let found = super::try_on(hidden, &[("crates/engine/src/lib.rs", tested)]);
    assert!(found.is_empty(), "{found:?}");
}
