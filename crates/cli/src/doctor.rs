//! `roundel doctor`: whether this machine can run jobs, what is limited, and what to do about it.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use roundel_container::{
    EnvironmentSpec, Limitation, LimitationKind, Root, Runtime, RuntimeSettings,
};
use roundel_runner::{PROGRAMS, Program};
use tempfile::TempDir;

use crate::{exit::Exit, terminal};

/// How long the trial environment may take to end.
const STOP: Duration = Duration::from_secs(5);

/// Columns before the text of a line.
const INDENT: usize = 9;

/// What jobs are called in sentences about limitations.
const SUBJECT: &str = "Jobs on this machine";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The data directory to test, because some file systems cannot hold jobs; by default, a temporary
    /// directory. It is not created, and nothing is left in it
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Also exit with 1 if something such as networking is missing
    #[arg(long)]
    strict: bool,
}

/// What was found out about one thing.
#[derive(Debug, PartialEq, Eq)]
struct Check {
    result: CheckResult,
    text: String,
    remedy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum CheckResult {
    Ok,
    /// Jobs run, without something.
    Limited,
    /// Jobs cannot run.
    Missing,
}

/// Checks everything and prints it. Fails if jobs could not run at all.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let mut checks: Vec<Check> = PROGRAMS.iter().map(program).collect();
    let data = arguments.data.as_deref().map(nearest_existing);
    if let (Some(tested), Some(data)) = (data, &arguments.data)
        && tested != data
    {
        let (data, tested) = (data.display(), tested.display());
        checks.push(Check::ok(format!("`{data}` does not exist yet: `{tested}` is tested for it")));
    }
    match scratch(data).and_then(|scratch| environment(scratch.path().to_path_buf())) {
        Ok(found) => checks.extend(found),
        Err(error) => checks.push(Check {
            result: CheckResult::Missing,
            text: format!("clean environments do not start: {error:#}"),
            remedy: None,
        }),
    }
    terminal::print(&report(&checks, terminal::width()))?;
    Ok(exit(&checks, arguments.strict))
}

/// Returns the directory that holds what a data directory will: itself, if it exists, or else the nearest
/// one above it.
fn nearest_existing(data: &Path) -> &Path {
    let existing = data.ancestors().find(|path| path.exists());
    // A relative path has the current directory above it.
    existing.unwrap_or(Path::new("."))
}

/// Makes a directory for the test, on the file system of another.
fn scratch(on: Option<&Path>) -> Result<TempDir> {
    let Some(on) = on else { return Ok(tempfile::tempdir()?) };
    let made = tempfile::Builder::new().prefix(".roundel-doctor-").tempdir_in(on);
    made.with_context(|| format!("failed to create a directory in `{}`", on.display()))
}

impl Check {
    const fn ok(text: String) -> Self {
        Self { result: CheckResult::Ok, text, remedy: None }
    }
}

fn program(program: &Program) -> Check {
    match program.missing() {
        None => Check::ok(format!("{} is installed", program.name)),
        Some(missing) => {
            Check { result: CheckResult::Missing, text: missing.what, remedy: Some(missing.remedy) }
        }
    }
}

fn environment(directory: PathBuf) -> Result<Vec<Check>> {
    let runtime = Runtime::open(RuntimeSettings { directory, helper_program: None })?;
    let limitations = runtime.probe()?;
    let started = Instant::now();
    let spec = EnvironmentSpec { network: true, ..EnvironmentSpec::new("doctor", Root::Host) };
    let environment = runtime.start(&spec)?;
    let took = started.elapsed().as_secs_f64() * 1e3;
    environment.stop(STOP)?;
    let mut checks = vec![Check::ok(format!("a clean environment starts, in {took:.1} ms"))];
    checks.extend(network(&limitations));
    checks.extend(limitations.into_iter().map(|limitation| Check {
        result: CheckResult::Limited,
        text: limitation.sentence(SUBJECT),
        remedy: limitation.remedy,
    }));
    Ok(checks)
}

