//! `cargo xtask story NAME`: one end-to-end story, with everything it prints.

use anyhow::Result;

use crate::{install::tools, shell};

/// Runs the stories whose name contains `name`, or lists them.
pub(crate) fn run(name: Option<&str>) -> Result<()> {
    tools::ensure(&tools::NEXTEST)?;
    let mut command = shell::cargo();
    match name {
        Some(name) => {
            command.args(["nextest", "run", "--workspace", "--test", "story", "--no-capture", name])
        }
        None => command.args(["nextest", "list", "--workspace", "--test", "story"]),
    };
    shell::run(&mut command)
}
