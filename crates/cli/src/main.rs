//! `roundel`: one binary for server, runner, demo and tools.
//!
//! Arguments, settings and wiring; no logic worth a test of its own. Exit codes: 0 fine, 1 the
//! pipeline or configuration failed, 2 wrong usage, 3 our own trouble.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod config_command;
mod demo;
mod doctor;
mod lsp_command;
mod orb_command;
mod runner_command;
mod serve;
mod settings;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "roundel",
    version,
    about = "A CI server that runs .circleci/config.yml and lives inside GitHub and Bitbucket",
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
    /// Shows the whole story on this machine: a push turns green on GitHub and on Bitbucket
    Demo(demo::Arguments),
    /// Looks at a configuration
    #[command(subcommand)]
    Config(config_command::Command),
    /// Publishes orbs to an instance, and shows what is published
    #[command(subcommand)]
    Orb(orb_command::Command),
    /// Helps an editor with configurations, over standard input and output
    Lsp(lsp_command::Arguments),
    /// Tells what this machine can and cannot do for jobs
    Doctor(doctor::Arguments),
}

/// How a command ended: the exit codes of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// 0
    Fine,
    /// 1: a pipeline or a configuration failed.
    Failed,
    /// 2: the program was called wrongly, which only became clear on the way.
    Misused,
}

fn main() -> ExitCode {
    // Before any thread exists: this process may be meant to become an environment.
    roundel_container::boot::run_if_asked();
    let arguments = Arguments::parse();
    terminal::start_log(arguments.log.as_deref(), &arguments.command);
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed already");
    }
    match run(arguments.command) {
        Ok(Ended::Fine) => ExitCode::SUCCESS,
        Ok(Ended::Failed) => ExitCode::from(1),
        Ok(Ended::Misused) => ExitCode::from(2),
        Err(error) => {
            terminal::complain(&error);
            ExitCode::from(3)
        }
    }
}

fn run(command: Command) -> anyhow::Result<Ended> {
    if let Command::Config(command) = &command {
        return config_command::run(command);
    }
    if let Command::Lsp(arguments) = &command {
        return Ok(lsp_command::run(arguments));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
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
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    ended
}
