//! A status is assigned nowhere but in `engine`: the store writes and loads what the engine
//! decided, in one file each, and everyone else only reads.

use super::{
    super::{
        modules::{Modules, Target},
        report::report,
        syntax::Fact,
    },
    Exception, Findings, is_in,
};

const ENGINE: &str = "crates/engine/";

const MODEL: &str = "crates/model/src/status.rs";

/// Types that say where a pipeline, a workflow, a job or a task is.
const STATUSES: &[&str] =
    &["PipelineStatus", "WorkflowStatus", "JobStatus", "Status", "TaskStatus"];

/// What decides, and what it decides on.
const INNER: &[&str] = &["advance", "advance_task", "Status", "TaskStatus"];

/// Fields that hold one.
const FIELDS: &[&str] = &["status", "state"];

/// Functions of a status that make one.
const MAKERS: &[&str] = &["from_str", "from", "try_from", "default"];

/// Tables whose status is the engine's.
const TABLES: &[&str] = &["pipelines", "workflows", "jobs", "tasks"];

const EXCEPTIONS: &[Exception] = &[
    ("crates/store/src/pipelines/load.rs", "reads what the engine decided"),
    ("crates/store/src/pipelines/save.rs", "writes what the engine decided"),
    ("crates/testkit/examples/", "measures the store under changes as the engine makes them"),
    ("crates/server/src/drive.rs", "is the one door"),
];

fn assigned_statuses(modules: &Modules<'_>) -> Vec<String> {
    let mut findings = Findings::default();
    for (source, fact, line, targets) in modules.facts() {
        let what = match fact {
            Fact::Given(field, words) if FIELDS.contains(&&**field) => {
                is_status(modules, &targets).then(|| format!("{field}: {}", words.join("::")))
            }
            Fact::Text(text) => written_table(text).map(|table| format!("UPDATE {table}")),
            Fact::Given(..) | Fact::Waits | Fact::Called(_) => None,
        };
        if let Some(what) = what
            && !is_in(source, ENGINE)
        {
            findings.add(source, line, &what, EXCEPTIONS);
        }
    }
    for named in modules.resolved().filter(|named| !is_in(named.source, ENGINE)) {
        if named.targets.iter().any(|target| is_of_engine(modules, target)) {
            let what = named.mention.words.join("::");
            findings.add(named.source, named.mention.line, &what, EXCEPTIONS);
        }
    }
    findings.all(EXCEPTIONS)
}

/// Returns whether a path leads to a value of a status, `JobStatus::Failed`, or to what makes one:
/// `JobStatus::from_str`, `text.parse::<JobStatus>()`.
fn is_status(modules: &Modules<'_>, targets: &[Target]) -> bool {
    targets.iter().any(|target| match target {
        Target::Item { file, name, rest } => {
            let path = &modules.source(*file).path;
            let is_ours = path == MODEL || path.starts_with(ENGINE);
            let is_value = rest.first().is_none_or(|word| {
                word.starts_with(char::is_uppercase) || MAKERS.contains(&word.as_str())
            });
            is_ours && STATUSES.contains(&name.as_str()) && is_value
        }
        Target::Module(_) | Target::Outside(_) => false,
    })
}

/// Returns whether a path leads to what only `drive` and the store may use.
fn is_of_engine(modules: &Modules<'_>, target: &Target) -> bool {
    let Target::Item { file, name, .. } = target else { return false };
    modules.source(*file).path.starts_with(ENGINE) && INNER.contains(&name.as_str())
}

/// Returns the table whose status a statement writes.
fn written_table(text: &str) -> Option<&'static str> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let is = |word: &&str, sought: &str| word.eq_ignore_ascii_case(sought);
    // `UPDATE jobs SET`, `UPDATE jobs AS j SET`; `INSERT INTO jobs`, `REPLACE INTO jobs`.
    let writes = |table: &&&str| {
        words.windows(2).enumerate().any(|(at, two)| {
            // `UPDATE OR IGNORE jobs SET`, `UPDATE main.jobs SET`.
            let is_update = words[at.saturating_sub(3)..=at].iter().any(|word| is(word, "UPDATE"))
                && words[at + 2..].iter().take(3).any(|word| is(word, "SET"));
            let is_insert = is(&two[0], "INTO") && **table != "pipelines";
            (is_update || is_insert) && is(&two[1], table)
        })
    };
    let changed = words.iter().take_while(|word| !is(word, "WHERE"));
    // `UPDATE jobs SET ` may be the beginning of anything.
    let names_status = words.last().is_some_and(|word| is(word, "SET"))
        || changed.into_iter().any(|word| FIELDS.contains(word) || *word == "outcome");
    // The name of the table is not written: `UPDATE {table} SET`.
    let of_any = words
        .windows(3)
        .any(|three| !is(&three[0], "DO") && is(&three[1], "UPDATE") && is(&three[2], "SET"))
        || words.starts_with(&["UPDATE", "SET"]);
    if !names_status {
        return None;
    }
    TABLES.iter().find(writes).copied().or_else(|| of_any.then_some("some table"))
}

