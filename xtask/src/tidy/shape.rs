//! The shape of files: what they say on top, how long they are, how they are called, where
//! `unsafe` may be, that no comment only repeats a field's name, and how wide comments are.

use super::{
    report::report,
    source::{self, Source},
};

const FILE_LINES: usize = 600;

/// Names that invite everything and say nothing. `foo.rs` next to `foo/` takes the place of `mod.rs`.
const DRAWERS: &[&str] =
    &["utils", "util", "common", "helpers", "manager", "handler", "misc", "mod"];

fn without_purpose(sources: &[Source]) -> Vec<&str> {
    let says_nothing = |source: &&Source| {
        !source.text.lines().find(|line| !line.is_empty()).unwrap_or("").starts_with("//!")
    };
    sources.iter().filter(says_nothing).map(|source| source.path.as_str()).collect()
}

fn too_long(sources: &[Source]) -> Vec<String> {
    let product = sources.iter().filter(|source| {
        !source.is_inside("tests") && !matches!(source.stem(), "tests" | "histories")
    });
    let sized = product.map(|source| {
        (source, source.text.lines().take_while(|line| *line != "#[cfg(test)]").count())
    });
    let long = sized.filter(|(_, lines)| *lines > FILE_LINES);
    long.map(|(source, lines)| format!("{}: {lines} lines", source.path)).collect()
}

fn drawers(sources: &[Source]) -> Vec<&str> {
    let is_drawer = |source: &&Source| DRAWERS.contains(&source.stem());
    sources.iter().filter(is_drawer).map(|source| source.path.as_str()).collect()
}

fn unexplained_unsafe(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        let is_sys = source.path == "crates/container/src/sys.rs";
        let lines: Vec<&str> = source.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            if !code.contains(concat!("unsafe", " {")) {
                continue;
            }
            let explained =
                lines[index.saturating_sub(6)..index].iter().any(|line| line.contains("SAFETY:"));
            if !is_sys || !explained {
                broken.push(format!("{}:{}", source.path, index + 1));
            }
        }
    }
    broken
}

/// Characters of a line of a comment: rustfmt wraps code, and leaves comments as they are.
const COMMENT_WIDTH: usize = 120;

/// Prose in comments that is too wide to read. Rows of tables and drawings stay as wide as they must be.
fn too_wide(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        for (index, line) in source.text.lines().enumerate() {
            let text = line.trim_start();
            let is_prose = text.starts_with("//") && !text.contains(" | ") && !text.contains('─');
            if is_prose && line.chars().count() > COMMENT_WIDTH {
                broken.push(format!("{}:{}", source.path, index + 1));
            }
        }
    }
    broken
}

/// Fields with a doc comment that is their own name again: `/// Its name.` over `name: String`.
fn echoes(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
        for (index, pair) in lines.windows(2).enumerate() {
            let &[before, doc] = pair else { continue };
            let Some(sentence) = doc.strip_prefix("/// ").and_then(|doc| doc.strip_suffix('.'))
            else {
                continue;
            };
            let mut below = lines.iter().skip(index + 2).skip_while(|line| line.starts_with("#["));
            let field = below.next().and_then(|line| field(line));
            if !before.starts_with("///") && field == Some(&*name_in(sentence)) {
                broken.push(format!("{}:{}: {doc}", source.path, index + 2));
            }
        }
    }
    broken
}

/// How documentation begins that names nothing: "What it is." over a field `kind`.
const NAMELESS: &[&str] = &["What it ", "How it ", "Where it ", "What is known "];

/// Documentation that begins with a question about a thing that it does not name.
fn nameless(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let begins = index == 0 || !lines[index - 1].starts_with("//");
            let doc = line.strip_prefix("/// ").or(line.strip_prefix("//! "));
            if begins && doc.is_some_and(|doc| NAMELESS.iter().any(|start| doc.starts_with(start)))
            {
                broken.push(format!("{}:{}: {line}", source.path, index + 1));
            }
        }
    }
    broken
}

/// Returns the name of the field that a line declares.
fn field(line: &str) -> Option<&str> {
    let (declared, _) = line.split_once(": ")?;
    let name = declared.rsplit(' ').next()?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let is_declared = declared == name || declared.starts_with("pub");
    (is_name && is_declared).then_some(name)
}

