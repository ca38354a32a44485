//! The path from a webhook to its green check, which ARCHITECTURE.md lists, is there to be read.
//!
//! The list has at most ten files. Each exists and has the function that the list names; and where the list
//! does not say what a file leaves for the next one to find, it calls the next one.

use std::path::Path;

use super::{
    report::report,
    source::{self, Source},
};

/// Files that a reader is asked to open.
const MOST: usize = 10;

/// One row of the list.
struct Row<'t> {
    file: &'t str,
    function: &'t str,
    /// What the next file finds; empty if it is called.
    leaves: &'t str,
}

/// Reads the rows that begin with a number.
fn rows(document: &str) -> Vec<Row<'_>> {
    document.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<Row<'_>> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.split('|').map(str::trim).collect();
    let [number, file, function, _, leaves, ""] = cells.as_slice() else { return None };
    number.parse::<usize>().ok()?;
    Some(Row { file: file.trim_matches('`'), function: function.trim_matches('`'), leaves })
}

/// Returns where the list is not as the files are.
fn broken_steps(document: &str, sources: &[Source]) -> Vec<String> {
    let rows = rows(document);
    let mut broken = Vec::new();
    if rows.is_empty() || rows.len() > MOST {
        broken.push(format!("{} files are listed; at least one and at most {MOST}", rows.len()));
    }
    let text = |file: &str| sources.iter().find(|source| source.path == file).map(|one| &one.text);
    for (index, row) in rows.iter().enumerate() {
        let Some(text) = text(row.file) else {
            broken.push(format!("`{}` does not exist", row.file));
            continue;
        };
        if !text.contains(&format!("fn {}(", row.function)) {
            broken.push(format!("`{}` has no function `{}`", row.file, row.function));
        }
        if let Some(next) = rows.get(index + 1)
            && row.leaves.is_empty()
            && !calls(text, next)
        {
            broken.push(format!(
                "`{}` does not call `{}` of `{}`",
                row.file, next.function, next.file
            ));
        }
    }
    broken
}

/// Returns whether a file calls the function of another one, by its module or from the root of its crate.
fn calls(text: &str, next: &Row<'_>) -> bool {
    let path = Path::new(next.file);
    let module = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let package = next.file.split('/').nth(1).unwrap_or_default();
    [module.to_owned(), format!("roundel_{package}")]
        .iter()
        .any(|owner| text.contains(&format!("{owner}::{}(", next.function)))
}

#[test]
fn the_path_from_a_webhook_to_its_check_can_be_read_downward() {
    let document = source::tree(&["ARCHITECTURE.md"]);
    report("the list in ARCHITECTURE.md", broken_steps(&document[0].text, &source::rust()));
}

#[test]
fn a_step_that_leads_nowhere_is_found() {
    let list = |rows: &[&str]| rows.join("\n");
    let sources = source::sample(&[
        ("crates/a/src/one.rs", "fn begin() { two::work(); }"),
        ("crates/a/src/two.rs", "fn work() {}"),
        ("crates/b/src/three.rs", "fn end() {}"),
    ]);
    let broken = |rows: &[&str]| broken_steps(&list(rows), &sources);
    let one = "| 1 | `crates/a/src/one.rs` | `begin` | it begins | |";
    let two = "| 2 | `crates/a/src/two.rs` | `work` | it works | a row |";
    let three = "| 3 | `crates/b/src/three.rs` | `end` | it ends | |";
    assert_eq!(broken(&[one, two, three]), Vec::<String>::new());
    let silent = two.replace("a row ", "");
    assert!(broken(&[one, &silent, three])[0].contains("does not call `end`"));
    assert!(broken(&[&one.replace("begin", "start")])[0].contains("no function `start`"));
    assert!(broken(&[&one.replace("one.rs", "gone.rs")])[0].contains("does not exist"));
    assert!(broken(&[])[0].contains("0 files"));
    assert!(broken(&[three; 11])[0].contains("11 files"));
}
