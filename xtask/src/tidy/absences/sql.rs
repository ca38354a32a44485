//! No SQL outside `store`, and only one file of `store` names the driver's crate.

use super::{
    super::{
        modules::Modules,
        report::report,
        source::{self, Source},
        syntax::Fact,
    },
    Exception, Findings, forbidden, is_in,
};

const STORE: &str = "crates/store/";

const DRIVERS: &[&str] = &[
    "sqlx",
    "sqlx_core",
    "sqlx_sqlite",
    "sqlx_postgres",
    "rusqlite",
    "tokio_rusqlite",
    "libsqlite3_sys",
    "libsql",
    "postgres",
    "tokio_postgres",
    "deadpool_postgres",
    "diesel",
    "sea_orm",
    "sea_query",
];

const EXCEPTIONS: &[Exception] = &[];

/// Starts of statements: words that follow each other, `*` for any one word.
const STATEMENTS: &[&[&str]] = &[
    &["INSERT", "INTO"],
    &["INSERT", "OR"],
    &["REPLACE", "INTO"],
    &["UPDATE", "*", "SET"],
    &["DELETE", "FROM"],
    &["CREATE", "TABLE"],
    &["CREATE", "INDEX"],
    &["CREATE", "UNIQUE"],
    &["CREATE", "VIEW"],
    &["CREATE", "TRIGGER"],
    &["CREATE", "TEMP"],
    &["CREATE", "TEMPORARY"],
    &["DROP", "INDEX"],
    &["LOCK", "TABLE"],
    &["EXPLAIN", "QUERY"],
    &["EXPLAIN", "ANALYZE"],
    &["LISTEN"],
    &["NOTIFY"],
    &["ALTER", "TABLE"],
    &["DROP", "TABLE"],
    &["BEGIN", "IMMEDIATE"],
    &["PRAGMA"],
    &["WITH", "*", "AS"],
    &["WITH", "RECURSIVE"],
    &["FROM", "*", "WHERE"],
    &["LEFT", "JOIN"],
    &["INNER", "JOIN"],
    &["ORDER", "BY"],
    &["GROUP", "BY"],
    &["ON", "CONFLICT"],
    &["MERGE", "INTO"],
    &["VACUUM"],
    &["TRUNCATE"],
    &["ATTACH", "DATABASE"],
];

/// How a statement in small letters begins, where no sentence does.
const SMALL: &[[&str; 2]] = &[
    ["INSERT", "INTO"],
    ["REPLACE", "INTO"],
    ["DELETE", "FROM"],
    ["CREATE", "TABLE"],
    ["DROP", "TABLE"],
    ["ALTER", "TABLE"],
    ["CREATE", "INDEX"],
    ["DROP", "INDEX"],
    ["LOCK", "TABLE"],
    ["BEGIN", "IMMEDIATE"],
    ["PRAGMA", "FOREIGN_KEYS"],
    ["PRAGMA", "JOURNAL_MODE"],
];

fn sql(modules: &Modules<'_>) -> Vec<String> {
    let mut findings = Findings::default();
    for (source, fact, line, _) in modules.facts() {
        if let Fact::Text(text) = fact
            && !is_in(source, STORE)
            && is_sql(text)
        {
            let start: String = text.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
            findings.add(source, line, &format!("`{start}`"), EXCEPTIONS);
        }
    }
    for named in modules.resolved() {
        if let Some(driver) = forbidden(&named.targets, DRIVERS)
            && !is_in(named.source, STORE)
        {
            findings.add(named.source, named.mention.line, driver, EXCEPTIONS);
        }
    }
    findings.all(EXCEPTIONS)
}

/// Returns whether a text is a statement, or has one in capitals somewhere inside.
fn is_sql(text: &str) -> bool {
    let text = without_comments(text);
    let words: Vec<&str> = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or(""))
        .flat_map(|line| line.split(|letter: char| !letter.is_alphanumeric() && letter != '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let in_capitals = (0..words.len()).any(|start| is_statement(&words[start..]));
    let small: Vec<String> = words.iter().take(2).map(|word| word.to_uppercase()).collect();
    let in_small = words.first().is_some_and(|word| *word == word.to_lowercase())
        && match small.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["SELECT", ..] => words.contains(&"from"),
            ["UPDATE", ..] => words.get(2) == Some(&"set"),
            ["WITH", _] => ["as", "select", "from"].iter().all(|word| words.contains(word)),
            two => SMALL.iter().any(|begin| begin == two),
        };
    // Prose has small words between a capital and the next.
    let in_title = match words.as_slice() {
        ["Select", rest @ ..] => rest.contains(&"From"),
        ["Insert", "Into", ..] | ["Delete", "From", ..] | ["Update", _, "Set", ..] => true,
        _ => false,
    };
    in_capitals || in_small || in_title
}

