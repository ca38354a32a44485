//! `roundel config`: looks at configurations, offline.
//!
//! ```text
//! validate  what is wrong, and where        process  what it compiles to
//! explain   where a compiled value is from  pack     a folder of files as one
//! migrate-check  what moving here takes   code     what a diagnostic means
//! ```
//!
//! Exit codes: 0 fine, 1 the configuration is wrong, 2 the command was called wrongly (a file that
//! is named and not there is one of the ways), 3 our own trouble (a file that cannot be read).
//! Results go to standard output and remarks about them to standard error.

mod check;
mod code;
mod explain;
mod inputs;
mod local;
mod migrate;
mod output;
mod pack;
mod process;
mod report;
mod sources;
mod validate;

use anyhow::Result;

use crate::exit::Exit;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Says what is wrong with configurations, and where
    Validate(validate::Arguments),
    /// Prints what a configuration compiles to
    Process(process::Arguments),
    /// Tells where a compiled value comes from
    Explain(explain::Arguments),
    /// Makes one document of a folder of files
    Pack(pack::Arguments),
    /// Tells what a diagnostic code means, and how to mend it
    Code(code::Arguments),
    /// Tells what has to be done to run repositories here that ran elsewhere
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
