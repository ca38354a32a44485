//! No HTTP to a forge outside `forge`: other crates call other servers, each with its reason.

use super::{
    super::{modules::Modules, report::report, syntax::Fact},
    Exception, Findings, forbidden, is_in,
};

const FORGE: &str = "crates/forge/";

const CLIENTS: &[&str] = &[
    "reqwest",
    "hyper",
    "hyper_util",
    "ureq",
    "isahc",
    "curl",
    "surf",
    "attohttpc",
    "octocrab",
    "minreq",
    "awc",
    "h2",
    "h3",
    "tonic",
];

/// Programs that call other servers, with or without their directory.
const PROGRAMS: &[&str] = &["curl", "wget"];

/// Parts of addresses of the forges' interfaces.
const ADDRESSES: &[&str] = &[
    "api.github.com",
    "uploads.github.com",
    "codeload.github.com",
    "raw.githubusercontent.com",
    "api.bitbucket.org",
    "/api/v3/",
    "/rest/api/",
    "/2.0/repositories",
];

const EXCEPTIONS: &[Exception] = &[
    ("crates/localforge/", "is the other side: it delivers webhooks"),
    ("crates/testkit/", "plays the browser and the runner in tests"),
    ("crates/runner/src/client.rs", "speaks with its server"),
    ("crates/runner/src/log/uplink.rs", "speaks with its server"),
    ("crates/runner/src/host.rs", "speaks with its server"),
    (
        "crates/server/src/orbs/",
        "asks registries of orbs, and addresses that a configuration names",
    ),
    ("crates/cli/src/orb_command/access.rs", "speaks with one of our servers"),
];

/// Files that may name the address of a forge. Those that speak with another server need none.
const KNOWS_ADDRESS: &[Exception] =
    &[("crates/cli/src/settings/", "says where the forges are unless a setting does")];

fn forge_calls(modules: &Modules<'_>) -> Vec<String> {
    let (mut findings, mut addresses) = (Findings::default(), Findings::default());
    for named in modules.resolved().filter(|named| !is_in(named.source, FORGE)) {
        if let Some(client) = forbidden(&named.targets, CLIENTS) {
            findings.add(named.source, named.mention.line, client, EXCEPTIONS);
        }
    }
    for (source, fact, line, _) in modules.facts() {
        if let Fact::Text(text) = fact
            && !is_in(source, FORGE)
        {
            if let Some(address) = ADDRESSES.iter().find(|address| text.contains(**address)) {
                addresses.add(source, line, address, KNOWS_ADDRESS);
            } else if let Some(program) = program(text) {
                findings.add(source, line, program, EXCEPTIONS);
            }
        }
    }
    [findings.all(EXCEPTIONS), addresses.all(KNOWS_ADDRESS)].concat()
}

/// Returns the program that a text starts: `curl`, `/usr/bin/curl`, `curl -s https://…` for a shell.
fn program(text: &str) -> Option<&'static str> {
    let first = text.split_whitespace().next()?;
    let name = first.rsplit('/').next()?;
    let is_started = |program: &&&str| {
        **program == name && (text == first || text.contains("://") || text.contains(" -"))
    };
    PROGRAMS.iter().find(is_started).copied()
}

#[test]
fn only_the_forge_crate_calls_a_forge() {
    report("HTTP to a forge is in `forge`", forge_calls(Modules::of_workspace()));
}

/// Who speaks with another server has no reason to know that of a forge.
#[test]
fn a_file_that_may_call_its_server_may_not_name_a_forge() {
    let text = r#"fn f() { reqwest::get("https://api.github.com/zen"); }"#;
    let path = "crates/runner/src/client.rs";
    let root = ("crates/runner/src/lib.rs", "mod client;");
    let found = super::try_on(forge_calls, &[root, (path, text)]);
    assert!(found.contains(&format!("{path}:1: api.github.com")), "{found:?}");
    assert!(!found.iter().any(|line| line.contains(": reqwest")), "{found:?}");
}

#[test]
fn a_call_to_a_forge_is_seen() {
    for calling in [
        "fn f() { reqwest::Client::new(); }",
        "use reqwest as http; fn f(client: http::Client) {}",
        "pub use reqwest::Client;",
        r#"const API: &str = "https://api.github.com";"#,
        r#"fn f() { format!("{base}/2.0/repositories/{slug}"); }"#,
        r#"fn f() { std::process::Command::new("curl"); }"#,
        r#"const API: &str = concat!("https://api.", "github.com");"#,
        r#"fn f() { tokio::net::TcpStream::connect("api.github.com:443"); }"#,
        "extern crate reqwest as http; fn f(client: http::Client) {}",
        "macro_rules! client { () => { reqwest::Client::new() } } fn f() { client!(); }",
        "fn f() { roundel_runner::http::Client::new(); }",
        r#"fn f() { std::process::Command::new("/usr/bin/curl"); }"#,
        r#"fn f() { Command::new("sh").args(["-c", "curl -s https://ci.example.org"]); }"#,
        r#"fn f() { Command::new("sh").args(["-c", "curl https://ci.example.org"]); }"#,
    ] {
        let root = "mod http; mod deliver;";
        let found = super::try_on(
            forge_calls,
            &[
                ("crates/server/src/lib.rs", root),
                ("crates/server/src/deliver.rs", calling),
                ("crates/forge/src/lib.rs", ""),
                ("crates/runner/src/lib.rs", "pub mod client; pub use client::http;"),
                ("crates/runner/src/client.rs", "pub use reqwest as http;"),
            ],
        );
        let is_seen = |line: &String| line.starts_with("crates/server/src/deliver.rs:1: ");
        assert!(found.iter().any(is_seen), "{calling}: {found:?}");
        let allowed = super::try_on(
            forge_calls,
            &[("crates/forge/src/lib.rs", root), ("crates/forge/src/http.rs", calling)],
        );
        assert!(allowed.iter().all(|line| line.ends_with("exception is not needed")), "{calling}");
    }
}
