//! No I/O, nothing asynchronous and no randomness where a crate promises to have none.

use super::{
    super::{modules::Modules, report::report, syntax::Fact},
    Exception, Findings, forbidden, is_in, named_in,
};

/// Crates that only compute, and those whose words they speak: what these could do, they could, too.
const PURE: &[&str] = &["crates/config/", "crates/engine/", "crates/model/", "crates/protocol/"];

/// Reads files only through what it is given.
const NO_FILES: &[&str] = &["crates/lsp/"];

const IO: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "tokio",
    "futures",
    "futures_util",
    "reqwest",
    "tempfile",
    "print",
    "println",
    "eprint",
    "eprintln",
    "dbg",
];

const FILES: &[&str] = &[
    "std::fs::read",
    "std::fs::read_to_string",
    "std::fs::read_dir",
    "std::fs::File",
    "std::fs::OpenOptions",
    "tokio::fs",
];

/// Methods that ask the file system or the network, of a path or a name.
const ASKING: &[&str] = &[
    "exists",
    "try_exists",
    "is_file",
    "is_dir",
    "is_symlink",
    "metadata",
    "symlink_metadata",
    "canonicalize",
    "read_dir",
    "read_link",
    "to_socket_addrs",
];

const CHANCE: &[&str] = &[
    "rand",
    "getrandom",
    "fastrand",
    "rand_core",
    "rand_chacha",
    "nanoid",
    "ulid",
    "uuid::Uuid::new_v4",
    "uuid::Uuid::now_v7",
    "std::hash::RandomState",
    "std::collections::hash_map::RandomState",
];

const EXCEPTIONS: &[Exception] = &[
    ("crates/model/src/cause.rs", "puts an error of I/O into words, and does none"),
    (
        "crates/model/src/id.rs",
        "`fresh`, for the shells; the rule of clocks keeps it from the others",
    ),
];

fn impure(modules: &Modules<'_>) -> Vec<String> {
    let mut findings = Findings::default();
    let rules = [(PURE, IO, "I/O"), (PURE, CHANCE, "chance"), (NO_FILES, FILES, "a file")];
    for (places, paths, what) in rules {
        for named in named_in(modules, places) {
            if let Some(path) = forbidden(&named.targets, paths) {
                findings.add(
                    named.source,
                    named.mention.line,
                    &format!("{what}: {path}"),
                    EXCEPTIONS,
                );
            }
        }
    }
    for (source, fact, line, _) in modules.facts() {
        if matches!(fact, Fact::Waits) && PURE.iter().any(|place| is_in(source, place)) {
            findings.add(source, line, "async", EXCEPTIONS);
        }
        if let Fact::Called(name) = fact
            && ASKING.contains(&name.as_str())
            && PURE.iter().chain(NO_FILES).any(|place| is_in(source, place))
        {
            findings.add(source, line, &format!("I/O: {name}"), EXCEPTIONS);
        }
    }
    findings.all(EXCEPTIONS)
}

#[test]
fn what_only_computes_does_nothing_else() {
    report(
        "`config`, `engine`, `model` and `protocol` only compute, `lsp` reads no file",
        impure(Modules::of_workspace()),
    );
}

#[test]
fn what_does_more_than_compute_is_seen() {
    for more in [
        "fn f() { std::fs::read(\"a\"); }",
        "use std::fs as files; fn f() { files::read(\"a\"); }",
        "use std::{env::{self, args}};",
        "fn f() { println!(\"a\"); }",
        "fn f() { tokio::spawn(g()); }",
        "async fn f() {}",
        "fn f() { g(async { 1 }) }",
        "fn f() { g(move |job| async move { job.await }) }",
        "use rand::prelude::*; fn f() { rng(); }",
        "fn f() { let state = std::hash::RandomState::new(); }",
        "fn f() { vec![uuid::Uuid::new_v4()]; }",
        "fn f(path: &Path) -> bool { path.exists() }",
        "fn f(path: &Path) { assert!(path.join(a).is_file()); }",
        "fn f(host: &str) { host.to_socket_addrs(); }",
    ] {
        let found = super::try_on(impure, &[("crates/config/src/lib.rs", more)]);
        assert!(found.iter().any(|found| found.contains("config")), "{more}");
    }
    let found = super::try_on(impure, &[("crates/lsp/src/lib.rs", "use std::{io, fs::File};")]);
    let file = "crates/lsp/src/lib.rs:1: a file: std::fs::File";
    assert_eq!(
        found.iter().filter(|found| !found.contains("exception")).collect::<Vec<_>>(),
        [file]
    );
}
