//! Every command, flag, variable, setting, page and heading that a text names exists.
//!
//! ```text
//! sources  (README, docs, templates, help, messages) ─▶ claims (what they name) ─▶ known (what exists)
//! ```
//!
//! Deliberately absent: links between documents, and the verbs of `cargo xtask`, which `xtask` checks.

mod claims;
mod known;
mod sources;

use self::{claims::claims, known::Known, sources::Text};

/// Returns what a text names and what does not exist, with the place.
fn wrong(texts: &[Text], known: &Known) -> Vec<String> {
    let mut wrong = Vec::new();
    for text in texts {
        for (line, claim) in claims(text) {
            if let Err(why) = known.check(&claim) {
                wrong.push(format!("{}:{line}: {why}", text.path));
            }
        }
    }
    wrong
}

#[test]
fn everything_that_a_text_names_exists() {
    let texts = sources::all();
    let known = Known::new();
    let found: usize = texts.iter().map(|text| claims(text).len()).sum();
    assert!(found > 300, "names were found in the texts: {found}");
    let wrong = wrong(&texts, &known);
    assert!(wrong.is_empty(), "texts name what does not exist:\n{}", wrong.join("\n"));
}

/// One text of each kind: the file, its text with an invented name, and with a real one.
const SAMPLES: &[(&str, &str, &str)] = &[
    (
        "README.md",
        "```sh\nroundel config migrate-chek x\n```",
        "```sh\nroundel config migrate-check x\n```",
    ),
    (
        "README.md",
        "```sh\nroundel serve --data x --lisen y\n```",
        "```sh\nroundel serve --data x --listen y \\\n  --slots 4\n```",
    ),
    ("README.md", "```sh\ncargo run -- demoo\n```", "```sh\ncargo run -- demo\n```"),
    ("README.md", "`demo --twice` does it", "`demo --once` does it"),
    ("README.md", "set `ROUNDEL_LISTN`", "set `ROUNDEL_LISTEN`, any `ROUNDEL_…` variable"),
    ("README.md", "set `ROUNDEL_LISTEN_FILE`", "set `ROUNDEL_TOKEN_FILE`"),
    ("README.md", "put it into `[forge]`", "put it into `[github]`"),
    ("README.md", "`github.client` is missing", "`github.client_id` is missing"),
    (
        "README.md",
        "```toml\n[github]\nclient = \"x\"\n```",
        "```toml\n[github]\nclient_secret_file = \"x\"\n```",
    ),
    (
        "README.md",
        "```toml\n[[forge]]\nkind = \"github\"\n```",
        "```toml\n[mail]\nfrom = \"x\"\n```",
    ),
    (
        "README.md",
        "callback `https://ci.example.org/signin/github`",
        "callback `https://ci.example.org/login/github/callback`",
    ),
    ("README.md", "press *Add a repo* to begin", "press *Add project* to begin"),
    ("docs/a.md", "use `--tokn-file FILE`", "use `--token-file FILE`"),
    (
        "docs/a.md",
        "see [it](#no-heading)\n# Some heading",
        "see [it](#some-heading)\n# Some heading",
    ),
    (
        "crates/server/templates/a.html",
        "<a href=\"/setings\">x</a>",
        "<a href=\"/preferences\">x</a>",
    ),
    (
        "crates/server/templates/a.html",
        "<a href=\"/pipeline/{{ id }}/confg#L{{ l }}\">",
        "<a href=\"/pipeline/{{ id }}/config#L{{ l }}\">",
    ),
    (
        "crates/server/templates/a.html",
        "<code>roundel runer --server x</code>",
        "<code>roundel runner --server x</code>",
    ),
    ("crates/server/templates/email/a.txt", "run `roundel docter`", "run `roundel doctor`"),
    (
        "crates/a/src/a.rs",
        "fn f() { bail!(\"run `roundel docter`\") }",
        "/// `roundel docter`\nfn f() { bail!(\"run `roundel doctor`\") }",
    ),
    (
        "crates/a/src/a.rs",
        "fn f() { \"leave out \\\n  --prot\" }",
        "fn f() { \"leave out \\\n  --port\" }\n#[cfg(test)] mod tests { const A: &str = \"--prot\"; }",
    ),
    (
        "crates/a/src/a.rs",
        "fn f() { \"`runner.slot` is 0\" }",
        "fn f() { \"`runner.slots` is 0\" }",
    ),
    (
        "crates/a/src/a.rs",
        "fn f() { \"see “Connect Gitea” in the README\" }",
        "fn f() { \"see “Connect GitHub” in the README\" }",
    ),
    (
        "packaging/a.service",
        "ExecStart=/usr/local/bin/roundel serv --data /x",
        "ExecStart=/usr/local/bin/roundel serve --data /x",
    ),
    ("help of `roundel x`", "see `roundel config cod`", "see `roundel config code`"),
];

#[test]
fn an_invented_name_is_found_in_every_kind_of_text() {
    let known = Known::new();
    for (path, invented, real) in SAMPLES {
        let text = |text: &str| [Text { path: (*path).to_owned(), text: text.to_owned() }];
        let found = wrong(&text(invented), &known);
        assert_eq!(found.len(), 1, "{invented}: {found:?}");
        assert_eq!(wrong(&text(real), &known), [""; 0], "{real}");
        assert!(!claims(&text(real)[0]).is_empty(), "nothing is checked in {real}");
    }
}
