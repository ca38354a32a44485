//! `roundel`: one binary for server, runner, demo and tools.
//!
//! Arguments, settings and wiring. Exit codes: 0 success, 1 the pipeline or configuration failed,
//! 2 wrong usage, 3 an internal or I/O error.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod config_command;
mod demo;
mod doctor;
mod exit;
mod lsp_command;
mod orb_command;
mod runner_command;
mod serve;
mod settings;
mod terminal;

use std::{process::ExitCode, time::Duration};

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::exit::Exit;

/// How long background work may take to end after a command has.
const SHUTDOWN: Duration = Duration::from_secs(5);

#[derive(Parser)]
#[command(
    name = "roundel",
    version,
    about = "A CI server that runs .circleci/config.yml and works with GitHub and Bitbucket",
    after_help = "Try it: `roundel demo` starts everything on this machine and shows a push turn green."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// What to log: `error`, `warn`, `info`, `debug`, or per module as in `roundel_server=debug`
    #[arg(long, global = true, env = "ROUNDEL_LOG", value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server, with a runner inside unless told otherwise
    Serve(serve::Arguments),
    /// Runs a runner for a server elsewhere
    Runner(runner_command::Arguments),
    /// Runs a local demo: a push turns green on GitHub and on Bitbucket
    Demo(demo::Arguments),
    /// Validate and inspect configurations
    #[command(subcommand)]
    Config(config_command::Command),
    /// Publishes orbs to an instance, and shows what is published
    #[command(subcommand)]
    Orb(orb_command::Command),
    /// Helps an editor with configurations, over standard input and output
    Lsp(lsp_command::Arguments),
    /// Checks whether this machine can run jobs
    Doctor(doctor::Arguments),
}

/// Runs the program.
pub fn main() -> ExitCode {
    // Before any thread exists: this process may be meant to become an environment.
    roundel_container::boot::run_if_asked();
    let arguments = Arguments::parse();
    terminal::start_log(arguments.log.as_deref(), arguments.command.log_level());
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed already");
    }
    let exit = run(arguments.command).unwrap_or_else(|error| {
        terminal::print_error(&error);
        Exit::of(&error)
    });
    exit.into()
}

/// Returns the command line as `clap` knows it: for manual pages, completions and tests.
pub fn command() -> clap::Command {
    Arguments::command()
}

impl Command {
    /// Programs that show progress of their own log errors only.
    fn log_level(&self) -> &'static str {
        match self {
            Self::Serve(_) | Self::Runner(_) => "info",
            Self::Demo(_) | Self::Config(_) | Self::Doctor(_) | Self::Lsp(_) | Self::Orb(_) => {
                "error"
            }
        }
    }
}

fn run(command: Command) -> anyhow::Result<Exit> {
    if let Command::Config(command) = &command {
        return config_command::run(command);
    }
    if let Command::Lsp(arguments) = &command {
        return Ok(lsp_command::run(arguments));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(async {
        match command {
            Command::Serve(arguments) => serve::run(&arguments).await,
            Command::Runner(arguments) => runner_command::run(&arguments).await,
            Command::Demo(arguments) => demo::run(&arguments).await,
            Command::Doctor(arguments) => doctor::run(&arguments),
            Command::Orb(command) => orb_command::run(command).await,
            Command::Config(command) => config_command::run(&command),
            Command::Lsp(arguments) => Ok(lsp_command::run(&arguments)),
        }
    });
    runtime.shutdown_timeout(SHUTDOWN);
    exit
}
