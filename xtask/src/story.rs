//! `cargo xtask story NAME`: one end-to-end story, with everything it prints.

use anyhow::Result;

use crate::shell;

/// Runs the stories whose name contains `name`, or lists them.
pub(crate) fn run(name: Option<&str>) -> Result<()> {
    let mut command = shell::cargo();
    match name {
        Some(name) => {
            command.args(["nextest", "run", "--package", "roundel-cli", "--no-capture", name])
        }
        None => command.args(["nextest", "list", "--package", "roundel-cli"]),
    };
    shell::run(&mut command)
}
