//! `cargo xtask bench`: builds the release binaries and runs the measurements of `testkit`.
//!
//! The measurements themselves are an example program there, for they drive the whole product.

use anyhow::Result;

use crate::{install, shell};

/// Measures, and prints the table.
pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    install::run(install::For::Bench);
    shell::run(shell::cargo().args(["build", "--release", "--package", "roundel-cli"]))?;
    let mut bench = shell::cargo();
    bench.args(["run", "--release", "--package", "roundel-testkit", "--example", "bench", "--"]);
    bench.args(filter);
    bench.env("ROUNDEL_BIN", shell::target_dir().join("release/roundel"));
    shell::run(&mut bench)
}
