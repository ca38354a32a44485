//! `roundel runner`: a runner for a server elsewhere.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use roundel_runner::Runner;
use url::Url;

use crate::{exit::Exit, terminal};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The server's address
    #[arg(long, env = "ROUNDEL_SERVER", value_name = "URL")]
    server: Url,
    /// The runner token: the content of `runner.token` in the server's data directory
    #[arg(long, env = "ROUNDEL_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: String,
    /// Name of this runner; the host's name if not given
    #[arg(long, env = "ROUNDEL_NAME")]
    name: Option<String>,
    /// Where layers, mirrors and scratch are kept
    #[arg(long, env = "ROUNDEL_DATA", default_value = "roundel-runner", value_name = "DIR")]
    data: PathBuf,
    /// Jobs at a time
    #[arg(long, env = "ROUNDEL_SLOTS", default_value_t = 2, value_name = "N")]
    slots: u32,
    /// Serve only these resource classes (may be given several times)
    #[arg(long = "resource-class", value_name = "CLASS")]
    resource_classes: Vec<String>,
    /// Let `sudo` and other setuid programs work in jobs
    #[arg(long, env = "ROUNDEL_ALLOW_SETUID")]
    allow_setuid: bool,
}

/// Runs jobs until it is told to stop: once to finish what runs, twice to end it.
pub(crate) async fn run(arguments: &Arguments) -> Result<Exit> {
    let name = arguments.name.clone().unwrap_or_else(|| {
        std::fs::read_to_string("/etc/hostname")
            .map_or_else(|_| "runner".to_owned(), |name| name.trim().to_owned())
    });
    let runner = Runner::open(roundel_runner::Settings {
        server: arguments.server.clone(),
        token: arguments.token.as_str().into(),
        name,
        directory: arguments.data.clone(),
        slots: arguments.slots,
        resource_classes: arguments.resource_classes.clone(),
        allow_setuid: arguments.allow_setuid,
        claim_wait: roundel_model::limits::CLAIM_WAIT,
    })
    .context("failed to start the runner; `roundel doctor` tells what this machine lacks")?;
    let (stop, stop_now) = terminal::stop_signals();
    tracing::info!(server = %arguments.server, slots = arguments.slots, "waiting for jobs");
    runner.run(stop, stop_now).await;
    Ok(Exit::Success)
}
