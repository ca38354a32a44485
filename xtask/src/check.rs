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
    // With the name of a package in its environment it takes itself for a separate program.
    shell::run(shell::cargo().arg("machete").env_remove("CARGO_PKG_NAME"))?;
    tools::ensure(&tools::DENY)?;
    shell::run(shell::cargo().args(["deny", "check", "bans", "licenses", "sources"]))
}
