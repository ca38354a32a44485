//! `roundel config`: looks at a configuration, offline.

use std::{
    io::{IsTerminal as _, Read as _},
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use roundel_config::{Inputs, Severity};

use crate::Ended;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Says what is wrong with a configuration, and where
    Validate {
        /// The file; `-` reads from standard input
        #[arg(default_value = ".circleci/config.yml", value_name = "FILE")]
        path: PathBuf,
    },
}

/// Runs one of the commands.
pub(crate) fn run(command: &Command) -> Result<Ended> {
    let Command::Validate { path } = command;
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("failed to read standard input")?;
        text
    } else {
        std::fs::read_to_string(path)
            .with_context(|| format!("failed to read `{}`", path.display()))?
    };
    let inputs = Inputs { path: path.display().to_string(), ..Inputs::default() };
    let compiled = roundel_config::compile(&text, &inputs);
    let color = std::io::stdout().is_terminal();
    print!("{}", roundel_config::render(&text, &compiled.diagnostics, color));
    let errors =
        compiled.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    if errors > 0 {
        println!("{}: {errors} to mend", path.display());
        return Ok(Ended::Failed);
    }
    println!("{}: fine", path.display());
    Ok(Ended::Fine)
}
