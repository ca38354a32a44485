//! `cargo xtask check`: what a reviewer should not have to say.

use anyhow::Result;

use crate::shell;

/// Runs every gate that needs no running program.
pub(crate) fn run() -> Result<()> {
    shell::run(shell::cargo().args(["fmt", "--all", "--check"]))?;
    shell::run(shell::cargo().args([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    shell::run(shell::cargo().args(["test", "--quiet", "--package", "xtask"]))?;
    if shell::works("cargo-deny", &["--version"]) {
        shell::run(shell::cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    } else {
        println!("cargo-deny is not installed: licences and bans were not checked");
    }
    Ok(())
}