/// Writes a sentence as a field's name, without the article before it.
fn name_in(sentence: &str) -> String {
    let sentence = sentence.to_ascii_lowercase();
    let articles = ["its ", "the ", "a ", "an ", "this "];
    let rest = articles.iter().find_map(|article| sentence.strip_prefix(article));
    rest.unwrap_or(&sentence).replace(' ', "_")
}

#[test]
fn every_file_says_what_it_is_for() {
    report("a file begins with `//!`", without_purpose(&source::rust()));
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    report("files stay under 600 lines, tests not counted", too_long(&source::rust()));
}

#[test]
fn no_file_is_a_drawer() {
    report("banned file names", drawers(&source::rust()));
}

#[test]
fn unsafe_code_stands_in_one_file_and_says_why() {
    report(
        "`unsafe` only in container's sys.rs, each with SAFETY",
        unexplained_unsafe(&source::rust()),
    );
}

#[test]
fn a_comment_on_a_field_says_more_than_its_name() {
    report("leave a comment out that only repeats the field's name", echoes(&source::rust()));
}

#[test]
fn no_comment_is_too_wide_to_read() {
    report("comments are wrapped at 120 characters", too_wide(&source::rust()));
}

#[test]
fn a_comment_that_is_too_wide_is_seen() {
    let text = format!(
        "//! {0}\n//! | {0} | b |\n    // {1}\nlet a = \"{0}\";\n",
        "é".repeat(117),
        "b".repeat(113)
    );
    let sources = source::sample(&[("crates/a/src/a.rs", &text)]);
    assert_eq!(too_wide(&sources), ["crates/a/src/a.rs:1"]);
}

#[test]
fn documentation_names_what_it_describes() {
    report("say the noun: \"Its name.\", \"The result of …\"", nameless(&source::rust()));
}

#[test]
fn documentation_that_names_nothing_is_seen() {
    let text = "//! What it is.\nstruct A {\n    /// Where it is.\n    path: PathBuf,\n    \
                /// A file.\n    /// What it holds is text.\n    file: File,\n}\n";
    let sources = source::sample(&[("crates/a/src/a.rs", text)]);
    assert_eq!(
        nameless(&sources),
        ["crates/a/src/a.rs:1: //! What it is.", "crates/a/src/a.rs:3: /// Where it is."]
    );
}

#[test]
fn a_comment_that_repeats_a_name_is_seen() {
    let text = "//! A file.\nstruct A {\n    /// Its name.\n    pub(crate) name: String,\n    \
                /// The commit id.\n    #[serde(default)]\n    commit_id: String,\n    \
                /// Its name at the forge.\n    login: String,\n    \
                /// What it is called here.\n    /// Its label.\n    label: String,\n}\n";
    let sources = source::sample(&[("crates/a/src/a.rs", text)]);
    assert_eq!(
        echoes(&sources),
        ["crates/a/src/a.rs:3: /// Its name.", "crates/a/src/a.rs:5: /// The commit id."]
    );
}

#[test]
fn files_of_a_bad_shape_are_seen() {
    let long = "//! Long.\n".to_owned() + &"fn f() {}\n".repeat(600);
    let tested = "//! Tested.\n#[cfg(test)]\n".to_owned() + &"fn f() {}\n".repeat(600);
    let unsafe_code = concat!("//! Quick.\nfn f() { unsafe", " { g() } }\n");
    let sources = source::sample(&[
        ("crates/a/src/utils.rs", "use std::fs;"),
        ("crates/a/src/long.rs", &long),
        ("crates/a/src/tested.rs", &tested),
        ("crates/a/src/quick.rs", unsafe_code),
        ("crates/container/src/sys.rs", unsafe_code),
    ]);
    assert_eq!(without_purpose(&sources), ["crates/a/src/utils.rs"]);
    assert_eq!(drawers(&sources), ["crates/a/src/utils.rs"]);
    assert_eq!(too_long(&sources), ["crates/a/src/long.rs: 601 lines"]);
    assert_eq!(
        unexplained_unsafe(&sources),
        ["crates/a/src/quick.rs:2", "crates/container/src/sys.rs:2"]
    );
}