/// Says that jobs have network access, unless a limitation says otherwise.
fn network(limitations: &[Limitation]) -> Option<Check> {
    let is_without =
        |one: &Limitation| matches!(one.kind, LimitationKind::Network | LimitationKind::Loopback);
    let has_network = !limitations.iter().any(is_without);
    has_network.then(|| Check::ok("jobs have network access".to_owned()))
}

fn report(checks: &[Check], width: Option<usize>) -> String {
    let mut text = String::new();
    for check in checks {
        let word = match check.result {
            CheckResult::Ok => "ok",
            CheckResult::Limited => "limited",
            CheckResult::Missing => "missing",
        };
        let sentence = terminal::wrapped(&check.text, INDENT, width);
        terminal::line(&mut text, &format!("{word:INDENT$}{sentence}"));
        if let Some(remedy) = &check.remedy {
            let remedy = terminal::wrapped(&format!("to fix it: {remedy}"), INDENT, width);
            terminal::line(&mut text, &format!("{:INDENT$}{remedy}", ""));
        }
    }
    let summary = match checks.iter().map(|check| check.result).max() {
        Some(CheckResult::Missing) => "This machine cannot run jobs.",
        Some(CheckResult::Limited) => "This machine can run jobs, with the limitations above.",
        Some(CheckResult::Ok) | None => "This machine can run jobs.",
    };
    text + "\n" + summary + "\n"
}

fn exit(checks: &[Check], strict: bool) -> Exit {
    match checks.iter().map(|check| check.result).max() {
        Some(CheckResult::Missing) => Exit::Failure,
        Some(CheckResult::Limited) if strict => Exit::Failure,
        Some(CheckResult::Limited | CheckResult::Ok) | None => Exit::Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(result: CheckResult) -> Check {
        let text = "Jobs on this machine have no network: `nft` is not installed".to_owned();
        Check { result, text, remedy: Some("install the package `nftables`".to_owned()) }
    }

    #[test]
    fn a_limitation_fails_only_a_strict_look() {
        let limited = [check(CheckResult::Ok), check(CheckResult::Limited)];
        assert_eq!(exit(&limited, false), Exit::Success);
        assert_eq!(exit(&limited, true), Exit::Failure);
        assert_eq!(exit(&[check(CheckResult::Ok)], true), Exit::Success);
        assert_eq!(exit(&[check(CheckResult::Missing)], false), Exit::Failure);
    }

    /// It is the data directory of a server that is installed later, often by another user.
    #[test]
    fn a_data_directory_that_does_not_exist_is_not_created() {
        let above = tempfile::tempdir().unwrap();
        let data = above.path().join("srv/roundel");
        assert_eq!(nearest_existing(&data), above.path());
        assert_eq!(nearest_existing(above.path()), above.path());
        assert_eq!(nearest_existing(Path::new("no-such-directory/data")), Path::new("."));
        let _printed = run(&Arguments { data: Some(data), strict: false }).unwrap();
        assert_eq!(std::fs::read_dir(above.path()).unwrap().count(), 0, "nothing is left");
    }

    #[test]
    fn a_network_that_works_is_said_to() {
        assert_eq!(network(&[]).unwrap().text, "jobs have network access");
        let without = |kind| [Limitation { kind, cause: "it is missing".into(), remedy: None }];
        assert!(network(&without(LimitationKind::DiskLimit)).is_some());
        assert_eq!(network(&without(LimitationKind::Network)), None);
    }

    #[test]
    fn a_long_line_is_broken_and_indented_on_a_narrow_terminal() {
        assert_eq!(
            report(&[check(CheckResult::Limited)], Some(40)),
            "limited  Jobs on this machine have no\n         network: `nft` is not installed\n         \
             to fix it: install the package\n         `nftables`\n\nThis machine can run jobs, with \
             the limitations above.\n"
        );
    }
}