/// Leaves out what is between `/*` and `*/`.
fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once("*/").map_or("", |(_, after)| after))
}

fn is_statement(words: &[&str]) -> bool {
    let begins = |pattern: &&[&str]| {
        words.len() > pattern.len()
            && words.iter().zip(*pattern).all(|(word, part)| *part == "*" || word == part)
    };
    let selects = words.first() == Some(&"SELECT") && words.len() > 1;
    selects || STATEMENTS.iter().any(begins)
}

/// Scripts, and other files that code could include: Rust is read above, and documents are for people.
fn scripts(sources: &[Source]) -> Vec<&str> {
    let is_script = |source: &&Source| {
        let is_read = source.has_extension("rs") || source.has_extension("md");
        source.has_extension("sql")
            || (!is_read && source.path.contains("/src/") && is_sql(&source.text))
    };
    let strays = sources.iter().filter(|source| !is_in(source, STORE)).filter(is_script);
    strays.map(|source| source.path.as_str()).collect()
}

#[test]
fn no_sql_stands_outside_the_store() {
    report("SQL is in `store`", sql(Modules::of_workspace()));
    report("scripts of SQL are in `store`", scripts(&source::tree(&["crates", "xtask", "docs"])));
}

#[test]
fn sql_is_seen_however_it_is_written() {
    for writing in [
        r#"const A: &str = "SELECT id FROM jobs WHERE id = $1";"#,
        r#"const A: &str = "select id from jobs";"#,
        "const A: &str = r\"\n        -- the newest first\n        SELECT\n  id\n  FROM jobs\";",
        "const A: &str = \"UPDATE jobs \\\n     SET status = 1\";",
        r#"fn f() { query(&format!("{with} DELETE FROM jobs WHERE {filter}")); }"#,
        r#"const A: &str = concat!("INSERT ", "INTO jobs VALUES (1)");"#,
        r#"const A: &str = concat!("SEL", "ECT 1");"#,
        r#"fn f() { run("PRAGMA journal_mode = WAL"); }"#,
        r"use sqlx as database; fn f() { database::query(TEXT); }",
        r"use sqlx::prelude::*;",
        r#"const A: &str = "update jobs set status = 1";"#,
        r#"const A: &str = "Select id From jobs";"#,
        r#"const A: &str = "with old as (select id from jobs) select * from old";"#,
        r#"const A: &str = "drop table jobs";"#,
        r#"const A: &str = "Delete From jobs";"#,
        r#"const A: &str = "Update jobs Set status = 1";"#,
        r#"const A: &str = "/* the newest */ select id from jobs";"#,
        r#"const A: &str = "pragma foreign_keys = off";"#,
        r#"const A: &str = "VACUUM INTO 'copy.db'";"#,
        r#"const A: &str = "TRUNCATE jobs";"#,
        r#"const A: &str = "CREATE VIEW open AS x";"#,
        r#"const A: &str = "create index by_job on tasks (job)";"#,
        r#"const A: &str = "LISTEN tasks";"#,
        r"use sqlx_sqlite::SqliteConnection;",
        r#"fn f() { ["SELECT a, b, c", "FROM jobs WHERE id = 1"].join(" "); }"#,
        r#"const A: &[u8] = b"SELECT id FROM jobs";"#,
        r"const A: &str = stringify!(SELECT id FROM jobs WHERE id = 1);",
        r"fn f() { sqlx::query_as!(Job, a); }",
        r"extern crate sqlx as db; fn f() { db::query(TEXT); }",
        r"fn f() { roundel_store::db::query(TEXT); }",
    ] {
        let found = super::try_on(
            sql,
            &[
                ("crates/server/src/lib.rs", writing),
                ("crates/store/src/lib.rs", "pub use sqlx as db;"),
            ],
        );
        assert!(
            found.first().is_some_and(|found| found.contains("server/src/lib.rs:")),
            "{writing}"
        );
        assert_eq!(super::try_on(sql, &[("crates/store/src/lib.rs", writing)]), [""; 0]);
    }
    let stray = source::sample(&[
        ("docs/a.sql", ""),
        ("crates/store/migrations/0001.sql", ""),
        ("crates/server/src/jobs.txt", "SELECT id FROM jobs"),
        ("crates/server/src/words.txt", "Select a job from the list"),
    ]);
    assert_eq!(scripts(&stray), ["docs/a.sql", "crates/server/src/jobs.txt"]);
}

#[test]
fn plain_english_is_not_sql() {
    for text in [
        "Select a branch from the list",
        "Update the settings",
        "Create an index page",
        "with this as a base",
        "DELETE",
        "Delete from the list what is not needed",
        "with the profile as it is, choose one from the list",
        "an insert into the middle",
    ] {
        assert!(!is_sql(text), "{text}");
    }
}
