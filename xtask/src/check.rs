//! `cargo xtask check`: what a reviewer should not have to say.

use anyhow::Result;

use crate::{install::tools, shell};

/// Runs every gate that needs no running program, and installs the tools that are missing.
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
    tools::ensure(&tools::MACHETE)?;
    shell::run(shell::cargo().args(["machete"]))?;
    tools::ensure(&tools::DENY)?;
    shell::run(shell::cargo().args(["deny", "check", "bans", "licenses", "sources"]))
}
