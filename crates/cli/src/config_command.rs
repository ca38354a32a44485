//! `roundel config`: validates and inspects configurations, offline.
//!
//! ```text
//! validate  what is wrong, and where        process  what it compiles to
//! explain   where a compiled value is from  pack     a directory of files as one
//! migrate-check  what moving here takes   code     what a diagnostic means
//! ```
//!
//! Exit codes: 0 success, 1 the configuration has errors, 2 wrong usage (a file that is named and does
//! not exist is one case), 3 an internal or I/O error (a file that cannot be read), 4 the configuration
//! is valid, but this release does not support all of it ([`decision`]). Results go to standard output
//! and remarks about them to standard error.

mod check;
mod code;
mod decision;
mod explain;
mod inputs;
mod local;
mod migrate;
mod pack;
mod process;
mod report;
mod sources;
mod validate;

use anyhow::Result;

pub(crate) use self::local::LocalClone;
use crate::exit::Exit;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Check configurations and show every error with its position
    Validate(validate::Arguments),
    /// Print the compiled configuration
    Process(process::Arguments),
    /// Show where a compiled value comes from
    Explain(explain::Arguments),
    /// Pack a directory into one configuration file
    Pack(pack::Arguments),
    /// Explain a diagnostic code and how to fix it
    Code(code::Arguments),
    /// Report what it takes to run existing repositories here
    MigrateCheck(migrate::Arguments),
}

/// Runs one of the commands.
pub(crate) fn run(command: &Command) -> Result<Exit> {
    match command {
        Command::Validate(arguments) => validate::run(arguments),
        Command::Process(arguments) => process::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Pack(arguments) => pack::run(arguments),
        Command::Code(arguments) => code::run(arguments),
        Command::MigrateCheck(arguments) => migrate::run(arguments),
    }
}
