//! `roundel`: one binary for server, runner, demo and tools.
//!
//! Arguments, settings and wiring. Exit codes: 0 success, 1 the pipeline or configuration failed,
//! 2 wrong usage, 3 an internal or I/O error, 4 the configuration is valid, but not supported.

mod config_command;
mod demo;
mod doctor;
mod exit;
mod lsp_command;
mod misuse;
mod orb_command;
mod runner_command;
mod serve;
pub mod settings;
mod shell_files;
mod terminal;

use std::{process::ExitCode, time::Duration};

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::{
    exit::{Exit, UsageError},
    settings::{given::Variables, table::general, values::Values, variables},
};

/// How long background work may take to end after a command has.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// What `--version` says; `-V` says the version alone.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit: ",
    env!("ROUNDEL_BUILD_COMMIT"),
    "\ntarget: ",
    env!("ROUNDEL_BUILD_TARGET"),
);

#[derive(Parser)]
#[command(
    name = "roundel",
    version,
    long_version = LONG_VERSION,
    about = "A CI server that runs .circleci/config.yml and works with GitHub and Bitbucket",
    after_help = "Try it: `roundel demo` starts everything on this machine and shows a push turn green."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[expect(clippy::doc_markdown, reason = "shown in a terminal, as other variables are")]
    /// What to log: `error`, `warn`, `info`, `debug`, or per module as in `roundel_server=debug`
    /// [variable: ROUNDEL_LOG]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server, by default with a runner in the same process
    Serve(serve::Arguments),
    /// Run a runner for a server on another machine
    Runner(runner_command::Arguments),
    /// Run a local demo: a push turns green on GitHub and on Bitbucket
    Demo(demo::Arguments),
    /// Validate and inspect configurations
    #[command(subcommand)]
    Config(config_command::Command),
    /// Publish and list orbs
    #[command(subcommand)]
    Orb(orb_command::Command),
    /// Start the language server for editors, over standard input and output
    Lsp(lsp_command::Arguments),
    /// Check whether this machine can run jobs
    Doctor(doctor::Arguments),
    /// Print completions for a shell; to load them: `source <(roundel completions bash)`
    Completions(shell_files::CompletionArguments),
    /// Write the manual pages
    #[command(hide = true)]
    Man(shell_files::ManArguments),
}

/// Runs the program.
pub fn main() -> ExitCode {
    // Before any thread exists: this process may be meant to become an environment.
    roundel_container::boot::run_if_asked();
    let arguments = Arguments::try_parse().unwrap_or_else(|error| misuse::exit(error, &command()));
    let exit = run(arguments).unwrap_or_else(|error| {
        terminal::print_error(&error);
        Exit::of(&error)
    });
    exit.into()
}

/// Returns the command line as `clap` knows it: for manual pages, completions and tests.
pub fn command() -> clap::Command {
    Arguments::command()
}

fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let log = arguments.log.as_deref();
    match arguments.command {
        Command::Serve(arguments) => {
            let values = arguments.values(log)?;
            start_log(&values)?;
            on_runtime(serve::run(&arguments, &values))
        }
        Command::Runner(arguments) => {
            let values = arguments.values(log)?;
            start_log(&values)?;
            on_runtime(runner_command::run(&arguments, &values))
        }
        Command::Demo(arguments) => quietly(log, || on_runtime(demo::run(&arguments))),
        Command::Doctor(arguments) => quietly(log, || doctor::run(&arguments)),
        Command::Orb(command) => quietly(log, || on_runtime(orb_command::run(command))),
        Command::Config(command) => quietly(log, || config_command::run(&command)),
        Command::Completions(arguments) => shell_files::completions(&arguments, command()),
        Command::Man(arguments) => shell_files::man(&arguments, command()),
        Command::Lsp(arguments) => quietly(log, || Ok(lsp_command::run(&arguments))),
    }
}

/// Starts the log of a program that runs for long, and says what should be set in another way.
fn start_log(values: &Values) -> anyhow::Result<()> {
    terminal::start_log(&values.require(&general::LOG, "there is a default")?);
    for warning in &values.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// Runs a command that prints its progress itself: its log has errors only.
fn quietly(
    log: Option<&str>,
    command: impl FnOnce() -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    terminal::start_log(&tool_log(log, &variables()?)?);
    command()
}

fn tool_log(log: Option<&str>, variables: &Variables) -> Result<String, UsageError> {
    let variable = general::LOG.declaration.variable;
    let given = variables.get(variable).filter(|text| !text.is_empty());
    let (name, text) = match (log, given) {
        (Some(flag), _) => ("--log", flag),
        (None, Some(text)) => (variable, text.as_str()),
        (None, None) => return Ok("error".to_owned()),
    };
    (general::LOG.kind.parse)(text)
        .map_err(|what| UsageError(format!("`{name}` is `{text}`, which is {what}")))
}

fn on_runtime(command: impl Future<Output = anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed already");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(command);
    runtime.shutdown_timeout(SHUTDOWN);
    exit
}
