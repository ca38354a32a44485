//! `roundel config migrate-check`: what it takes to run repositories here that ran elsewhere.
//!
//! ```text
//! repository ▸ its configurations ▸ compiled (what cannot run)   ┐
//!                                 ▸ facts    (what they rely on) ├▸ findings ▸ report | table | JSON
//!                                 ▸ scripts  (what commands use) ┘
//! ```
//!
//! What the server refuses is decided by [`super::decision`], as for the other commands; the rest is
//! read off the text. What is in the settings of the service that a repository leaves (values of
//! variables) can only be named. Deliberately absent: copying any of it.

mod facts;
mod findings;
mod kind;
mod report;
mod repository;
mod scripts;

use std::path::PathBuf;

use anyhow::Result;

use self::repository::{Readiness, Repository};
use super::check::CheckArguments;
use crate::{
    exit::{Exit, UsageError},
    terminal,
};

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The repositories: directories that hold `.circleci`, or single configuration files. Several make a
    /// table
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    check: CheckArguments,
}

/// Checks all repositories and reports. Fails if something cannot run at all.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    if let Some(missing) = arguments.paths.iter().find(|path| !path.exists()) {
        let message = format!("there is no file or directory `{}`", missing.display());
        return Err(UsageError(message).into());
    }
    let compiler = arguments.check.compiler()?;
    let mut repositories = Vec::new();
    for path in &arguments.paths {
        repositories.push(Repository::look(path, &compiler)?);
    }
    if repositories.iter().all(|one| one.files.is_empty()) {
        return Err(nothing_to_check(&repositories).into());
    }
    let text = if arguments.json {
        report::json(&repositories)?
    } else {
        report::text(&repositories, terminal::layout())
    };
    terminal::print(&text)?;
    let cannot = repositories.iter().any(|one| one.readiness == Readiness::Cannot);
    Ok(if cannot { Exit::Failure } else { Exit::Success })
}

/// A wrong directory must not pass for a repository that is ready.
fn nothing_to_check(repositories: &[Repository]) -> UsageError {
    let names: Vec<_> = repositories.iter().map(|one| format!("`{}`", one.path)).collect();
    let misnamed: Vec<_> = repositories.iter().filter_map(Repository::advice).collect();
    let advice = if misnamed.is_empty() {
        "name the directories of repositories that have one".to_owned()
    } else {
        misnamed.join("; ")
    };
    UsageError(format!("there is no `.circleci/config.yml` in {}; {advice}", names.join(", ")))
}

#[cfg(test)]
pub(super) mod tests;
