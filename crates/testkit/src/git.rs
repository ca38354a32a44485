//! The real git, independent of the settings of the person who runs the tests.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};

/// A name and an address, as commits have them.
pub type Person<'a> = (&'a str, &'a str);

/// Runs git in a directory, as "Visitor". Returns what it printed, without the space around it.
///
/// # Errors
///
/// If git cannot be started or fails: with what it said.
pub fn git(directory: &Path, arguments: &[&str]) -> Result<String> {
    git_as(("Visitor", "visitor@example.org"), directory, arguments)
}

/// The same for another author.
///
/// # Errors
///
/// As [`git`].
pub fn git_as((name, email): Person<'_>, directory: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .current_dir(directory)
        .args(["-c", &format!("user.name={name}"), "-c", &format!("user.email={email}")])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .context("failed to start git")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "git {arguments:?}: {errors}");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