#[test]
fn a_status_is_assigned_nowhere_but_in_the_engine() {
    report("only `engine` assigns a status", assigned_statuses(Modules::of_workspace()));
}

#[test]
fn an_assigned_status_is_seen() {
    for assigning in [
        "use roundel_model::status::JobStatus; fn f() { Row { status: JobStatus::Failed } }",
        "use roundel_model as m; fn f() { g(Row { a, status: m::status::JobStatus::Failed, ..b }) }",
        "use roundel_model::status::JobStatus as J; fn f() { job.status = J::Failed; }",
        "use roundel_engine::job::{self, Status}; fn f() { if a { Status::Blocked } }",
        "fn f() { roundel_engine::advance(pipeline, event, now); }",
        "use roundel_engine as machine; fn f() { machine::job::advance(job); }",
        "use roundel_engine::*; fn f() { advance(job); }",
        r#"fn f() { run("UPDATE jobs SET reason = $1, status = 'failed' WHERE id = $2"); }"#,
        "const A: &str = \"UPDATE tasks\\n SET outcome = NULL\";",
        "use roundel_model::status::*; fn f() { *(&mut job.status) = JobStatus::Failed; }",
        "use roundel_model::status::JobStatus; fn f(status: &mut A) { *status = JobStatus::Failed; }",
        "use roundel_model::status::JobStatus as J; fn f() { mem::replace(&mut job.status, J::Failed); }",
        "use roundel_model::status::JobStatus; fn f() { job.status.clone_from(&JobStatus::Failed); }",
        "use roundel_model::status::JobStatus; fn f() { let status = JobStatus::Failed; Row { status } }",
        "const A: &str = \"update jobs set status = 'failed'\";",
        "const A: &str = \"UPDATE jobs AS j SET status = 'failed'\";",
        "const A: &str = \"INSERT OR REPLACE INTO jobs (id, status) VALUES (1, 'failed')\";",
        "fn f() { format!(\"UPDATE {} SET status = 'failed'\", table); }",
        "use roundel_model::status::JobStatus; fn f() { let ended = JobStatus::Failed; job.status = ended; }",
        "use roundel_model::status::JobStatus; fn f() { let a = JobStatus::Failed; Row { status: a } }",
        "use roundel_model::status::JobStatus; fn f() { job.set_status(JobStatus::Failed); }",
        "use roundel_model::status::JobStatus; fn f() { row.with_status(JobStatus::Failed).save(); }",
        "use roundel_model::status::JobStatus; fn f() { job.status = JobStatus::from_str(\"failed\")?; }",
        "use roundel_model::status::JobStatus; fn f() { job.status = \"failed\".parse::<JobStatus>()?; }",
        "use roundel_model::status::JobStatus; fn f() { job.status = if a { JobStatus::Failed } else { b }; }",
        "const A: &str = \"UPDATE OR IGNORE jobs SET status = 'failed'\";",
        "const A: &str = \"UPDATE main.jobs SET status = 'failed'\";",
        "const A: &str = \"UPDATE ONLY jobs SET status = 'failed'\";",
        "fn f() { let mut sql = String::from(\"UPDATE jobs SET \"); sql.push_str(more); }",
    ] {
        let found = super::try_on(
            assigned_statuses,
            &[
                ("crates/engine/src/lib.rs", "pub mod job; pub use job::advance;"),
                ("crates/engine/src/job.rs", "pub enum Status { Blocked } pub fn advance() {}"),
                ("crates/model/src/lib.rs", "pub mod status;"),
                ("crates/model/src/status.rs", "statuses! { JobStatus { Failed } }"),
                ("crates/server/src/clock.rs", ""),
                ("crates/server/src/lib.rs", assigning),
            ],
        );
        assert!(found[0].starts_with("crates/server/src/lib.rs:"), "{assigning}: {found:?}");
    }
}

#[test]
fn reading_a_status_is_not_an_assignment() {
    let reading = "use roundel_model::status::JobStatus; use roundel_engine::Event;
        fn f(job: &Job) -> bool { matches!(job.status, JobStatus::Failed) || g(Row { status: job.status }) }
        const A: &str = \"SELECT 1 FROM jobs WHERE status = $1\";
        const B: &str = \"UPDATE jobs SET reason = $1 WHERE status = $2\";";
    let found = super::try_on(
        assigned_statuses,
        &[
            ("crates/engine/src/lib.rs", "pub enum Event {}"),
            ("crates/model/src/lib.rs", "pub mod status;"),
            ("crates/model/src/status.rs", "statuses! { JobStatus { Failed } }"),
            ("crates/server/src/lib.rs", reading),
        ],
    );
    assert!(found.iter().all(|line| line.ends_with("exception is not needed")), "{found:?}");
}
