//! `roundel doctor`: whether this machine can run jobs, what is limited, and what to do about it.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::Result;
use roundel_container::{EnvironmentSpec, Root, Runtime, RuntimeSettings};
use roundel_runner::{PROGRAMS, Program};

use crate::{exit::Exit, terminal};

/// How long the trial environment may take to end.
const STOP: Duration = Duration::from_secs(5);

/// Columns before the text of a line.
const INDENT: usize = 9;

/// What jobs are called in sentences about limitations.
const SUBJECT: &str = "Jobs on this machine";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The directory to test: some file systems cannot hold jobs; a temporary one if not given
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Also exits with 1 if something such as networking is missing
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
    let scratch = tempfile::tempdir()?;
    let directory = arguments.data.clone().unwrap_or_else(|| scratch.path().to_path_buf());
    let mut checks: Vec<Check> = PROGRAMS.iter().map(program).collect();
    match environment(directory) {
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

fn program(program: &Program) -> Check {
    match program.missing() {
        None => Check {
            result: CheckResult::Ok,
            text: format!("{} is installed", program.name),
            remedy: None,
        },
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
    let text = format!("a clean environment starts, in {took:.1} ms");
    let mut checks = vec![Check { result: CheckResult::Ok, text, remedy: None }];
    checks.extend(limitations.into_iter().map(|limitation| Check {
        result: CheckResult::Limited,
        text: limitation.sentence(SUBJECT),
        remedy: limitation.remedy,
    }));
    Ok(checks)
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
